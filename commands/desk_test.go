package commands_test

import (
	"context"
	"iter"
	"sync"
	"time"

	"tagout"
)

// desk is a fake: it answers what the test put into it and notes what it was asked.
type desk struct {
	posted      []tagout.DigestOrder
	mu          sync.Mutex
	err         error // of everything but Stop
	incidents   map[tagout.IncidentID]*tagout.Incident
	events      []tagout.Event
	changes     []*tagout.Incident // that Watch yields
	result      func(tagout.StopRequest) tagout.StopResult
	holds       []tagout.Hold
	gate        tagout.GateStatus
	instances   []tagout.Instance
	replicas    []tagout.Replica
	policy      *tagout.Policy
	unsigned    []tagout.Text
	questions   []string
	delegations []tagout.Delegation
	known       tagout.AgentVersions
	kept        tagout.FormDraft
	routed      []tagout.RoutedAlert
	refusals    []tagout.Refusal
	foreseen    tagout.Foresight
	deployed    []tagout.Deployment
	drilled     drilled

	stops     []tagout.StopRequest
	declared  []tagout.Declaration
	drafts    []tagout.ResumeDraft
	quiet     tagout.Quiet
	pressedBy []tagout.UserID
	validated []string
	signings  []tagout.Signing
	orders    []tagout.RollbackOrder
	notes     []string
	acks      []tagout.Actor
	trials    []tagout.PageTest
	given     []string // "ic U0ENG", or "handover U0ENG"
	severity  []tagout.Severity
	duties    []tagout.Duty
	overrides []tagout.OverrideOrder
	ends      []tagout.OverrideEnd
	asked     []tagout.WhoQuery
	paged     tagout.WhoIsPaged
	informed  informed
	private   []tagout.IncidentID
	records   []tagout.RecordOrder
	ended     []string // "cancel U0IC: why"
	slowReads bool     // Incident answers only when its context ends
	acted     acted
	flagged   flagged
	recurring recurred
	silenced  silenced

	healthAsked []tagout.HealthQuery
	readings    []tagout.HealthReading
}

func (d *desk) Stop(_ context.Context, s tagout.StopRequest) (tagout.StopResult, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stops = append(d.stops, s)
	result := tagout.StopResult{Incident: incident7(s.Hold), Hold: s.Hold, Fresh: true, Undeclared: d.policy.Agents.Undeclared(s.Hold.Scope)}
	if d.result != nil {
		result = d.result(s)
	}
	result.InForceAt = inForce
	return result, nil
}

func (d *desk) Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	if d.slowReads {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := d.incidents[id]; i != nil && d.err == nil {
		return i, nil
	}
	if d.err != nil {
		return nil, d.err
	}
	return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
}

func (d *desk) Incidents(context.Context, tagout.IncidentQuery) ([]*tagout.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*tagout.Incident
	for id := tagout.IncidentID(99); id > 0; id-- {
		if i := d.incidents[id]; i != nil {
			all = append(all, i)
		}
	}
	return all, d.err
}

func (d *desk) Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error) {
	if _, err := d.Incident(ctx, id); err != nil {
		return nil, err
	}
	return d.events, d.err
}

func (d *desk) Acknowledge(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	d.acks = append(d.acks, by.Actor())
	i, err := d.Incident(ctx, id)
	if err == nil && i.Roles[tagout.IncidentCommander] == "" {
		i.Roles = map[string]tagout.UserID{tagout.IncidentCommander: tagout.UserID(by.ID)}
	}
	return i, err
}

func (d *desk) AcknowledgeDrill(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	if i, err := d.Incident(ctx, id); err != nil || !i.Drill {
		return i, err
	}
	return d.Acknowledge(ctx, id, by)
}

func (d *desk) Assign(ctx context.Context, id tagout.IncidentID, role string, to tagout.UserID, _ tagout.Actor) (*tagout.Incident, error) {
	d.given = append(d.given, role+" "+string(to))
	return d.Incident(ctx, id)
}

