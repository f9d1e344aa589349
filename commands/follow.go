package commands

import (
	"context"
	"iter"
	"sync"
	"time"

	"tagout"
)

// Follower is what keeping an answer up to date needs.
type Follower interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Watch yields an incident after every committed change until ctx ends.
	Watch(ctx context.Context, id tagout.IncidentID) iter.Seq[*tagout.Incident]
}

// follow yields an incident as it changes, for at most ten minutes. Beside watching, which
// tells what this process commits, it reads the incident now and then, since another
// replica may be the one that drives the controls. find looks for an incident that is not
// known yet; it returns nil until there is one.
func follow(ctx context.Context, d Follower, id tagout.IncidentID, find func(context.Context) *tagout.Incident) iter.Seq[*tagout.Incident] {
	return func(yield func(*tagout.Incident) bool) {
		var watching sync.WaitGroup
		defer watching.Wait()
		ctx, cancel := context.WithTimeout(ctx, followFor)
		defer cancel()
		changes := make(chan *tagout.Incident)
		watch := func() {
			for i := range d.Watch(ctx, id) {
				select {
				case changes <- i:
				case <-ctx.Done():
					return
				}
			}
		}
		if id != 0 {
			watching.Go(watch)
		}
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		for {
			var i *tagout.Incident
			select {
			case <-ctx.Done():
				return
			case i = <-changes:
			case <-tick.C:
				if id != 0 {
					i, _ = d.Incident(ctx, id) // what cannot be read now is read next time
				} else if i = find(ctx); i != nil {
					id = i.ID
					watching.Go(watch)
				}
			}
			if i != nil && !yield(i) {
				return
			}
		}
	}
}
