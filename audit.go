package tagout

import (
	"encoding/json"
	"reflect"
	"slices"
)

// Audit compares an incident with its own timeline: the holds that stand and were lifted,
// what its sign-offs must be, and that every lifting was approved by them. The timeline is
// sealed ([VerifyChain]); the rest of the record is not, so that whoever owns the database
// could change it. It returns a Conflict that says what was done without a trace.
func (i *Incident) Audit(events []Event) error {
	a := audit{
		incident: i, holds: map[HoldID]Hold{}, requests: map[string]ResumeRequest{}, signoffs: map[string][]Signoff{},
		approved: map[string][]HoldID{}, plans: map[string]*toldPlan{}, actions: map[int]toldAction{},
		review: toldReview{submitted: map[string]submittedReview{}},
	}
	for _, e := range events {
		if err := a.take(e); err != nil {
			return err
		}
	}
	if err := a.stagesHeld(); err != nil {
		return err
	}
	if err := a.compareActions(); err != nil {
		return err
	}
	return a.compare()
}

// AuditEvidence compares kept evidence, with its contents, with the timeline: all that was
// kept is there and unchanged, and what was redacted was so by an event. It returns a
// Conflict that says what does not fit.
func (i *Incident) AuditEvidence(events []Event, kept []Evidence) error {
	type piece struct{ Name, SHA256 string }
	told, redacted := map[piece]bool{}, map[string]bool{}
	a := audit{incident: i}
	for _, e := range events {
		var p piece
		if e.Kind != EventEvidence && e.Kind != EventRedacted {
			continue
		}
		if err := a.read(e, &p); err != nil {
			return err
		}
		if e.Kind == EventEvidence {
			told[p] = true
		} else {
			redacted[p.SHA256] = true
		}
	}
	for _, e := range kept {
		switch {
		case !told[piece{e.Name, e.SHA256}]:
			return Errorf(Conflict, "%s: the evidence %s is not on the timeline.", i.ID, e.Name)
		case !e.Intact():
			return Errorf(Conflict, "%s: the evidence %s was altered: its content does not match its hash.", i.ID, e.Name)
		case (e.Redacted != "") != redacted[e.SHA256]:
			return Errorf(Conflict, "%s: whether the evidence %s was redacted, record and timeline tell differently.", i.ID, e.Name)
		}
		delete(told, piece{e.Name, e.SHA256})
	}
	for p := range told {
		return Errorf(Conflict, "%s: the evidence %s is on the timeline, but missing from the record.", i.ID, p.Name)
	}
	return nil
}

// audit is an incident as its timeline tells of it.
type audit struct {
	incident *Incident
	highest  Severity
	rule     SignoffRule
	holds    map[HoldID]Hold
	requests map[string]ResumeRequest
	signoffs map[string][]Signoff // by request
	approved map[string][]HoldID  // by request: what it may lift
	plans    map[string]*toldPlan // by the request that began it
	actions  map[int]toldAction   // by number
	end      toldEnd
	review   toldReview
	called   Kind // what somebody called it last

	milestones toldMilestones
	drill      toldDrill
}

// said is what is read of an event's data, whatever its kind.
type said struct {
	Severity Severity    `json:"severity"`
	Highest  Severity    `json:"highest"`
	Signoffs SignoffRule `json:"signoffs"`
	Request  string      `json:"request"`
	Digest   string      `json:"digest"`
	Holds    []HoldID    `json:"holds"`
	Hold     HoldID      `json:"hold"`
	Plan     string      `json:"plan"`
}

func (a *audit) take(e Event) error {
	if err := a.takeDrill(e); err != nil {
		return err
	}
	if err := a.milestone(e); err != nil {
		return err
	}
	if tellsOfAction(e.Kind) {
		return a.action(e)
	}
	if tellsOfReview(e.Kind) {
		return a.takeReview(e)
	}
	a.end.take(e.Kind)
	switch e.Kind {
	case EventKindCorrected:
		return a.kind(e)
	case EventHeld:
		var h Hold
		if err := a.read(e, &h); err != nil {
			return err
		}
		a.holds[h.ID] = h
		return nil
	case EventRequested:
		var r ResumeRequest
		if err := a.read(e, &r); err != nil {
			return err
		}
		a.requests[r.ID] = r
		return nil
	case EventSigned:
		var s Signoff
		if err := a.read(e, &s); err != nil {
			return err
		}
		a.signoffs[s.Request] = append(a.signoffs[s.Request], s)
		return nil
	case EventStage, EventFellBack:
		var s staged
		if err := a.read(e, &s); err != nil {
			return err
		}
		return a.stage(e, s)
	case EventOpened, EventSeverity, EventApproved, EventLifted, EventVoided:
		var s said
		if err := a.read(e, &s); err != nil {
			return err
		}
		return a.follow(e, s)
	}
	return nil
}

