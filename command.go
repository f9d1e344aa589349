package tagout

import (
	"context"
	"iter"
	"time"
)

// Right is what an API token may do. People in Slack have every right that a command
// itself does not refuse them; nothing but a person can resume or approve.
type Right string

// The rights.
const (
	MayStop     Right = "stop"     // kill, pause, hold
	MayRead     Right = "read"     // status, timeline, every GET
	MayReport   Right = "report"   // alerts, failures, changes
	MayRollback Right = "rollback" // rollback
	MayDrill    Right = "drill"    // drill: stops a canary, and what Tagout lets go of then is what the drill hung
	MayNot      Right = ""         // for people only
)

// Command is one verb: typed in Slack, or called over HTTP by a token with its right.
type Command struct {
	Name    string // without a slash
	Summary string // one sentence, for the help and the manifest
	Usage   string // the arguments, such as "SCOPE [sev1|sev2|sev3] [class=NAME] [reason…]"
	Detail  string // more help, may be empty
	Right   Right  // what a token needs to call it
	Run     func(ctx context.Context, in Invocation) (Reply, error)
	Clicks  map[string]func(ctx context.Context, c Click) (Reply, error)      // by button action
	Forms   map[string]func(ctx context.Context, s Submission) (Reply, error) // by form ID
	Typed   map[string]func(ctx context.Context, s Submission) error          // by form ID: keeps what is typed into a [Form] with Keep

	Shortcuts []Shortcut
	Reacted   func(ctx context.Context, in Invocation) (Reply, error) // somebody reacted to the message In.About with the emoji of flags; nil: nothing
}

// Shortcut is an entry of Slack's menus.
type Shortcut struct {
	ID        string // names it in Slack's payloads
	Name      string // at most 24 characters
	Summary   string
	OnMessage bool // in the menu of each message; otherwise in that of the whole workspace
	Run       func(ctx context.Context, in Invocation) (Reply, error)
}

// Invocation is one call of a command.
type Invocation struct {
	ID       string // of the request: the same for a repeated delivery
	By       Actor
	User     User // zero unless By is a person
	Text     string
	Channel  string     // where it was typed; "" over HTTP
	Incident IncidentID // the incident whose channel that is; 0 if none
	About    *Quote     // the message that a shortcut or reaction is about
	Unsure   bool       // it could not be told in time whether it is an incident's channel
	At       time.Time  // when it was received
}

// Click is one press of a button.
type Click struct {
	ID       string
	User     User
	Action   string
	Value    string
	Channel  string
	Incident IncidentID // the incident whose channel that is; 0 if none
	At       time.Time
}

// Submission is one filled form.
type Submission struct {
	ID       string
	User     User
	Form     string
	State    string
	Values   map[string]string
	Channel  string
	Incident IncidentID
	At       time.Time
}

// Reply is what a command answers.
type Reply struct {
	Message Message
	Form    *Form             // ask first; Message is then for edges without forms
	Public  bool              // everybody in the channel sees it, otherwise only the caller
	Updates iter.Seq[Message] // newer versions of Message, until what it waits for has happened; may be nil
	Outcome Outcome           // for machines
}

// Outcome is what a command did, for callers that are programs.
type Outcome struct {
	Incident IncidentID
	Pending  bool // a stop stands, but is not recorded in the database yet
	Holds    []Hold
	Problems []FieldProblem // a form with these is shown again
}

// FieldProblem says what is wrong with one field of a form.
type FieldProblem struct{ Key, Message string }
