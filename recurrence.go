package tagout

import (
	"cmp"
	"slices"
	"time"
)

// Detection is that an incident of an agent and class was detected.
type Detection struct {
	Incident     IncidentID
	Agent, Class string
	Private      bool
	At           time.Time
}

// RecurrenceQuery asks what came back lately.
type RecurrenceQuery struct {
	Agent string        // "": of any
	Since time.Duration // how far back incidents count; 0: as long as they recur ([Policy.Recurs])
}

// Recurring is an agent and class that came back within a window, with what was learnt of it.
type Recurring struct {
	Agent, Class string
	Incidents    int
	Recurrences  int // incidents before which there was another of the pair, within the time in which they recur
	Last         []IncidentID
	Known        []*Incident // the incidents of Last, as they stand
}

const (
	mostRecurring = 8 // pairs
	lastRecurring = 3 // incidents of each
)

// CameBack are the pairs with a recurrence since a time, most recurrences first, at most eight; and
// how many more there are. An incident recurs if another of its pair was detected at most within
// before it.
func CameBack(all []Detection, since time.Time, within time.Duration) (pairs []Recurring, more int) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Detection) int {
		return cmp.Or(cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Class, b.Class), a.At.Compare(b.At), cmp.Compare(a.Incident, b.Incident))
	})
	var last Detection
	for _, d := range all {
		same := last.Incident != 0 && d.Agent == last.Agent && d.Class == last.Class
		recurs := same && d.At.Sub(last.At) <= within
		last = d
		if d.At.Before(since) {
			continue
		}
		if n := len(pairs); n == 0 || pairs[n-1].Agent != d.Agent || pairs[n-1].Class != d.Class {
			pairs = append(pairs, Recurring{Agent: d.Agent, Class: d.Class})
		}
		p := &pairs[len(pairs)-1]
		p.Incidents++
		if recurs {
			p.Recurrences++
		}
		p.Last = append([]IncidentID{d.Incident}, p.Last[:min(len(p.Last), lastRecurring-1)]...)
	}
	pairs = slices.DeleteFunc(pairs, func(p Recurring) bool { return p.Recurrences == 0 })
	slices.SortStableFunc(pairs, func(a, b Recurring) int {
		return cmp.Or(cmp.Compare(b.Recurrences, a.Recurrences), cmp.Compare(b.Incidents, a.Incidents))
	})
	more = max(0, len(pairs)-mostRecurring)
	return pairs[:len(pairs)-more], more
}
