package tagout

import (
	"context"
	"time"
)

// StopRequest is a wish to hold a scope, from a command, a form, a token or an alert. It
// carries all that is needed to record it later, since it is obeyed before it is recorded.
type StopRequest struct {
	Hold     Hold       // its ID is derived from the request; Incident may be 0
	Severity Severity   // "": the default of commands
	Class    string     // "": the default of commands
	Join     IncidentID // the incident to join; 0: the agent's open one that overlaps, or a new one
	Private  bool       `json:",omitempty"` // it opens a private incident of its own and joins none
	Flag     FlagID     `json:",omitempty"` // that made somebody press Stop now; 0: none
	Replaces HoldID     `json:",omitempty"` // a hold that was lifted in the database without sign-offs
}

// StopResult is what became of a stop.
type StopResult struct {
	Incident   *Incident // nil while Pending
	Pending    bool      // it is in force, but this replica could not record it yet
	RecordedBy string    // the replica that has recorded it instead; "": none
	RecordedAs IncidentID
	Hold       Hold
	InForceAt  time.Time // when the gate had applied it, whatever the database does; of a Repeat, this time
	Fresh      bool      // it opened the incident
	Repeat     bool      // this very request was obeyed before
	Undeclared []string  // parts of the scope that the configuration does not know
	Near       []string  // declared agents with a similar name
	Warning    string    // such as: the journal could not be written
}

// Gate is the authority that answers "may this agent act?" from the holds in memory.
type Gate interface {
	// Hang writes the stop to the journal, applies it in memory and tells every client.
	// It always applies; the error is only a warning (the journal failed or was slow).
	// A repeat of the same hold ID does nothing.
	Hang(ctx context.Context, s StopRequest) error
	// Belongs tells in what incident another replica has recorded a hold that this one
	// could not; it stays until the database itself says what became of it.
	Belongs(id HoldID, incident IncidentID)
	// Committed tells that the database holds these now, with their incident.
	Committed(holds []Hold)
	// Lift removes holds that the database has recorded as lifted and adds those that
	// replace them, in one step. Never call it before the commit.
	Lift(lifted []HoldID, replacements []Hold)
	// Decide answers for one action of one agent.
	Decide(agent string, asked Attributes) Decision
	// Holds lists what stands, committed or not.
	Holds() []Hold
	// Reconcile drives the controls of these agents to what is wanted, now.
	Reconcile(agents ...string)
	// Repin reads which versions are pinned, by agent and component, and has the controls
	// run them. Of two reads the one that began later wins. It returns read's error; then
	// nothing changes.
	Repin(ctx context.Context, read func(ctx context.Context) (map[string]map[string]string, error)) error
	// Controls tells what is known of the enforcement points of an agent.
	Controls(agent string) []ControlState
}

// GateStatus is what the gate knows of itself.
type GateStatus struct {
	HoldsLoaded bool      // false: it answers halted for everything
	ReadAt      time.Time // when the holds were last read from the database
	Pending     int       // journal entries that the database does not know yet
}

// Declaration opens an incident by hand, with or without a stop.
type Declaration struct {
	ID       string // of the request; a repeat opens nothing
	Title    string
	Summary  string
	Scope    *Scope // nil: nobody knows yet which agent
	Severity Severity
	Class    string
	By       Actor
	Stop     Mode // "": nothing is stopped
	Private  bool // only its people read of it
}
