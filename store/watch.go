package store

import (
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	readClock = "SELECT clock_timestamp()"
	trusted   = time.Second           // how long the time that was told is gone on from
	steady    = 10 * time.Second      // how long one answer is preferred to later ones that took longer to come
	leap      = 10 * time.Millisecond // more than that two clocks do not drift apart meanwhile
)

// watch goes on from the time that the database told, so that not every transaction needs to
// ask. It is slow by no more than an answer took to come, and fast by no more than two clocks
// drift apart in ten seconds.
type watch struct {
	mu    sync.Mutex
	told  time.Time // by the database
	at    time.Time // when, by our own clock
	asked time.Time // when it was asked last
}

// set is told what the database said just now.
func (w *watch) set(told time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.asked = now
	if ahead := w.told.Add(now.Sub(w.at)).Sub(told); w.told.IsZero() || ahead < 0 || ahead > leap || now.Sub(w.at) > steady {
		w.told, w.at = told, now
	}
}

// now is the database's time, unless it was asked too long ago, or our own clock was set or
// stood still since.
func (w *watch) now() (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	passed := now.Sub(w.at)
	apart := now.Round(0).Sub(w.at.Round(0)) - passed
	if w.told.IsZero() || now.Sub(w.asked) > 2*trusted || apart > leap || apart < -leap {
		return time.Time{}, false
	}
	return w.told.Add(passed), true
}

// old reports whether it is time to ask again.
func (w *watch) old() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.asked) > trusted
}

// queue asks on a way that is made anyway.
func (w *watch) queue(b *pgx.Batch) {
	b.Queue(readClock).QueryRow(func(row pgx.Row) error {
		var told time.Time
		err := row.Scan(&told)
		if err == nil {
			w.set(told)
		}
		return err
	})
}
