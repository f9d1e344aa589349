package tagout

import (
	"slices"
	"strings"
	"time"
)

// Hang adds a hold to the incident and makes a pending resume request void. Hanging the
// same hold again changes nothing. It returns Conflict if the incident has ended: the hold
// then belongs to another one. controls names the enforcement points of an agent.
func (i *Incident) Hang(h Hold, agents Registry, at time.Time) (Change, error) {
	if _, known := i.Hold(h.ID); known {
		return Change{}, nil
	}
	if i.State.Ended() {
		return Change{}, Errorf(Conflict, "%s is %s; a new stop needs an incident of its own.", i.ID, i.State)
	}
	h.Incident, h.At, h.Private = i.ID, Moment(h.At), i.Private
	var c Change
	if h.Drill == "" {
		c = i.Interrupt("a real stop came: "+h.Scope.String()+" "+string(h.Mode), h.By, agents, at)
	}
	i.Holds = append(i.Holds, h)
	c.event(EventHeld, h.By, at, h)
	for _, name := range agents.Covered(h.Scope) {
		c = c.And(i.request(name, agents, h.At))
	}
	c.effect(EffectContain, i.ID, string(h.ID), nil)
	c = c.And(i.voidRequest("a new stop came on its scope", h.By, at))
	c = c.And(i.disturb("a new stop came", h.By, at))
	c = c.And(i.FallBack(Setback{ID: string(h.ID), Scope: h.Scope, Reason: "a new stop came on its scope", By: h.By}, agents, at))
	return c.And(i.settle(h.By, at)), nil
}

// request notes that an agent's enforcement points have to be observed stopped.
func (i *Incident) request(agent string, agents Registry, at time.Time) Change {
	var c Change
	names := []string{""}
	if a := agents[agent]; a != nil && len(a.Controls) > 0 {
		names = a.Controls
	}
	for _, control := range names {
		status := ControlStatus{Agent: agent, Control: control, RequestedAt: Moment(at)}
		if control == "" {
			status.LeaseUntil = Moment(at.Add(agents.LeaseOf(agent)))
			c.effectAt(status.LeaseUntil, EffectLeaseDue, i.ID, agent+":"+status.LeaseUntil.Format(time.RFC3339Nano), nil)
		}
		n := slices.IndexFunc(i.Controls, func(s ControlStatus) bool { return s.Agent == agent && s.Control == control })
		if n < 0 {
			i.Controls = append(i.Controls, status)
			continue
		}
		status.Accepted, status.Observed = i.Controls[n].Accepted, i.Controls[n].Observed
		i.Controls[n] = status
	}
	return c
}

// TakeReport records news of an enforcement point. It counts as accepted or observed once
// every standing hold of the incident on that agent is, so that nothing is called stopped
// of which the newest stop was not seen.
func (i *Incident) TakeReport(r ControlReport) Change {
	n := slices.IndexFunc(i.Controls, func(s ControlStatus) bool { return s.Agent == r.Agent && s.Control == r.Control })
	if n < 0 {
		return Change{}
	}
	var c Change
	s, at := &i.Controls[n], Moment(r.At)
	data := map[string]any{"agent": r.Agent, "control": r.Control, "after_ms": at.Sub(s.RequestedAt).Milliseconds()}
	if r.Drift {
		c = c.And(i.drift(s, r, data))
	}
	if r.Accepted || r.Observed { // what is enforced was accepted
		s.Accepted = with(s.Accepted, r.Holds)
	}
	if r.Observed {
		s.Observed = with(s.Observed, r.Holds)
	}
	if s.AcceptedAt.IsZero() && i.allOn(s.Agent, s.Accepted) {
		s.AcceptedAt, s.Error = at, ""
		c.event(EventControlAccepted, Tagout, at, data)
	}
	if s.ObservedAt.IsZero() && i.allOn(s.Agent, s.Observed) {
		s.ObservedAt, s.Error = at, ""
		c.event(EventControlObserved, Tagout, at, data)
	}
	if r.Error != "" && r.Error != s.Error && !s.Confirmed() {
		s.Error = clip(r.Error, 500)
		data["error"] = s.Error
		c.event(EventControlFailed, Tagout, at, data)
	}
	return c.And(i.settle(Tagout, at))
}

