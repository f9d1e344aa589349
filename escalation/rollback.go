package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// rollbackOrder is the data of [tagout.EffectRollback]. With Check set it only looks
// whether what was ordered until that time was confirmed.
type rollbackOrder struct {
	Agent string    `json:"agent"`
	Check time.Time `json:"check,omitzero"`
}

// Rollback pins components of an agent to earlier versions through its controls. What ran
// before is kept as evidence in the same transaction. It returns once that is requested;
// success is what the controls read back. It returns NotFound for an unknown agent or
// component, and Conflict if there is no control to do it, no earlier version is known, or
// nothing failed that could be tried again.
func (d *Desk) Rollback(ctx context.Context, o tagout.RollbackOrder) (*tagout.Incident, error) {
	steps, known, err := d.rollbackSteps(ctx, &o)
	if err != nil {
		return nil, err
	}
	controls := d.gate.Controls(o.Agent)
	for n := range steps {
		steps[n].Reads = lastReads(controls, steps[n].Component)
	}
	crashpoint.Here("rollback.planned")
	begins := false
	i, _, err := d.store.Join(ctx, d.rollbackMatch(o), func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		order := tagout.Rollback{ID: o.ID, By: o.By, Agent: o.Agent, Components: slices.Clone(steps)}
		c := i.Interrupt("a rollback was ordered", o.By, d.policy.Agents, now)
		if i.HasRolledBack(order) {
			return c, nil
		}
		begins = true
		opened, err := d.openForRollback(i, o, now)
		if err != nil {
			return c, err
		}
		c = c.And(opened)
		kept, err := d.keepBefore(ctx, i, o, known, controls, now)
		if err != nil {
			return c, err
		}
		begun, err := i.BeginRollback(order, now)
		if err != nil {
			return c, err
		}
		of := i.Rollback.At
		check := tagout.NewEffect(tagout.EffectRollback, i.ID, "check:"+of.Format(time.RFC3339Nano), rollbackOrder{Agent: o.Agent, Check: of})
		begun.Effects = append(begun.Effects, check.At(now.Add(d.policy.Agents.RollbackWithin(o.Agent))))
		return c.And(kept).And(begun), nil
	})
	if err != nil {
		return nil, err
	}
	crashpoint.Here("rollback.begun")
	d.repin(ctx, o.Agent)
	if begins {
		d.voidOthers(ctx, tagout.Scope{Agent: o.Agent}, i.ID, "a rollback of its agent began", o.By)
	}
	crashpoint.Here("rollback.pinned")
	return i, nil
}

// rollbackSteps is what an order means now. For a retry it also fills the agent in.
func (d *Desk) rollbackSteps(ctx context.Context, o *tagout.RollbackOrder) ([]tagout.ComponentRollback, tagout.AgentVersions, error) {
	var failed []tagout.ComponentRollback
	if o.Retry {
		i, err := d.store.Incident(ctx, o.Incident)
		if err != nil {
			return nil, tagout.AgentVersions{}, err
		}
		rb := i.Rollback
		if rb == nil || rb.FailedAt.IsZero() && len(rb.Failed()) == 0 {
			return nil, tagout.AgentVersions{}, tagout.Errorf(tagout.Conflict, "No rollback of %s has failed, so that there is nothing to try again.", o.Incident)
		}
		o.Agent, failed = rb.Agent, rb.Failed()
	}
	known, err := d.AgentVersions(ctx, o.Agent)
	if err != nil {
		return nil, known, err
	}
	if err := d.policy.Agents.CanRollBack(o.Agent); err != nil {
		return nil, known, err
	}
	if len(failed) > 0 {
		steps := make([]tagout.ComponentRollback, len(failed))
		for n, f := range failed {
			steps[n] = tagout.ComponentRollback{Component: f.Component, From: f.From, To: f.To, Basis: f.Basis}
		}
		return steps, known, nil
	}
	steps, err := tagout.PlanRollback(known, o.To)
	return steps, known, err
}

