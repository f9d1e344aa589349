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
	before   *tagout.Incident // as it is stored; it is not changed
	tied     int64            // see [recalled]
	doc      string           // as it is stored
	now      time.Time
	change   tagout.Change
}

// locked is an incident that nobody else can change, and its doc as it is stored.
type locked struct {
	incident *tagout.Incident // it is not changed
	tied     int64            // see [recalled]
	doc      string
}

func fresh(number int64) *work {
	id := tagout.IncidentID(number)
	return &work{incident: &tagout.Incident{ID: id}, fresh: true, before: &tagout.Incident{ID: id}}
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
		works[n] = &work{incident: Copy(l.incident), before: l.incident, tied: l.tied, doc: l.doc}
	}
	return works
}

// changed returns the doc as it is to be stored, and whether the holds are no longer what is
// stored. The doc is as before if nothing changed but how many alerts there are, and when the
// last one came: that stands in columns as well.
func (w *work) changed() (doc string, holds bool, err error) {
	now, before := *w.incident, *w.before
	for _, i := range []*tagout.Incident{&now, &before} {
		i.Holds, i.Head, i.Alerts = nil, tagout.Head{}, tagout.AlertTally{FirstAt: i.Alerts.FirstAt}
	}
	if doc = w.doc; w.fresh || !alike(&now, &before) {
		doc, err = docOf(w.incident)
	}
	return doc, !alike(&w.incident.Holds, &w.before.Holds), err
}
