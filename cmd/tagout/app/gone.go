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
	changed  []tagout.Hold        // there it holds something else than it did
	doubted  []tagout.HoldID      // the same, and what only seemed to
	missed   []tagout.Hold        // it stands there; the read was too early
}

// lookBack holds again whatever was lifted or changed without sign-offs while nothing ran here, once,
// before the gate answers anybody: nothing stands here yet with which a read could be
// compared. What the record says of an incident counts for nothing: it may have been changed
// together with the hold.
func (a *App) lookBack(ctx context.Context) error {
	if a.audited {
		return nil
	}
	unsigned, _, err := a.unsigned(ctx, nil)
	if err != nil {
		return err
	}
	changed, _, err := a.changed(ctx, nil)
	if err != nil {
		return err
	}
	a.desk.HangAgain(ctx, unsigned)
	a.desk.HangOriginals(ctx, changed)
	a.audited = true
	return nil
}

// gone compares what stands here with what a read of the database found.
func (a *App) gone(ctx context.Context, mark gate.ReadMark, holds []tagout.Hold) (gone, error) {
	var g gone
	var err error
	if g.doubted = a.gate.Changed(holds); len(g.doubted) > 0 {
		if g.changed, g.missed, err = a.changed(ctx, g.doubted); err != nil {
			return g, err
		}
	}
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
	unsigned, replaced, err := a.unsigned(ctx, lifted)
	g.missed = append(g.missed, replaced...)
	for _, h := range unsigned {
		n := slices.IndexFunc(missing, func(m tagout.Hold) bool { return m.ID == h.ID })
		g.unsigned = append(g.unsigned, missing[n]) // as it stood: the record may have been changed
	}
	return g, err
}

// unsigned lists those of the holds that were lifted without sign-offs and that nothing took
// the place of yet, and what took the place of the others; of all that there ever were if ids
// is nil.
func (a *App) unsigned(ctx context.Context, ids []tagout.HoldID) (left, replaced []tagout.Hold, err error) {
	unsigned, err := a.store.UnsignedLiftings(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	return a.withoutReplaced(ctx, unsigned, tagout.HoldID.Successor)
}

// changed is the same of the holds that hold something else in the record than the timeline
// tells, as it tells of them.
func (a *App) changed(ctx context.Context, ids []tagout.HoldID) (left, replaced []tagout.Hold, err error) {
	changed, err := a.store.UnsignedChanges(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	return a.withoutReplaced(ctx, changed, tagout.HoldID.Original)
}

// withoutReplaced parts holds that nothing took the place of yet from what stands in the place of
// the others.
func (a *App) withoutReplaced(ctx context.Context, holds []tagout.Hold, by func(tagout.HoldID) tagout.HoldID) (left, replaced []tagout.Hold, err error) {
	if len(holds) == 0 {
		return nil, nil, nil
	}
	others := make([]tagout.HoldID, len(holds))
	for n, h := range holds {
		others[n] = by(h.ID)
	}
	known, err := a.store.KnownHolds(ctx, others)
	if err != nil {
		return nil, nil, err
	}
	for n, h := range holds {
		switch other, ok := known[others[n]]; {
		case !ok:
			left = append(left, h)
		case other.Active():
			replaced = append(replaced, other)
		}
	}
	return left, replaced, nil
}

func idsOf(holds []tagout.Hold) []tagout.HoldID {
	ids := make([]tagout.HoldID, len(holds))
	for n, h := range holds {
		ids[n] = h.ID
	}
	return ids
}
