package tagout

import (
	"slices"
	"strings"
	"time"
)

// Severity is sev1 (worst), sev2, …
type Severity string

// The severities of the default policy.
const (
	Sev1 Severity = "sev1"
	Sev2 Severity = "sev2"
	Sev3 Severity = "sev3"
)

// Worse reports whether s is more severe than o. An empty severity is the least.
func (s Severity) Worse(o Severity) bool {
	return s != "" && (o == "" || len(s) < len(o) || len(s) == len(o) && s < o)
}

// Worst is the more severe of the two.
func (s Severity) Worst(o Severity) Severity {
	if o.Worse(s) {
		return o
	}
	return s
}

// Label is the severity as people write it: SEV-1.
func (s Severity) Label() string {
	return "SEV-" + strings.TrimPrefix(string(s), "sev")
}

// Policy is everything that was decided in advance: who, how far, how fast, who signs.
type Policy struct {
	Severities map[Severity]*SeverityPolicy
	Classes    map[string]*FailureClass
	Roles      map[string]*Role
	People     map[UserID]Person
	Rotations  map[string]*Rotation
	Agents     Registry
	Routes     []Route
	Inform     InformPolicy
	Drills     DrillPolicy

	DelegateAtMost time.Duration // how long somebody may sign in a member's place; 0: [DefaultDelegateAtMost]

	IncidentRoles map[string]string // whose members have the roles of an incident, by role of the incident

	PrivateRoles []string // read every private incident, beside its people and who must sign

	Redaction    *Redaction               // what messages in Slack do not show; nil: they show all
	KeepEvidence time.Duration            // of incidents that have ended; 0: for good
	Trackers     map[string]TrackerPolicy // where corrective actions get tickets, by name
	Tracker      string                   // the one of incidents whose agent and class name none; "": none

	RecurWithin   time.Duration // within what time incidents of one agent and class recur; 0: [DefaultRecurWithin]
	Release       ReleasePolicy // when a release of an agent is refused
	SilenceAtMost time.Duration // how long a silence lasts at most; 0: [DefaultSilenceAtMost]
	Health        HealthPolicy  // what is looked at to tell how well agents do

	Notice string // stands in every digest; "": nothing does

	DefaultSeverity Severity // of an incident that a command opens
	DefaultClass    string   //
}

// SeverityPolicy is one row of the escalation matrix.
type SeverityPolicy struct {
	Severity       Severity
	Title          string
	Page           []string // roles
	DecisionRights string
	Contain        Containment
	Also           []Containment
	Pin            bool          // no version change while the incident is open
	Repeat         time.Duration // page again until acknowledged; 0: once
	AnswerExpires  time.Duration // an acknowledgement runs out when nothing has happened for so long; 0: never
	Escalate       []Rung
	Deadlines      Deadlines
	Clocks         []RegulatoryClock
	Tell           []Telling // audiences that have a deadline of their own
	Reminders      Reminders
	Resume         ResumePolicy
}

// Telling is how long an audience may wait for the first status note.
type Telling struct {
	Audience string
	Title    string
	Within   time.Duration
}

// Containment is what a severity does to the agent on arrival.
type Containment struct {
	Mode     Mode
	Agent    bool // the whole agent, otherwise the shard: the most specific scope known
	Cap      Cap
	Rollback bool
}

// Rung is one step of the paging ladder.
type Rung struct {
	After time.Duration
	To    []string // roles
}

// Deadlines count from detection; zero means none.
type Deadlines struct {
	Contain     time.Duration
	Acknowledge time.Duration
	Inform      time.Duration
	Review      time.Duration
	Action      time.Duration // of a corrective action, from when it is added; 0: [DefaultActionDue]
}

// RegulatoryClock is a duty to report to an authority.
type RegulatoryClock struct {
	Name  string
	Due   time.Duration
	Owner string // a role
}

// ResumePolicy is what a severity asks for before the agent may run again.
type ResumePolicy struct {
	Rule    SignoffRule
	Require []string      // deliverables: cause, control_changes, verified, review_scheduled, fix, alerting
	Monitor time.Duration // no new alert on the scope for so long before GO counts
	Expires time.Duration // of a request; 0: a day
	Stages  StagePlan     // of every resumption to running; empty: at once
}

// FailureClass is one way in which an agent can fail, and what was decided about it.
type FailureClass struct {
	Key            string
	Title          string
	Retry          bool // an agent may retry, otherwise it stops
	Retries        int
	Handoff        string        // the role that gets it
	RollbackWhen   string        // new_version, repeated or never
	RollbackWindow time.Duration // how far back that sign is looked for; 0: [DefaultRollbackWindow]
	Keep           []string      // evidence that must be preserved
	Runbook        []string
	Tracker        string    // where its corrective actions get tickets; "": see [Policy.TrackerOf]
	Threshold      Threshold // where the rule that matched has none
}

// Rotation is a list of people who take turns.
type Rotation struct {
	Key       string
	Members   []UserID
	Handoff   string // cron, in Timezone
	Timezone  string
	Elsewhere bool // the schedule of another service says who is on call; then all else is empty
}

// Route is a rule that decides what an alert means; the first that matches wins.
type Route struct {
	When      string // a CEL expression over alert
	Severity  Severity
	Class     string
	Scope     string // overrides the labels when set
	Threshold Threshold
	Place     string // file:line:column, for errors
}

// SeverityPolicy is the row of the matrix for s: the worst row there is if s is not one.
func (p *Policy) SeverityPolicy(s Severity) *SeverityPolicy {
	if row := p.Severities[s]; row != nil {
		return row
	}
	worst := &SeverityPolicy{Severity: Sev1, Contain: Containment{Mode: Halted, Agent: true}}
	for i, key := range p.SeverityKeys() {
		if i == 0 {
			worst = p.Severities[key]
		}
	}
	return worst
}

// SeverityKeys lists the configured severities, worst first.
func (p *Policy) SeverityKeys() []Severity {
	keys := make([]Severity, 0, len(p.Severities))
	for key := range p.Severities {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b Severity) int {
		if a.Worse(b) {
			return -1
		}
		return 1
	})
	return keys
}

// ClassTitle is the failure class in words, or its key if it is not configured.
func (p *Policy) ClassTitle(class string) string {
	if c := p.Classes[class]; c != nil && c.Title != "" {
		return c.Title
	}
	return strings.ReplaceAll(class, "_", " ")
}

// RoleName is the role's name, or its key if it is not configured.
func (p *Policy) RoleName(key string) string {
	if r := p.Roles[key]; r != nil && r.Name != "" {
		return r.Name
	}
	return key
}
