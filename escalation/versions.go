package escalation

import (
	"context"
	"maps"
	"slices"
	"time"

	"tagout"
)

// AgentVersions tells what is known of the versions of an agent. It returns NotFound if the
// agent is not declared.
func (d *Desk) AgentVersions(ctx context.Context, agent string) (tagout.AgentVersions, error) {
	known := tagout.AgentVersions{Agent: agent}
	if d.policy.Agents[agent] == nil {
		return known, tagout.Errorf(tagout.NotFound, "There is no agent %q in the configuration; known are %v.", agent, d.policy.Agents.Names())
	}
	history, err := d.store.VersionHistory(ctx, agent)
	if err != nil {
		return known, err
	}
	pins, err := d.pins(ctx)
	if err != nil {
		return known, err
	}
	known.Pinned = pins[agent]
	if len(known.Pinned) > 0 {
		if known.RolledBack, err = d.rolledBack(ctx, agent, known.Pinned); err != nil {
			return known, err
		}
	}
	now, after := d.clock.Now(), d.policy.Agents.KnownGoodAfter(agent)
	for _, component := range d.policy.Agents.ComponentsOf(agent) {
		known.Components = append(known.Components, history.Component(component, after, now))
	}
	return known, nil
}

// rolledBack are those of the pinned versions to which an open incident went back, as far as
// they were not given up.
func (d *Desk) rolledBack(ctx context.Context, agent string, pinned map[string]string) (map[string]string, error) {
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: everyOpen}) // one about everything may roll it back
	if err != nil {
		return nil, err
	}
	back := map[string]string{}
	for _, i := range open {
		if i.Rollback == nil || i.Rollback.Agent != agent {
			continue
		}
		for _, c := range i.Rollback.Components {
			if c.State != tagout.RollbackFailed && pinned[c.Component] == c.To {
				back[c.Component] = c.To
			}
		}
	}
	return back, nil
}

// pins are the versions that controls are to run, by agent and component.
func (d *Desk) pins(ctx context.Context) (map[string]map[string]string, error) {
	pins, err := d.store.Pins(ctx)
	return tagout.EffectivePins(pins), err
}

// repin tells the controls at once what is pinned, and has those of these agents asked again
// even if nothing changed. If the pins cannot be read now, the next reading of the database
// tells them.
func (d *Desk) repin(ctx context.Context, agents ...string) {
	if err := d.gate.Repin(ctx, d.pins); err != nil {
		d.log.Warn("pinned versions could not be read after a change; they are read again in a moment", "error", err)
		return
	}
	if len(agents) > 0 {
		d.gate.Reconcile(agents...)
	}
}

// SawVersions records that an agent said it ran these versions at a time. Where an open
// incident pins another one that is drift.
func (d *Desk) SawVersions(ctx context.Context, agent string, versions map[string]string, at time.Time, by tagout.Actor) error {
	if err := d.store.SawVersion(ctx, agent, versions, at); err != nil {
		return err
	}
	return d.compareVersions(ctx, tagout.VersionReport{Agent: agent, Versions: versions, At: at}, by)
}

func (d *Desk) compareVersions(ctx context.Context, r tagout.VersionReport, by tagout.Actor) error {
	ids, counting, err := d.pinning(ctx, r.Agent)
	if err != nil {
		return err
	}
	for _, id := range ids {
		i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return d.driftBack(i, i.TakeVersions(r, counting[i.ID], d.ownersOf(i, r.Agent), by, now), r.Agent, now), nil
		})
		if err != nil {
			return err
		}
		if i.Staging.Standing() {
			d.apply(i)
		}
	}
	return nil
}

// RecordChange records a deployment. It returns Conflict, naming the incident and who can lift
// it, while an open incident refuses version changes of the agent; the attempt then stands on
// its timeline. What was deployed before that incident is recorded in any case, and so is a
// deployment of the version that is pinned.
func (d *Desk) RecordChange(ctx context.Context, change tagout.Deployment, by tagout.Actor) error {
	frozen, err := d.FrozenBy(ctx, change.Agent)
	if err != nil {
		return err
	}
	pins, err := d.pins(ctx)
	if err != nil {
		return err
	}
	for _, i := range frozen {
		if change.At.Before(i.At(tagout.Detected)) || pins[change.Agent][change.Component] == change.To {
			continue
		}
		_, err := d.store.Update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.RefuseChange(change, by, now), nil
		})
		if err != nil {
			return err
		}
		return d.refusal(i, change.Agent)
	}
	return d.recordMade(ctx, change, by)
}

