package tagout

import "time"

// DefaultRecurWithin is within what time after an incident another one of the same agent and
// class counts as the same trouble again, when the configuration does not say.
const DefaultRecurWithin = RecurrenceWindow

// Recurs is within what time incidents of one agent and class recur.
func (p *Policy) Recurs() time.Duration {
	if p.RecurWithin <= 0 {
		return DefaultRecurWithin
	}
	return p.RecurWithin
}

// FiguresQuery says over which incidents the figures are: those that were detected from From
// until right before To.
type FiguresQuery struct {
	From, To    time.Time
	Agent       string         // "": of any
	Class       string         // "": of any
	Severity    Severity       // the highest that an incident reached; "": any
	Public      bool           // leaves private incidents out: where something is chosen, their number tells what they are
	RecurWithin time.Duration  // 0: [DefaultRecurWithin]
	Location    *time.Location // in which quarters begin; nil: UTC
}

// Before is the window right before this one, as long as it.
func (q FiguresQuery) Before() (from, to time.Time) {
	return q.From.Add(-q.To.Sub(q.From)), q.From
}

// Within is within what time incidents recur.
func (q FiguresQuery) Within() time.Duration {
	if q.RecurWithin <= 0 {
		return DefaultRecurWithin
	}
	return q.RecurWithin
}

// Check returns Invalid for a window that ends before it begins, or that is too long.
func (q FiguresQuery) Check() error {
	const longest = 20 * 366 * 24 * time.Hour
	switch {
	case q.From.IsZero() || q.To.IsZero():
		return Errorf(Invalid, "Figures need a window: say from when and to when.")
	case !q.From.Before(q.To):
		return Errorf(Invalid, "The window ends at %s, which is not after its beginning at %s.", stampUTC(q.To), stampUTC(q.From))
	case q.To.Sub(q.From) > longest:
		return Errorf(Invalid, "The window is longer than 20 years. Choose a shorter one.")
	}
	return nil
}

func stampUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Spread is how a time is distributed over those that have it.
type Spread struct {
	N      int           // of how many; 0: the rest says nothing
	Median time.Duration // the middle one; of an even number the mean of the two in the middle
	P90    time.Duration // the smallest of them that at least 90 % do not exceed
	Mean   time.Duration
}

// Share is how many of all; a rate.
type Share struct{ Of, All int }

// Rate is the share as a number from 0 to 1; false if it is of nothing.
func (s Share) Rate() (float64, bool) {
	if s.All == 0 {
		return 0, false
	}
	return float64(s.Of) / float64(s.All), true
}

// Tally is the figures of one window. All but Cancelled and Drills leave cancelled incidents
// and drills out. Times come from the milestones as they stand, corrected ones included; an
// incident that lacks one of the two moments is not in that spread.
type Tally struct {
	Incidents  int
	BySeverity map[Severity]int // by the highest that each reached
	Cancelled  int              // false alarms; apart
	Drills     int              // apart

	TimeToDetect      Spread // detected − onset, where the onset is known
	TimeToAcknowledge Spread // acknowledged − detected
	TimeToContain     Spread // contained − detected, also if it is contained by lease
	TimeToRestore     Spread // resumed − detected: nothing of it is held any more
	TimeToKill        Spread // contained − the first stop requested; not where anything ran out by lease, which nobody observed
	TimeToSignOff     Spread // of each approved resume request: its last sign-off − its making

	ByLease         int                  // incidents of TimeToContain that are not in TimeToKill since a lease ran out, unobserved
	PageReach       Share                // of the incidents that paged: a page was delivered, or somebody acknowledged, before the deadline to acknowledge (at all, where there is none)
	Recurring       Share                // of the incidents with an agent: another of the same agent and class was detected at most RecurWithin before
	RollbackSuccess Share                // of the rollbacks that were ordered: all of it was read back, late or not
	NoGo            Share                // of the resume requests that were decided: refused by a NO-GO
	MissedDeadlines map[DeadlineKind]int // as told on the timelines; a correction takes none away
}

// FigureGroup counts the incidents of one quarter that are alike. Private ones have neither
// Class nor Agent here.
type FigureGroup struct {
	Quarter  time.Time // its beginning, in the query's location
	Class    string
	Agent    string
	Severity Severity
	Count    int
}

// RecurringPair is an agent and class with incidents that recur.
type RecurringPair struct {
	Agent, Class string
	Incidents    int          // detected in the window
	Recurring    int          // how many of them recur
	Last         []IncidentID // the newest of them, newest first; at most 5
}

// Figures are the figures of a window, with those of the window before.
type Figures struct {
	Query       FiguresQuery
	Now, Before Tally
	Groups      []FigureGroup // of the window; by quarter, class, agent and severity
	// Recurring lists the pairs with the most recurring incidents first, at most 20. Private
	// incidents count in the rate, but are neither named nor counted here.
	Recurring []RecurringPair
}

// QuarterOf is the beginning of the quarter in which a time lies.
func QuarterOf(at time.Time, in *time.Location) time.Time {
	if in == nil {
		in = time.UTC
	}
	at = at.In(in)
	return time.Date(at.Year(), (at.Month()-1)/3*3+1, 1, 0, 0, 0, 0, in)
}
