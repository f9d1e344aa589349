package escalation

import (
	"context"
	"time"

	"tagout"
)

// maintain sets the silence of one time of a schedule, for what is left of it if it comes late.
func (d *Desk) maintain(ctx context.Context, e tagout.Effect) error {
	var turn tagout.RoutineTurn
	var o tagout.MaintenanceOrder
	if err := e.Decode(&turn); err != nil {
		return err
	}
	if err := (tagout.Effect{Key: e.Key, Data: turn.Data}).Decode(&o); err != nil {
		return err
	}
	left := turn.Due.Add(o.For).Sub(d.clock.Now())
	if left < time.Minute {
		d.log.Info("a maintenance window was over before it could begin", "name", o.Name, "due", turn.Due)
		return nil
	}
	order := tagout.SilenceOrder{ID: e.Key, Scope: o.Scope, Class: o.Class, For: min(left, o.For), Reason: o.Reason}
	s, err := d.store.SetSilence(ctx, e.Key, func(s *tagout.Silence, now time.Time) ([]tagout.Effect, error) {
		return s.Begin(order, d.policy.SilenceAtMost, now)
	})
	d.hushes.changed(s, err)
	if tagout.CodeOf(err) == tagout.Invalid {
		return tagout.Final(err) // the configuration allows it no more
	}
	return err
}