// drift records that an agent was found running under holds that were observed before.
func (i *Incident) drift(s *ControlStatus, r ControlReport, data map[string]any) Change {
	var c Change
	gone := func(id HoldID) bool { return slices.Contains(r.Holds, id) }
	s.Accepted, s.Observed = slices.DeleteFunc(s.Accepted, gone), slices.DeleteFunc(s.Observed, gone)
	if s.ObservedAt.IsZero() {
		return c
	}
	s.ObservedAt = time.Time{}
	c.event(EventDrift, Tagout, r.At, data)
	c.post(i, "drift:"+r.Agent+":"+Moment(r.At).Format(time.RFC3339Nano), Message{Tone: ToneDanger, Body: []Text{
		T(Bold("Drift: "), "agent ", Fixed(r.Agent), " was found running under a hold by ", Fixed(r.Control), ". It is being stopped again.")}})
	return c
}

// allOn reports whether the incident's standing holds on an agent are all among ids.
func (i *Incident) allOn(agent string, ids []HoldID) bool {
	any := false
	for _, h := range i.ActiveHolds() {
		if h.Scope.Agent != "" && h.Scope.Agent != agent {
			continue
		}
		any = true
		if !slices.Contains(ids, h.ID) {
			return false
		}
	}
	return any
}

func with(ids, more []HoldID) []HoldID {
	for _, id := range more {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// PassLeases records the agents without controls whose lease has ended: they are contained
// by lease, not observed.
func (i *Incident) PassLeases(at time.Time) Change {
	var c Change
	for n := range i.Controls {
		s := &i.Controls[n]
		if s.ByLease() && !s.Confirmed() && !at.Before(s.LeaseUntil) {
			s.ObservedAt = s.LeaseUntil
			c.event(EventLease, Tagout, at, map[string]any{"agent": s.Agent, "lease_until": s.LeaseUntil})
		}
	}
	if c.IsEmpty() {
		return c
	}
	return c.And(i.settle(Tagout, at))
}

// Unconfirmed lists the enforcement points that were not observed stopped.
func (i *Incident) Unconfirmed() []ControlStatus {
	var open []ControlStatus
	for _, s := range i.Controls {
		if !s.Confirmed() {
			open = append(open, s)
		}
	}
	return open
}

// MissContainment records that the containment deadline passed with something unconfirmed,
// and pages these roles. It changes nothing if all is confirmed.
func (i *Incident) MissContainment(roles []string, at time.Time) Change {
	open := i.Unconfirmed()
	if i.State.Ended() || len(open) == 0 {
		return Change{}
	}
	names := make([]string, len(open))
	for n, s := range open {
		names[n] = s.Agent + " by " + or(s.Control, "lease")
	}
	var c Change
	c.event(EventUnconfirmed, Tagout, at, map[string]any{"unconfirmed": names})
	key := "unconfirmed:" + at.Format(time.RFC3339Nano)
	why := "not observed stopped in time: " + strings.Join(names[:min(5, len(names))], ", ")
	c.effect(EffectPage, i.ID, key, PageRound{Key: key, Roles: roles, Why: why, Rung: true, Even: true})
	c.post(i, key, Message{Tone: ToneDanger, Body: []Text{
		T(Bold("Not confirmed: "), "the stop was requested, but it was "+why+". Stop it by other means, and find out why.")}})
	return c.And(i.noticed(why, at))
}

// lift takes these holds off and hangs their replacements, in one step.
func (i *Incident) lift(ids []HoldID, replacements []Hold, request string, by Actor, at time.Time) Change {
	var c Change
	for n := range i.Holds {
		h := &i.Holds[n]
		if h.Active() && slices.Contains(ids, h.ID) {
			h.LiftedAt, h.LiftedBy = Moment(at), request
			c.event(EventLifted, by, at, map[string]any{"hold": h.ID, "scope": h.Scope, "mode": h.Mode, "request": request})
		}
	}
	for _, h := range replacements {
		i.Holds = append(i.Holds, h)
		c.event(EventHeld, by, at, h)
	}
	i.Controls = slices.DeleteFunc(i.Controls, func(s ControlStatus) bool {
		return !slices.ContainsFunc(i.ActiveHolds(), func(h Hold) bool { return h.Scope.Agent == "" || h.Scope.Agent == s.Agent })
	})
	if len(i.ActiveHolds()) == 0 && i.mark(Resumed, at) {
		c.event(EventResumed, by, at, map[string]any{"request": request})
	}
	return c
}

// Pairs prints a map as "a 1, b 2" in key order.
func Pairs(m map[string]string) string {
	keys := sortedKeys(m)
	for n, k := range keys {
		keys[n] = k + " " + m[k]
	}
	return strings.Join(keys, ", ")
}
