package tagout

import (
	"context"
	"time"
)

// DrillLimit is how long a drill may take at most: nothing that it holds longer is lifted
// without sign-offs.
const DrillLimit = time.Hour

// DefaultDrillWithin is how long a stop may take in a drill until it is observed, when its
// severity does not say.
const DefaultDrillWithin = time.Minute

// DrillMark stands before everything that a drill says.
const DrillMark = "[DRILL] "

// DrillAction is what a drill practises.
type DrillAction string

// What can be practised.
const (
	DrillKill     DrillAction = "kill"     // halt the canary, see that it stopped, let it go
	DrillRollback DrillAction = "rollback" // go back to the last known good versions, and forward again
)

// DrillPhase is how far a drill has got.
type DrillPhase string

// The phases, in order.
const (
	DrillStopping  DrillPhase = "stopping"     // the hold hangs, and is not observed everywhere yet
	DrillReleasing DrillPhase = "releasing"    // the hold is lifted, and the controls still hold it
	DrillBack      DrillPhase = "rolling back" // to the earlier versions
	DrillForward   DrillPhase = "rolling forward"
	DrillAnswering DrillPhase = "waiting for an answer" // of a game day: everything runs again, nobody has answered
	DrillDone      DrillPhase = "done"
)

// DrillResult is what came of a drill.
type DrillResult string

// The results.
const (
	DrillRunning     DrillResult = "running"
	DrillPassed      DrillResult = "passed"
	DrillFailed      DrillResult = "failed"
	DrillInterrupted DrillResult = "interrupted" // something real came, so that it was not carried to its end
)

// Drill is one exercise of stopping an agent, or of rolling it back, with its measured times.
// It is a part of the incident that it made. What has not happened is zero.
type Drill struct {
	Incident IncidentID    `json:"incident,omitzero"`
	ID       string        `json:"id"`             // of the order
	Name     string        `json:"name,omitempty"` // of the schedule; "": somebody asked for it
	Action   DrillAction   `json:"action"`
	Agent    string        `json:"agent"`
	Scope    Scope         `json:"scope"` // the agent's canary
	By       Actor         `json:"by"`
	Reason   string        `json:"reason,omitempty"`
	Page     bool          `json:"page,omitempty"` // a game day: people are paged for real
	Scenario *Scenario     `json:"scenario,omitempty"`
	Severity Severity      `json:"severity"`
	Within   time.Duration `json:"within"`           // until what is practised must be observed
	Answer   time.Duration `json:"answer,omitempty"` // of a game day: until somebody must have answered; 0: at any time

	Phase     DrillPhase     `json:"phase"`
	At        time.Time      `json:"at"` // when it was asked for
	Controls  []DrillControl `json:"controls,omitempty"`
	StoppedAt time.Time      `json:"stopped_at,omitzero"` // all of it was observed; of a rollback: read back
	LiftedAt  time.Time      `json:"lifted_at,omitzero"`  // its hold was lifted; of a rollback: forward was asked for
	BackAt    time.Time      `json:"back_at,omitzero"`    // it was seen to run as before
	Answered  time.Time      `json:"answered,omitzero"`   // of a game day: somebody acknowledged
	EndedAt   time.Time      `json:"ended_at,omitzero"`
	Result    DrillResult    `json:"result"`
	Why       string         `json:"why,omitempty"`     // it failed or was interrupted; a sentence
	Late      []string       `json:"late,omitempty"`    // what took longer than it may
	Noticed   string         `json:"noticed,omitempty"` // that something was broken, or was not stopped in time
	Taken     bool           `json:"taken,omitempty"`   // it became real, and its duties are set
}

// DrillControl is how fast one enforcement point was in a drill.
type DrillControl struct {
	Control    string        `json:"control"` // "": by lease, not observed
	Accepted   time.Duration `json:"accepted,omitempty"`
	Observed   time.Duration `json:"observed,omitempty"` // since it was requested; 0: it was not
	RestoredAt time.Time     `json:"restored_at,omitzero"`
}

