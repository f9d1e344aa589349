package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Opening is what an incident starts from.
type Opening struct {
	Title         string
	Summary       string
	Scope         Scope
	Class         string
	CorrelationID string
	By            Actor
	Onset         time.Time // when it began, if that is known
	Row           *SeverityPolicy
	Of            *FailureClass // what the class asks for; nil: nothing
	Page          []string      // roles that are paged at once
	Private       bool
	Drill         bool
	Hush          *Hush // of a silence that covers it; nil: none
}

// maxOpening is how many bytes of what opened an incident are its summary.
const maxOpening = 3000

// Open makes a fresh incident, whose ID the store has set, into an open one. It returns
// Conflict if it is not fresh.
func (i *Incident) Open(o Opening, at time.Time) (Change, error) {
	if i.State != "" {
		return Change{}, Errorf(Conflict, "%s is open already.", i.ID)
	}
	i.Title, i.Summary, i.Scope, i.Class = clip(o.Title, 300), clip(o.Summary, maxOpening), o.Scope, o.Class
	i.CorrelationID, i.OpenedBy, i.Private, i.Drill = clip(o.CorrelationID, 200), o.By, o.Private, o.Drill
	i.Severity, i.State = o.Row.Severity, StateOpen
	i.Roles = map[string]UserID{}
	if o.By.Kind == ByUser {
		i.involve(UserID(o.By.ID), InvolvedOpener)
	}
	i.mark(Detected, at)
	deadlines := i.reach(o.Row)
	i.beganAt(o.Onset, at)
	var c Change
	opened := map[string]any{
		"title": i.Title, "summary": i.Summary, "severity": i.Severity, "class": i.Class, "scope": i.Scope,
		"correlation_id": i.CorrelationID, "signoffs": i.Rule,
	}
	if began := i.At(Onset); !began.IsZero() {
		opened["onset"] = began
	}
	c.event(EventOpened, o.By, at, opened)
	c = c.And(i.hush(o.Hush, at))
	c.effect(EffectOpenChannel, i.ID, "", nil)
	if !i.Private && i.Hush == nil { // of a private one nothing is announced
		c.effect(EffectAnnounce, i.ID, "", nil)
	}
	c = c.And(i.classed(o.Of))
	return c.And(i.freeze(o.Row)).And(i.page(o.Row, o.Page, at)).And(deadlines), nil
}

// reach takes over what the incident's severity, now at its highest, asks for. What is due
// counts from detection; what earlier severities set stays.
func (i *Incident) reach(row *SeverityPolicy) Change {
	i.HighestSeverity = row.Severity
	i.Rule = slices.Clone(row.Resume.Rule)
	i.Monitor = row.Resume.Monitor
	i.Require = slices.Clone(row.Resume.Require)
	i.Stages = slices.Clone(row.Resume.Stages)
	i.agree(row.Terms())
	return i.WakeDeadlines()
}

// page starts the ladder of a severity and its containment deadline. If somebody answers for
// the incident already, those of the severity are paged once: they do not know of it yet.
func (i *Incident) page(row *SeverityPolicy, roles []string, at time.Time) Change {
	var c Change
	key := string(row.Severity)
	first := PageRound{Key: key, Roles: roles, Why: row.Severity.Label() + " pages " + strings.Join(roles, ", ")}
	switch {
	case i.Hush != nil: // they are paged once it is over
	case i.Answered():
		first.Even, first.Rung = true, true
		c.effect(EffectPage, i.ID, key+":0", first)
	default:
		c = c.And(i.climbFrom(row, first, at))
	}
	if row.Deadlines.Contain > 0 {
		c.effectAt(at.Add(row.Deadlines.Contain), EffectContainDue, i.ID, key, nil)
	}
	return c
}

// Acknowledge records that somebody has taken the incident on; it stops the paging. It
// returns Conflict, naming who did, if that has happened before or the incident has ended.
func (i *Incident) Acknowledge(by Actor, at time.Time) (Change, error) {
	return i.AcknowledgeVia(by, "", at)
}

