package escalation

import (
	"context"
	"maps"
	"slices"
	"time"

	"tagout"
)

// rollbackBudget is how long a rollback may take until its versions are read back.
const rollbackBudget = time.Minute

// rollbackOrder is the data of [tagout.EffectRollback]. With Check set it only looks
// whether the attempt of that time was confirmed.
type rollbackOrder struct {
	Agent string    `json:"agent"`
	Check time.Time `json:"check,omitzero"`
}

// Rollback pins an agent to earlier versions through its controls: those that are named,
// or the previous one of each component. It returns once that is requested; success is
// what the controls read back. It returns Conflict if there is no control to do it or no
// earlier version is known.
func (d *Desk) Rollback(ctx context.Context, o tagout.RollbackOrder) (*tagout.Incident, error) {
	agent := d.policy.Agents[o.Agent]
	if agent == nil {
		return nil, tagout.Errorf(tagout.NotFound, "There is no agent %q in the configuration; known are %v.", o.Agent, d.policy.Agents.Names())
	}
	if len(agent.Controls) == 0 {
		return nil, tagout.Errorf(tagout.Conflict, "%s has no control that could roll it back; declare one under agents.%s.controls.", o.Agent, o.Agent)
	}
	from, to, err := d.rollbackPlan(ctx, o)
	if err != nil {
		return nil, err
	}
	scope := tagout.Scope{Agent: o.Agent}
	m := tagout.Match{Incident: o.Incident}
	if o.Incident == 0 {
		m = tagout.Match{CorrelationID: "rollback:" + o.ID, Overlaps: &scope}
	}
	i, _, err := d.store.Join(ctx, m, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		var c tagout.Change
		if i.State == "" {
			row := d.policy.SeverityPolicy(d.policy.DefaultSeverity)
			opened, err := i.Open(tagout.Opening{Title: o.Agent + " rolled back by hand", Scope: scope, Class: d.policy.DefaultClass,
				CorrelationID: m.CorrelationID, By: o.By, Row: row, Page: d.pageRoles(row, d.policy.DefaultClass)}, now)
			if err != nil {
				return c, err
			}
			c = opened
		}
		begun, err := i.BeginRollback(tagout.Rollback{By: o.By, Agent: o.Agent, From: from, To: to}, now)
		if err != nil {
			return c, err
		}
		check := tagout.NewEffect(tagout.EffectRollback, i.ID, "check:"+i.Rollback.At.Format(time.RFC3339Nano), rollbackOrder{Agent: o.Agent, Check: i.Rollback.At})
		begun.Effects = append(begun.Effects, check.At(now.Add(rollbackBudget)))
		return c.And(begun), nil
	})
	if err != nil {
		return nil, err
	}
	if err := d.pin(ctx, o.Agent, to); err != nil {
		return nil, err
	}
	return i, nil
}

// pin has the agent's controls run these versions, now and after a restart.
func (d *Desk) pin(ctx context.Context, agent string, versions map[string]string) error {
	if err := d.store.SetPins(ctx, agent, versions); err != nil {
		return err
	}
	d.gate.Pin(agent, versions)
	d.gate.Reconcile(agent)
	return nil
}

// rollbackPlan is what runs now and what should run instead.
func (d *Desk) rollbackPlan(ctx context.Context, o tagout.RollbackOrder) (from, to map[string]string, err error) {
	all, err := d.store.Versions(ctx, o.Agent)
	if err != nil {
		return nil, nil, err
	}
	from, previous := map[string]string{}, map[string]string{}
	for _, v := range all { // newest first
		if from[v.Component] == "" {
			from[v.Component] = v.Version
		} else if previous[v.Component] == "" && v.Version != from[v.Component] {
			previous[v.Component] = v.Version
		}
	}
	to = maps.Clone(o.To)
	if len(to) == 0 {
		to = previous
	}
	for component, version := range to {
		if version == "" {
			if to[component] = previous[component]; to[component] == "" {
				return nil, nil, tagout.Errorf(tagout.Conflict, "No earlier %s of %s is known. Name the version: /tagout rollback %s %s=VERSION.", component, o.Agent, o.Agent, component)
			}
		}
	}
	if len(to) == 0 {
		return nil, nil, tagout.Errorf(tagout.Conflict, "No earlier version of %s is known. Name one: /tagout rollback %s prompt=VERSION; agents report theirs to POST /v1/versions.", o.Agent, o.Agent)
	}
	return from, to, nil
}

