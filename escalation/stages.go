package escalation

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// AdvanceStage begins the next stage of an incident's staged resumption: in the database
// first, then in the gate. It returns Forbidden for who may not, and Conflict, with the
// reason, if it is not time. If the outcome of the commit is unknown nothing is loosened here.
func (d *Desk) AdvanceStage(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	roles, err := d.signerRoles(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	return d.advance(ctx, id, func(i *tagout.Incident, q tagout.Quiet, now time.Time) (tagout.Lifting, tagout.Change, error) {
		return i.Advance(tagout.Pressing{User: by, HomeTeam: d.homeTeam(), Roles: roles, Quiet: q}, d.policy.Agents, now)
	})
}

type advancing func(*tagout.Incident, tagout.Quiet, time.Time) (tagout.Lifting, tagout.Change, error)

func (d *Desk) advance(ctx context.Context, id tagout.IncidentID, step advancing) (*tagout.Incident, error) {
	var lifting tagout.Lifting
	crashpoint.Here("stage.received")
	i, err := d.changeBy(ctx, d.decide, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		var q tagout.Quiet
		var c tagout.Change
		if s := i.Staging; s != nil {
			var err error
			if q, err = d.store.QuietOn(ctx, s.Scope, s.Since); err != nil {
				return c, err
			}
		}
		var err error
		lifting, c, err = step(i, q, now)
		return c, err
	})
	if err != nil {
		return nil, unconfirmed(err)
	}
	crashpoint.Here("stage.committed")
	d.loosen(ctx, i, lifting)
	return i, nil
}

// StageQuiet tells of the alerts on the scope of an incident's plan since its stage began.
func (d *Desk) StageQuiet(ctx context.Context, i *tagout.Incident) (tagout.Quiet, error) {
	if i.Staging == nil {
		return tagout.Quiet{}, nil
	}
	return d.store.QuietOn(ctx, i.Staging.Scope, i.Staging.Since)
}

// ValidateTools asks for sign-offs on more tools in the present stage. It returns Forbidden
// for guests, Conflict if no plan is under way, and Invalid for what is no tool.
func (d *Desk) ValidateTools(ctx context.Context, id tagout.IncidentID, draft tagout.ResumeDraft, tools []string) (*tagout.Incident, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	if draft.Causers, err = d.causers(ctx, i); err != nil {
		return nil, err
	}
	return d.decide(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		firing, err := d.firing(ctx, id)
		if err != nil {
			return tagout.Change{}, err
		}
		return i.RequestValidation(d.clipped(draft), tools, d.policy.Severities[i.HighestSeverity], firing, now)
	})
}

// stageAgain is after how long a stage that was to end by itself, and could not, is looked
// at again.
const stageAgain = time.Minute

// stageDue is what happens when the time of a stage has passed: the next one begins if the
// plan says that it does so by itself, otherwise those in the channel are told.
func (d *Desk) stageDue(ctx context.Context, e tagout.Effect) error {
	var due tagout.StageDue
	if err := e.Decode(&due); err != nil {
		return err
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	s := i.Staging
	if !s.Goes() || s.Plan != due.Plan || s.Stage != due.Stage || !s.Since.Equal(due.Since) {
		return nil // it is not at that stage any more
	}
	if !s.Stages[s.Stage].Auto {
		return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.RemindOfStage(due, now), nil
		})
	}
	_, err = d.advance(ctx, e.Incident, func(i *tagout.Incident, q tagout.Quiet, now time.Time) (tagout.Lifting, tagout.Change, error) {
		if s := i.Staging; s.Plan != due.Plan || s.Stage != due.Stage || !s.Since.Equal(due.Since) {
			return tagout.Lifting{}, tagout.Change{}, nil
		}
		l, c, err := i.AdvanceByItself(q, d.policy.Agents, now)
		if tagout.CodeOf(err) == tagout.Conflict { // not quiet: look again
			again := tagout.NewEffect(tagout.EffectStageDue, i.ID, e.Key+":"+strconv.FormatInt(now.Unix(), 10), due)
			return tagout.Lifting{}, tagout.Change{Effects: []tagout.Effect{again.At(now.Add(stageAgain))}}, nil
		}
		return l, c, err
	})
	return err
}

// setback takes a plan of the incident back, and pages whoever its severity pages.
func (d *Desk) setback(i *tagout.Incident, why tagout.Setback, now time.Time) tagout.Change {
	return d.pageSetback(i, i.FallBack(why, d.policy.Agents, now), now)
}

