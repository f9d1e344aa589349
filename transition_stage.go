package tagout

import (
	"slices"
	"strconv"
	"time"
)

// StageDue is the data of [EffectStageDue]: the stage whose time has passed.
type StageDue struct {
	Plan  string    `json:"plan"`
	Stage int       `json:"stage"`
	Since time.Time `json:"since"`
}

// staged is what an event tells of a stage.
type staged struct {
	Plan    string    `json:"plan"`
	Request string    `json:"request"`
	Stage   int       `json:"stage"` // from 0; -1: what was held at first
	What    Stage     `json:"what,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Lifts   []HoldID  `json:"lifts,omitempty"`
	Hangs   []HoldID  `json:"hangs,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// Pressing is a wish to begin the next stage, with all that decides whether it counts.
type Pressing struct {
	User     User
	HomeTeam string   // the workspace whose people may press
	Roles    []string // for which the user is a signer
	Quiet    Quiet
}

// begin starts the plan of an approved request, whose holds are being lifted, at its first
// stage.
func (i *Incident) begin(r *ResumeRequest, by Actor, agents Registry, at time.Time) ([]Hold, Change) {
	s := &Staging{Plan: r.ID, Request: r.ID, Scope: r.Scope, Rule: r.Rule, Commander: r.Commander, Stages: r.Stages, State: StagingRuns}
	for _, id := range r.Holds {
		if h, ok := i.Hold(id); ok && (h.Plan == "" || i.Staging == nil || h.Plan != i.Staging.Plan) {
			s.Bases = append(s.Bases, id)
		} else if ok {
			s.Bases = with(s.Bases, i.Staging.Bases) // it falls back to what was held before any stage
		}
	}
	i.Staging = s
	hung := i.hangStage(0, at, agents)
	return hung, i.entered(0, hung, nil, by, at)
}

// hangStage makes the holds of stage n; what it cannot part stays held as before any stage.
func (i *Incident) hangStage(n int, at time.Time, agents Registry) []Hold {
	s := i.Staging
	s.Steps++
	var all []Hold
	for _, id := range s.Bases {
		base, _ := i.Hold(id)
		parts, err := s.holdsOf(base, n, agents)
		if err != nil {
			parts, _ = s.holdsOf(base, -1, agents)
		}
		for _, h := range parts {
			h.ID = HoldID(DeriveID("stage", s.Plan, strconv.Itoa(s.Steps), string(base.ID), h.Scope.String(), string(h.Mode), ShareText(h.CanaryShare)))
			h.At = Moment(at)
			all = append(all, h)
		}
	}
	return all
}

// entered records that the plan is at stage n, and sets the timer of its end.
func (i *Incident) entered(n int, hung []Hold, lifted []HoldID, by Actor, at time.Time) Change {
	s := i.Staging
	s.Stage, s.Since, s.Holds = n, Moment(at), idsOf(hung)
	s.Until = Moment(at.Add(s.Stages[n].For))
	if s.Stages[n].Mode == StageRunning {
		s.State, s.Until = StagingDone, time.Time{}
	}
	var c Change
	c.event(EventStage, by, at, staged{Plan: s.Plan, Request: s.Request, Stage: n, What: s.Stages[n], Until: s.Until, Lifts: lifted, Hangs: s.Holds})
	if s.State == StagingRuns {
		c.effectAt(s.Until, EffectStageDue, i.ID, s.Plan+":"+s.Since.Format(time.RFC3339Nano), StageDue{s.Plan, n, s.Since})
	}
	return c
}

func idsOf(holds []Hold) []HoldID {
	ids := make([]HoldID, len(holds))
	for n, h := range holds {
		ids[n] = h.ID
	}
	return ids
}

// plannable returns nil if every stage of the request can be hung with this configuration.
func (i *Incident) plannable(r *ResumeRequest, agents Registry) error {
	s := Staging{Plan: r.ID, Scope: r.Scope, Stages: r.Stages}
	for _, id := range r.Holds {
		base, _ := i.Hold(id)
		for n := range s.Stages {
			if _, err := s.holdsOf(base, n, agents); err != nil {
				return err
			}
		}
	}
	return nil
}

// amend lets an approved request change the stage at which its plan is.
func (i *Incident) amend(r *ResumeRequest, agents Registry, by Actor, at time.Time) (Lifting, Change) {
	s := i.Staging
	lifted := s.Holds
	s.Request, s.Stages, s.Rule, s.Commander = r.ID, r.Stages, s.Rule.With(r.Rule), r.Commander
	hung := i.hangStage(s.Stage, at, agents)
	c := i.entered(s.Stage, hung, lifted, by, at)
	return Lifting{Lifted: lifted, Replacements: hung}, c.And(i.lift(lifted, hung, r.ID, by, at)).And(i.settle(by, at))
}

// mayPress returns Forbidden for whoever may not begin a stage.
func (s *Staging) mayPress(p Pressing) error {
	u := p.User
	if u.Guest || u.Bot || u.ID == "" || u.Team == "" || u.Team != p.HomeTeam {
		return Errorf(Forbidden, "Only a full member of this workspace can begin a stage.")
	}
	if u.ID == s.Commander {
		return nil
	}
	if slices.ContainsFunc(p.Roles, s.Rule.names) {
		return nil
	}
	return Errorf(Forbidden, "A stage is begun by a signer of the plan, or by who commanded the incident when it was asked for.")
}

// Advance begins the next stage of the plan, as it was signed: after the time of the present
// one, all of which was quiet. It returns Forbidden for who may not, and Conflict, with the
// reason, if it is not time.
func (i *Incident) Advance(p Pressing, agents Registry, at time.Time) (Lifting, Change, error) {
	if i.Staging == nil {
		return Lifting{}, Change{}, Errorf(Conflict, "%s has no staged resumption.", i.ID)
	}
	if err := i.Staging.mayPress(p); err != nil {
		return Lifting{}, Change{}, err
	}
	return i.advance(p.Quiet, agents, p.User.Actor(), at)
}

// AdvanceByItself begins the next stage if the plan lets the present one end by itself, and
// it is time. It returns Conflict, with the reason, if not.
func (i *Incident) AdvanceByItself(q Quiet, agents Registry, at time.Time) (Lifting, Change, error) {
	if s := i.Staging; s == nil || s.Stage < 0 || !s.Stages[s.Stage].Auto {
		return Lifting{}, Change{}, Errorf(Conflict, "The stage does not end by itself.")
	}
	return i.advance(q, agents, Tagout, at)
}

func (i *Incident) advance(q Quiet, agents Registry, by Actor, at time.Time) (Lifting, Change, error) {
	s := i.Staging
	next, more := s.Next()
	switch {
	case s.State == StagingFell || s.State == StagingVoid:
		return Lifting{}, Change{}, Errorf(Conflict, "What is left of the plan is void: %s. Ask again with /tagout resume.", s.Reason)
	case !more:
		return Lifting{}, Change{}, Errorf(Conflict, "There is no stage left: the plan has ended.")
	case i.State.Ended():
		return Lifting{}, Change{}, Errorf(Conflict, "%s is %s.", i.ID, i.State)
	case at.Before(s.Until):
		return Lifting{}, Change{}, Errorf(Conflict, "Not before %s: the stage %q was signed to last %s.",
			s.Until.Format("2006-01-02 15:04:05 UTC"), s.Stages[s.Stage], Elapsed(s.Until.Sub(s.Since)))
	case q.Firing > 0:
		return Lifting{}, Change{}, Errorf(Conflict, "Not yet: %d alerts still fire on the scope.", q.Firing)
	case q.LastAt.After(s.Since) && at.Before(q.LastAt.Add(s.Until.Sub(s.Since))):
		until := q.LastAt.Add(s.Until.Sub(s.Since))
		return Lifting{}, Change{}, Errorf(Conflict, "Not before %s: the stage has to be quiet for its whole time.",
			until.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	for _, id := range s.Bases {
		base, _ := i.Hold(id)
		if _, err := s.holdsOf(base, s.Stage+1, agents); err != nil {
			return Lifting{}, Change{}, Errorf(Conflict,
				"The configuration has changed since this was signed: the rest of %s could not stay held. Ask again with /tagout resume.",
				base.Scope)
		}
	}
	c := i.voidRequest("the next stage began", by, at)
	lifted := s.Holds
	hung := i.hangStage(s.Stage+1, at, agents)
	c = c.And(i.entered(s.Stage+1, hung, lifted, by, at))
	c = c.And(i.lift(lifted, hung, s.Request, by, at))
	c.post(i, "stage:"+s.Plan+":"+strconv.Itoa(s.Stage), Message{Tone: ToneGood, Body: []Text{
		T(by.Text(), " began ", Bold(next.String()), " on ", Fixed(s.Scope.String()), ": "+s.Current()+".")}})
	return Lifting{Lifted: lifted, Replacements: hung}, c.And(i.settle(by, at)), nil
}

// Setback is why a staged resumption falls back.
type Setback struct {
	ID     string // the same for a repeat
	Scope  Scope
	Reason string // such as "a new alert came on its scope"
	By     Actor
}

// maxCauses is how many of the newest setbacks are remembered.
const maxCauses = 20

// FallBack takes a staged resumption back to the stage before, or from the first one to what
// was held at first, if the setback is on its scope. It only hangs holds, so that it needs
// nobody's leave; what is left of the plan is void. It changes nothing for a repeat.
func (i *Incident) FallBack(why Setback, agents Registry, at time.Time) Change {
	s := i.Staging
	agent := agents[or(why.Scope.Agent, or(i.stagingScope().Agent, i.Scope.Agent))]
	switch {
	case !s.Standing() || i.State.Ended() || !s.Scope.Touches(why.Scope, agent):
		return Change{}
	case slices.Contains(s.Causes, why.ID) || s.FellAt.Equal(Moment(at)):
		return Change{}
	}
	s.Causes = append(s.Causes, why.ID)
	s.Causes = s.Causes[max(0, len(s.Causes)-maxCauses):]
	from := s.Current()
	s.Stage--
	s.State, s.Reason, s.FellAt, s.Since, s.Until = StagingFell, why.Reason, Moment(at), Moment(at), time.Time{}
	hung := i.hangStage(s.Stage, at, agents)
	s.Holds = idsOf(hung)
	var c Change
	c.event(EventFellBack, why.By, at, staged{Plan: s.Plan, Request: s.Request, Stage: s.Stage, Hangs: s.Holds, Reason: why.Reason})
	for _, h := range hung {
		i.Holds = append(i.Holds, h)
		c.event(EventHeld, why.By, at, h)
		for _, name := range agents.Covered(h.Scope) {
			c = c.And(i.request(name, agents, h.At))
		}
	}
	c.effect(EffectContain, i.ID, "fall:"+s.Plan+":"+strconv.Itoa(s.Steps), nil)
	c = c.And(i.voidRequest("the resumption fell back", why.By, at))
	c.post(i, "fall:"+s.Plan+":"+strconv.Itoa(s.Steps), Message{Tone: ToneDanger, Body: []Text{T(Bold("Fell back"), " from "+from+": "+why.Reason+". ",
		Fixed(s.Scope.String()), " is "+s.Current()+". What is left of the plan is void; ask again with ", Typed("resume"), " when you are ready.")}})
	return c.And(i.settle(why.By, at))
}

func (i *Incident) stagingScope() Scope {
	if i.Staging == nil {
		return Scope{}
	}
	return i.Staging.Scope
}

// stopPlan makes what is left of a plan void without moving it.
func (i *Incident) stopPlan(reason string, by Actor, at time.Time) Change {
	s := i.Staging
	if !s.Goes() {
		return Change{}
	}
	s.State, s.Reason = StagingVoid, reason
	var c Change
	c.event(EventVoided, by, at, map[string]any{"request": s.Request, "plan": s.Plan, "reason": reason})
	c.post(i, "plan:"+s.Plan+":void", Message{Tone: ToneWarning, Body: []Text{T("What is left of the plan is void: "+reason+". It stays at "+s.Current()+"; ask again with ", Typed("resume"), ".")}})
	return c
}

// RemindOfStage tells that the time of a stage has passed, and how the next one begins.
func (i *Incident) RemindOfStage(due StageDue, at time.Time) Change {
	var c Change
	s := i.Staging
	if next, more := s.Next(); more && s.Plan == due.Plan && s.Stage == due.Stage && s.Since.Equal(due.Since) {
		c.post(i, "due:"+s.Plan+":"+strconv.Itoa(s.Steps), Message{Body: []Text{T("The time of ", Bold(s.Stages[s.Stage].String()), " has passed at ", at,
			". A signer, or who commanded when it was asked for, begins ", Bold(next.String()), " with ", Typed("stage "+i.ID.String()+" advance"), ".")}})
	}
	return c
}
