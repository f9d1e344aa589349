package tagout

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// DeadlineKind says what a deadline waits for.
type DeadlineKind string

// The kinds of deadline.
const (
	DueContain     DeadlineKind = "contain"     // every stop observed
	DueAcknowledge DeadlineKind = "acknowledge" // somebody answered
	DueInform      DeadlineKind = "inform"      // a status note delivered
	DueReview      DeadlineKind = "review"      // the review held
	DueClock       DeadlineKind = "clock"       // a duty to an authority; stopped by hand
	DueUpdate      DeadlineKind = "update"      // the next status note, as the last one promised
)

// Reminders say when people are reminded of what is due.
type Reminders struct {
	At     int           // percent of the time that have passed; 0: 80, and a day before
	Before time.Duration // once more so long before the end of a long one; 0: not
}

// Of lists how long after its start one is reminded of what may take limit: the later
// reminder exists only where it comes after the first.
func (r Reminders) Of(limit time.Duration) []time.Duration {
	if r.At == 0 {
		r = Reminders{At: 80, Before: 24 * time.Hour}
	}
	first := limit / 100 * time.Duration(r.At)
	if last := limit - r.Before; r.Before > 0 && last > first {
		return []time.Duration{first, last}
	}
	return []time.Duration{first}
}

// Term is a deadline as a severity sets it. An incident keeps it as it stood when it reached
// that severity.
type Term struct {
	Key      string          `json:"key"` // names it within the incident
	Kind     DeadlineKind    `json:"kind"`
	Name     string          `json:"name"`
	Limit    time.Duration   `json:"limit"`
	Remind   []time.Duration `json:"remind,omitempty"`   // after its start, ascending
	Owner    string          `json:"owner,omitempty"`    // the role that must do it; empty: by its kind
	Audience string          `json:"audience,omitempty"` // whom to inform; empty: anybody
	Severity Severity        `json:"severity"`           // that brought it
}

// Terms lists what this row of the matrix sets.
func (row *SeverityPolicy) Terms() []Term {
	var terms []Term
	add := func(t Term) {
		if t.Limit <= 0 {
			return
		}
		if t.Severity = row.Severity; t.Kind != DueContain { // controls are waited for there, not people
			t.Remind = row.Reminders.Of(t.Limit)
		}
		terms = append(terms, t)
	}
	for _, t := range []struct {
		kind  DeadlineKind
		limit time.Duration
	}{{DueContain, row.Deadlines.Contain}, {DueAcknowledge, row.Deadlines.Acknowledge}, {DueInform, row.Deadlines.Inform}, {DueReview, row.Deadlines.Review}} {
		add(Term{Key: string(t.kind), Kind: t.kind, Name: string(t.kind), Limit: t.limit})
	}
	for _, t := range row.Tell {
		add(Term{Key: "inform:" + t.Audience, Kind: DueInform, Name: "inform " + t.Title, Limit: t.Within, Audience: t.Audience})
	}
	for _, c := range row.Clocks {
		add(Term{Key: "clock:" + strings.ToLower(c.Name), Kind: DueClock, Name: c.Name, Limit: c.Due, Owner: c.Owner})
	}
	return terms
}

// DeadlineMark is what happened to one deadline of an incident.
type DeadlineMark struct {
	Reminded  int       `json:"reminded,omitempty"` // how many reminders have passed
	MissedAt  time.Time `json:"missed_at,omitzero"`
	StoppedAt time.Time `json:"stopped_at,omitzero"` // by hand
	StoppedBy Actor     `json:"stopped_by,omitzero"`
	Note      string    `json:"note,omitempty"`
}

// DeadlineState says how a deadline stands.
type DeadlineState string

// The states of a deadline.
const (
	DeadlineOpen   DeadlineState = "open"
	DeadlineMissed DeadlineState = "missed" // its time is over, and it is still open
	DeadlineMet    DeadlineState = "met"
	DeadlineLate   DeadlineState = "late"  // met after its time
	DeadlineEnded  DeadlineState = "ended" // the incident ended first; nothing is waited for any more
)

// Deadline is one thing that is due on an incident.
type Deadline struct {
	Term
	From    time.Time // when its time began
	Due     time.Time
	Stopped time.Time // when it was met; zero: not yet
	By      Actor     // who stopped it by hand
	Note    string    // and what they wrote
	Ended   bool      // the incident ended before it was met
	Missed  time.Time // when it was told as missed; zero: it was not
}

// State is how the deadline stands at a time.
func (d Deadline) State(at time.Time) DeadlineState {
	switch {
	case !d.Stopped.IsZero() && d.Stopped.After(d.Due):
		return DeadlineLate
	case !d.Stopped.IsZero():
		return DeadlineMet
	case d.Ended:
		return DeadlineEnded
	case !at.Before(d.Due):
		return DeadlineMissed
	}
	return DeadlineOpen
}

