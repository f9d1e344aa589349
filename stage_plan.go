package tagout

import (
	"slices"
	"time"
)

// planStages sets the stages of a request: what was asked for if that holds all that the
// severity asks for, as it stood when it was reached and as it is configured now. It returns
// Invalid, naming the stage, if not.
func (i *Incident) planStages(r *ResumeRequest, asked StagePlan, row *SeverityPolicy, agents Registry) error {
	if len(r.Holds) == 0 {
		return nil // nothing is held that could be let go in stages
	}
	stood, now := i.Stages, i.Stages
	if row != nil && row.Severity == i.HighestSeverity {
		now = row.Resume.Stages
	}
	if r.Target != Running {
		if len(asked) > 0 || !r.Target.AtLeast(Review) && len(stood)+len(now) > 0 {
			return Errorf(Invalid, "Stages lead to running: ask for that, or for review without stages.")
		}
		return i.apart(r)
	}
	if asked == nil {
		if asked = now; asked.Meets(stood) != nil {
			asked = stood
		}
	}
	r.Stages = slices.Clone(asked)
	for n := range r.Stages {
		if s := &r.Stages[n]; s.Own {
			s.Scope = nil
			if a := agents[r.Scope.Agent]; a != nil && a.Canary != (Scope{}) {
				s.Scope = &a.Canary
			}
		}
	}
	if err := CheckStages(r.Stages); err != nil {
		return err
	}
	for _, policy := range []StagePlan{stood, now} {
		if err := r.Stages.Meets(policy); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(r.Stages, func(s Stage) bool { return s.Auto }) && !slices.ContainsFunc(now, func(s Stage) bool { return s.Auto }) {
		return Errorf(Invalid, "No stage may end by itself: the configuration leaves that to people.")
	}
	if len(r.Stages) > 0 {
		r.Commander = i.Roles[IncidentCommander]
	}
	if err := i.apart(r); err != nil {
		return err
	}
	return i.plannable(r, agents)
}

// apart returns Conflict if the request would take a part out of a plan that stands: there
// is one plan for an incident, and all its holds go together.
func (i *Incident) apart(r *ResumeRequest) error {
	s := i.Staging
	if !s.Standing() {
		return nil
	}
	standing, taken := 0, 0
	for _, h := range i.ActiveHolds() {
		if h.Plan != s.Plan {
			continue
		}
		standing++
		if slices.Contains(r.Holds, h.ID) {
			taken++
		}
	}
	if taken == standing && taken > 0 || taken == 0 && len(r.Stages) == 0 {
		return nil
	}
	return Errorf(Conflict, "%s is at %s on %s. Ask for all of that, or wait until it has ended.", i.ID, s.Current(), s.Scope)
}

// stillPlannable returns Conflict if the stages could not be hung any more, since the
// configuration or the plan has changed after the request was made.
func (i *Incident) stillPlannable(r *ResumeRequest, agents Registry) error {
	if r.Amends != "" && (!i.Staging.Goes() || i.Staging.Plan != r.Amends) {
		return Errorf(Conflict, "The plan that this would change is not under way any more. Ask again with /tagout resume.")
	}
	if err := i.plannable(r, agents); err != nil {
		return Errorf(Conflict, "The configuration has changed since this was asked for: its stages could not be held. Ask again with /tagout resume.")
	}
	return nil
}

// endStaging ends a plan whose holds a request without stages lifts.
func (i *Incident) endStaging(r *ResumeRequest) Change {
	s := i.Staging
	if s.Standing() && slices.ContainsFunc(s.Holds, func(id HoldID) bool { return slices.Contains(r.Holds, id) }) {
		s.State, s.Reason = StagingEnded, "another resumption was signed"
	}
	return Change{}
}

// RequestValidation asks for sign-offs on more tools in the present stage of a plan: nothing
// beyond what was signed is enabled without the GO of the rule. row is the severity's row as
// configured now. It returns Forbidden for guests and bots and Conflict if no plan is under
// way or the tools are validated already.
func (i *Incident) RequestValidation(d ResumeDraft, tools []string, row *SeverityPolicy, firing []string, at time.Time) (Change, error) {
	s := i.Staging
	switch {
	case d.By.Guest || d.By.Bot || d.By.ID == "":
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can ask for a tool; guests and bots cannot.")
	case !s.Goes() || s.Stage < 0:
		return Change{}, Errorf(Conflict, "%s has no staged resumption under way.", i.ID)
	case len(tools) == 0:
		return Change{}, Errorf(Invalid, "Say which tools: /tagout stage validate TOOL.")
	}
	stages := slices.Clone(s.Stages)
	stage := &stages[s.Stage]
	stage.Validated = slices.Clone(stage.Validated)
	for _, tool := range tools {
		if !slices.Contains(stage.Validated, tool) {
			stage.Validated = append(stage.Validated, tool)
		}
	}
	if err := CheckStages(stages); err != nil {
		return Change{}, err
	}
	if len(stage.Validated) == len(s.Stages[s.Stage].Validated) {
		return Change{}, Errorf(Conflict, "That is validated in this stage already.")
	}
	r := ResumeRequest{ID: d.ID, Incident: i.ID, By: d.By, At: Moment(at), Target: Running, Versions: d.Versions, Firing: firing, Causers: d.Causers,
		Severity: i.HighestSeverity, Rule: s.Rule.With(i.Rule), Monitor: i.Monitor, Head: i.Head, State: RequestPending, Scope: s.Scope,
		Holds: slices.Sorted(slices.Values(s.Holds)), Stages: stages, Commander: s.Commander, Amends: s.Plan, Expires: Moment(at.Add(24 * time.Hour))}
	if row != nil && row.Severity == i.HighestSeverity {
		r.Rule, r.Monitor = r.Rule.With(row.Resume.Rule), max(r.Monitor, row.Resume.Monitor)
		if row.Resume.Expires > 0 {
			r.Expires = Moment(at.Add(row.Resume.Expires))
		}
	}
	r.Deliverables = map[string]string{}
	for key, text := range d.Deliverables {
		r.Deliverables[key] = clip(text, 3000)
	}
	return i.propose(r, d.By, at), nil
}
