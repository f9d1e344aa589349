package pgtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The folder of a cluster holds its data, its socket, and a lock that the process
// which owns it keeps for as long as it lives. A folder whose lock is free was left
// behind by a process that was killed.
const (
	folderPrefix = "tagout-pg-"
	lockName     = "owner.lock"
	lockDraft    = "owner.new"
	// unlockedAge is how old a folder without a lock must be before it is taken for
	// one whose owner died between creating the two.
	unlockedAge = 10 * time.Minute
)

// folderParent is where the clusters live: the folder for temporary files, unless its name
// is long, since a socket's path has room for 107 bytes.
func folderParent() string {
	if parent := os.TempDir(); len(parent) <= 50 {
		return parent
	}
	return "/tmp"
}

// folder is the place of one cluster.
type folder struct {
	path string
	lock *os.File
	// as is the unprivileged user that runs Postgres, or nil for the current one.
	as *syscall.Credential
}

func newFolder(parent string) (*folder, error) {
	path, err := os.MkdirTemp(parent, folderPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for Postgres: %w", err)
	}
	f := &folder{path: path}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a folder for Postgres: %w", err), f.remove())
	}
	return f, nil
}

func (f *folder) prepare() error {
	var err error
	if f.lock, err = os.OpenFile(filepath.Join(f.path, lockDraft), os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600); err != nil {
		return err
	}
	if err = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	// Renamed only now, so that nobody ever sees a lock that is free by accident.
	if err = os.Rename(filepath.Join(f.path, lockDraft), filepath.Join(f.path, lockName)); err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return nil
	}
	if f.as, err = unprivileged(); err != nil {
		return err
	}
	return os.Chown(f.path, int(f.as.Uid), int(f.as.Gid))
}

// remove deletes the folder and frees its lock.
func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// unprivileged is the user under which root runs Postgres, which refuses to be root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("initdb refuses to run as root, and there is no user postgres or nobody")
}

// sweep removes the folders of processes that were killed, stopping the Postgres that
// may still run there. It leaves what it may not touch: this is tidiness, not duty.
func sweep(parent string, now time.Time) {
	paths, err := filepath.Glob(filepath.Join(parent, folderPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range paths {
		lock, abandoned := takeOver(path, now)
		if !abandoned {
			continue
		}
		stopOrphan(filepath.Join(path, "data"))
		left := folder{path: path, lock: lock}
		_ = left.remove() // what cannot be removed now is tried again by the next process
	}
}

// takeOver reports whether nobody owns the folder any more, and holds its lock then.
func takeOver(path string, now time.Time) (lock *os.File, abandoned bool) {
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		info, err := os.Lstat(path)
		return nil, err == nil && info.IsDir() && now.Sub(info.ModTime()) > unlockedAge
	}
	if err != nil {
		return nil, false
	}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		lock.Close()
		return nil, false
	}
	return lock, true
}
