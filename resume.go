package tagout

import (
	"encoding/json"
	"slices"
	"time"
)

// RequestState says what became of a resume request.
type RequestState string

// The states of a request. Only a pending one can be signed.
const (
	RequestPending  RequestState = "pending"
	RequestApproved RequestState = "approved"
	RequestRefused  RequestState = "refused" // NO-GO
	RequestVoid     RequestState = "void"    // a new stop, alert, request or severity
	RequestExpired  RequestState = "expired"
)

// ResumeRequest is what is proposed. Its digest covers all of it but the sign-offs, so
// that a signature counts for exactly what was read.
type ResumeRequest struct {
	ID           string            `json:"id"`
	Incident     IncidentID        `json:"incident"`
	By           User              `json:"by"`
	At           time.Time         `json:"at"`
	Scope        Scope             `json:"scope"` // may be narrower than the holds
	Target       Mode              `json:"target"`
	Holds        []HoldID          `json:"holds"` // exactly those that GO lifts, sorted
	Severity     Severity          `json:"severity"`
	Rule         SignoffRule       `json:"rule"`
	Monitor      time.Duration     `json:"monitor"`
	Versions     map[string]string `json:"versions,omitempty"`
	Deliverables map[string]string `json:"deliverables"`
	Firing       []string          `json:"firing,omitempty"`  // alerts that fire on the scope
	Causers      []Causer          `json:"causers,omitempty"` // they cannot sign
	Expires      time.Time         `json:"expires"`
	Head         Head              `json:"head"`                  // of the timeline when it was asked
	Stages       StagePlan         `json:"stages,omitempty"`      // how it goes to the target; empty: at once
	Commander    UserID            `json:"commander,omitempty"`   // who may begin stages, beside the signers
	Amends       string            `json:"amends,omitempty"`      // the plan whose present stage it changes; "": a plan of its own
	FalseAlarm   string            `json:"false_alarm,omitempty"` // why the incident is said to be one; with the last GO it is cancelled
	Digest       string            `json:"digest"`

	State    RequestState `json:"state"`
	Reason   string       `json:"reason,omitempty"` // why it is refused or void
	Signoffs []Signoff    `json:"signoffs,omitempty"`

	Questions  []Question    `json:"questions,omitempty"`
	WaitsSince time.Time     `json:"waits_since,omitzero"` // since when a question waits for its answer; zero: none does
	Waited     time.Duration `json:"waited,omitempty"`     // how long questions waited that are all answered
	Told       []UserID      `json:"told,omitempty"`       // signers who got a direct message
	Reminded   int           `json:"reminded,omitempty"`   // how many reminders went out
}

// Verdict words of a sign-off.
const (
	Go   = "GO"
	NoGo = "NO-GO"
)

// Signoff is one role's GO or NO-GO on a digest.
type Signoff struct {
	Request string    `json:"request"`
	Role    string    `json:"role"`
	By      UserID    `json:"by"`
	Verdict string    `json:"verdict"`
	Digest  string    `json:"digest"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`

	Delegation *Delegation `json:"delegation,omitempty"` // by which it was given in somebody's place
}

// Explained is the sign-offs without each NO-GO that its person said again with the reason.
func Explained(given []Signoff) []Signoff {
	var list []Signoff
	for n, s := range given {
		again := func(later Signoff) bool {
			return later.By == s.By && later.Request == s.Request && later.Verdict == NoGo
		}
		if s.Verdict != NoGo || s.Reason != "" || !slices.ContainsFunc(given[n+1:], again) {
			list = append(list, s)
		}
	}
	return list
}

// Signed is the text that is signed: the JSON of what is proposed, with digest and state
// empty, without reason, sign-offs, questions and who was told.
func (r ResumeRequest) Signed() []byte {
	r.Digest, r.State, r.Reason, r.Signoffs = "", "", "", nil
	r.Questions, r.WaitsSince, r.Waited, r.Told, r.Reminded = nil, time.Time{}, 0, nil, 0
	r.At, r.Expires = Moment(r.At), Moment(r.Expires)
	text, _ := json.Marshal(r) // maps marshal in key order
	return text
}

// Sum is the digest of what is proposed: SHA-256 in hex over [ResumeRequest.Signed].
func (r ResumeRequest) Sum() string {
	return sumOf(r.Signed())
}

// Missing lists the needed sign-offs that are not given yet.
func (r ResumeRequest) Missing() SignoffRule { return missingOf(r.Rule, r.Signoffs) }

// ballot is the request as something to vote on.
func (r *ResumeRequest) ballot() ballot {
	b := ballot{words: ballotWords{
		thing: "request", newest: "Read the newest decision message and sign that.", again: "Ask again with /tagout resume.",
		guest: "Guests can stop an agent, but not sign for its return.",
		own:   "You asked for this resumption, so somebody else has to sign it.",
	}}
	if r != nil {
		b.id, b.digest, b.sum, b.by, b.rule, b.given = r.ID, r.Digest, r.Sum(), r.By.ID, r.Rule, r.Signoffs
		b.expires, b.state, b.reason, b.causers = r.Deadline(), r.State, r.Reason, r.Causers
	}
	return b
}

// ResumeDraft is what a person asks for, before it is checked.
type ResumeDraft struct {
	ID           string
	By           User
	Scope        *Scope // nil: everything that the incident holds
	Target       Mode
	Stages       StagePlan // nil: as the policy has them
	Versions     map[string]string
	Deliverables map[string]string
	Causers      []Causer // who changed the agents before, as far as they are known
}

// Quiet is what is known of the alerts on a scope when a sign-off is given.
type Quiet struct {
	Firing int       // alerts that fire now
	LastAt time.Time // when the last one came or ended
}

// NewAlert is where a new alert came: in which incident, 0 while it is below its threshold, and
// on which scope.
type NewAlert struct {
	Incident IncidentID
	Scope    Scope
}

// Ready returns nil if the scope was quiet for the monitoring window at time at, or a
// Conflict that says when a GO will count.
func (q Quiet) Ready(monitor time.Duration, at time.Time) error {
	if monitor <= 0 {
		return nil
	}
	if q.Firing > 0 {
		return Errorf(Conflict, "GO does not count yet: %d alerts still fire on the scope, and it must stay quiet for %s after them.", q.Firing, monitor)
	}
	if until := q.LastAt.Add(monitor); !q.LastAt.IsZero() && at.Before(until) {
		return Errorf(Conflict, "GO does not count before %s: the scope must stay quiet for %s after the last alert.",
			until.UTC().Format("15:04:05 UTC"), monitor)
	}
	return nil
}
