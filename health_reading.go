package tagout

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// HealthQuery asks how well agents do.
type HealthQuery struct {
	Agent string // "": all, with what is true of all of them
	Since bool   // look up since when, which takes more questions
}

// HealthStatus says whether a value is as it should be.
type HealthStatus string

// The statuses. What is not known is never taken for good.
const (
	HealthMet     HealthStatus = "met"
	HealthMissed  HealthStatus = "missed"
	HealthUnknown HealthStatus = "unknown"
	HealthNothing HealthStatus = "nothing yet" // nothing happened that could be measured
)

// Glyph is the shape that goes with the word.
func (s HealthStatus) Glyph() string {
	switch s {
	case HealthMet:
		return "✔"
	case HealthMissed:
		return "✘"
	case HealthNothing:
		return "–"
	}
	return "❔"
}

// Label is the status as people read it: a shape and a word.
func (s HealthStatus) Label() string { return s.Glyph() + " " + string(s) }

// HealthReading is one value with its target.
type HealthReading struct {
	Agent   string // "": of all
	Name    string // the metric's key
	Title   string
	Canary  bool
	Unit    HealthUnit
	Target  HealthTarget
	Value   float64 // unless it is unknown or nothing
	Detail  string  // what the value is of, such as "3 of 3 rollbacks in 90 days"
	Status  HealthStatus
	Why     string    // it is unknown
	Broken  bool      // it is unknown until somebody corrects the query
	Since   time.Time // it has been met or missed; zero: that was not asked or is not known
	AtLeast bool      // it has been so for longer than was looked at
}

// Health is how well agents do, at a time.
type Health struct {
	At       time.Time
	Readings []HealthReading // by agent, those of all first; in the order of the configuration

	Practised string // of one agent: when stopping and rolling it back was practised last
}

// Read makes a reading of what a question for a metric gave.
func (r HealthReading) Read(value float64, err error) HealthReading {
	switch {
	case CodeOf(err) == NotFound:
		r.Status, r.Why = HealthUnknown, "Prometheus has no data"
	case err != nil:
		r.Status, r.Why, r.Broken = HealthUnknown, Sentence(err), CodeOf(err) == Invalid
	case value != value, math.IsInf(value, 0) && r.Target.Met(value): // 0/0, x/0: nothing was proven
		r.Status, r.Why = HealthUnknown, "the query gives no number, as a share of nothing does"
	case r.Target.Met(value):
		r.Status, r.Value = HealthMet, value
	default:
		r.Status, r.Value = HealthMissed, value
	}
	return r
}

// During tells since when the value has been as it is, by what it was at every step from a time
// on, oldest first. Where values are missing nothing is known, so it goes back no further.
func (r HealthReading) During(points []HealthPoint, from time.Time, step time.Duration) HealthReading {
	if r.Status != HealthMet && r.Status != HealthMissed {
		return r
	}
	for n := len(points) - 1; n >= 0; n-- {
		p := points[n]
		same := r.Target.Met(p.Value) == (r.Status == HealthMet)
		if !same || !r.Since.IsZero() && r.Since.Sub(p.At) > step+step/2 {
			return r
		}
		r.Since = p.At
	}
	r.AtLeast = !r.Since.IsZero() && r.Since.Sub(from) < step
	return r
}

// Text is the reading in one line.
func (r HealthReading) Text() Text {
	title := r.Title
	if r.Canary {
		title += " (canary)"
	}
	t := T(Bold(r.Status.Label()), " "+title+": ")
	switch r.Status {
	case HealthUnknown:
		t = append(t, T(strings.TrimSuffix(r.Why, "."))...)
	case HealthNothing:
		t = append(t, T(r.Detail)...)
		return append(t, T(fmt.Sprintf(" (target %s)", r.Target.Text(r.Unit)))...)
	default:
		t = append(t, T(r.Unit.Text(r.Value))...)
	}
	t = append(t, T(fmt.Sprintf(" (target %s)", r.Target.Text(r.Unit)))...)
	if r.Detail != "" {
		t = append(t, T(", "+r.Detail)...)
	}
	switch {
	case r.Since.IsZero():
	case r.AtLeast:
		t = append(t, T(", since ", r.Since, " or longer")...)
	default:
		t = append(t, T(", since ", r.Since)...)
	}
	return t
}

// Count is how many readings have a status.
func (h Health) Count(s HealthStatus) (n int) {
	for _, r := range h.Readings {
		if r.Status == s {
			n++
		}
	}
	return n
}
