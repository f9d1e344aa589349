//go:build profiling

package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// profileFile is the environment variable that names the file of the CPU profile.
const profileFile = "TAGOUT_PROFILE"

// profileOnSignal begins a CPU profile at the first SIGUSR1, and ends it at the next; then
// the file is there under its name.
func profileOnSignal() {
	path := os.Getenv(profileFile)
	if path == "" {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			if err := profileUntil(asked, path); err != nil {
				fmt.Fprintln(os.Stderr, "profile:", err)
			}
		}
	}()
}

func profileUntil(asked <-chan os.Signal, path string) error {
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	<-asked
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