// ChangeMade records a change that was made already, so that nothing can refuse it: what a
// webhook tells. Where an open incident pins another version that is drift, and where one
// refuses changes its channel hears of it.
func (d *Desk) ChangeMade(ctx context.Context, change tagout.Deployment, by tagout.Actor) error {
	return d.recordMade(ctx, change, by)
}

func (d *Desk) recordMade(ctx context.Context, change tagout.Deployment, by tagout.Actor) error {
	if err := d.store.RecordChange(ctx, change); err != nil {
		return err
	}
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: everyOpen})
	if err != nil {
		return err
	}
	for _, i := range open {
		agents, everything := i.Concerns()
		if !everything && !slices.Contains(agents, change.Agent) || slices.Contains(i.Changed, change.ID) {
			continue
		}
		if change.At.Before(i.At(tagout.Detected).Add(-tagout.CauseWindow)) {
			continue // too old to have caused it
		}
		_, err := d.store.Update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			pinned := i.PinsOf(change.Agent)[change.Component] == change.To
			frozen := i.Freezes(change.Agent) && !pinned && change.At.After(i.At(tagout.Detected))
			return i.TakeChange(change, frozen, by, now), nil
		})
		if err != nil {
			return err
		}
	}
	return d.compareVersions(ctx, tagout.VersionReport{Agent: change.Agent, Versions: map[string]string{change.Component: change.To}, At: change.At}, by)
}

// refusal says which incident refuses a version change and who can lift it; of a private
// incident only which.
func (d *Desk) refusal(i *tagout.Incident, agent string) error {
	if i.Private {
		return tagout.Errorf(tagout.Conflict, "The change is refused and not recorded: %s is open, and pins the versions of %s until it is resumed.", i.ID, agent)
	}
	return tagout.Errorf(tagout.Conflict, "The change is refused and not recorded: %s (%s) is open, and pins the versions of %s until it is resumed. That needs GO of %s, on a request made with /tagout resume %s.",
		i.ID, i.Severity.Label(), agent, d.policy.RuleText(i.Rule), i.ID)
}

// FrozenBy lists the open incidents that refuse version changes of an agent.
func (d *Desk) FrozenBy(ctx context.Context, agent string) ([]*tagout.Incident, error) {
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: everyOpen}) // one about everything freezes it too
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(open, func(i *tagout.Incident) bool { return !i.Freezes(agent) }), nil
}

// pinNow is the effect: it pins what the agents of a frozen incident run now, as far as that
// is known.
func (d *Desk) pinNow(ctx context.Context, e tagout.Effect) error {
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	agents := d.agentsOf(i.ActiveHolds())
	if name := i.Scope.Agent; name != "" && !slices.Contains(agents, name) {
		agents = append(agents, name)
	}
	for _, agent := range agents {
		if d.policy.Agents[agent] == nil {
			continue
		}
		versions, err := d.runningVersions(ctx, agent)
		if err != nil {
			return err
		}
		if _, err := d.store.Update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.PinCurrent(agent, versions, tagout.Tagout, now), nil
		}); err != nil {
			return err
		}
	}
	d.repin(ctx, agents...)
	return nil
}

// runningVersions is what an agent runs as far as it is known: what is pinned already, else
// what its controls read back, else what was reported. A component whose controls disagree is
// left out.
func (d *Desk) runningVersions(ctx context.Context, agent string) (map[string]string, error) {
	known, err := d.AgentVersions(ctx, agent)
	if err != nil {
		return nil, err
	}
	running := map[string]string{}
	for _, c := range known.Components {
		running[c.Component] = c.Current
		reads := lastReads(d.gate.Controls(agent), c.Component)
		for _, read := range reads {
			running[c.Component] = read.Version
			if read.Version != reads[0].Version {
				running[c.Component] = ""
				break
			}
		}
	}
	maps.Copy(running, known.Pinned)
	return running, nil
}

// versionsToRun are those that a resume request names: what is known to run, and where the
// incident pins a version that was read back, that one.
func (d *Desk) versionsToRun(ctx context.Context, i *tagout.Incident) (map[string]string, error) {
	agent := i.Scope.Agent
	if d.policy.Agents[agent] == nil {
		return nil, nil
	}
	known, err := d.AgentVersions(ctx, agent)
	if err != nil {
		return nil, err
	}
	run := known.Current()
	for _, p := range i.Pins {
		step := (*tagout.ComponentRollback)(nil)
		if i.Rollback != nil && i.Rollback.Agent == agent {
			step = i.Rollback.Of(p.Component)
		}
		stands := step == nil || step.State == tagout.RollbackConfirmed
		if p.Agent != agent || !stands || known.Pinned[p.Component] != p.Version || len(p.Drifts) > 0 {
			continue
		}
		if run == nil {
			run = map[string]string{}
		}
		run[p.Component] = p.Version
	}
	return run, nil
}
