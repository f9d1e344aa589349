package escalation

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"tagout"
)

// Foresee tells what would become of an alert if it opened an incident now, and does
// nothing. It asks what intake, containment and paging ask, so that they cannot differ.
func (d *Desk) Foresee(ctx context.Context, a tagout.Alert) (tagout.Foresight, error) {
	now := d.clock.Now()
	in := tagout.Incoming{ID: "foreseen", Alert: named(a, now), At: now}
	routing := d.routes.Explain(in.Alert)
	in.Verdict = routing.Verdict
	f := tagout.Foresight{Routing: routing, Alert: in.Alert, Row: d.policy.SeverityPolicy(in.Verdict.Severity)}
	if in.Alert.Status == tagout.Resolved {
		return f, nil // it opens nothing
	}
	if !d.alone {
		d.hush(ctx, &in)
		f.Silence, f.Counted = in.Silence, in.Counted
	}
	i := &tagout.Incident{}
	if _, err := i.Open(d.opening(in), now); err != nil {
		return f, err
	}
	if !in.Verdict.NoAgent {
		c, err := d.contain(i, []tagout.Scope{in.Verdict.Scope}, cause{ID: in.ID, By: in.Alert.Actor(), First: true}, now)
		if err != nil {
			return f, err
		}
		f.Holds, f.Rollback = i.ActiveHolds(), slices.ContainsFunc(c.Effects, isRollback)
	}
	var err error
	f.Who, err = d.Who(ctx, tagout.WhoQuery{Severity: i.Severity, Class: i.Class, Agent: in.Verdict.Scope.Agent})
	return f, err
}

// LastAlerts lists the alerts that were accepted last, newest first, of open and of recent
// incidents, with those below their threshold. see decides of which incidents.
func (d *Desk) LastAlerts(ctx context.Context, limit int, see func(*tagout.Incident) bool) ([]tagout.RoutedAlert, error) {
	incidents, err := d.lately(ctx, limit)
	if err != nil {
		return nil, err
	}
	list, err := d.alertsOf(ctx, 0, limit)
	if err != nil {
		return nil, err
	}
	for _, i := range incidents {
		if !see(i) {
			continue
		}
		some, err := d.alertsOf(ctx, i.ID, limit)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	slices.SortStableFunc(list, func(a, b tagout.RoutedAlert) int { return b.At.Compare(a.At) })
	return list[:min(limit, len(list))], nil
}

// lately are the incidents to which alerts came last: open ones, and those opened last.
func (d *Desk) lately(ctx context.Context, limit int) ([]*tagout.Incident, error) {
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true})
	if err != nil {
		return nil, err
	}
	newest, err := d.store.Incidents(ctx, tagout.IncidentQuery{Limit: limit})
	if err != nil {
		return nil, err
	}
	for _, i := range newest {
		if !slices.ContainsFunc(open, func(o *tagout.Incident) bool { return o.ID == i.ID }) {
			open = append(open, i)
		}
	}
	slices.SortStableFunc(open, func(a, b *tagout.Incident) int { return b.Alerts.LastAt.Compare(a.Alerts.LastAt) })
	return open, nil
}

func (d *Desk) alertsOf(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.RoutedAlert, error) {
	found, err := d.store.Alerts(ctx, id, limit)
	list := make([]tagout.RoutedAlert, len(found))
	for n, in := range found {
		list[n] = tagout.RoutedAlert{Incoming: in, Incident: id}
	}
	return list, err
}

// Foreteller tells what would happen from the configuration alone. It reads no database and
// asks nobody; what that leaves open is told as such.
type Foreteller struct{ desk *Desk }

// NewForeteller makes one. It returns Invalid as [New] does.
func NewForeteller(p *tagout.Policy, pagers []tagout.Pager, clock tagout.Clock) (*Foreteller, error) {
	desk, err := New(Options{Store: nothingStored{}, Policy: p, Pagers: pagers, Clock: clock, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	desk.alone = true
	return &Foreteller{desk}, nil
}

// Foresee is [Desk.Foresee] without asking anybody.
func (f *Foreteller) Foresee(ctx context.Context, a tagout.Alert) (tagout.Foresight, error) {
	return f.desk.Foresee(ctx, a)
}

// nothingStored is the store of a desk that has none.
type nothingStored struct{ Store }

// Overrides are not known.
func (nothingStored) Overrides(context.Context, time.Time) ([]tagout.Override, error) {
	return nil, nil
}

// Silences are not known.
func (nothingStored) Silences(context.Context) ([]*tagout.Silence, error) { return nil, nil }

// Delegations are not known.
func (nothingStored) Delegations(context.Context, time.Time) ([]tagout.Delegation, error) {
	return nil, nil
}
