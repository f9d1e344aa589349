package escalation

import (
	"context"
	"time"

	"tagout"
)

// Figures are the figures of the incidents that were detected in the last window, with those
// of the window before. It returns Invalid for a window that is not positive.
func (d *Desk) Figures(ctx context.Context, window time.Duration) (tagout.Figures, error) {
	now := d.clock.Now()
	return d.FiguresOf(ctx, tagout.FiguresQuery{From: now.Add(-window), To: now})
}

// FiguresOf are the figures that a query asks for; what it leaves open about recurrences is as
// the policy says. It returns Invalid for a window that is none.
func (d *Desk) FiguresOf(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error) {
	if q.RecurWithin <= 0 {
		q.RecurWithin = d.policy.Recurs()
	}
	return d.store.Figures(ctx, q)
}

// Measured lists the incidents that a query is about, what was detected first first. It returns
// Invalid for a window that is none, or that holds too many.
func (d *Desk) Measured(ctx context.Context, q tagout.FiguresQuery) ([]tagout.MeasuredIncident, error) {
	return d.store.Measured(ctx, q)
}
