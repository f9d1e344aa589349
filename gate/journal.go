package gate

import (
	"bytes"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
	"tagout/internal/crashpoint"
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

// run writes when there is something to write, until the journal is closed.
func (j *journal) run() {
	defer close(j.stopped)
	again := time.NewTimer(journalPause)
	defer again.Stop()
	for {
		select {
		case <-j.stop:
			j.work(true)
			return
		case <-j.wake:
			j.work(false)
		case <-again.C:
			j.work(true)
		}
		if j.unsettled() {
			again.Reset(journalPause)
		}
	}
}

// work does one write if there is something to do. Compaction waits until it is due.
func (j *journal) work(due bool) {
	if j.damage != nil || !j.wanted(due) {
		return
	}
	if err := j.write(); err != nil {
		j.log.Warn("the journal could not be written and is tried again", "error", err)
	}
}

// wanted reports whether the file lacks something, or is to be compacted.
func (j *journal) wanted(due bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.spare >= journalSpare || due && j.spare > 0 {
		j.bound = true // anew
	}
	return j.bound || due && j.failure != nil || slices.ContainsFunc(j.live, func(e *entry) bool { return !e.written })
}

// unsettled reports whether to look again after a while.
func (j *journal) unsettled() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failure != nil || j.spare > 0
}

// write brings the file up to date and tells those who wait for it.
func (j *journal) write() error {
	j.mu.Lock()
	w, anew := j.next, j.bound || j.failure != nil || j.file == nil
	j.next, j.bound = newWriting(), false
	var text bytes.Buffer
	if anew {
		header, _ := line(journalHeader{journalFormat, journalVersion, j.database}) // strings marshal
		text.Write(header)
	}
	var entries []*entry
	for _, e := range j.live {
		if anew || !e.written {
			entries = append(entries, e)
			text.Write(e.line)
		}
	}
	spare := j.spare
	j.mu.Unlock()

	w.err = j.store(text.Bytes(), anew)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failure = w.err
	for _, e := range entries {
		e.written = w.err == nil
	}
	if anew && w.err == nil {
		j.spare -= spare
	}
	close(w.done)
	return w.err
}

// store appends the text to the file, or puts a new file in its place.
func (j *journal) store(text []byte, anew bool) (err error) {
	started := time.Now()
	if anew {
		err = j.replace(text)
	} else if _, err = j.file.Write(text); err == nil {
		err = j.file.Sync()
	}
	j.fsync.Observe(time.Since(started).Seconds())
	if err != nil {
		return tagout.Errorf(tagout.Unavailable, "The journal %s could not be written: %w. Stops are in force all the same; until the database has them, a crash could lose them.", j.path, err)
	}
	return nil
}

// replace writes a new file beside the old one, and renames it into its place once it is
// on disk.
func (j *journal) replace(text []byte) error {
	fresh, err := j.disk.create(j.path + ".new")
	if err != nil {
		return err
	}
	if _, err = fresh.Write(text); err == nil {
		err = fresh.Sync()
	}
	if err == nil {
		crashpoint.Here("journal.rewritten")
		err = j.disk.rename(j.path+".new", j.path)
	}
	if err != nil {
		_ = fresh.Close() // it is written anew next time
		return err
	}
	if j.file != nil {
		_ = j.file.Close() // replaced
	}
	j.file = fresh
	crashpoint.Here("journal.renamed")
	return nil
}
