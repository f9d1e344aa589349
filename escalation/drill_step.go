package escalation

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// drill is the effect: a drill is due by its schedule, or one goes on.
func (d *Desk) drill(ctx context.Context, e tagout.Effect) error {
	if e.Incident == 0 {
		return d.scheduledDrill(ctx, e)
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if i.Exercise == nil {
		return nil
	}
	if !i.Drill {
		return d.takeForReal(ctx, i)
	}
	return d.advanceDrill(ctx, i)
}

// advanceDrill takes a drill as far as what is known allows. The gate lets go only of what a commit
// has lifted, and learns of it by reading should this process end first.
func (d *Desk) advanceDrill(ctx context.Context, i *tagout.Incident) error {
	if !i.Exercise.Running() {
		return nil
	}
	facts, err := d.drillFacts(ctx, *i.Exercise, i.ID)
	if err != nil {
		return err
	}
	agent := i.Exercise.Agent
	crashpoint.Here("drill.advancing")
	var lifting tagout.Lifting
	forward := false
	i, err = d.store.Update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		before := i.Exercise.Phase
		var c tagout.Change
		lifting, c = i.AdvanceDrill(facts, now)
		if forward = before == tagout.DrillBack && i.Exercise.Phase == tagout.DrillForward; forward {
			c.Effects = append(c.Effects, d.rollbackCheck(i, agent, now))
		}
		return c, nil
	})
	if err != nil {
		return err
	}
	d.metrics.drilled(i.Exercise)
	crashpoint.Here("drill.advanced")
	if len(lifting.Lifted) > 0 {
		d.gate.Lift(lifting.Lifted, nil)
		d.gate.Reconcile(agent)
	}
	d.apply(i)
	if forward || i.State.Ended() && i.Rollback != nil {
		d.repin(ctx, agent)
	}
	return nil
}

// takeForReal gives what was a drill the duties of an incident, and pages: whoever answers for
// the agent and for Tagout first of all.
func (d *Desk) takeForReal(ctx context.Context, i *tagout.Incident) error {
	if i.Exercise.Taken {
		return nil
	}
	return d.update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		terms := d.drillTerms(*i.Exercise)
		roles := d.ownersOf(i, i.Exercise.Agent)
		for _, role := range terms.Page {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
		terms.Page = roles
		c := i.TakeForReal(terms, now)
		if !c.IsEmpty() {
			d.metrics.opened(i)
		}
		return c, nil
	})
}

// scheduledDrill begins a drill whose time has come. One that cannot begin is told, and comes
// again by its schedule.
func (d *Desk) scheduledDrill(ctx context.Context, e tagout.Effect) error {
	var turn tagout.RoutineTurn
	var plan tagout.DrillPlan
	if err := e.Decode(&turn); err != nil {
		return err
	}
	if err := json.Unmarshal(turn.Data, &plan); err != nil {
		return tagout.Final(tagout.Errorf(tagout.Internal, "The routine %s holds data of another shape: %w", turn.Routine, err))
	}
	order := tagout.DrillOrder{ID: tagout.DeriveID("drill by schedule", e.Key), Name: plan.Name, Action: plan.Action, Agent: plan.Agent,
		By: tagout.Tagout, Page: plan.Page, Scenario: plan.Scenario, Reason: "by schedule: " + plan.Name}
	_, err := d.Drill(ctx, order)
	switch tagout.CodeOf(err) {
	case tagout.Conflict, tagout.NotFound, tagout.Invalid:
		d.log.Warn("a drill could not begin; it comes again by its schedule", "drill", plan.Name, "agent", plan.Agent, "reason", tagout.Sentence(err))
		return nil
	}
	return err
}

// Drills lists drills, newest first.
func (d *Desk) Drills(ctx context.Context, q tagout.DrillQuery) ([]tagout.Drill, error) {
	return d.store.Drills(ctx, q)
}

// NextDrills tells when the drills of the configuration come next, by name.
func (d *Desk) NextDrills(ctx context.Context) (map[string]time.Time, error) {
	states, err := d.store.Routines(ctx)
	if err != nil {
		return nil, err
	}
	next := map[string]time.Time{}
	for _, plan := range d.policy.Drills.Plans {
		for _, s := range states {
			if s.Name == plan.Routine() {
				next[plan.Name] = s.Next
			}
		}
	}
	return next, nil
}

// stirDrill has a drill look at what came on its scope at once; it looks anyhow before they
// lets anything go.
func (d *Desk) stirDrill(ctx context.Context, other *tagout.Incident, scope tagout.Scope) {
	if !other.Drill || !other.Exercise.Running() || !other.Scope.Touches(scope, d.policy.Agents[scope.Agent]) {
		return
	}
	_, err := d.store.Update(ctx, other.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.Stir(now), nil })
	if err != nil {
		d.log.Warn("could not tell a drill of what came on its scope; it looks itself before it ends", "incident", other.ID.String(), "error", err)
	}
}