func (d *desk) HandOver(ctx context.Context, id tagout.IncidentID, to tagout.UserID, by tagout.Actor) (*tagout.Incident, error) {
	d.given = append(d.given, "handover "+string(to))
	i, err := d.Incident(ctx, id)
	if err == nil {
		_, err = i.HandOver(to, by, t0)
	}
	return i, err
}

func (d *desk) TestPages(_ context.Context, p tagout.PageTest) (iter.Seq[[]tagout.PageTried], error) {
	d.trials = append(d.trials, p)
	first := []tagout.PageTried{{Pager: "slack", BeganAt: t0}, {Pager: "email", BeganAt: t0}}
	return func(yield func([]tagout.PageTried) bool) {
		if !yield(first) {
			return
		}
		then := []tagout.PageTried{first[0], {Pager: "email", Error: "The mail server refused it."}}
		then[0].SentAt = t0.Add(300 * time.Millisecond)
		if !yield(then) {
			return
		}
		then[0].ReceivedAt = t0.Add(4 * time.Second)
		yield(then)
	}, d.err
}

func (d *desk) ReceiveTest(value string) (tagout.PageTried, error) {
	if value != "slack|1|T1" {
		return tagout.PageTried{}, tagout.Errorf(tagout.Invalid, "This button belongs to no trial page.")
	}
	return tagout.PageTried{Pager: "slack", BeganAt: t0, ReceivedAt: t0.Add(4 * time.Second)}, nil
}

func (d *desk) Note(ctx context.Context, id tagout.IncidentID, text string, _ tagout.Actor) (*tagout.Incident, error) {
	if text == "" {
		return nil, tagout.Errorf(tagout.Invalid, "The note is empty.")
	}
	d.notes = append(d.notes, text)
	return d.Incident(ctx, id)
}

func (d *desk) ChangeSeverity(ctx context.Context, id tagout.IncidentID, to tagout.Severity, _ string, _ tagout.Actor) (*tagout.Incident, error) {
	d.severity = append(d.severity, to)
	return d.Incident(ctx, id)
}

func (d *desk) Declare(ctx context.Context, declaration tagout.Declaration) (*tagout.Incident, error) {
	d.declared = append(d.declared, declaration)
	return d.Incident(ctx, 7)
}

func (d *desk) MakePrivate(ctx context.Context, id tagout.IncidentID, _ tagout.User) (*tagout.Incident, error) {
	d.private = append(d.private, id)
	return d.Incident(ctx, id)
}

func (d *desk) Sees(_ context.Context, i *tagout.Incident, v tagout.Viewer) bool {
	return i.VisibleTo(v, d.policy)
}

func (d *desk) Unsigned(context.Context, *tagout.Incident) []tagout.Text { return d.unsigned }

func (d *desk) RunningVersions(context.Context, *tagout.Incident) (map[string]string, error) {
	return map[string]string{"model": "m1", "prompt": "v42"}, nil
}

func (d *desk) KeepDraft(_ context.Context, draft tagout.FormDraft) error {
	d.kept = draft
	return nil
}

func (d *desk) Draft(context.Context, tagout.IncidentID, string, tagout.UserID) (tagout.FormDraft, error) {
	return d.kept, nil
}

func (d *desk) Ask(ctx context.Context, id tagout.IncidentID, s tagout.Signing, question, text string) (*tagout.Incident, error) {
	d.questions = append(d.questions, string(s.User.ID)+" "+s.Request+" "+text)
	return d.Incident(ctx, id)
}

func (d *desk) Answer(ctx context.Context, id tagout.IncidentID, request, question string, by tagout.User, text string) (*tagout.Incident, error) {
	d.questions = append(d.questions, string(by.ID)+" "+request+" "+question+" "+text)
	return d.Incident(ctx, id)
}

func (d *desk) Delegations(context.Context) ([]tagout.Delegation, error) { return d.delegations, d.err }

func (d *desk) Delegate(_ context.Context, o tagout.DelegationOrder) (tagout.Delegation, error) {
	g := tagout.Delegation{ID: o.ID, Role: o.Role, To: o.Person, By: o.By.ID, From: t0, Until: t0.Add(o.For), Why: o.Why}
	d.delegations = append(d.delegations, g)
	return g, d.err
}

