package tagout

import (
	"context"
	"time"
)

// OnCallPerson is somebody who is on call by a list that is kept elsewhere.
type OnCallPerson struct {
	ID    UserID // "" if nobody in Slack is known to be that person
	Name  string // as the other service names them
	Email string
	Until time.Time // when their turn ends; zero: not known
}

// Schedule is an on-call schedule of another service. It is for paging: nobody signs by it.
type Schedule interface {
	// Name is the schedule as people read it, such as "PagerDuty schedule PABC123".
	Name() string
	// OnCall lists who is on call at a time, each once; nobody is no error. Errors say what
	// is wrong without secrets, and are final, as [IsFinal] says, if asking again cannot help.
	OnCall(ctx context.Context, at time.Time) ([]OnCallPerson, error)
}

// Account is what Slack says of a person.
type Account struct {
	Name  string
	Guest bool
	Bot   bool
	Gone  bool // deactivated
}
