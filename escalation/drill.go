package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// Drill practises a stop or a rollback on the canary of an agent, by its real controls. It
// returns once that is asked for; what comes of it is in the incident that it makes. It
// returns Invalid or NotFound for what cannot be drilled, Conflict while something else is
// going on there, and Unavailable while it cannot be found out what is.
func (d *Desk) Drill(ctx context.Context, o tagout.DrillOrder) (*tagout.Incident, error) {
	drill, err := d.planDrill(o)
	if err != nil {
		return nil, err
	}
	if i, err := d.beganAlready(ctx, o.ID); i != nil || err != nil {
		return i, err
	}
	facts, err := d.drillFacts(ctx, drill, 0)
	if err != nil {
		return nil, err
	}
	if err := facts.CanDrill(drill); err != nil {
		return nil, err
	}
	var steps []tagout.ComponentRollback
	var known tagout.AgentVersions
	if drill.Action == tagout.DrillRollback {
		if steps, known, err = d.rollbackSteps(ctx, &tagout.RollbackOrder{Agent: drill.Agent}); err != nil {
			return nil, err
		}
		if steps, err = knownSteps(drill.Agent, steps); err != nil {
			return nil, err
		}
	}
	i, _, err := d.store.Practise(ctx, drill, func(i *tagout.Incident, others []*tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.State != "" {
			return tagout.Change{}, nil // a repeat of the order
		}
		c, err := i.BeginDrill(drill, d.drillTerms(drill), facts.Beside(others, d.gate.Holds()), now)
		if err != nil || drill.Action == tagout.DrillKill {
			return c, err
		}
		back, err := d.rollBackInDrill(ctx, i, drill, steps, known, now)
		return c.And(back), err
	})
	if err != nil {
		return nil, err
	}
	crashpoint.Here("drill.begun")
	d.apply(i)
	if drill.Action == tagout.DrillRollback {
		d.repin(ctx, drill.Agent)
	}
	return i, nil
}

// planDrill reads an order. It returns Invalid for a scenario or severity that there is not.
func (d *Desk) planDrill(o tagout.DrillOrder) (tagout.Drill, error) {
	drill := tagout.Drill{ID: o.ID, Name: o.Name, Action: o.Action, Agent: o.Agent, By: o.By, Reason: o.Reason, Page: o.Page, Severity: o.Severity}
	if a := d.policy.Agents[o.Agent]; a != nil {
		drill.Scope = a.Canary
	}
	if o.Scenario != "" {
		s, ok := d.policy.Drills.Scenario(o.Scenario)
		if !ok {
			return drill, tagout.Errorf(tagout.Invalid, "There is no scenario %q. Scenarios stand under chaos in the configuration.", cut(o.Scenario, 40))
		}
		drill.Scenario, drill.Page = &s, drill.Page || s.Break == tagout.PagerDown
	}
	if drill.Severity == "" {
		drill.Severity = d.policy.Drills.Severity
	}
	if drill.Severity == "" {
		drill.Severity = d.policy.DefaultSeverity
	}
	row := d.policy.SeverityPolicy(drill.Severity)
	drill.Severity = row.Severity
	drill.Within = row.Deadlines.Contain
	if drill.Within <= 0 {
		drill.Within = tagout.DefaultDrillWithin
	}
	if drill.Action == tagout.DrillRollback {
		drill.Within = d.policy.Agents.RollbackWithin(drill.Agent)
	}
	if drill.Page {
		drill.Answer = row.Deadlines.Acknowledge
	}
	return drill, nil
}

// drillTerms is what the matrix says for a drill, and for what becomes of one that fails.
func (d *Desk) drillTerms(drill tagout.Drill) tagout.DrillTerms {
	class := d.policy.Drills.Class
	if d.policy.Classes[class] == nil {
		class = d.policy.DefaultClass
	}
	row := d.policy.SeverityPolicy(drill.Severity)
	return tagout.DrillTerms{Row: row, Class: class, Page: d.pageRoles(row, class)}
}

