package escalation

import (
	"context"
	"maps"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// Accept takes alerts, and returns only once they are durable: what became of each, in
// order. It returns Unavailable if they could not be stored; the sender must then come
// back with all of them, which is safe, since repeats only count.
func (d *Desk) Accept(ctx context.Context, alerts []tagout.Alert) ([]tagout.Folded, error) {
	if len(alerts) == 0 {
		return nil, nil
	}
	now := d.clock.Now()
	in := make([]tagout.Incoming, len(alerts))
	for n, a := range alerts {
		a = named(a, now)
		id := tagout.DeriveID("alert", a.Source, a.Fingerprint, a.StartsAt.UTC().Format(time.RFC3339Nano))
		in[n] = tagout.Incoming{ID: id, Alert: a, Verdict: d.routes.Route(a), At: now}
		d.hush(ctx, &in[n])
	}
	d.store.Prepare(in)
	return d.intake.submit(ctx, in)
}

// named fills what decides whether an alert is a repeat.
func named(a tagout.Alert, now time.Time) tagout.Alert {
	if a.StartsAt.IsZero() && a.Status == tagout.Momentary {
		a.Undated, a.StartsAt = true, now // each is another one; what fires and resolves is told apart by its fingerprint
	}
	if a.Fingerprint == "" {
		a.Fingerprint = tagout.DeriveID("fingerprint", a.Name, tagout.Pairs(a.Labels))
	}
	a.StartsAt = tagout.Moment(a.StartsAt)
	return a
}

// fold is what one alert does to its incident.
func (d *Desk) fold(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
	var c tagout.Change
	v, opening := in.Verdict, i.State == ""
	if opening {
		if in.Alert.Status == tagout.Resolved {
			return c, nil // the end of something that was never taken: nothing to open
		}
		opened, err := i.Open(d.opening(in), now)
		if err != nil {
			return c, err
		}
		c = c.And(opened)
		d.metrics.opened(i)
	}
	ended, last := i.State.Ended(), i.Alerts.LastAt
	agent := d.policy.Agents[v.Scope.Agent]
	c = c.And(i.TakeAlert(in, agent, now))
	if ended || in.Alert.Status == tagout.Resolved {
		return c, nil
	}
	worse := v.Severity.Worse(i.Severity)
	round := d.handingTo(i, in)
	if worse && round != nil && i.Hush == nil { // the round of the new severity pages them
		i.HandedTo = append(i.HandedTo, round.Key)
	}
	c = c.And(d.againWithin(i, last, now)).And(i.TakePacket(in, round)).And(i.Another(in))
	if worse {
		row := d.policy.SeverityPolicy(v.Severity)
		raised, err := d.changeSeverity(i, row, v.Class, "an alert of "+v.Severity.Label(), in.Alert.Actor(), now)
		if err != nil {
			return c, err
		}
		c = c.And(raised)
	}
	setback := tagout.Setback{ID: in.ID, Scope: v.Scope, Reason: newAlertCame, By: in.Alert.Actor()}
	plan := i.Staging.Standing() && i.Staging.Scope.Covers(d.known(v.Scope), agent)
	c = d.withSetback(i, c.And(d.setback(i, setback, now)), setback)
	var scopes []tagout.Scope
	if !v.NoAgent && (!plan || worse) { // what a plan covers goes back to the stage before
		scopes = append(scopes, v.Scope)
	}
	if worse {
		scopes = append(scopes, heldScopes(i)...)
	}
	cause := cause{ID: in.ID, By: in.Alert.Actor(), First: worse || i.Alerts.Distinct == 1}
	held, err := d.contain(i, scopes, cause, now)
	c = c.And(d.wake(i, in, opening, now))
	c = d.withDeadline(i, d.pageSetback(i, c.And(held), now), now)
	c.Effects = slices.DeleteFunc(c.Effects, isContain)
	return c, err
}

// isContain tells what is not queued for the holds that an alert hangs: [Desk.afterFold] has the
// gate hold them at once, and should this process end before, every gate reads the holds as it
// starts, when another process hangs some, and every second.
func isContain(e tagout.Effect) bool { return e.Kind == tagout.EffectContain }

// wake ends that a quiet incident is kept quiet, when an alert comes that no silence covers. What
// opened quietly is named where its silence is announced.
func (d *Desk) wake(i *tagout.Incident, in tagout.Incoming, opening bool, now time.Time) (c tagout.Change) {
	switch {
	case i.Hush != nil && in.Silence == nil:
		return d.loud(i, "an alert came that is not silenced", in.Alert.Actor(), now)
	case i.Hush != nil && opening:
		ref := tagout.SilenceRef{Silence: in.Silence.ID}
		c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectSilenceTold, 0, in.Silence.ID.String()+":"+i.ID.String(), ref))
	}
	return c
}

func (d *Desk) opening(in tagout.Incoming) tagout.Opening {
	v := in.Verdict
	row := d.policy.SeverityPolicy(v.Severity)
	title, summary := in.Opening()
	return tagout.Opening{
		Title: title, Summary: summary, Scope: v.Scope, Class: v.Class, CorrelationID: in.Alert.CorrelationID,
		By: in.Alert.Actor(), Onset: in.Alert.Began(), Hush: tagout.HushOf(in.Silence), Row: row, Page: d.withWished(d.pageRoles(row, v.Class), in), Of: d.policy.Classes[v.Class],
	}
}

// afterFold brings committed stops into the gate at once, and voids what other incidents
// had proposed for the same scopes.
func (d *Desk) afterFold(ctx context.Context, in []tagout.Incoming, folded []tagout.Folded) {
	type concern struct {
		incident tagout.IncidentID
		scope    tagout.Scope
	}
	crashpoint.Here("alert.folded")
	newest := map[tagout.IncidentID]*tagout.Incident{}
	told := map[concern]bool{}
	for _, f := range folded {
		d.metrics.alert(f)
		if f.Incident != nil && !f.Repeat {
			newest[f.Incident.ID] = f.Incident
		}
	}
	d.apply(slices.Collect(maps.Values(newest))...)
	for n, f := range folded {
		v := in[n].Verdict
		if f.Err != nil || f.Repeat || v.NoAgent || in[n].Alert.Status == tagout.Resolved {
			continue
		}
		c := concern{scope: v.Scope}
		if f.Incident != nil { // else it waits for others of its kind: who signs has not read of it all the same
			c.incident = f.Incident.ID
		}
		if !told[c] {
			told[c] = true
			d.voidOthers(ctx, v.Scope, c.incident, newAlertCame, in[n].Alert.Actor())
		}
	}
}

// apply makes the gate hold what incidents' committed holds say. Lifting nothing and adding
// holds only ever tightens.
func (d *Desk) apply(incidents ...*tagout.Incident) {
	var holds []tagout.Hold
	for _, i := range incidents {
		holds = append(holds, i.ActiveHolds()...)
	}
	if len(holds) > 0 {
		d.gate.Lift(nil, holds)
		d.gate.Reconcile(d.agentsOf(holds)...)
	}
}

func (d *Desk) agentsOf(holds []tagout.Hold) []string {
	seen := map[string]bool{}
	var names []string
	for _, h := range holds {
		for _, name := range d.policy.Agents.Covered(h.Scope) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
