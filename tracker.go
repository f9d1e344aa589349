package tagout

import (
	"context"
	"time"
)

// TicketDraft is what a tracker makes a ticket from.
type TicketDraft struct {
	ID     string // the tracker makes one ticket of an ID, however often it is asked
	Title  string
	Text   string    // plain text
	Due    time.Time // zero: none
	Labels []string
}

// Ticket is an entry of a team's tracker.
type Ticket struct {
	Key   string // as the tracker names it: 42, OPS-42
	URL   string
	Title string
	Done  bool

	ClosedBy string    // as the tracker names them; "" if it does not say
	ClosedAt time.Time // zero if it does not say
	Refused  bool      // it was closed as something that will not be done

	ChangedAt time.Time // when anything of it changed last; zero if it does not say
}

// TicketInbox reads what a tracker's service posts to Tagout.
type TicketInbox interface {
	Tracker
	// Moved authenticates and reads a request. It returns the keys of the tickets that it
	// is about, none for what concerns no ticket of this tracker; Unauthorized if its
	// signature is wrong, and Invalid if it cannot be read.
	Moved(ctx context.Context, in Delivery) (keys []string, err error)
}

// Tracker is where a team keeps its work, such as GitHub Issues or Jira.
type Tracker interface {
	// Name is the configured name.
	Name() string
	// Create makes a ticket of the draft, or returns the one that was made of it before. An
	// error that [IsFinal] will not go away by itself.
	Create(ctx context.Context, d TicketDraft) (Ticket, error)
	// Read returns the ticket as it stands now. It returns NotFound, final, if it is gone.
	Read(ctx context.Context, key string) (Ticket, error)
}