// beganAlready finds the drill of an order that comes again, whether it is over or not; nil if
// it has not come before.
func (d *Desk) beganAlready(ctx context.Context, order string) (*tagout.Incident, error) {
	recent, err := d.store.Drills(ctx, tagout.DrillQuery{})
	n := slices.IndexFunc(recent, func(have tagout.Drill) bool { return have.ID == order })
	if err != nil || n < 0 {
		return nil, err
	}
	return d.store.Incident(ctx, recent[n].Incident)
}

// drillFacts is what is known where a drill is, or is to be. It returns Unavailable if
// anything of it cannot be found out.
func (d *Desk) drillFacts(ctx context.Context, drill tagout.Drill, own tagout.IncidentID) (f tagout.DrillFacts, err error) {
	if !d.gate.Status().HoldsLoaded {
		return f, tagout.Errorf(tagout.Unavailable, "What is held is not known yet. Nothing is drilled meanwhile.")
	}
	f.Agents, f.Controls = d.policy.Agents, d.gate.Controls(drill.Agent)
	if f.Holds, err = d.store.Holds(ctx); err != nil {
		return f, err
	}
	f.Holds = append(f.Holds, d.gate.Holds()...)
	for _, q := range []tagout.IncidentQuery{{Open: true, Limit: everyOpen}, {Limit: recentIncidents}} {
		list, err := d.store.Incidents(ctx, q)
		if err != nil {
			return f, err
		}
		f.Incidents = append(f.Incidents, list...)
	}
	since := drill.At
	if since.IsZero() {
		since = d.clock.Now()
	}
	scope := drill.Scope
	if drill.Action == tagout.DrillRollback {
		scope = scope.WholeAgent()
	}
	if f.Quiet, err = d.store.QuietOn(ctx, scope, since); err != nil {
		return f, err
	}
	if f.Pins, err = d.store.Pins(ctx); err != nil {
		return f, err
	}
	if own != 0 && drill.Page {
		f.Pages, err = d.store.Pages(ctx, own)
	}
	return f, err
}

// recentIncidents is how many of the newest incidents are looked at for what came since a
// drill began.
const recentIncidents = 300

// knownSteps are the steps of a rollback that can be undone. It returns Conflict if it is not
// known what runs now.
func knownSteps(agent string, steps []tagout.ComponentRollback) ([]tagout.ComponentRollback, error) {
	steps = slices.DeleteFunc(steps, func(s tagout.ComponentRollback) bool { return s.From == "" || s.From == s.To })
	if len(steps) == 0 {
		return nil, tagout.Errorf(tagout.Conflict, "It is not known which versions %s runs, so that a drill could not go back to them. Agents report theirs to POST /v1/versions; controls are read.", agent)
	}
	return steps, nil
}

// rollBackInDrill is the rollback of a drill: what runs is kept as evidence, as in a real one.
func (d *Desk) rollBackInDrill(ctx context.Context, i *tagout.Incident, drill tagout.Drill, steps []tagout.ComponentRollback, known tagout.AgentVersions, now time.Time) (tagout.Change, error) {
	controls := d.gate.Controls(drill.Agent)
	for n := range steps {
		steps[n].Reads = lastReads(controls, steps[n].Component)
	}
	kept, err := d.keepBefore(ctx, i, tagout.RollbackOrder{Agent: drill.Agent, By: drill.By}, known, controls, now)
	if err != nil {
		return kept, err
	}
	begun, err := i.BeginRollback(tagout.Rollback{ID: "drill:" + drill.ID, By: drill.By, Agent: drill.Agent, Components: slices.Clone(steps)}, now)
	begun.Effects = append(begun.Effects, d.rollbackCheck(i, drill.Agent, now))
	return kept.And(begun), err
}

// rollbackCheck is when it is looked whether the rollback of an incident was read back.
func (d *Desk) rollbackCheck(i *tagout.Incident, agent string, now time.Time) tagout.Effect {
	of := i.Rollback.At
	check := tagout.NewEffect(tagout.EffectRollback, i.ID, "check:"+of.Format(time.RFC3339Nano), rollbackOrder{Agent: agent, Check: of})
	return check.At(now.Add(d.policy.Agents.RollbackWithin(agent)))
}