// Running reports whether the drill goes on.
func (d *Drill) Running() bool { return d != nil && d.Result == DrillRunning }

// DrillOrder is a wish to practise.
type DrillOrder struct {
	ID       string // of the request, so that a repeat is the same drill
	Name     string // of the schedule
	Action   DrillAction
	Agent    string
	By       Actor
	Reason   string
	Page     bool
	Scenario string   // the name of one of [DrillPolicy]; "": nothing is broken
	Severity Severity // "": that of [DrillPolicy]
}

// DrillPolicy is what was decided in advance about drills.
type DrillPolicy struct {
	Severity  Severity // of the incident that a failed drill becomes
	Class     string   // and its class
	Scenarios []Scenario
	Plans     []DrillPlan
}

// DrillPlan is a drill on a schedule.
type DrillPlan struct {
	Name     string
	Schedule string // cron, in Timezone
	Timezone string
	Agent    string
	Action   DrillAction
	Page     bool
	Scenario string
}

// Routine is the name under which the schedule of the drill is kept.
func (p DrillPlan) Routine() string { return "drill " + p.Name }

// Breakage is what a scenario breaks.
type Breakage string

// What can be broken, inside Tagout and for one drill only.
const (
	ControlHangs Breakage = "control_hangs" // a control does not answer
	StopIgnored  Breakage = "stop_ignored"  // a control says yes and does nothing
	PagerDown    Breakage = "pager_down"    // a pager delivers nothing
)

// Scenario is something that is broken on purpose, to see whether it is noticed and told.
type Scenario struct {
	Name  string   `json:"name"`
	Agent string   `json:"agent"`
	Break Breakage `json:"break"`
	What  string   `json:"what"` // the name of the control or pager
}

// String is the scenario in words.
func (s Scenario) String() string {
	switch s.Break {
	case ControlHangs:
		return "the control " + s.What + " does not answer"
	case StopIgnored:
		return "the control " + s.What + " ignores the stop"
	}
	return "the pager " + s.What + " is down"
}

// Scenario finds a scenario by name.
func (p DrillPolicy) Scenario(name string) (Scenario, bool) {
	for _, s := range p.Scenarios {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// DrillQuery selects drills. Zero fields select all.
type DrillQuery struct {
	Agent  string
	Action DrillAction
	Since  time.Time // when they were asked for
	Limit  int       // 0: 100
}

// DrillStore keeps what came of drills.
type DrillStore interface {
	// Drills lists drills, newest first.
	Drills(ctx context.Context, q DrillQuery) ([]Drill, error)
	// Practise is [Store.Join] for a drill: on the incident in which the same order was begun,
	// over or not, or on a fresh one. Until that is committed nobody, on no replica, opens
	// another incident of the agent or of everything.
	Practise(ctx context.Context, d Drill, fn DrillTransition) (*Incident, bool, error)
}

// DrillTransition is a [Transition] that begins a drill. others are the incidents that have
// not ended and concern its agent, everything, or an agent that nobody knows.
type DrillTransition func(i *Incident, others []*Incident, now time.Time) (Change, error)

// Correlation is how the incident of a drill is found by its order.
func (d *Drill) Correlation() string { return "drill:" + d.ID }

// DrillHold is the ID of the one hold that a drill hangs: nothing else has it.
func DrillHold(order string) HoldID { return HoldID(DeriveID("drill", order)) }

// DrillTag marks a hold as one that a drill hung. Empty is a hold like any other.
type DrillTag string

// Tag is what marks the drill's hold: what is broken is a part of it, so that it ends with the
// hold, and every replica knows.
func (d *Drill) Tag() DrillTag {
	if s := d.Scenario; s != nil && s.Break != PagerDown {
		return DrillTag(string(s.Break) + " " + s.What)
	}
	return "drill"
}
