package escalation

import (
	"context"

	"tagout"
)

// HangAgain holds what these held that somebody lifted in the database without sign-offs.
// What stands in their place stands when this returns, and is recorded as any stop.
func (d *Desk) HangAgain(ctx context.Context, lifted []tagout.Hold) {
	for _, h := range lifted {
		d.log.Error("a hold was lifted in the database, and nobody signed for that; it is held again", "hold", h.ID, "scope", h.Scope.String(), "incident", h.Incident.String())
		d.hangInstead(ctx, h, h.HangAgain)
	}
}

// HangOriginals holds what these held, as their timelines tell, that somebody changed in the
// database without sign-offs, in the same way.
func (d *Desk) HangOriginals(ctx context.Context, changed []tagout.Hold) {
	for _, h := range changed {
		d.log.Error("a hold was changed in the database, and nobody signed for that; what it held is held again", "hold", h.ID, "scope", h.Scope.String(), "incident", h.Incident.String())
		d.hangInstead(ctx, h, h.HangOriginal)
	}
}

func (d *Desk) hangInstead(ctx context.Context, h tagout.Hold, stop func(severity tagout.Severity, class string) tagout.StopRequest) {
	s := stop("", "")
	if i, err := d.store.Incident(ctx, h.Incident); err == nil {
		s = stop(i.HighestSeverity, i.Class) // should it need an incident of its own, with the same sign-offs
	}
	s.Hold.At = tagout.Moment(d.clock.Now())
	if err := d.gate.Hang(ctx, s); err != nil {
		d.log.Warn("stop is in force but not in the journal", "hold", s.Hold.ID, "error", err)
	}
	d.recorder.submit(s)
}

// believe looks whether a hold that the record calls lifted was signed for, and hangs it
// again if not.
func (d *Desk) believe(ctx context.Context, i *tagout.Incident, id tagout.HoldID) error {
	h, ok := i.Hold(id)
	if !ok || h.Active() {
		return nil
	}
	unsigned, err := d.store.UnsignedLiftings(ctx, []tagout.HoldID{id})
	if err != nil || len(unsigned) == 0 {
		return err
	}
	known, err := d.store.KnownHolds(ctx, []tagout.HoldID{id.Successor()})
	if _, replaced := known[id.Successor()]; err == nil && !replaced {
		d.HangAgain(ctx, unsigned)
	}
	return err
}