func (a *audit) read(e Event, v any) error {
	if err := json.Unmarshal([]byte(e.Data), v); err != nil {
		return Errorf(Conflict, "%s: event %d (%s) cannot be read: %w", a.incident.ID, e.Seq, e.Kind, err)
	}
	return nil
}

func (a *audit) follow(e Event, s said) error {
	switch e.Kind {
	case EventOpened:
		a.highest, a.rule = s.Severity, s.Signoffs
	case EventSeverity:
		if s.Highest != a.highest {
			a.highest, a.rule = s.Highest, s.Signoffs
			for _, p := range a.plans {
				p.goes = false
			}
		}
	case EventVoided:
		if p := a.plans[s.Plan]; p != nil {
			p.goes = false
		}
	case EventApproved:
		return a.approve(e, s)
	case EventLifted:
		h, known := a.holds[s.Hold]
		if !known || !h.Active() || !slices.Contains(a.approved[s.Request], s.Hold) {
			return Errorf(Conflict, "%s: event %d lifts a hold that no approved request names.", a.incident.ID, e.Seq)
		}
		h.LiftedAt, h.LiftedBy = e.At, s.Request
		a.holds[s.Hold] = h
	}
	return nil
}

// approve checks that the sign-offs on a request's digest are those that it asks for.
func (a *audit) approve(e Event, s said) error {
	r, known := a.requests[s.Request]
	switch {
	case !known || r.Digest != s.Digest || r.Sum() != r.Digest:
		return Errorf(Conflict, "%s: event %d approves something else than was requested.", a.incident.ID, e.Seq)
	case !slices.Equal(slices.Sorted(slices.Values(r.Holds)), slices.Sorted(slices.Values(s.Holds))):
		return Errorf(Conflict, "%s: event %d approves other holds than were requested.", a.incident.ID, e.Seq)
	}
	people := map[UserID]bool{r.By.ID: true}
	for _, c := range r.Causers {
		people[c.Person] = true
	}
	for _, given := range a.signoffs[r.ID] {
		if given.Digest != r.Digest || given.Verdict != Go || people[given.By] {
			continue
		}
		if d := given.Delegation; d != nil {
			if d.To != given.By || d.Role != given.Role || !d.Holds(given.At) ||
				people[d.By] && slices.ContainsFunc(r.Signoffs, func(s Signoff) bool { return s.voice() == d.By }) {
				continue
			}
		}
		people[given.By], people[given.voice()] = true, true
		r.Signoffs = append(r.Signoffs, given)
	}
	if len(r.Rule) == 0 || !reflect.DeepEqual(r.Rule.With(a.rule), r.Rule) || len(r.Missing()) > 0 {
		return Errorf(Conflict, "%s: event %d approves a request without the sign-offs that it needs.", a.incident.ID, e.Seq)
	}
	a.approved[r.ID] = r.Holds
	return nil
}

// compare holds the record against what the timeline tells.
func (a *audit) compare() error {
	i := a.incident
	for _, h := range i.Holds {
		told, known := a.holds[h.ID]
		switch {
		case !known:
			return Errorf(Conflict, "%s: the record has the hold %s on %s, of which the timeline knows nothing.", i.ID, h.ID, h.Scope)
		case told.Active() && !h.Active():
			return Errorf(Conflict,
				"%s: the hold on %s was lifted in the record, but nobody signed for that: the timeline says that it stands.",
				i.ID, h.Scope)
		case !told.Active() && h.Active():
			return Errorf(Conflict, "%s: the hold on %s stands in the record, but the timeline says that it was lifted.", i.ID, h.Scope)
		case !told.SameTerms(h):
			return Errorf(Conflict, "%s: the record holds %s, but the timeline says %s.", i.ID, h, told)
		}
		delete(a.holds, h.ID)
	}
	for _, missing := range a.holds {
		return Errorf(Conflict, "%s: the hold on %s is on the timeline, but missing from the record.", i.ID, missing.Scope)
	}
	if a.highest != i.HighestSeverity {
		return Errorf(Conflict, "%s: the record calls %s its highest severity, but the timeline %s.", i.ID, i.HighestSeverity.Label(), a.highest.Label())
	}
	if len(a.rule)+len(i.Rule) > 0 && !reflect.DeepEqual(a.rule, i.Rule) {
		return Errorf(Conflict, "%s: the record asks for other sign-offs than the timeline.", i.ID)
	}
	if err := a.compareStaging(); err != nil {
		return err
	}
	if err := a.compareKind(); err != nil {
		return err
	}
	if err := a.compareDrill(); err != nil {
		return err
	}
	if err := a.compareEnd(); err != nil {
		return err
	}
	return a.compareMilestones()
}
