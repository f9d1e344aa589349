package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// TestACrowdThatDecidesLeavesConnectionsToWhoeverReads has more people press at once than there
// are connections: whoever decides needs another one to read.
func TestACrowdThatDecidesLeavesConnectionsToWhoeverReads(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var crowd sync.WaitGroup
		for range 30 {
			crowd.Go(func() {
				_, err := s.Decide(ctx, 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
					if _, err := s.NewAlerts(ctx, "mailer", now, i.ID); err != nil {
						return tagout.Change{}, err
					}
					return i.AddNote("decided", ic, now)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
	})
}

// TestACrowdThatStopsLeavesConnectionsToWhoeverDecides has many stop what somebody is deciding about.
func TestACrowdThatStopsLeavesConnectionsToWhoeverDecides(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t), store.Options{})
	mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
	scope := tagout.MustScope("mailer")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var crowd sync.WaitGroup
	_, err := s.Decide(ctx, 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		for n := range 30 {
			crowd.Go(func() {
				id := tagout.HoldID(fmt.Sprint("stop", n))
				if _, _, err := s.Join(ctx, tagout.Match{Hold: id, Overlaps: &scope}, stopping(string(id), "mailer")); err != nil {
					t.Error(err)
				}
			})
		}
		for s.Waits(ctx) < 8 && ctx.Err() == nil {
		}
		for range 50 { // while all of them want a connection
			if _, err := s.NewAlerts(ctx, "mailer", now, i.ID); err != nil {
				return tagout.Change{}, err
			}
		}
		return i.AddNote("decided", ic, now)
	})
	if err != nil {
		t.Error(err)
	}
	crowd.Wait()
	if holds := len(mustRead(t, s, 1).Holds); holds != 31 {
		t.Errorf("%d holds", holds)
	}
}