// rollback is the effect: the attempt that a severity asks for on arrival, or the check
// whether an earlier attempt was confirmed in time.
func (d *Desk) rollback(ctx context.Context, e tagout.Effect) error {
	var o rollbackOrder
	if err := e.Decode(&o); err != nil {
		return err
	}
	if !o.Check.IsZero() {
		return d.checkRollback(ctx, e.Incident, o.Check)
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if rb := i.Rollback; rb != nil {
		if underway := rb.DoneAt.IsZero() && rb.FailedAt.IsZero(); underway && rb.Agent == o.Agent && !i.State.Ended() {
			return d.pin(ctx, rb.Agent, rb.To) // an attempt may have been cut off before its versions were pinned
		}
		return nil
	}
	_, err = d.Rollback(ctx, tagout.RollbackOrder{ID: e.Key, Incident: e.Incident, Agent: o.Agent, By: tagout.Tagout})
	if tagout.CodeOf(err) == tagout.Unavailable {
		return err
	}
	if err == nil {
		return nil
	}
	reason := tagout.Sentence(err)
	_, err = d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.Rollback != nil {
			return tagout.Change{}, nil // it was attempted: a repeat of this effect
		}
		return tagout.Change{Events: []tagout.Event{tagout.NewEvent(tagout.EventRollbackFailed, tagout.Tagout, now,
			map[string]any{"agent": o.Agent, "error": reason})}}, nil
	})
	return err
}

// checkRollback calls the attempt of that time failed if it was not confirmed meanwhile.
func (d *Desk) checkRollback(ctx context.Context, id tagout.IncidentID, of time.Time) error {
	_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.Rollback == nil || !i.Rollback.At.Equal(of) {
			return tagout.Change{}, nil
		}
		return i.EndRollback("its control did not report the wanted versions within "+rollbackBudget.String()+".", now), nil
	})
	return err
}

// reportPatience is how long news of a stop waits for the stop to be recorded.
const reportPatience = 2 * time.Second

// Report records news of an enforcement point in every incident that it concerns. An error
// means that it should be told again.
func (d *Desk) Report(ctx context.Context, r tagout.ControlReport) error {
	d.metrics.control(r)
	if err := d.recorder.wait(ctx, r.Holds); err != nil {
		return err
	}
	ids, err := d.incidentsOf(r)
	if err != nil {
		return err
	}
	if r.Versions != nil {
		waiting, err := d.rollingBack(ctx, r.Agent)
		if err != nil {
			return err
		}
		ids = append(ids, waiting...)
	}
	for _, id := range ids {
		_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return d.pageDrift(i, i.TakeReport(r), now).And(confirmRollback(i, r, now)), nil
		})
		if err != nil && tagout.CodeOf(err) != tagout.NotFound {
			return err
		}
	}
	return nil
}

// pageDrift pages whoever answers for an agent that a change found running under a hold.
func (d *Desk) pageDrift(i *tagout.Incident, c tagout.Change, now time.Time) tagout.Change {
	if !slices.ContainsFunc(c.Events, func(e tagout.Event) bool { return e.Kind == tagout.EventDrift }) {
		return c
	}
	key := "drift:" + now.Format(time.RFC3339Nano)
	round := tagout.PageRound{Key: key, Roles: d.ownerRoles(i), Why: "drift: an agent was found running under a hold", Rung: true, Even: true}
	c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectPage, i.ID, key, round))
	return c
}

// confirmRollback ends a rollback whose versions were read back after it began.
func confirmRollback(i *tagout.Incident, r tagout.ControlReport, now time.Time) tagout.Change {
	rb := i.Rollback
	if rb == nil || rb.Agent != r.Agent || r.Versions == nil {
		return tagout.Change{}
	}
	seen := tagout.Observed{Versions: r.Versions}
	if !seen.ConfirmsVersions(tagout.Wanted{Versions: rb.To}) {
		return tagout.Change{}
	}
	return i.EndRollback("", now)
}

// rollingBack lists the open incidents with a rollback of the agent under way.
func (d *Desk) rollingBack(ctx context.Context, agent string) ([]tagout.IncidentID, error) {
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: 1000}) // one about everything may roll it back
	if err != nil {
		return nil, err
	}
	var ids []tagout.IncidentID
	for _, i := range open {
		if rb := i.Rollback; rb != nil && rb.Agent == agent && rb.DoneAt.IsZero() && rb.FailedAt.IsZero() {
			ids = append(ids, i.ID)
		}
	}
	return ids, nil
}

// incidentsOf lists the incidents whose holds a report is about. It returns Unavailable
// while one of them is not recorded, as after a start with stops in the journal.
func (d *Desk) incidentsOf(r tagout.ControlReport) ([]tagout.IncidentID, error) {
	var ids []tagout.IncidentID
	for _, h := range d.gate.Holds() {
		switch {
		case !slices.Contains(r.Holds, h.ID):
		case h.Incident == 0:
			return nil, tagout.Errorf(tagout.Unavailable, "The stop that this is about is not recorded yet.")
		case !slices.Contains(ids, h.Incident):
			ids = append(ids, h.Incident)
		}
	}
	return ids, nil
}
