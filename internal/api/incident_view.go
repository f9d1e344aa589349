package api

import (
	"encoding/json"
	"time"

	"tagout"
)

// incidentView is an incident as programs see it. Of a private one they see its ID and that
// it is private, nothing more.
type incidentView struct {
	ID              string               `json:"id" example:"INC-7"`
	Title           string               `json:"title,omitempty"`
	Summary         string               `json:"summary,omitempty"`
	Severity        string               `json:"severity,omitempty"`
	HighestSeverity string               `json:"highest_severity,omitempty"`
	Class           string               `json:"class,omitempty"`
	State           string               `json:"state,omitempty" enum:"open,acknowledged,contained,mitigated,resumed,closed,cancelled"`
	Scope           string               `json:"scope,omitempty"`
	Mode            string               `json:"mode,omitempty" enum:"halted,paused,review,capped,running" doc:"The strictest of its holds that stand."`
	Private         bool                 `json:"private" doc:"true: nothing but the ID is told."`
	Drill           bool                 `json:"drill,omitempty"`
	OpenedBy        string               `json:"opened_by,omitempty"`
	AcknowledgedBy  string               `json:"acknowledged_by,omitempty"`
	CorrelationID   string               `json:"correlation_id,omitempty"`
	Milestones      map[string]time.Time `json:"milestones" doc:"As they count in the figures: by fact, or as they were corrected last."`
	Corrections     []correctionView     `json:"corrections,omitempty" doc:"Of milestones, oldest first."`
	Holds           []holdView           `json:"holds"`
	Controls        []controlView        `json:"controls,omitempty"`
	Alerts          *alertsView          `json:"alerts,omitempty"`
	Resume          *resumeView          `json:"resume,omitempty"`
	Stage           *stageView           `json:"stage,omitempty" doc:"How far the newest staged resumption is."`
	Deadlines       []deadlineView       `json:"deadlines,omitempty" doc:"What is or was due, what comes first first."`
	Actions         []actionView         `json:"actions,omitempty" doc:"Corrective actions; of a single incident only."`
	Review          *reviewView          `json:"review,omitempty"`
	Kind            *kindView            `json:"kind,omitempty" doc:"What it looks like; of a single incident only."`
	Silenced        *silencedView        `json:"silenced,omitempty" doc:"Nobody was told of it yet, by a silence."`
	Runbook         []stepView           `json:"runbook,omitempty"`
	MissingEvidence []string             `json:"missing_evidence,omitempty" doc:"What the failure class wants kept and nothing has brought yet."`
	Implied         []string             `json:"implied,omitempty" doc:"What failure reports say that follows: rollback, narrower_permissions."`
	Suggestion      *suggestionView      `json:"rollback_suggested,omitempty" doc:"Why a rollback is offered to people; nothing is rolled back by it."`
	Rollback        *rollbackView        `json:"rollback,omitempty"`
	Frozen          bool                 `json:"frozen,omitempty" doc:"Version changes of its agents are refused while it is open."`
	Pins            []pinView            `json:"pins,omitempty" doc:"The versions that its agents must run while it is open."`
}

// holdView is one hold with what is known of it.
type holdView struct {
	ID            string     `json:"id"`
	Scope         string     `json:"scope"`
	Mode          string     `json:"mode"`
	Cap           string     `json:"cap,omitempty" example:"500/day"`
	DisabledTools []string   `json:"disabled_tools,omitempty"`
	CanaryShare   float64    `json:"canary_share,omitempty" doc:"Of the instances, which the hold leaves alone."`
	Incident      *string    `json:"incident" doc:"null while the stop is not recorded yet."`
	By            string     `json:"by,omitempty"`
	Reason        string     `json:"reason,omitempty"`
	At            time.Time  `json:"at"`
	LiftedAt      *time.Time `json:"lifted_at,omitempty"`
}

// controlView says how far one enforcement point got.
type controlView struct {
	Agent       string     `json:"agent"`
	Control     string     `json:"control" doc:"Empty: no control; the agent stops when its lease ends."`
	RequestedAt time.Time  `json:"requested_at"`
	AcceptedAt  *time.Time `json:"accepted_at,omitempty"`
	ObservedAt  *time.Time `json:"observed_at,omitempty"`
	LeaseUntil  *time.Time `json:"lease_until,omitempty"`
}

type alertsView struct {
	Distinct int `json:"distinct"`
	Repeats  int `json:"repeats"`
	Firing   int `json:"firing"`
}

// resumeView is the newest resume request; deciding it needs people in Slack.
type resumeView struct {
	State    string     `json:"state"`
	Target   string     `json:"target"`
	Scope    string     `json:"scope"`
	Digest   string     `json:"digest"`
	Expires  time.Time  `json:"expires"`
	Signoffs []signView `json:"signoffs"`
	Missing  [][]string `json:"missing" doc:"Sign-offs that are still needed, each by any of the named roles."`
}

type signView struct {
	Role    string    `json:"role"`
	Verdict string    `json:"verdict" enum:"GO,NO-GO"`
	At      time.Time `json:"at"`
}

// visible reports whether a program may read about an incident. No token is one of a private
// incident's people.
func visible(i *tagout.Incident) bool { return i.VisibleTo(tagout.Viewer{}, nil) }