// lastReads is what each control read back of a component last, before anything was asked.
func lastReads(controls []tagout.ControlState, component string) []tagout.VersionRead {
	var reads []tagout.VersionRead
	for _, c := range controls {
		if version, reported := c.Observed.Versions[component]; reported {
			reads = append(reads, tagout.VersionRead{Control: c.Control, Version: version})
		}
	}
	return reads
}

func (d *Desk) rollbackMatch(o tagout.RollbackOrder) tagout.Match {
	if o.Incident != 0 {
		return tagout.Match{Incident: o.Incident}
	}
	return tagout.Match{CorrelationID: "rollback:" + o.ID, Overlaps: &tagout.Scope{Agent: o.Agent}}
}

// openForRollback opens a fresh incident for an order that belongs to none.
func (d *Desk) openForRollback(i *tagout.Incident, o tagout.RollbackOrder, now time.Time) (tagout.Change, error) {
	if i.State != "" {
		return tagout.Change{}, nil
	}
	row := d.policy.SeverityPolicy(d.policy.DefaultSeverity)
	return i.Open(tagout.Opening{Title: o.Agent + " rolled back by hand", Scope: tagout.Scope{Agent: o.Agent}, Class: d.policy.DefaultClass,
		CorrelationID: "rollback:" + o.ID, By: o.By, Row: row, Of: d.policy.Classes[d.policy.DefaultClass], Page: d.pageRoles(row, d.policy.DefaultClass)}, now)
}

// rollback is the effect: the attempt that a severity asks for on arrival, or the check
// whether an earlier one was confirmed in time.
func (d *Desk) rollback(ctx context.Context, e tagout.Effect) error {
	var o rollbackOrder
	if err := e.Decode(&o); err != nil {
		return err
	}
	if !o.Check.IsZero() {
		return d.checkRollback(ctx, e.Incident, o)
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if i.Rollback != nil || i.State.Ended() {
		return nil // it was attempted: a repeat of this effect; or nothing is to be rolled back any more
	}
	_, err = d.Rollback(ctx, tagout.RollbackOrder{ID: e.Key, Incident: e.Incident, Agent: o.Agent, By: tagout.Tagout})
	switch tagout.CodeOf(err) {
	case tagout.Conflict, tagout.NotFound:
	default:
		return err
	}
	reason := tagout.Sentence(err)
	_, err = d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.Rollback != nil || i.State.Ended() {
			return tagout.Change{}, nil
		}
		return i.FailRollback(tagout.Rollback{ID: e.Key, By: tagout.Tagout, Agent: o.Agent}, reason, nil, now), nil
	})
	return err
}

// checkRollback gives up what was ordered until that time and was not confirmed meanwhile.
func (d *Desk) checkRollback(ctx context.Context, id tagout.IncidentID, o rollbackOrder) error {
	problems := map[string]string{}
	for _, c := range d.gate.Controls(o.Agent) {
		if c.Error != "" {
			problems[c.Control] = c.Error
		}
	}
	_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.Rollback == nil || i.Rollback.Agent != o.Agent {
			return tagout.Change{}, nil
		}
		return i.MissRollback(o.Check, problems, d.ownersOf(i, o.Agent), now), nil
	})
	return err
}

// ownersOf are who is told of what goes wrong with an agent's versions: the platform owner
// and the agent's own.
func (d *Desk) ownersOf(i *tagout.Incident, agent string) []string {
	var roles []string
	if d.policy.Roles["platform"] != nil {
		roles = append(roles, "platform")
	}
	if a := d.policy.Agents[agent]; a != nil && a.Owner != "" && a.Owner != "platform" {
		roles = append(roles, a.Owner)
	}
	if len(roles) == 0 {
		roles = d.policy.SeverityPolicy(i.Severity).Page
	}
	return roles
}
