package tagout

import (
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
	Replaces HoldID     `json:",omitempty"` // a hold that was lifted or changed in the database without sign-offs
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