func viewOf(i *tagout.Incident) incidentView {
	v := incidentView{ID: i.ID.String(), Private: i.Private, Milestones: map[string]time.Time{}, Holds: []holdView{}}
	if !visible(i) {
		return v
	}
	v.Severity, v.State, v.Scope, v.Mode = string(i.Severity), string(i.State), i.Scope.String(), string(strictest(i.ActiveHolds()))
	v.Title, v.Summary, v.Class, v.Drill = i.Title, i.Summary, i.Class, i.Drill
	v.HighestSeverity, v.CorrelationID = string(i.HighestSeverity), i.CorrelationID
	v.OpenedBy, v.AcknowledgedBy = i.OpenedBy.String(), i.AcknowledgedBy.String()
	for m, at := range i.Whens() {
		v.Milestones[string(m)] = at
	}
	v.Corrections = viewsOfCorrections(i)
	for _, h := range i.Holds {
		v.Holds = append(v.Holds, viewOfHold(h))
	}
	for _, c := range i.Controls {
		v.Controls = append(v.Controls, controlView{
			Agent: c.Agent, Control: c.Control, RequestedAt: c.RequestedAt,
			AcceptedAt: optional(c.AcceptedAt), ObservedAt: optional(c.ObservedAt), LeaseUntil: optional(c.LeaseUntil),
		})
	}
	v.Silenced = viewOfHush(i.Hush)
	v.Alerts = &alertsView{Distinct: i.Alerts.Distinct, Repeats: i.Alerts.Repeats, Firing: i.Alerts.Firing}
	v.Resume, v.Stage = viewOfRequest(i.Request), viewOfStaging(i.Staging)
	v.Deadlines, v.Review = viewOfDeadlines(i), viewOfReview(i)
	v.Runbook, v.MissingEvidence, v.Implied, v.Suggestion = viewsOfSteps(i), i.MissingEvidence(), i.Implied, viewOfSuggestion(i)
	v.Rollback, v.Frozen, v.Pins = viewOfRollback(i.Rollback), i.Frozen, viewsOfPins(i.Pins)
	return v
}

func viewOfRequest(r *tagout.ResumeRequest) *resumeView {
	if r == nil {
		return nil
	}
	v := &resumeView{
		State: string(r.State), Target: string(r.Target), Scope: r.Scope.String(), Digest: r.Digest, Expires: r.Expires,
		Signoffs: []signView{}, Missing: [][]string{},
	}
	for _, s := range tagout.Explained(r.Signoffs) {
		v.Signoffs = append(v.Signoffs, signView{Role: s.Role, Verdict: s.Verdict, At: s.At})
	}
	for _, needed := range r.Missing() {
		v.Missing = append(v.Missing, needed.AnyOf)
	}
	return v
}

func viewOfHold(h tagout.Hold) holdView {
	v := holdView{
		ID: string(h.ID), Scope: h.Scope.String(), Mode: string(h.Mode), Cap: h.Cap.String(), DisabledTools: h.DisabledTools, CanaryShare: h.CanaryShare,
		By: h.By.String(), Reason: h.Reason, At: h.At, LiftedAt: optional(h.LiftedAt),
	}
	if h.Incident != 0 {
		id := h.Incident.String()
		v.Incident = &id
	}
	return v
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func strictest(holds []tagout.Hold) tagout.Mode {
	mode := tagout.Running
	for _, h := range holds {
		if h.Mode.Stricter(mode) {
			mode = h.Mode
		}
	}
	return mode
}

// eventView is one line of a timeline.
type eventView struct {
	Seq   int64           `json:"seq"`
	At    string          `json:"at" doc:"RFC 3339 in UTC at microseconds, as it was hashed." example:"2026-11-21T22:00:00.000000Z"`
	Actor string          `json:"actor" example:"user:U0IC"`
	Kind  string          `json:"kind" example:"hold.hung"`
	Data  json.RawMessage `json:"data"`
	Prev  string          `json:"prev" doc:"The hash of the event before."`
	Hash  string          `json:"hash"`
}

func viewOfEvent(e tagout.Event) eventView {
	return eventView{
		Seq: e.Seq, At: e.At.UTC().Format(tagout.EventTime), Actor: e.Actor.String(), Kind: string(e.Kind),
		Data: asJSON([]byte(e.Data)), Prev: e.Prev, Hash: e.Hash,
	}
}

// alertView is one alert as it was received and understood.
type alertView struct {
	ID         string          `json:"id"`
	ReceivedAt time.Time       `json:"received_at"`
	Severity   string          `json:"severity"`
	Class      string          `json:"class"`
	Scope      *string         `json:"scope" doc:"null if nothing said which agent."`
	Alert      tagout.Alert    `json:"alert" doc:"With the failure report, if it came as one."`
	Raw        json.RawMessage `json:"raw" doc:"The body as it was received; a string if it is not JSON."`
}

func viewOfAlert(in tagout.Incoming) alertView {
	v := alertView{
		ID: in.ID, ReceivedAt: in.At, Severity: string(in.Verdict.Severity), Class: in.Verdict.Class,
		Alert: in.Alert, Raw: asJSON(in.Alert.Raw),
	}
	if !in.Verdict.NoAgent {
		scope := in.Verdict.Scope.String()
		v.Scope = &scope
	}
	return v
}

// asJSON is text as it stands if it is JSON, as a string if it is not, null if there is none.
func asJSON(text []byte) json.RawMessage {
	switch {
	case len(text) == 0:
		return json.RawMessage("null")
	case json.Valid(text):
		return text
	}
	quoted, _ := json.Marshal(string(text)) // strings marshal
	return quoted
}
