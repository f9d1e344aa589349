package tagout

import (
	"slices"
	"strings"
	"time"
)

// BeginRollback records an order to go back to earlier versions, and pins them in the same
// step. Components of an earlier order that this one does not name stay as far as they got. It
// makes a pending resume request void, since that named other versions. A repeat of the order,
// or an order of what was gone back to already and still runs, changes nothing. It returns Conflict if the incident has ended, or while a rollback of
// another agent is under way in it.
func (i *Incident) BeginRollback(r Rollback, at time.Time) (Change, error) {
	cur := i.Rollback
	switch {
	case i.State.Ended():
		return Change{}, Errorf(Conflict, "%s is %s; a rollback needs an open incident.", i.ID, i.State)
	case i.HasRolledBack(r):
		return Change{}, nil
	case cur.Underway() && cur.Agent != r.Agent:
		return Change{}, Errorf(Conflict,
			"A rollback of %s is under way in %s since %s. Wait until it is read back or failed.", cur.Agent, i.ID,
			cur.At.UTC().Format("15:04:05 UTC"))
	}
	r.At = Moment(at)
	for n := range r.Components {
		c := &r.Components[n]
		c.State, c.RequestedAt = RollbackRequested, r.At
	}
	ordered := r.To()
	if cur != nil && cur.Agent == r.Agent {
		for _, c := range cur.Components {
			if ordered[c.Component] == "" {
				r.Components = append(r.Components, c)
			}
		}
	}
	i.Rollback = &r
	i.pin(r.Agent, ordered, at)
	from, basis := map[string]string{}, map[string]string{}
	for component := range ordered {
		from[component], basis[component] = r.Of(component).From, string(r.Of(component).Basis)
	}
	var c Change
	c.event(EventRollback, r.By, at, map[string]any{"agent": r.Agent, "from": from, "to": ordered, "basis": basis})
	return c.And(i.voidRequest("a rollback began", r.By, at)), nil
}

// HasRolledBack reports whether an order would change nothing: it is a repeat, or what it
// asks for was asked for before, was not given up, and has not drifted.
func (i *Incident) HasRolledBack(r Rollback) bool {
	if i.Rollback != nil && i.Rollback.ID == r.ID && r.ID != "" {
		return true
	}
	return i.Rollback.holds(r) && !slices.ContainsFunc(i.Pins, func(p Pin) bool { return p.Agent == r.Agent && len(p.Drifts) > 0 })
}

// FailRollback records that a rollback could not even begin, says so in the channel, and
// pages these roles.
func (i *Incident) FailRollback(r Rollback, why string, roles []string, at time.Time) Change {
	r.At, r.FailedAt, r.Failure = Moment(at), Moment(at), clip(why, 500)
	i.Rollback = &r
	var c Change
	c.event(EventRollbackFailed, r.By, at, map[string]any{"agent": r.Agent, "error": r.Failure})
	return c.And(i.tellFailure(roles, at))
}

// TakeVersionNews brings the rollback up to date with what a control accepted or read back.
// What is read back after it was given up counts too, and is shown as late.
func (i *Incident) TakeVersionNews(r ControlReport, at time.Time) Change {
	rb := i.Rollback
	if rb == nil || rb.Agent != r.Agent || i.State.Ended() {
		return Change{}
	}
	var c Change
	for n := range rb.Components {
		step := &rb.Components[n]
		if r.Asked[step.Component] == step.To && step.State == RollbackRequested {
			step.State, step.AcceptedAt = RollbackAccepted, Moment(at)
		}
		if r.Versions == nil || step.State == RollbackConfirmed {
			continue
		}
		version, reported := r.Versions[step.Component]
		step.read(r.Control, version, reported)
		if !step.isBack() {
			continue
		}
		step.State, step.ConfirmedAt, step.Failure = RollbackConfirmed, Moment(at), ""
		if !i.Drill { // what ran for a moment is not what was current
			c.Seen = append(c.Seen, Version{Agent: rb.Agent, Component: step.Component, Version: step.To, FirstSeen: step.ConfirmedAt})
		}
		c.event(EventComponentBack, Tagout, at, map[string]any{"agent": rb.Agent, "component": step.Component, "version": step.To,
			"controls": step.ReadBy(), "after_ms": at.Sub(step.RequestedAt).Milliseconds(), "late": !step.FailedAt.IsZero()})
	}
	return c.And(i.concludeRollback(nil, at))
}

