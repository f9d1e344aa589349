package escalation

import (
	"context"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// recordBudget is how long a stop's answer waits for the database. The stop itself never does.
const recordBudget = time.Second

// Stop obeys first: the gate holds the scope when this begins to wait for anything. Then
// it records hold, incident, events and effects; if that takes longer than a second the
// result is Pending and recording goes on until it succeeds. It returns an error only for
// a request that means nothing (no mode, Running).
func (d *Desk) Stop(ctx context.Context, s tagout.StopRequest) (tagout.StopResult, error) {
	if _, err := tagout.ParseMode(string(s.Hold.Mode)); err != nil || s.Hold.Mode == tagout.Running {
		return tagout.StopResult{}, tagout.Errorf(tagout.Invalid, "A stop needs a mode stricter than running: halted, paused, review or capped.")
	}
	if s.Hold.ID == "" {
		return tagout.StopResult{}, tagout.Errorf(tagout.Internal, "A stop came without the ID that its repeats share.")
	}
	if s.Hold.At.IsZero() {
		s.Hold.At = d.clock.Now()
	}
	s.Hold.At = tagout.Moment(s.Hold.At)
	result := tagout.StopResult{Hold: s.Hold, Undeclared: d.policy.Agents.Undeclared(s.Hold.Scope)}
	crashpoint.Here("stop.received")
	if err := d.gate.Hang(ctx, s); err != nil {
		result.Warning = tagout.Sentence(err)
		d.log.Warn("stop is in force but not in the journal", "hold", s.Hold.ID, "error", err)
	}
	result.InForceAt = d.clock.Now()
	d.metrics.stopped(s.Hold.Mode)
	if s.Hold.Scope.Agent != "" && d.policy.Agents[s.Hold.Scope.Agent] == nil {
		result.Near = d.policy.Agents.Near(s.Hold.Scope.Agent)
	}
	rec := d.recorder.submit(s)
	d.awaitRecord(ctx, rec, &result)
	return result, nil
}

// awaitRecord waits until the stop is recorded, here or by another replica, but not long.
func (d *Desk) awaitRecord(ctx context.Context, rec *recording, result *tagout.StopResult) {
	timer := time.NewTimer(d.patience())
	defer timer.Stop()
	select {
	case <-rec.done:
	case <-rec.elsewhere:
	case <-timer.C:
	case <-ctx.Done():
	}
	select {
	case <-rec.done:
		result.Incident, result.Fresh, result.Repeat = rec.incident, rec.fresh, rec.repeat
		if h, ok := rec.incident.Hold(rec.stop.Hold.ID); ok {
			result.Hold = h
		}
		return
	default:
	}
	result.Pending = true
	select {
	case <-rec.elsewhere:
		result.RecordedBy, result.RecordedAs = rec.by, rec.as
	default:
	}
}

// record writes a stop that is in force into the database. It may be called again for the
// same stop: it never revives a hold that was lifted since.
func (d *Desk) record(ctx context.Context, s tagout.StopRequest) (i *tagout.Incident, fresh, repeat bool, err error) {
	m := tagout.Match{Hold: s.Hold.ID, Incident: s.Join}
	if s.Join == 0 && !s.Private { // one that is to be private joins none that may be read
		m.Overlaps = &s.Hold.Scope
	}
	i, fresh, err = d.store.Join(ctx, m, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		_, repeat = i.Hold(s.Hold.ID)
		if repeat {
			return tagout.Change{}, nil
		}
		c, err := d.hangIn(i, s, now)
		if s.Flag != 0 && err == nil {
			ref := tagout.FlagRef{Flag: s.Flag, Incident: i.ID, Stopped: &s.Hold.By, At: s.Hold.At}
			c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectFlagLink, i.ID, string(s.Hold.ID), ref))
		}
		return c, err
	})
	if s.Join != 0 && (tagout.CodeOf(err) == tagout.Conflict || tagout.CodeOf(err) == tagout.NotFound) {
		s.Join = 0 // the incident has ended meanwhile: the stop needs one of its own
		return d.record(ctx, s)
	}
	if err != nil {
		return nil, false, false, err
	}
	crashpoint.Here("stop.recorded")
	if err := d.believe(ctx, i, s.Hold.ID); err != nil {
		return nil, false, false, err
	}
	d.settleStop(ctx, i, s, repeat)
	return i, fresh, repeat, nil
}

// settleStop tells the gate what the database knows of the stop.
func (d *Desk) settleStop(ctx context.Context, i *tagout.Incident, s tagout.StopRequest, repeat bool) {
	h, ok := i.Hold(s.Hold.ID)
	if !ok {
		return
	}
	d.gate.Committed([]tagout.Hold{h})
	if i.Staging.Standing() {
		d.apply(i) // a stop takes a plan back
	}
	if !h.Active() {
		d.gate.Lift([]tagout.HoldID{h.ID}, nil)
		return
	}
	if !repeat {
		by := h.By
		if i.Private {
			by = tagout.Tagout // the other incident may be everybody's
		}
		d.voidOthers(ctx, h.Scope, i.ID, "a new stop came on its scope", by)
	}
	d.gate.Reconcile(d.agentsOf([]tagout.Hold{h})...)
}

// hangIn puts the stop into its incident, opening or raising that as needed.
func (d *Desk) hangIn(i *tagout.Incident, s tagout.StopRequest, now time.Time) (tagout.Change, error) {
	var c tagout.Change
	severity, class := s.Severity, s.Class
	if d.policy.Severities[severity] == nil {
		severity = d.policy.DefaultSeverity
	}
	if d.policy.Classes[class] == nil {
		class = d.policy.DefaultClass
	}
	row := d.policy.SeverityPolicy(severity)
	if i.State == "" {
		title := s.Hold.Reason
		if title == "" {
			title = s.Hold.Scope.String() + " " + string(s.Hold.Mode) + " by hand"
		}
		opened, err := i.Open(tagout.Opening{Title: title, Summary: s.Hold.Reason, Scope: s.Hold.Scope, Class: class,
			By: s.Hold.By, Row: row, Of: d.policy.Classes[class], Page: d.pageRoles(row, class), Private: s.Private}, now)
		if err != nil {
			return c, err
		}
		d.metrics.opened(i)
		c = c.And(opened)
	} else if s.Severity != "" && severity.Worse(i.Severity) {
		raised, err := d.changeSeverity(i, row, i.Class, s.Hold.Reason, s.Hold.By, now)
		if err != nil {
			return c, err
		}
		c = c.And(raised)
	}
	hung, err := i.Hang(s.Hold, d.policy.Agents, now)
	c = c.And(d.loud(i, "it was stopped by hand", s.Hold.By, now))
	if s.Replaces != "" && !hung.IsEmpty() {
		hung = hung.And(i.TellUnsigned(s, d.ownersOf(i, s.Hold.Scope.Agent), now))
	}
	setback := tagout.Setback{ID: string(s.Hold.ID), Scope: s.Hold.Scope, Reason: "a new stop came on its scope", By: s.Hold.By}
	c = d.withSetback(i, d.pageSetback(i, c.And(hung), now), setback)
	return d.withDeadline(i, c, now), err
}
