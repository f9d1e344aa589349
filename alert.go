package tagout

import (
	"bytes"
	"context"
	"encoding/json"
	"time"
)

// AlertStatus says whether an alert's condition holds.
type AlertStatus string

// The statuses. A momentary alert has none: it happened, and nothing will resolve it.
const (
	Momentary AlertStatus = ""
	Firing    AlertStatus = "firing"
	Resolved  AlertStatus = "resolved"
)

// Alert is a sign that an agent misbehaves, from any source, in one shape.
type Alert struct {
	Source        string            `json:"source"` // the configured name of the source
	Name          string            `json:"name"`
	Summary       string            `json:"summary,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
	Value         *float64          `json:"value,omitempty"`
	Fingerprint   string            `json:"fingerprint"` // same fingerprint and StartsAt: a repeat
	CorrelationID string            `json:"correlation_id,omitempty"`
	Status        AlertStatus       `json:"status,omitempty"`
	StartsAt      time.Time         `json:"starts_at,omitzero"`
	Undated       bool              `json:"undated,omitempty"` // nobody said when it began: StartsAt is when it came
	URL           string            `json:"url,omitempty"`     // stored, never fetched
	Report        *FailureReport    `json:"report,omitempty"`
	Raw           json.RawMessage   `json:"-"` // as received, kept as evidence
}

// Actor is who raised the alert.
func (a Alert) Actor() Actor {
	if a.Report != nil {
		return Actor{Kind: ByAgent, ID: clip(a.Report.Agent, maxPart)}
	}
	return Actor{Kind: BySource, ID: a.Source}
}

// Began is when it began, as its source says; zero if that does not.
func (a Alert) Began() time.Time {
	if a.Undated {
		return time.Time{}
	}
	return a.StartsAt
}

// FailureReport is an agent's handoff packet: everything that the person who takes over
// needs. Unknown keys are kept in Extra.
type FailureReport struct {
	RunID             string            `json:"run_id,omitempty"`
	CorrelationID     string            `json:"correlation_id,omitempty"`
	Agent             string            `json:"agent"`
	Channel           string            `json:"channel,omitempty"`
	Region            string            `json:"region,omitempty"`
	Tool              string            `json:"tool,omitempty"`
	Summary           string            `json:"summary"`
	Workflow          string            `json:"workflow,omitempty"`
	Class             string            `json:"class,omitempty"`
	Severity          Severity          `json:"severity,omitempty"`
	ReasonCode        string            `json:"reason_code,omitempty"`
	RetryCount        int               `json:"retry_count,omitempty"`
	Transient         *bool             `json:"transient,omitempty"`  // the same step may succeed another time; nil: not said
	Idempotent        *bool             `json:"idempotent,omitempty"` // doing the step again does nothing twice; nil: not said
	ApprovalState     string            `json:"approval_state,omitempty"`
	Task              string            `json:"task,omitempty"`
	Error             string            `json:"error,omitempty"`
	NextAction        string            `json:"next_action,omitempty"`
	Handoff           string            `json:"handoff,omitempty"`
	Implies           string            `json:"implies,omitempty"` // rollback or narrower_permissions
	OccurredAt        time.Time         `json:"occurred_at,omitzero"`
	CustomersAffected int               `json:"customers_affected,omitempty"`
	Affected          []AffectedThing   `json:"affected,omitempty"`
	Model             *ModelContext     `json:"model,omitempty"`
	Versions          map[string]string `json:"versions,omitempty"` // by component
	ToolsCalled       []ToolCall        `json:"tools_called,omitempty"`
	Evidence          []ReportEvidence  `json:"evidence,omitempty"`
	Extra             map[string]any    `json:"extra,omitempty"`
	Unread            []string          `json:"unread,omitempty"` // known keys whose value could not be read; Extra has it
}

// AffectedThing is a record or person that the failure reached.
type AffectedThing struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	URL  string `json:"url,omitempty"`
}

// ModelContext says which model was at work.
type ModelContext struct {
	Provider string `json:"provider,omitempty"`
	Name     string `json:"name,omitempty"`
	Version  string `json:"version,omitempty"`
}

// ToolCall is one call that the agent made, in order.
type ToolCall struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Risk      Risk            `json:"risk,omitempty"`
}

// ReportEvidence is something to look at: by link or as text.
type ReportEvidence struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
	Text string `json:"text,omitempty"`
}

// Verdict is what the rules made of an alert.
type Verdict struct {
	Severity  Severity
	Class     string
	Scope     Scope
	NoAgent   bool // nothing says which agent: an incident without hold that asks
	Threshold Threshold
}

// Incoming is an alert on its way into an incident.
type Incoming struct {
	ID      string // UUIDv5 of source, fingerprint and start: a repeat has the same
	Alert   Alert
	Verdict Verdict
	At      time.Time // received

	Silence *Silence // nobody is to be woken by it; the store forgets it if it is not in force any more
	Counted bool     // and while it is silenced it opens no incident: it is only kept and counted

	excerpt *excerpt // of its texts; nil: not made yet

	// Doc is what the store keeps of it, if [Store.Prepare] has written that out. Nothing above
	// may be changed afterwards, but for the silence.
	Doc string

	// What the store knows of it, set before it is folded.
	Repeat    bool // seen before with the same status: it only counts
	WasFiring bool // seen before, firing
}

// excerpt is what an incident tells of an alert.
type excerpt struct{ name, summary, title, opening string }

// Excerpt cuts the texts of an alert to what an incident tells of them. A cut divides no secret,
// neither a usual one nor what the mask finds,
// and to look for those takes up to some ten milliseconds: too long while an incident is locked
// and hundreds of alerts wait, so it is done beforehand.
func (in *Incoming) Excerpt(mask *Redaction) {
	a := in.Alert
	e := excerpt{name: mask.Clip(a.Name, maxTitle), summary: mask.Clip(a.Summary, 1000), opening: mask.Clip(a.Summary, maxOpening-len("…"))}
	if e.title = e.name; e.summary != "" {
		e.title = mask.Clip(e.summary, maxTitle)
	}
	in.excerpt = &e
}

const maxTitle = 300

// texts are the excerpt.
func (in Incoming) texts() excerpt {
	if in.excerpt == nil {
		in.Excerpt(nil)
	}
	return *in.excerpt
}

// Opening is the title and the summary of an incident that the alert opens.
func (in Incoming) Opening() (title, summary string) {
	t := in.texts()
	return t.title, t.opening
}

// Match says which incident something belongs to. Fields are tried in order; an incident
// that is resumed, closed or cancelled matches only by ID or by Hold.
type Match struct {
	Incident      IncidentID // exactly this one; NotFound if it does not exist
	Hold          HoldID     // the one in which this hold was hung, lifted or not
	CorrelationID string     // open, with this correlation ID
	Agent, Class  string     // open, of this agent and class
	Overlaps      *Scope     // open, with a standing hold that touches this scope (newest first)
}

// Folded is what became of one incoming alert.
type Folded struct {
	Incident *Incident // nil while below its threshold, or silenced
	Silenced bool      // it was only kept and counted
	Fresh    bool      // it opened the incident
	Repeat   bool      // it only counted
	Err      error     // this one could not be taken; nil: it is committed
}

// WithoutNul replaces the escape \u0000 in JSON by that of U+FFFD: not every database can keep NUL
// in text, and an alert or report must not be lost for it.
func WithoutNul(body []byte) []byte {
	if !bytes.Contains(body, []byte(`\u0000`)) {
		return body
	}
	out := bytes.Clone(body)
	for i := 0; i+1 < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(out[i:], []byte(`\u0000`)) {
			copy(out[i:], `\ufffd`)
		}
		i++ // what is escaped is no backslash of its own
	}
	return out
}

// Source turns what one kind of sender posts into alerts.
type Source interface {
	// Decode reads a request. It returns Invalid, naming the place but never the content,
	// if the body is not what this kind of sender posts; then none of it is taken.
	Decode(ctx context.Context, in Delivery) ([]Alert, error)
}

// Delivery is one request as it arrived.
type Delivery struct {
	Source string              // the configured name
	Header map[string][]string // canonical keys
	Body   []byte
	At     time.Time
}

// SignedSource is a source whose sender may sign what it posts.
type SignedSource interface {
	Source
	// Signs reports whether a secret is configured: then nothing counts without a signature.
	Signs() bool
	// Verify returns Unauthorized unless the delivery, as it arrived, carries a signature of
	// the secret that is not too old. It reads no further than that takes.
	Verify(in Delivery) error
}
