package tagout

import (
	"context"
	"time"
)

// PageID names one page: one person, one pager, one round of one incident's ladder.
type PageID string

// PageStatus says how far a page got.
type PageStatus string

// The statuses of a page.
const (
	PageQueued PageStatus = "queued"
	PageSent   PageStatus = "sent"
	PageFailed PageStatus = "failed"
)

// Page is one attempt to reach one person by one pager.
type Page struct {
	ID       PageID
	Incident IncidentID
	Round    int    // 0, 1, … of the ladder
	Pager    string // its name
	To       Person
	Severity Severity
	Why      string // "SEV-1 pages Legal", "not acknowledged for 5 min"
	Message  Message
	URL      string // of the incident, for pagers outside Slack; may be empty
	Status   PageStatus
	Detail   string // why it failed, without secrets
	QueuedAt time.Time
	SentAt   time.Time
}

// Pager reaches people by one means.
type Pager interface {
	// Name is the configured name, such as "email"; it is shown and stored.
	Name() string
	// Reaches reports whether this pager has an address for the person.
	Reaches(to Person) bool
	// Send delivers the page, or fails with an error that [IsFinal] if no retry can help.
	// Page.ID is its idempotency key. Errors never hold secrets.
	Send(ctx context.Context, p Page) error
}
