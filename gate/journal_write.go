package gate

import (
	"bytes"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

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