// pageSetback pages whoever the severity pages if a change took a plan back.
func (d *Desk) pageSetback(i *tagout.Incident, c tagout.Change, now time.Time) tagout.Change {
	fell := func(e tagout.Event) bool { return e.Kind == tagout.EventFellBack }
	key := "fell_back:" + now.Format(time.RFC3339Nano)
	paged := func(e tagout.Effect) bool {
		return e.Kind == tagout.EffectPage && e.Key == tagout.NewEffect(tagout.EffectPage, i.ID, key, nil).Key
	}
	if !slices.ContainsFunc(c.Events, fell) || slices.ContainsFunc(c.Effects, paged) {
		return c
	}
	d.metrics.stages.WithLabelValues("fell_back").Inc()
	row := d.policy.SeverityPolicy(i.HighestSeverity)
	round := tagout.PageRound{Key: key, Roles: d.pageRoles(row, i.Class), Rung: true, Even: true,
		Why: "the resumption fell back: " + i.Staging.Reason}
	c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectPage, i.ID, key, round))
	return c
}

// other is the data of [tagout.EffectSetback]: what plans of other incidents fall back for.
type other struct {
	Setback tagout.Setback `json:"setback"`
}

// withSetback adds what makes plans of other incidents on the scope fall back, even if this
// process ends before it has told them.
func (d *Desk) withSetback(i *tagout.Incident, c tagout.Change, why tagout.Setback) tagout.Change {
	elsewhere := func(h tagout.Hold) bool {
		return h.Plan != "" && h.Incident != i.ID && h.Scope.Touches(why.Scope, d.policy.Agents[why.Scope.Agent])
	}
	if slices.ContainsFunc(d.gate.HoldsOn(why.Scope.Agent), elsewhere) {
		why.Reason += " (" + i.ID.String() + ")"
		c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectSetback, i.ID, why.ID, other{why}))
	}
	return c
}

// setbackElsewhere takes back the plans of other incidents that a setback concerns.
func (d *Desk) setbackElsewhere(ctx context.Context, e tagout.Effect) error {
	var o other
	if err := e.Decode(&o); err != nil {
		return err
	}
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: everyOpen})
	if err != nil {
		return err
	}
	for _, i := range open {
		if i.ID == e.Incident || !i.Staging.Standing() {
			continue
		}
		if err := d.setBack(ctx, i.ID, o.Setback); err != nil {
			return err
		}
	}
	return nil
}

// setBack takes the plan of one incident back, and tells the gate.
func (d *Desk) setBack(ctx context.Context, id tagout.IncidentID, why tagout.Setback) error {
	i, err := d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return d.setback(i, why, now), nil
	})
	if err != nil {
		return err
	}
	d.apply(i)
	return nil
}

// driftBack takes a plan back if a change found an agent of it running under a hold, or
// other versions than those that are pinned.
func (d *Desk) driftBack(i *tagout.Incident, c tagout.Change, agent string, now time.Time) tagout.Change {
	drift := func(e tagout.Event) bool { return e.Kind == tagout.EventDrift || e.Kind == tagout.EventVersionDrift }
	if !slices.ContainsFunc(c.Events, drift) {
		return c
	}
	return c.And(d.setback(i, tagout.Setback{ID: "drift:" + agent + ":" + now.Format(time.RFC3339Nano),
		Scope: tagout.Scope{Agent: agent}, Reason: "drift: " + agent + " was found otherwise than it has to be", By: tagout.Tagout}, now))
}

// stageText is where a plan stands, and until when at least.
func stageText(s *tagout.Staging) tagout.Text {
	t := tagout.T(s.Current(), " since ", s.Since)
	next, more := s.Next()
	switch {
	case !more:
		return append(t, tagout.T("; what is left of the plan is void: "+s.Reason)...)
	default:
		return append(t, tagout.T(", at least until ", s.Until, "; then "+next.String())...)
	}
}

// planText is what is signed of the stages: one a line, and who may begin them.
func planText(r *tagout.ResumeRequest) tagout.Text {
	t := tagout.T(tagout.StagesText(r.Stages) + "\nTools that are not validated stay disabled until the last stage.")
	if r.Amends != "" {
		return append(t, tagout.T("\nThis changes the plan that is under way; the time of its stage begins again.")...)
	}
	if r.Commander != "" {
		return append(t, tagout.T("\nStages are begun by a signer or by ", tagout.Mention(r.Commander), ".")...)
	}
	return append(t, tagout.T("\nStages are begun by a signer.")...)
}

func inStages(r *tagout.ResumeRequest) string {
	if len(r.Stages) == 0 {
		return ""
	}
	return " stage by stage"
}
