//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gate

import (
	"errors"
	"os"
	"syscall"

	"tagout"
)

// lockFile takes the lock that goes with this process: the system lets go of it even after
// a crash. The file itself stays. Closing the file would not be enough to unlock it: a child that
// was forked just then has it as well, until it becomes another program.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return nil, tagout.Errorf(tagout.Unavailable, "The journal's lock %s cannot be opened: %w. Its folder must exist and be writable for the user that runs Tagout.", path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() error { return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close()) }, nil
	}
	_ = f.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, tagout.Errorf(tagout.Conflict, "The journal that %s guards is in use by another Tagout: stop that one, or give this one a `journal` of its own.", path)
	}
	return nil, tagout.Errorf(tagout.Unavailable, "The journal's lock %s cannot be taken: %w. The journal must be on a file system with locks.", path, err)
}
