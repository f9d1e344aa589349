package escalation

import (
	"context"
	"slices"

	"tagout"
)

// CheckRelease tells what stands against a release of an agent, by what is recorded and by the
// holds that are not yet. Its errors are those of [tagout.Policy.CheckRelease].
func (d *Desk) CheckRelease(ctx context.Context, q tagout.ReleaseQuery) (tagout.ReleaseReport, error) {
	return d.policy.CheckRelease(ctx, everyHold{d.store, d.gate}, q, d.clock.Now())
}

// everyHold is the store with the holds that only the gate knows.
type everyHold struct {
	Store
	gate Gate
}

// Holds lists what stands, recorded or not.
func (e everyHold) Holds(ctx context.Context) ([]tagout.Hold, error) {
	recorded, err := e.Store.Holds(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range e.gate.Holds() {
		if !slices.ContainsFunc(recorded, func(r tagout.Hold) bool { return r.ID == h.ID }) {
			recorded = append(recorded, h)
		}
	}
	return recorded, nil
}
