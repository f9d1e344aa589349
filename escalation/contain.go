package escalation

import (
	"slices"
	"strings"
	"time"

	"tagout"
)

// cause is why a scope is contained.
type cause struct {
	ID    string // the same for a repeat
	By    tagout.Actor
	First bool // the incident's first alert or a severity that it reached now: roll back if that says so
}

// contain hangs on each scope what the severity decides in advance, unless the incident
// holds it already.
func (d *Desk) contain(i *tagout.Incident, scopes []tagout.Scope, why cause, now time.Time) (tagout.Change, error) {
	var c tagout.Change
	row := d.policy.SeverityPolicy(i.Severity)
	for _, scope := range scopes {
		for _, rule := range append([]tagout.Containment{row.Contain}, row.Also...) {
			hung, err := d.containBy(i, scope, rule, why, now)
			if err != nil {
				return c, err
			}
			c = c.And(hung)
			orders := rule.Rollback && scope.Agent != "" && i.Rollback == nil && (why.First || !hung.IsEmpty())
			if orders && !slices.ContainsFunc(c.Effects, isRollback) {
				c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectRollback, i.ID, why.ID, rollbackOrder{Agent: scope.Agent}))
			}
		}
	}
	return c, nil
}

func isRollback(e tagout.Effect) bool { return e.Kind == tagout.EffectRollback }

// containBy hangs what one rule of the severity asks for on one scope, unless it is held so.
func (d *Desk) containBy(i *tagout.Incident, scope tagout.Scope, rule tagout.Containment, why cause, now time.Time) (tagout.Change, error) {
	if rule.Mode == "" || rule.Mode == tagout.Running {
		return tagout.Change{}, nil
	}
	scope = d.known(scope)
	if rule.Agent {
		scope = scope.WholeAgent()
	}
	if covered(i, scope, rule, d.policy.Agents[scope.Agent]) {
		return tagout.Change{}, nil
	}
	hold := tagout.Hold{
		ID:    tagout.HoldID(tagout.DeriveID("contain", i.ID.String(), why.ID, scope.String(), string(rule.Mode))),
		Scope: scope, Mode: rule.Mode, Cap: rule.Cap, By: why.By, At: now,
		Reason: d.policy.SeverityPolicy(i.Severity).Severity.Label() + ": " + i.Title,
	}
	for _, lifted := i.Hold(hold.ID); lifted; _, lifted = i.Hold(hold.ID) { // by a sign-off since; this is another stop
		hold.ID = tagout.HoldID(tagout.DeriveID("contain again", string(hold.ID)))
	}
	return i.Hang(hold, d.policy.Agents, now)
}

// known is a scope without the parts that the configuration does not know of its agent, such
// as the region of a data centre: to hold those alone would hold nothing that the agent says
// it does, and nobody reads a warning here. In doubt the stop is wider.
func (d *Desk) known(s tagout.Scope) tagout.Scope {
	a := d.policy.Agents[s.Agent]
	if a == nil {
		return s
	}
	if !slices.Contains(a.Channels, s.Channel) {
		s.Channel = ""
	}
	if !slices.Contains(a.Regions, s.Region) {
		s.Region = ""
	}
	if _, ok := a.Tools[s.Tool]; !ok && !strings.HasPrefix(s.Tool, "@") {
		s.Tool = ""
	}
	return s
}

func covered(i *tagout.Incident, scope tagout.Scope, rule tagout.Containment, a *tagout.Agent) bool {
	for _, h := range i.ActiveHolds() {
		sameCap := rule.Cap.IsZero() || h.Cap == rule.Cap
		if h.Scope.Covers(scope, a) && h.Mode.AtLeast(rule.Mode) && (sameCap || h.Mode.Stricter(tagout.Capped)) {
			return true
		}
	}
	return false
}

// heldScopes are the scopes that the incident takes to be misbehaving: those held further
// than by a cap, which is what a worse severity has to contain as well.
func heldScopes(i *tagout.Incident) []tagout.Scope {
	var scopes []tagout.Scope
	for _, h := range i.ActiveHolds() {
		if h.Mode.Stricter(tagout.Capped) && !slices.Contains(scopes, h.Scope) {
			scopes = append(scopes, h.Scope)
		}
	}
	return scopes
}

// stopDeadline is the data of [tagout.EffectContainDue] for a stop of an incident that was
// open before: only what was asked for by then is late.
type stopDeadline struct {
	Of time.Time `json:"of"`
}

// withDeadline gives a change that hung a hold a time by which it must be observed, unless
// it has one.
func (d *Desk) withDeadline(i *tagout.Incident, c tagout.Change, now time.Time) tagout.Change {
	limit := d.policy.SeverityPolicy(i.Severity).Deadlines.Contain
	hung := c.Tells(tagout.EventHeld)
	due := slices.ContainsFunc(c.Effects, func(e tagout.Effect) bool { return e.Kind == tagout.EffectContainDue })
	if limit <= 0 || !hung || due {
		return c
	}
	var last time.Time
	for _, s := range i.Controls {
		if s.RequestedAt.After(last) {
			last = s.RequestedAt
		}
	}
	late := tagout.NewEffect(tagout.EffectContainDue, i.ID, "stop:"+last.Format(time.RFC3339Nano), stopDeadline{Of: last})
	c.Effects = append(c.Effects, late.At(now.Add(limit)))
	return c
}
