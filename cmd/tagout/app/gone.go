package app

import (
	"context"
	"slices"

	"tagout"
	"tagout/gate"
)

// gone is what stood and does not stand in the database any more, although nobody signed for
// that. Only a lifting that the timeline tells of lifts.
type gone struct {
	lost     []tagout.StopRequest // not in the database at all: after a failover to a copy that was behind, say
	unsigned []tagout.Hold        // lifted there by somebody who can write to it
	missed   []tagout.Hold        // it stands there; the read was too early
}

// lookBack holds again whatever was lifted without sign-offs while nothing ran here, once,
// before the gate answers anybody: nothing stands here yet with which a read could be
// compared. What the record says of an incident counts for nothing: it may have been changed
// together with the hold.
func (a *App) lookBack(ctx context.Context) error {
	if a.audited {
		return nil
	}
	unsigned, err := a.unsigned(ctx, nil)
	if err != nil {
		return err
	}
	a.desk.HangAgain(ctx, unsigned)
	a.audited = true
	return nil
}

// gone compares what stands here with what a read of the database found.
func (a *App) gone(ctx context.Context, mark gate.ReadMark, holds []tagout.Hold) (gone, error) {
	var g gone
	missing := a.gate.Missing(mark, holds)
	if len(missing) == 0 {
		return g, nil
	}
	known, err := a.store.KnownHolds(ctx, idsOf(missing))
	if err != nil {
		return g, err
	}
	lifted := []tagout.HoldID{}
	for _, h := range missing {
		switch recorded, ok := known[h.ID]; {
		case !ok:
			h.Incident = 0
			g.lost = append(g.lost, tagout.StopRequest{Hold: h, Private: h.Private})
		case recorded.Active():
			g.missed = append(g.missed, recorded)
		default:
			lifted = append(lifted, h.ID)
		}
	}
	if len(lifted) == 0 {
		return g, nil
	}
	unsigned, err := a.unsigned(ctx, lifted)
	for _, h := range unsigned {
		n := slices.IndexFunc(missing, func(m tagout.Hold) bool { return m.ID == h.ID })
		g.unsigned = append(g.unsigned, missing[n]) // as it stood: the record may have been changed
	}
	return g, err
}

// unsigned lists those of the holds that were lifted without sign-offs and that nothing took
// the place of yet; of all that there ever were if ids is nil.
func (a *App) unsigned(ctx context.Context, ids []tagout.HoldID) ([]tagout.Hold, error) {
	unsigned, err := a.store.UnsignedLiftings(ctx, ids)
	if err != nil || len(unsigned) == 0 {
		return nil, err
	}
	successors := make([]tagout.HoldID, len(unsigned))
	for n, h := range unsigned {
		successors[n] = h.ID.Successor()
	}
	known, err := a.store.KnownHolds(ctx, successors)
	return slices.DeleteFunc(unsigned, func(h tagout.Hold) bool { _, replaced := known[h.ID.Successor()]; return replaced }), err
}

func idsOf(holds []tagout.Hold) []tagout.HoldID {
	ids := make([]tagout.HoldID, len(holds))
	for n, h := range holds {
		ids[n] = h.ID
	}
	return ids
}
