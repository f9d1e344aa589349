package gate

import (
	"bytes"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// memoryDisk is a file system in memory that can be full, slow or broken.
type memoryDisk struct {
	mu      sync.Mutex
	files   map[string]*memoryFile
	locked  map[string]bool
	room    int           // bytes that may still be written; negative: no limit
	stuck   chan struct{} // writes wait for it; nil: they do not
	syncErr error
	syncs   int
	created int
}

type memoryFile struct {
	disk *memoryDisk
	data []byte
}

var errFull = errors.New("no space left on device")

func newMemoryDisk() *memoryDisk {
	return &memoryDisk{files: map[string]*memoryFile{}, locked: map[string]bool{}, room: -1}
}

func (d *memoryDisk) lock(path string) (func() error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[path] {
		return nil, tagout.Errorf(tagout.Conflict, "locked")
	}
	d.locked[path] = true
	return func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.locked, path)
		return nil
	}, nil
}

func (d *memoryDisk) read(path string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[path]
	if !ok {
		return nil, false, nil
	}
	return bytes.Clone(f.data), true, nil
}

func (d *memoryDisk) create(path string) (journalFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.created++
	d.files[path] = &memoryFile{disk: d}
	return d.files[path], nil
}

func (d *memoryDisk) rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[to] = d.files[from]
	delete(d.files, from)
	return nil
}

func (f *memoryFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	stuck := f.disk.stuck
	f.disk.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	n := len(p)
	if f.disk.room >= 0 {
		n = min(n, f.disk.room)
		f.disk.room -= n
	}
	f.data = append(f.data, p[:n]...)
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (f *memoryFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.syncs++
	return f.disk.syncErr
}

func (f *memoryFile) Close() error { return nil }

func (d *memoryDisk) set(change func(*memoryDisk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *memoryDisk) content(path string) []byte {
	data, _, _ := d.read(path)
	return data
}

func ignored() prometheus.Observer { return prometheus.ObserverFunc(func(float64) {}) }

func openOn(t testing.TB, d disk, path string) *journal {
	t.Helper()
	j, err := openJournal(path, d, slog.New(slog.DiscardHandler), ignored())
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func stop(id string) tagout.StopRequest {
	return tagout.StopRequest{
		Hold: tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope("mailer/email tool:@high"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 5, Per: "day"},
			DisabledTools: []string{"send"}, Incident: 3, By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, Reason: "line\nbreak ⚑ <!channel>", Private: true,
			At: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)},
		Severity: tagout.Sev1, Class: "policy_violation", Join: 7, Private: true, Flag: 3, Replaces: "h-before",
	}
}

func written(t testing.TB, j *journal, ids ...string) {
	t.Helper()
	for _, id := range ids {
		w := j.add(stop(id))
		<-w.done
		if w.err != nil {
			t.Fatal(w.err)
		}
	}
}

func idsIn(stops []tagout.StopRequest) []string {
	ids := []string{}
	for _, s := range stops {
		ids = append(ids, string(s.Hold.ID))
	}
	return ids
}
