package tagout

import (
	"encoding/json"
	"slices"
	"time"
)

// Counting says in which figures an incident is.
type Counting string

// The countings.
const (
	Counts        Counting = "counts"
	CountsAsFalse Counting = "cancelled" // it was a false alarm
	CountsAsDrill Counting = "drill"
)

// Measures is what the figures take of one incident. What its record says comes from
// [Incident.Measures]; what happened is added by [Measures.Tell], event by event, so that an
// old timeline gives the same.
type Measures struct {
	Incident   IncidentID
	Agent      string
	Class      string
	Severity   Severity // the highest that it reached
	Counting   Counting
	Private    bool
	Milestones [7]time.Time // as they count, in the order of [Milestones]
	Stopped    time.Time    // when its first stop was requested
	AnswerDue  time.Time    // the deadline to acknowledge; zero: none
	Paged      bool         // somebody was to be paged
	Reached    time.Time    // when the first page was delivered

	ByLease bool // what contained it was the end of a lease, at least in part
	Missed  map[DeadlineKind]int
	Ordered int // rollbacks
	Back    int // of them, that were read back
}

// Measures is what the record of the incident says for the figures.
func (i *Incident) Measures() Measures {
	m := Measures{
		Incident: i.ID, Agent: i.Scope.Agent, Class: i.Class, Severity: i.HighestSeverity, Counting: Counts, Private: i.Private,
		Paged: len(i.Ladder) > 0, Reached: i.ReachedAt,
	}
	for n, name := range Milestones() {
		m.Milestones[n] = i.When(name)
	}
	switch {
	case i.Drill:
		m.Counting = CountsAsDrill
	case i.State == StateCancelled:
		m.Counting = CountsAsFalse
	}
	m.Stopped = i.firstStop()
	for _, t := range i.Terms {
		if t.Kind == DueAcknowledge {
			m.AnswerDue = Moment(i.dueFrom().Add(t.Limit))
		}
	}
	return m
}

// Alike reports whether the record says the same.
func (m Measures) Alike(o Measures) bool {
	same := m.Incident == o.Incident && m.Agent == o.Agent && m.Class == o.Class && m.Severity == o.Severity && m.Counting == o.Counting &&
		m.Private == o.Private && m.Paged == o.Paged && m.Stopped.Equal(o.Stopped) && m.AnswerDue.Equal(o.AnswerDue) && m.Reached.Equal(o.Reached)
	return same && slices.EqualFunc(m.Milestones[:], o.Milestones[:], time.Time.Equal)
}

// Tell adds what an event of the timeline says, and reports whether that is anything.
func (m *Measures) Tell(e Event) bool {
	switch e.Kind {
	case EventDrillReal: // it counts from here on
		m.Missed, m.Ordered, m.Back, m.ByLease = nil, 0, 0, false
		if m.Reached.Before(e.At) {
			m.Reached = time.Time{}
		}
		return true
	case EventRollback:
		m.Ordered++
		return true
	case EventRollbackSucceeded:
		m.Back++
		return true
	case EventContained, EventDeadlineMissed, EventRollbackFailed, EventPaged:
	default:
		return false
	}
	var data struct {
		Kind    DeadlineKind `json:"kind"`
		ByLease bool         `json:"by_lease"`
		To      any          `json:"to"`
	}
	_ = json.Unmarshal([]byte(e.Data), &data) // what it does not say stays empty
	switch e.Kind {
	case EventContained:
		m.ByLease = m.ByLease || data.ByLease
		return data.ByLease
	case EventDeadlineMissed:
		if m.Missed == nil {
			m.Missed = map[DeadlineKind]int{}
		}
		m.Missed[data.Kind]++
	case EventRollbackFailed:
		if data.To != nil {
			return false // an order of it was told before
		}
		m.Ordered++ // it could not even begin
	case EventPaged:
		if !m.Reached.IsZero() && !e.At.Before(m.Reached) {
			return false
		}
		m.Reached = e.At
	}
	return true
}

// At is a milestone, or zero.
func (m Measures) At(of Milestone) time.Time { return m.Milestones[slices.Index(Milestones(), of)] }

// between is from one moment to another; false if the incident lacks one of the two.
func between(from, to time.Time) (time.Duration, bool) {
	return to.Sub(from), !from.IsZero() && !to.IsZero() && !to.Before(from)
}

// ToDetect is detected − onset.
func (m Measures) ToDetect() (time.Duration, bool) { return between(m.At(Onset), m.At(Detected)) }

// ToAcknowledge is acknowledged − detected.
func (m Measures) ToAcknowledge() (time.Duration, bool) {
	return between(m.At(Detected), m.At(Acknowledged))
}

// ToContain is contained − detected.
func (m Measures) ToContain() (time.Duration, bool) {
	return between(m.At(Detected), m.At(Contained))
}

// ToRestore is resumed − detected.
func (m Measures) ToRestore() (time.Duration, bool) {
	return between(m.At(Detected), m.At(Resumed))
}

// ToKill is contained − the first stop requested, where all of it was observed.
func (m Measures) ToKill() (time.Duration, bool) {
	took, known := between(m.Stopped, m.At(Contained))
	return took, known && !m.ByLease
}

// InTime reports whether somebody was reached by the deadline to acknowledge: by a page, or
// since they acknowledged. Without such a deadline, whether anybody was.
func (m Measures) InTime() bool {
	for _, at := range []time.Time{m.Reached, m.At(Acknowledged)} {
		if !at.IsZero() && (m.AnswerDue.IsZero() || !at.After(m.AnswerDue)) {
			return true
		}
	}
	return false
}

// MeasuredIncident is an incident with its measures, as a table of them shows it.
type MeasuredIncident struct {
	Measures
	State     State
	Title     string
	Corrected []Milestone // whose times people corrected
}

// MostMeasured is how many incidents are listed at once, at most.
const MostMeasured = 20000

// Ruling is what became of a resume request that was decided.
type Ruling struct {
	Incident IncidentID
	NoGo     bool
	Took     time.Duration // of an approved one: its last sign-off − its making
}

// Ruling is what the figures take of the request; false if it was not decided.
func (r *ResumeRequest) Ruling() (Ruling, bool) {
	d := Ruling{Incident: r.Incident, NoGo: r.State == RequestRefused}
	for _, s := range r.Signoffs {
		if !d.NoGo {
			d.Took = max(d.Took, Moment(s.At).Sub(Moment(r.At)))
		}
	}
	return d, d.NoGo || r.State == RequestApproved
}
