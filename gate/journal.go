package gate

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

const (
	// journalPause is how long committed entries stay before the file is compacted, and
	// how long after a failure it is tried again.
	journalPause = time.Second
	// journalSpare is how many committed entries have the file compacted at once.
	journalSpare = 256
)

// journal keeps stops on disk until the database has them. One goroutine writes: stops
// that come while it waits for the disk share the next write and its fsync. After any
// failure the whole file is written anew, since nothing is known of the old one's end.
type journal struct {
	path   string
	disk   disk
	log    *slog.Logger
	fsync  prometheus.Observer
	damage error // found at the start; nothing is written then
	unlock func() error

	wake    chan struct{}
	stop    chan struct{}
	stopped chan struct{}

	mu       sync.Mutex
	database string
	live     []*entry // in the order in which they came
	spare    int      // entries of the file that are not live any more
	next     *writing // what the next write will tell
	bound    bool     // the header must be written anew
	failure  error    // of the last write
	closed   bool

	file journalFile // only the writing goroutine uses it; nil: write the file anew
}

// entry is one stop in the journal.
type entry struct {
	stop    tagout.StopRequest
	line    []byte
	written bool
}

// writing is one write and its fsync; err may be read once done is closed.
type writing struct {
	done chan struct{}
	err  error
}

func newWriting() *writing { return &writing{done: make(chan struct{})} }

// failed is a writing that could not even start.
func failed(err error) *writing {
	w := newWriting()
	w.err = err
	close(w.done)
	return w
}

// openJournal locks the journal and reads it, or starts a new one.
func openJournal(path string, d disk, log *slog.Logger, fsync prometheus.Observer) (*journal, error) {
	unlock, err := d.lock(path)
	if err != nil {
		return nil, err
	}
	j := &journal{
		path: path, disk: d, log: log, fsync: fsync, unlock: unlock, next: newWriting(),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := j.load(); err != nil {
		_ = unlock()
		return nil, err
	}
	if j.damage == nil {
		if err := j.write(); err != nil {
			log.Error("the journal cannot be written", "error", err)
		}
	}
	go j.run()
	return j, nil
}

// load reads the file. A new or empty one has no entries.
func (j *journal) load() error {
	data, found, err := j.disk.read(j.path)
	if err != nil {
		return tagout.Errorf(tagout.Unavailable, "The journal %s cannot be read: %w. Check that it is a file of the user that runs Tagout.", j.path, err)
	}
	if len(data) == 0 {
		if found {
			j.log.Warn("the journal is empty and was started anew", "journal", j.path)
		}
		return nil
	}
	text := readJournal(data)
	if text.newer != "" {
		return tagout.Errorf(tagout.Invalid, "The journal %s is of format version %s, which this Tagout does not know: start the newer one, or move the file aside if its stops are recorded.", j.path, text.newer)
	}
	if len(text.damaged) > 0 {
		j.damage = tagout.Errorf(tagout.Unavailable, "The journal %s is damaged at line %d, so that every agent is halted: run `tagout journal repair` and start again.", j.path, text.damaged[0])
		j.log.Error("the journal is damaged", "journal", j.path, "lines", text.damaged, "error", j.damage)
	}
	if text.torn {
		j.log.Warn("the last line of the journal was cut off and is dropped", "journal", j.path)
	}
	j.database = text.header.Database
	j.keep(text.stops)
	return nil
}

// keep takes stops that were read, each ID once.
func (j *journal) keep(stops []tagout.StopRequest) {
	seen := map[tagout.HoldID]bool{}
	for _, s := range stops {
		text, err := line(journalEntry{&s})
		if err != nil || seen[s.Hold.ID] {
			continue
		}
		seen[s.Hold.ID] = true
		j.live = append(j.live, &entry{stop: s, line: text})
	}
}

// add has a stop written. What it returns is done once the stop is on disk.
func (j *journal) add(s tagout.StopRequest) *writing {
	text, err := line(journalEntry{&s})
	if err != nil {
		return failed(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.damage != nil:
		return failed(j.damage)
	case j.closed:
		return failed(tagout.Errorf(tagout.Unavailable, "The stop is in force, but the journal is closed already."))
	}
	j.live = append(j.live, &entry{stop: s, line: text})
	j.poke()
	return j.next
}

// strike lets go of entries that the database has, or that were lifted.
func (j *journal) strike(ids []tagout.HoldID) {
	if len(ids) == 0 {
		return
	}
	gone := make(map[tagout.HoldID]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.live)
	j.live = slices.DeleteFunc(j.live, func(e *entry) bool { return gone[e.stop.Hold.ID] })
	if before == len(j.live) {
		return
	}
	j.spare += before - len(j.live)
	j.poke()
}

// bind ties the journal to a database.
func (j *journal) bind(database string) error {
	j.mu.Lock()
	if j.database != "" && j.database != database {
		defer j.mu.Unlock()
		return tagout.Errorf(tagout.Conflict, "The journal %s belongs to another database (%s, not %s): point `journal` at this database's own file, or move the file aside if its stops are not wanted any more.", j.path, j.database, database)
	}
	if j.database == database || j.damage != nil {
		j.mu.Unlock()
		return nil
	}
	j.database, j.bound = database, true
	written := j.next
	j.poke()
	j.mu.Unlock()
	<-written.done
	return written.err
}

// pending lists the stops that the database does not know.
func (j *journal) pending() []tagout.StopRequest {
	j.mu.Lock()
	defer j.mu.Unlock()
	stops := make([]tagout.StopRequest, len(j.live))
	for i, e := range j.live {
		stops[i] = e.stop
	}
	return stops
}

// problem is the damage found at the start, or the failure of the last write.
func (j *journal) problem() error {
	if j.damage != nil {
		return j.damage
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failure
}

func (j *journal) poke() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// close writes what is left and gives the file back. Closing twice is harmless.
func (j *journal) close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.mu.Unlock()
	close(j.stop)
	<-j.stopped
	if j.file != nil {
		_ = j.file.Close() // every line was synced
	}
	if err := j.unlock(); err != nil {
		return tagout.Errorf(tagout.Unavailable, "The journal %s could not be unlocked: %w.", j.path, err)
	}
	return nil
}
