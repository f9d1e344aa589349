package store_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// The workers on SQLite look for jobs every second or two: a hundred in a row would take
// minutes if nothing woke them.
func TestOnSQLiteEffectsAreDoneAsSoonAsTheyAreDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		many  int
		first error // of each
	}{"at once": {120, nil}, "postponed": {40, tagout.Postpone(errors.New("later"), 10*time.Millisecond)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, freshSQLite(t), store.Options{})
			i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
			next := func(n int) {
				mustUpdate(t, s, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
					c, err := i.AddNote(strconv.Itoa(n), ic, now)
					c.Effects = append(c.Effects, tagout.Effect{Kind: tagout.EffectPost, Incident: i.ID, Key: strconv.Itoa(n)})
					return c, err
				})
			}
			done := make(chan struct{})
			var mu sync.Mutex
			begun := map[int]bool{}
			working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: func(_ context.Context, e tagout.Effect) error {
				n, err := strconv.Atoi(e.Key)
				if err != nil {
					return nil // of the opening
				}
				mu.Lock()
				first := !begun[n]
				begun[n] = true
				mu.Unlock()
				if c.first != nil && first {
					return c.first
				}
				if n == c.many {
					close(done)
				} else {
					next(n + 1)
				}
				return nil
			}})
			next(1)
			select {
			case <-done:
			case <-soon(t).Done():
				t.Fatal("they are not done yet")
			}
		})
	}
}