func (d *desk) Revoke(_ context.Context, role string, person tagout.UserID, by tagout.User) ([]tagout.Delegation, error) {
	d.questions = append(d.questions, "revoke "+role+" "+string(person))
	for n := range d.delegations {
		d.delegations[n].RevokedBy = by.ID
	}
	return d.delegations, d.err
}

func (d *desk) RequestResume(ctx context.Context, id tagout.IncidentID, draft tagout.ResumeDraft) (*tagout.Incident, error) {
	d.drafts = append(d.drafts, draft)
	return d.Incident(ctx, id)
}

func (d *desk) Sign(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error) {
	d.signings = append(d.signings, s)
	return d.Incident(ctx, id)
}

func (d *desk) StageQuiet(context.Context, *tagout.Incident) (tagout.Quiet, error) {
	return d.quiet, d.err
}

func (d *desk) AdvanceStage(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	d.pressedBy = append(d.pressedBy, by.ID)
	return d.Incident(ctx, id)
}

func (d *desk) ValidateTools(ctx context.Context, id tagout.IncidentID, _ tagout.ResumeDraft, tools []string) (*tagout.Incident, error) {
	d.validated = append(d.validated, tools...)
	return d.Incident(ctx, id)
}

func (d *desk) Rollback(ctx context.Context, o tagout.RollbackOrder) (*tagout.Incident, error) {
	d.orders = append(d.orders, o)
	return d.Incident(ctx, 7)
}

func (d *desk) Duties(context.Context) ([]tagout.Duty, error) { return d.duties, d.err }

func (d *desk) SetOverride(_ context.Context, o tagout.OverrideOrder) (tagout.OverrideResult, error) {
	d.overrides = append(d.overrides, o)
	if o.From.IsZero() {
		o.From = t0
	}
	v := tagout.Override{ID: "o1", Rotation: "primary", Person: o.Person, From: o.From, Until: o.Until, By: o.By.Actor(), At: t0, Why: o.Why}
	return tagout.OverrideResult{Override: v, Instead: []tagout.Person{{ID: "U0PLATFORM"}}, Fresh: true}, d.err
}

func (d *desk) CancelOverride(_ context.Context, e tagout.OverrideEnd) (tagout.OverrideResult, error) {
	d.ends = append(d.ends, e)
	v := tagout.Override{ID: "o1", Rotation: "primary", Person: "U0ENG", From: t0, Until: t0.Add(4 * time.Hour), CancelledBy: e.By.Actor(), CancelledAt: t0}
	return tagout.OverrideResult{Override: v, Instead: []tagout.Person{{ID: "U0PLATFORM"}}, Fresh: true}, d.err
}

func (d *desk) Who(_ context.Context, q tagout.WhoQuery) (tagout.WhoIsPaged, error) {
	d.asked = append(d.asked, q)
	answer := d.paged
	answer.WhoQuery = q
	return answer, d.err
}

func (d *desk) AgentVersions(_ context.Context, agent string) (tagout.AgentVersions, error) {
	return d.known, d.err
}

func (d *desk) Watch(ctx context.Context, _ tagout.IncidentID) iter.Seq[*tagout.Incident] {
	return func(yield func(*tagout.Incident) bool) {
		for _, i := range d.changes {
			if !yield(i) {
				return
			}
		}
		<-ctx.Done()
	}
}

func (d *desk) Decide(agent string, asked tagout.Attributes) tagout.Decision {
	if !d.gate.HoldsLoaded {
		return tagout.Decision{Agent: agent, Mode: tagout.Halted, Reason: "holds unknown"}
	}
	return tagout.Evaluate(agent, d.policy.Agents[agent], d.holds, asked)
}

func (d *desk) Fleet(context.Context, string) tagout.Fleet {
	return tagout.Fleet{Instances: d.instances}
}

func (d *desk) Replicas() []tagout.Replica { return d.replicas }

func (d *desk) Holds() []tagout.Hold          { return d.holds }
func (d *desk) GateStatus() tagout.GateStatus { return d.gate }

func (c stillClock) Now() time.Time { return c.at }
