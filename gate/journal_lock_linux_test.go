package gate

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestAnUnlockedJournalIsFreeWhateverWasForkedMeanwhile: a child has the files of its parent
// from the fork until it becomes another program.
func TestAnUnlockedJournalIsFreeWhateverWasForkedMeanwhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stops.journal.lock")
	unlock, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inherited := inherits(t, path)
	defer syscall.Close(inherited)
	if again, err := lockFile(path); err == nil {
		again()
		t.Fatal("it was locked twice")
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := lockFile(path)
	if err != nil {
		t.Fatalf("it is still locked: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}

// inherits is the open file at path as a forked child has it.
func inherits(t *testing.T, path string) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range open {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err != nil || target != path {
			continue
		}
		fd, err := strconv.Atoi(entry.Name())
		if err == nil {
			fd, err = syscall.Dup(fd)
		}
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	t.Fatal("the lock is not open")
	return 0
}
