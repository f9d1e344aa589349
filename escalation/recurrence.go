package escalation

import (
	"context"

	"tagout"
)

// Recurring tells which agents and classes came back, most recurrences first, and how many more
// did than are listed. Private incidents count, and are named, for whoever may read them.
func (d *Desk) Recurring(ctx context.Context, q tagout.RecurrenceQuery, v tagout.Viewer) (pairs []tagout.Recurring, more int, err error) {
	within, back := d.policy.Recurs(), q.Since
	if back <= 0 {
		back = within
	}
	since := d.clock.Now().Add(-back)
	all, err := d.store.Detections(ctx, q.Agent, since.Add(-within))
	if err != nil {
		return nil, 0, err
	}
	known := map[tagout.IncidentID]*tagout.Incident{}
	read := func(id tagout.IncidentID) (*tagout.Incident, error) {
		if i := known[id]; i != nil {
			return i, nil
		}
		i, err := d.store.Incident(ctx, id)
		known[id] = i
		return i, err
	}
	var seen []tagout.Detection
	for _, one := range all {
		if one.Private {
			i, err := read(one.Incident)
			if err != nil {
				return nil, 0, err
			}
			if !d.Sees(ctx, i, v) {
				continue
			}
		}
		seen = append(seen, one)
	}
	pairs, more = tagout.CameBack(seen, since, within)
	for n := range pairs {
		for _, id := range pairs[n].Last {
			i, err := read(id)
			if err != nil {
				return nil, 0, err
			}
			pairs[n].Known = append(pairs[n].Known, i)
		}
	}
	return pairs, more, nil
}
