package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// stopOrphan ends the Postgres that still runs on a data folder whose owner is gone.
func stopOrphan(dataDir string) {
	content, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return
	}
	lines := strings.Split(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 || !runsOn(pid, dataDir) {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGQUIT) // it also stops by itself once its files are gone
}

// runsOn reports whether the process works in the data folder, as Postgres does; the
// number alone may by now belong to somebody else.
func runsOn(pid int, dataDir string) bool {
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return err == nil && cwd == dataDir
}