// AcknowledgeVia is Acknowledge by other means than Slack: a pager's name, or "link".
func (i *Incident) AcknowledgeVia(by Actor, via string, at time.Time) (Change, error) {
	return i.TakeOn(Answer{By: by, Via: via}, at)
}

// Answer is somebody who takes an incident on.
type Answer struct {
	By    Actor
	Via   string // a pager's name, or "link"; empty: Slack
	Guest bool   // or nobody knows that they are none: who may take it on, but not lead it
}

// TakeOn is Acknowledge; the first full member who does leads.
func (i *Incident) TakeOn(a Answer, at time.Time) (Change, error) {
	by := a.By
	if i.State.Ended() {
		return Change{}, Errorf(Conflict, "%s is %s; there is nothing to acknowledge.", i.ID, i.State)
	}
	taking, takes := i.take(by, at)
	if i.Answered() && !takes {
		return Change{}, Errorf(Conflict, "%s was acknowledged already, by %s.", i.ID, i.AcknowledgedBy.Text())
	}
	again := !i.mark(Acknowledged, at)
	i.AcknowledgedBy, i.AnsweredAt, i.Lapsed = by, Moment(at), time.Time{}
	i.forget()
	if by.Kind == ByUser && !a.Guest && (i.Roles[IncidentCommander] == "" || again && i.handing() == nil) {
		i.hold(IncidentCommander, UserID(by.ID))
	}
	var c Change
	data := map[string]any{}
	if a.Via != "" {
		data["via"] = a.Via
	}
	if again {
		data["again"] = true
	}
	c.event(EventAcknowledged, by, at, data)
	c = c.And(taking)
	c.follow(i, PageAcknowledged, by, at)
	c = c.And(i.Stir(at))
	c.post(i, "ack:"+Moment(at).Format(time.RFC3339Nano), Say(by.Text(), " acknowledged ", Bold(i.ID.String()), ". Paging has stopped. ", i.leading(by)))
	return c.And(i.settle(by, at)), nil
}

// leading says who leads now that by has acknowledged.
func (i *Incident) leading(by Actor) Text {
	switch lead := i.Roles[IncidentCommander]; {
	case lead == "":
		return T("Nobody leads yet: ", Typed("role ic @PERSON"), ".")
	case i.LedBy(by):
		return T("They lead until somebody else does.")
	default:
		return T(Mention(lead), " leads.")
	}
}

// LedBy reports whether somebody is the incident commander.
func (i *Incident) LedBy(who Actor) bool {
	return who.Kind == ByUser && i.Roles[IncidentCommander] == UserID(who.ID)
}

// follow queues the news of an incident for the services that were paged.
func (c *Change) follow(i *Incident, status PageStatus, by Actor, at time.Time) {
	news := PageNews{Incident: i.ID, Status: status, By: by.Text().String(), At: Moment(at)}
	c.effect(EffectFollow, i.ID, string(status)+":"+news.At.Format(time.RFC3339Nano), FollowUp{News: news})
}

// AddNote puts a person's words on the timeline. It returns Invalid for an empty note.
func (i *Incident) AddNote(text string, by Actor, at time.Time) (Change, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Change{}, Errorf(Invalid, "The note is empty: write what should stand on the timeline.")
	}
	var c Change
	c.event(EventNote, by, at, map[string]any{"text": clip(text, 10000)})
	return c.And(i.arrivedBy(text, by, at)), nil
}

