package tagout

import (
	"context"
	"slices"
	"strings"
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

// DefaultActionDue is how long a corrective action may take when the severity does not say.
const DefaultActionDue = 14 * 24 * time.Hour

// DefaultTicketCheck is how often a ticket is looked at when the tracker does not say.
const DefaultTicketCheck = 5 * time.Minute

// TrackerPolicy is a configured tracker as the policy knows it.
type TrackerPolicy struct {
	Name    string
	Kind    string        // github or jira
	Labels  []string      // of its tickets
	Check   time.Duration // how often a ticket is looked at; 0: [DefaultTicketCheck]
	Private bool          // may hold tickets of private incidents
}

// Every is how often a ticket of the tracker is looked at.
func (t TrackerPolicy) Every() time.Duration {
	if t.Check <= 0 {
		return DefaultTicketCheck
	}
	return t.Check
}

// TrackersFor lists the trackers that may hold tickets of the incident, by name.
func (p *Policy) TrackersFor(i *Incident) []TrackerPolicy {
	var list []TrackerPolicy
	for _, t := range p.Trackers {
		if !i.Private || t.Private {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b TrackerPolicy) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// TrackerOf is where a corrective action of the incident is kept unless somebody says
// otherwise: the tracker of its agent, of its failure class, or of all; "" is in Tagout alone.
func (p *Policy) TrackerOf(i *Incident) string {
	name := p.Tracker
	if c := p.Classes[i.Class]; c != nil {
		name = or(c.Tracker, name)
	}
	if a := p.Agents[i.Scope.Agent]; a != nil {
		name = or(a.Tracker, name)
	}
	if t, known := p.Trackers[name]; !known || i.Private && !t.Private {
		return ""
	}
	return name
}

// ActionDue is when a corrective action of the incident that is added now should be done.
func (p *Policy) ActionDue(i *Incident, now time.Time) time.Time {
	within := p.SeverityPolicy(i.HighestSeverity).Deadlines.Action
	if within <= 0 {
		within = DefaultActionDue
	}
	return now.Add(within)
}
