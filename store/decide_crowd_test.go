package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"tagout"
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