// ChangeSeverity sets another severity. Lowering never changes which sign-offs are needed;
// raising asks for those of the new severity and pages for it. It returns Conflict if the
// incident has ended or has that severity.
func (i *Incident) ChangeSeverity(row *SeverityPolicy, roles []string, reason string, by Actor, at time.Time) (Change, error) {
	switch {
	case i.State.Ended():
		return Change{}, Errorf(Conflict, "%s is %s; its severity stays as it was.", i.ID, i.State)
	case row.Severity == i.Severity:
		return Change{}, Errorf(Conflict, "%s is %s already.", i.ID, i.Severity.Label())
	}
	from := i.Severity
	i.Severity = row.Severity
	c := i.freeze(row)
	if row.Severity.Worse(i.HighestSeverity) {
		c = c.And(i.reach(row)).And(i.page(row, roles, at))
		c = c.And(i.stopPlan("the severity was raised", by, at))
	}
	c.event(EventSeverity, by, at,
		map[string]any{"from": from, "to": i.Severity, "highest": i.HighestSeverity, "signoffs": i.Rule, "reason": clip(reason, 1000)})
	text := T(by.Text(), " changed the severity from ", from.Label(), " to ", Bold(i.Severity.Label()), ".")
	if i.HighestSeverity != i.Severity {
		text = append(text, T(" Resuming still needs the sign-offs of ", i.HighestSeverity.Label(), ".")...)
	}
	c.post(i, "severity:"+string(i.Severity)+":"+strconv.FormatInt(i.Head.Seq, 10), Say(text))
	return c.And(i.voidRequest("the severity changed", by, at)), nil
}

// post queues a message for the incident's channel.
func (c *Change) post(i *Incident, key string, m Message) {
	if i.Drill && !i.Exercise.pages() {
		return // a drill has one message, which is kept up to date
	}
	c.effect(EffectPost, i.ID, key, PostNote{Message: m})
}

// alertTold is what the timeline keeps of an alert.
type alertTold struct {
	Alert    string    `json:"alert"`
	Name     string    `json:"name"`
	Scope    Scope     `json:"scope"`
	Severity Severity  `json:"severity"`
	Source   string    `json:"source"`
	StartsAt time.Time `json:"starts_at"`
	Summary  string    `json:"summary"`
	Value    *float64  `json:"value"`
}

// TakeAlert folds an alert, or its end, into the incident. A new alert on the scope of a
// pending resume request makes that void.
func (i *Incident) TakeAlert(in Incoming, a *Agent, at time.Time) Change {
	var c Change
	tally := &i.Alerts
	if tally.FirstAt.IsZero() {
		tally.FirstAt = Moment(at)
	}
	tally.LastAt = Moment(at)
	if at.Equal(i.At(Detected)) { // it came with what opened the incident
		i.beganAt(in.Alert.Began(), at)
	}
	i.flaps(in.Alert, at)
	kind := EventAlert
	switch {
	case in.Alert.Status == Resolved:
		kind = EventAlertResolved
		tally.Firing = max(0, tally.Firing-1)
	case in.Alert.Status == Firing:
		tally.Firing++
		tally.Distinct++
	default:
		tally.Distinct++
	}
	if in.Alert.Report != nil {
		kind = EventReport
	}
	texts := in.texts()
	c.event(kind, in.Alert.Actor(), at, alertTold{
		Alert: in.ID, Source: in.Alert.Source, Name: texts.name, Summary: texts.summary,
		Scope: in.Verdict.Scope, Severity: in.Verdict.Severity, StartsAt: in.Alert.StartsAt, Value: in.Alert.Value,
	})
	if r := i.Request; kind != EventAlertResolved && r != nil && r.Scope.Touches(in.Verdict.Scope, a) {
		c = c.And(i.voidRequest("a new alert came on its scope", in.Alert.Actor(), at))
	}
	if kind != EventAlertResolved {
		c = c.And(i.Stir(at))
		c = c.And(i.disturb("a new alert came", in.Alert.Actor(), at))
	}
	if len(i.Needs) > 0 {
		c = c.And(i.Arrived(in.Alert.Brings(), kindOfAlert(in.Alert), in.Alert.Actor(), at))
	}
	return c
}
