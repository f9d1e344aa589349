package gate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// disk is what the journal needs of a file system.
type disk interface {
	// lock makes sure that no other process has the journal open. It returns Conflict if
	// one has.
	lock(path string) (unlock func() error, err error)
	// read returns the whole file, and whether there is one.
	read(path string) (data []byte, found bool, err error)
	// create makes an empty file that only its owner may read.
	create(path string) (journalFile, error)
	// rename puts a file in another's place, durably.
	rename(from, to string) error
}

// journalFile is an open file.
type journalFile interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// ownerOnly is the mode of everything that the journal writes.
const ownerOnly fs.FileMode = 0o600

// osDisk is the machine's file system.
type osDisk struct{}

func (osDisk) lock(path string) (func() error, error) { return lockFile(path + ".lock") }

func (osDisk) read(path string) ([]byte, bool, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return data, true, err
}

func (osDisk) create(path string) (journalFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, ownerOnly)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(ownerOnly); err != nil { // it may have been there
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (osDisk) rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // only read
	return dir.Sync()
}
