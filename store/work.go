package store

import (
	"slices"
	"time"

	"tagout"
)

// work is an incident inside a transaction: locked or fresh, and what became of it.
type work struct {
	incident *tagout.Incident
	fresh    bool
	before   string        // its doc, as it is stored
	request  string        // its resume request; "" if there is none
	holds    []tagout.Hold // as they were
	pins     []pinRow      // as they were
	actions  []actionRow   // as they were
	measures tagout.Measures
	drill    drillRow // as it was
	now      time.Time
	change   tagout.Change
}

// locked is an incident that nobody else can change, and its doc as it is stored.
type locked struct {
	incident *tagout.Incident
	doc      string
}

func fresh(number int64) *work {
	return &work{incident: &tagout.Incident{ID: tagout.IncidentID(number)}, fresh: true}
}

// lock reads incidents and keeps everybody else from changing them, in the order of their
// numbers so that nobody waits in a circle.
func (t *tx) lock(ids []int64) ([]*work, error) { return t.lockAs(ids, false) }

// lockFree is lock for those of them that nobody else has locked.
func (t *tx) lockFree(ids []int64) ([]*work, error) { return t.lockAs(ids, true) }

func (t *tx) lockAs(ids []int64, free bool) ([]*work, error) {
	slices.Sort(ids)
	list, err := t.sql.lock(ids, free)
	if err != nil {
		return nil, err
	}
	return worksOf(list), nil
}

func worksOf(list []locked) []*work {
	works := make([]*work, len(list))
	for n, l := range list {
		i := l.incident
		works[n] = &work{drill: drillRowOf(i.ID, i.Exercise), incident: i, before: l.doc, request: textOf(i.Request), holds: clone(i.Holds), pins: pinRowsOf(i.ID, i.Pins), actions: actionRowsOf(i.ID, i.Actions), measures: i.Measures()}
	}
	return works
}
