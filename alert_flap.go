package tagout

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Flap is an alert of an incident that ended and began again, as often as it did. It is folded
// and counted; by itself it pages nobody.
type Flap struct {
	Alert string    `json:"alert"` // names source and fingerprint
	Name  string    `json:"name"`
	Times int       `json:"times,omitempty"`    // how often it began again
	Since time.Time `json:"since"`              // when it ended first
	Last  time.Time `json:"last,omitzero"`      // when it began again last
	Ended bool      `json:"resolved,omitempty"` // it has ended, as far as is known
}

// maxFlaps is how many alerts an incident watches for that; those that have flapped least, and
// longest ago, are forgotten first.
const maxFlaps = 10

// flaps counts an alert that began or ended.
func (i *Incident) flaps(a Alert, at time.Time) {
	if a.Status == Momentary {
		return
	}
	name := DeriveID("flap", a.Source, a.Fingerprint)[:13]
	n := slices.IndexFunc(i.Flaps, func(f Flap) bool { return f.Alert == name })
	switch {
	case n < 0 && a.Status == Resolved:
		i.Flaps = append(i.Flaps, Flap{Alert: name, Name: clip(oneLine(a.Name), 80), Since: Moment(at), Ended: true})
		i.forgetFlaps()
	case n < 0:
	case a.Status == Resolved:
		i.Flaps[n].Ended = true
	case i.Flaps[n].Ended:
		f := &i.Flaps[n]
		f.Times, f.Last, f.Ended = f.Times+1, Moment(at), false
	}
}

// forgetFlaps keeps as many as are watched.
func (i *Incident) forgetFlaps() {
	if len(i.Flaps) <= maxFlaps {
		return
	}
	least := slices.MinFunc(i.Flaps[:maxFlaps], func(a, b Flap) int { // never the newest
		return cmp.Or(cmp.Compare(a.Times, b.Times), a.Since.Compare(b.Since))
	})
	i.Flaps = slices.DeleteFunc(i.Flaps, func(f Flap) bool { return f.Alert == least.Alert })
}

// Flapping lists the alerts that began again twice or more often, those that did most first.
func (i *Incident) Flapping() []Flap {
	var list []Flap
	for _, f := range i.Flaps {
		if f.Times > 1 {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b Flap) int { return cmp.Compare(b.Times, a.Times) })
	return list
}

// AlertCount is how many alerts were folded into the incident, those that flap counted once.
func (i *Incident) AlertCount() int {
	n := i.Alerts.Distinct
	for _, f := range i.Flaps {
		n -= f.Times
	}
	return max(n, min(i.Alerts.Distinct, 1))
}

// Text says how it flapped: "Spend began again 14 times in 10 min, the last time at …".
func (f Flap) Text() Text {
	return T(Bold(f.Name), " began again "+strconv.Itoa(f.Times)+" times in "+WindowText(f.Last.Sub(f.Since))+", the last time at ", f.Last)
}
