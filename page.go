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

	PageDropped PageStatus = "dropped" // somebody had answered before it could be delivered

	PageAcknowledged PageStatus = "acknowledged"
	PageResolved     PageStatus = "resolved"
)

// Page is one attempt to reach one person by one pager.
type Page struct {
	ID       PageID
	Incident IncidentID
	Dedup    string // names what its ladder pages for to the pager's service: the same for all its rounds, and in no other Tagout
	Test     bool   // a trial that somebody asked for: of no incident
	Ladder   string // the key of its ladder
	Round    int    // 0, 1, … of the ladder
	Pager    string // its name
	To       Person
	Severity Severity
	Why      string // "SEV-1 pages Legal", "not acknowledged for 5 min"
	Message  Message
	URL      string // of the incident, for pagers outside Slack; may be empty
	AckURL   string // a link by which its reader acknowledges; may be empty
	Status   PageStatus
	Detail   string // why it failed, without secrets
	QueuedAt time.Time
	SentAt   time.Time
	Again    bool `json:"-"` // an earlier attempt may have delivered it
}

// PageEnds says what makes a page needless that was not delivered yet.
type PageEnds string

// What ends a page.
const (
	UntilAnswered PageEnds = "answered" // somebody answers for the incident, or it has ended
	UntilEnded    PageEnds = "ended"
)

// whom is who was to be reached, with a mention of a person.
func (p Page) whom() Text {
	if p.To.key() == "" {
		return T("Whoever is on call there")
	}
	return p.To.Text()
}

// SlackPager is the name of the pager that writes to people in Slack. Every other one leaves
// the workspace.
const SlackPager = "slack"

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

// Broadcaster is a pager that reaches whoever its own service has on call, rather than a
// person by address: a round of the ladder pages it once. Its pages have a To without ID,
// whose Roles are those of the round.
type Broadcaster interface {
	Pager
	// PagesRoles reports whether it serves any of these roles.
	PagesRoles(roles []string) bool
}

// PageNews is what became of an incident that was paged.
type PageNews struct {
	Incident IncidentID
	Dedup    string     // the [Page.Dedup] of its pages
	Status   PageStatus // [PageAcknowledged] or [PageResolved]
	By       string     // who did it, as people read it
	At       time.Time
}

// PageFollower is a pager whose service keeps an incident of its own, and is told when ours
// is acknowledged or over, so that nobody is called for nothing.
type PageFollower interface {
	Pager
	// Follow tells the service. It is idempotent; errors are as those of Send.
	Follow(ctx context.Context, n PageNews) error
}

// Acknowledgement is what a pager's own app says back: somebody has taken a page on.
type Acknowledgement struct {
	Dedup string // the [Page.Dedup] of the page
	By    string // who, as the service names them
	Email string // of that person; may be empty
	At    time.Time
}

// PageLink is what somebody sees who opens the link of a page: enough to know what they take
// on. Of a private incident it tells no more than its ID.
type PageLink struct {
	Incident   IncidentID
	Private    bool
	Severity   Severity
	Title      string
	Scope      Scope
	Reader     Actor  // to whom the page went
	ReaderName string // as people read it
	AnsweredBy Actor  // who has acknowledged; zero: nobody
	Answerer   string // as people read it
	AnsweredAt time.Time
	State      State
	Leads      bool // the reader leads it now
	Drill      bool // it is a drill now
	Became     bool // the page was of a drill, which has become this incident
	ExpiresAt  time.Time
	Trial      string // the pager of a page that was a trial; then there is no incident
}

// PageInbox reads what a pager's service posts to Tagout.
type PageInbox interface {
	Pager
	// Heard authenticates and reads a request. It returns Unauthorized if its signature
	// or token is wrong, Invalid if it cannot be read, and nothing for what says no more
	// than Tagout knows.
	Heard(ctx context.Context, in Delivery) ([]Acknowledgement, error)
}

// PageTest is somebody's wish to be paged as a trial.
type PageTest struct {
	ID    string // of the request
	By    User
	Pager string // "": each of theirs
}

// PageTried is how far a trial by one pager got.
type PageTried struct {
	Pager      string
	BeganAt    time.Time
	SentAt     time.Time // zero: not yet
	Error      string    // why it could not be sent, without secrets
	ReceivedAt time.Time // zero: its reader has not said so
}

// Done reports whether nothing more is to be told of it.
func (t PageTried) Done() bool { return t.Error != "" || !t.ReceivedAt.IsZero() }