// MissRollback gives up what was asked for until a time and was not read back. problems are
// the errors of controls, by name; roles are paged.
func (i *Incident) MissRollback(until time.Time, problems map[string]string, roles []string, at time.Time) Change {
	rb := i.Rollback
	if rb == nil || i.State.Ended() {
		return Change{}
	}
	var c Change
	for n := range rb.Components {
		step := &rb.Components[n]
		open := step.State == RollbackRequested || step.State == RollbackAccepted
		if !open || step.RequestedAt.After(until) {
			continue
		}
		step.State, step.FailedAt, step.Failure = RollbackFailed, Moment(at), clip(step.whyNot(problems), 500)
		c.event(EventComponentFailed, Tagout, at,
			map[string]any{"agent": rb.Agent, "component": step.Component, "version": step.To, "error": step.Failure})
	}
	if c.IsEmpty() {
		return c
	}
	return c.And(i.concludeRollback(roles, at))
}

// concludeRollback ends the rollback once every component was read back or given up.
func (i *Incident) concludeRollback(roles []string, at time.Time) Change {
	rb := i.Rollback
	var c Change
	open := slices.ContainsFunc(rb.Components, func(s ComponentRollback) bool {
		return s.State == RollbackRequested || s.State == RollbackAccepted
	})
	failed := rb.Failed()
	switch {
	case open || len(rb.Components) == 0 || !rb.DoneAt.IsZero():
		return c
	case len(failed) > 0 && !rb.FailedAt.IsZero():
		return c // one of them came late; the others are still missing
	case len(failed) > 0:
		return i.failComponents(failed, roles, at)
	}
	rb.DoneAt, rb.FailedAt, rb.Failure = Moment(at), time.Time{}, ""
	c.event(EventRollbackSucceeded, Tagout, at, map[string]any{"agent": rb.Agent, "to": rb.To(), "after_ms": at.Sub(rb.At).Milliseconds()})
	if i.mark(Mitigated, at) {
		c.event(EventMitigated, Tagout, at, map[string]any{"by": "rollback"})
	}
	c.post(i, "rollback:"+rb.DoneAt.Format(time.RFC3339Nano), Message{Tone: ToneGood, Body: []Text{
		T(Bold("Rolled back"), " ", Fixed(rb.Agent), " to "+Pairs(rb.To())+"; read back. It stays at these versions, and held, until it is resumed.")}})
	return c.And(i.Stir(at)).And(i.settle(Tagout, at))
}

func (i *Incident) failComponents(failed []ComponentRollback, roles []string, at time.Time) Change {
	rb := i.Rollback
	parts := make([]string, len(failed))
	for n, f := range failed {
		parts[n] = f.Component + " " + f.To + ": " + f.Failure
	}
	rb.FailedAt, rb.Failure = Moment(at), clip(strings.Join(parts, " "), 1000)
	var c Change
	c.event(EventRollbackFailed, Tagout, at,
		map[string]any{"agent": rb.Agent, "to": rb.To(), "error": rb.Failure, "after_ms": at.Sub(rb.At).Milliseconds()})
	return c.And(i.tellFailure(roles, at)).And(i.Stir(at))
}

// tellFailure says in the channel that a rollback failed, with a button to try again, and
// pages.
func (i *Incident) tellFailure(roles []string, at time.Time) Change {
	rb := i.Rollback
	var c Change
	key := "rollback:" + Moment(at).Format(time.RFC3339Nano)
	t := T(Bold("Rollback failed"), " for ", Fixed(rb.Agent), ": "+rb.Failure)
	if len(i.ActiveHolds()) > 0 {
		t = append(t, T(" What is held stays held.")...)
	}
	c.post(i, key, Message{Tone: ToneDanger, Body: []Text{t}, Buttons: []Button{i.RetryButton()}})
	if len(roles) > 0 {
		c.effect(EffectPage, i.ID, key, PageRound{
			Key: key, Roles: roles, Why: "the rollback of " + rb.Agent + " failed: " + clip(rb.Failure, 200),
			Rung: true, Even: true,
		})
	}
	return c
}

// RetryButton orders what failed again.
func (i *Incident) RetryButton() Button {
	label := "Retry what failed"
	if i.Rollback != nil && len(i.Rollback.Components) == 0 {
		label = "Try the rollback again"
	}
	return Button{Action: "rollback_retry", Label: label, Value: i.ID.String(), Tone: ToneDanger}
}
