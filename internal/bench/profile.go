package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// unnamed is what does not belong into the name of a file.
var unnamed = regexp.MustCompile(`[^a-z0-9]+`)

// profile keeps a CPU profile of the server while something is done, as DIR/name.pprof, if
// that was asked for. Read it by `go tool pprof -top FILE`.
func (b *bench) profile(s *server, name string, during func() error) error {
	if b.profiles == "" {
		return during()
	}
	if err := s.command.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	failed := during()
	if err := s.command.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	for range 500 {
		if _, err := os.Stat(s.profiled); err == nil {
			path := filepath.Join(b.profiles, strings.Trim(unnamed.ReplaceAllString(strings.ToLower(name), "-"), "-")+".pprof")
			b.log.Info("profiled", "in", path)
			if err := copyFile(path, s.profiled); err != nil {
				return err
			}
			return failed
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("the server wrote no profile: %s", s.log.Bytes())
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
