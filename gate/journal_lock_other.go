//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package gate

import "tagout"

// lockFile refuses: without a lock, two processes could write one journal.
func lockFile(path string) (unlock func() error, err error) {
	return nil, tagout.Errorf(tagout.Unavailable, "This system has no lock for %s: set `journal` to \"\", and know that stops do not outlive a crash while the database is down.", path)
}
