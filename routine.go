package tagout

import (
	"context"
	"encoding/json"
	"time"
)

// Routine is an effect that comes again and again by a schedule: a digest, a drill. It comes
// exactly once for each time of its schedule, however many replicas run. What was missed while
// none ran is caught up once, for the newest of the missed times.
type Routine struct {
	Name     string         // unique, such as "digest weekly"
	Spec     string         // cron, five fields
	Location *time.Location // whose wall clock Spec means; nil: UTC
	Kind     EffectKind
	Data     any // handed on in [RoutineTurn.Data]; nil: nothing
}

// Zone is the name of the routine's time zone.
func (r Routine) Zone() string {
	if r.Location == nil {
		return time.UTC.String()
	}
	return r.Location.String()
}

// RoutineTurn is the data of the effect of a routine: the time of the schedule that it is for.
type RoutineTurn struct {
	Routine string          `json:"routine"`
	Due     time.Time       `json:"due"`              // when it was to come
	Late    bool            `json:"late,omitempty"`   // it came more than [LateAfter] later
	Missed  int             `json:"missed,omitempty"` // how many times before Due were missed and are not caught up; at most 1000 are counted
	Data    json.RawMessage `json:"data,omitzero"`
}

// LateAfter is how long after its time a routine counts as late.
const LateAfter = 5 * time.Minute

// maxMissed bounds the count of times that were missed.
const maxMissed = 1000

// RoutineState is what is known of a routine across restarts.
type RoutineState struct {
	Name string
	Spec string
	Zone string
	Next time.Time // when it comes next; zero: never
	Last time.Time // the time of the schedule that it came for last; zero: it never came
}

// Timetable tells the first time of a schedule after another; zero if there is none.
type Timetable func(after time.Time) time.Time

// Keep takes up the routine as it is configured now, and reports whether that changed anything.
// A new one does not do what it would have done before now. One whose schedule has changed
// follows the new one from now on, but what was due by then under the old one is caught up.
func (s *RoutineState) Keep(r Routine, table Timetable, now time.Time) bool {
	if s.Spec == r.Spec && s.Zone == r.Zone() && !s.Next.IsZero() {
		return false
	}
	s.Name, s.Spec, s.Zone = r.Name, r.Spec, r.Zone()
	if s.Next.IsZero() || s.Next.After(now) {
		s.Next = table(now)
	}
	return true
}

// Turn makes the effect of the routine if it is due, and sets when it comes next. It makes none
// for a state that another schedule wrote: the replica that started last decides.
func (s *RoutineState) Turn(r Routine, table Timetable, now time.Time) []Effect {
	if s.Spec != r.Spec || s.Zone != r.Zone() || s.Next.IsZero() || s.Next.After(now) {
		return nil
	}
	turn := RoutineTurn{Routine: r.Name, Due: s.Next}
	next := table(turn.Due)
	for ; !next.IsZero() && !next.After(now) && turn.Missed < maxMissed; next = table(next) {
		turn.Due, turn.Missed = next, turn.Missed+1
	}
	if !next.IsZero() && !next.After(now) {
		next = table(now)
	}
	turn.Late = now.Sub(turn.Due) > LateAfter
	if r.Data != nil {
		turn.Data, _ = json.Marshal(r.Data) // our own types marshal
	}
	s.Last, s.Next = turn.Due, next
	return []Effect{NewEffect(r.Kind, 0, r.Name+":"+turn.Due.UTC().Format(time.RFC3339), turn)}
}

// RoutineStore keeps when routines come.
type RoutineStore interface {
	// Routines lists what is known of all routines, by name.
	Routines(ctx context.Context) ([]RoutineState, error)
	// TurnRoutine locks what is known of a routine, or makes it, runs fn on it and commits what
	// it did with the effects in one transaction. A fresh one has no Spec yet. If fn fails nothing
	// is changed.
	TurnRoutine(ctx context.Context, name string, fn func(s *RoutineState, now time.Time) ([]Effect, error)) error
	// ForgetRoutines forgets all routines but these, so that one that comes back later
	// catches up nothing.
	ForgetRoutines(ctx context.Context, but []string) error
}