// Waits reports whether it is still to be met.
func (d Deadline) Waits() bool { return d.Stopped.IsZero() && !d.Ended }

// Deadlines lists everything that is or was due on the incident, what comes first first. It
// follows from the terms of the severities that were reached and from the facts since.
func (i *Incident) Deadlines() []Deadline {
	var list []Deadline
	for _, t := range i.Terms {
		d := Deadline{Term: t, From: i.dueFrom(), Ended: i.ends(t.Kind)}
		if t.Kind == DueContain {
			first := i.firstStop()
			if first.IsZero() {
				continue // there is nothing to contain yet
			}
			if first.After(d.From) {
				d.From = first
			}
		}
		d.Due = Moment(d.From.Add(t.Limit))
		list = append(list, i.withFacts(d))
	}
	for _, audience := range sortedKeys(i.Told) {
		told := i.Told[audience]
		if told.Next.IsZero() {
			continue
		}
		limit := told.Next.Sub(told.Last)
		list = append(list, i.withFacts(Deadline{From: told.Last, Due: told.Next, Ended: i.ends(DueUpdate), Term: Term{
			Key: told.updateKey(audience), Kind: DueUpdate, Name: "update to " + told.Title, Limit: limit, Remind: told.Remind,
			Audience: audience, Severity: i.Severity,
		}}))
	}
	slices.SortStableFunc(list, func(a, b Deadline) int { return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.Key, b.Key)) })
	return list
}

// firstStop is when the first hold was hung, other than by a drill that it was; zero if none was.
func (i *Incident) firstStop() time.Time {
	n := slices.IndexFunc(i.Holds, func(h Hold) bool { return i.Drill || h.Drill == "" })
	if n < 0 {
		return time.Time{}
	}
	return i.Holds[n].At
}

// withFacts is the deadline with what the facts say of it.
func (i *Incident) withFacts(d Deadline) Deadline {
	d.Missed = i.Marks[d.Key].MissedAt
	switch d.Kind {
	case DueContain:
		d.Stopped = i.When(Contained)
	case DueAcknowledge:
		d.Stopped = i.When(Acknowledged)
	case DueReview:
		d.Stopped = i.When(Reviewed)
	case DueInform:
		d.Stopped = i.toldAt(d.Audience)
	case DueClock:
		mark := i.Marks[d.Key]
		d.Stopped, d.By, d.Note = mark.StoppedAt, mark.StoppedBy, mark.Note
	}
	return d
}

// ends reports whether the incident's end ends such a deadline. A review is owed after the
// end, and a duty to an authority whatever becomes of the incident — unless it was none.
func (i *Incident) ends(kind DeadlineKind) bool {
	switch kind {
	case DueClock:
		return i.State == StateCancelled
	case DueReview:
		return i.State == StateCancelled || i.State == StateClosed
	}
	return i.State.Ended()
}

// NextDeadline is the open deadline that comes first of those that are not missed at a time,
// and those that are.
func (i *Incident) NextDeadline(at time.Time) (next *Deadline, missed []Deadline) {
	for _, d := range i.Deadlines() {
		switch {
		case !d.Waits():
		case d.State(at) == DeadlineMissed:
			missed = append(missed, d)
		case next == nil:
			next = &d
		}
	}
	return next, missed
}

// Clock finds a duty to an authority by its name, in any case, or by a part that only one
// has. It returns NotFound, listing what there is, if it finds none, and Invalid if several.
func (i *Incident) Clock(name string) (Deadline, error) {
	var clocks, found []Deadline
	wanted := strings.ToLower(strings.TrimSpace(name))
	for _, d := range i.Deadlines() {
		if d.Kind != DueClock {
			continue
		}
		clocks = append(clocks, d)
		if strings.EqualFold(d.Name, wanted) {
			return d, nil
		}
		if wanted != "" && strings.Contains(strings.ToLower(d.Name), wanted) {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Deadline{}, Errorf(Invalid, "%q may be any of: %s. Write more of the name.", clip(name, 60), namesOf(found))
	case len(clocks) == 0:
		return Deadline{}, Errorf(NotFound, "%s has no clock that is stopped by hand.", i.ID)
	}
	return Deadline{}, Errorf(NotFound, "%s has no clock %q. It has: %s.", i.ID, clip(name, 60), namesOf(clocks))
}

func namesOf(list []Deadline) string {
	names := make([]string, len(list))
	for n, d := range list {
		names[n] = d.Name
	}
	return strings.Join(names, "; ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Informing is what an incident keeps of its deadlines and of what was told.
type Informing struct {
	Terms []Term                  `json:",omitzero"` // deadlines of the severities that it reached, as they stood
	Marks map[string]DeadlineMark `json:",omitzero"` // what happened to them, by key
	Notes []StatusNote            `json:",omitzero"` // the newest of each audience
	Told  map[string]Told         `json:",omitzero"` // what was delivered last, by audience
}
