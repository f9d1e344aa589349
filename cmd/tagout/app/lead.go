package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

const (
	newsPause = 20 * time.Millisecond // between two reads of the holds that news ask for
	// overtaken is after how long nothing can arrive any more that the leader before sent.
	overtaken  = 15 * time.Second
	marksAfter = 10 * time.Minute // an ended incident that did not change for so long is not looked after
)

// leadership is whether this replica leads, and what it knows for that.
type leadership struct {
	marks    map[tagout.IncidentID]mark // nil: it did not lead when it last looked
	recheck  time.Time                  // when the messages of open incidents are looked at once more; zero: they were
	embedded bool                       // nobody led before
}

// mark is the state in which an incident was seen.
type mark struct {
	value string
	at    time.Time // when it was first seen so
}

// leads reports whether this replica leads: it alone loosens controls and edits what
// incidents show in Slack.
//
// It counts by both clocks: one may be set back, and the other stand still while the machine
// sleeps.
func (a *App) leads() bool {
	until, now := a.leadsUntil.Load(), time.Now()
	return until != nil && now.Before(*until) && now.Round(0).Before(until.Round(0))
}

// loosens reports whether this replica may loosen controls: it leads, and knows what others
// have hung.
func (a *App) loosens() bool { return a.leads() && (a.leadership.embedded || !a.cutOff()) }

// lead takes until when this replica may believe that it leads.
func (a *App) lead(until time.Time) {
	before := a.leads()
	a.leadsUntil.Store(&until)
	switch {
	case !before && a.leads():
		a.log.Info("this replica leads now")
		a.gate.Reconcile()
		a.hear()
	case before && !a.leads():
		a.log.Info("this replica does not lead any more")
	}
}

// hear tells that holds may have changed elsewhere. It never waits.
func (a *App) hear() {
	select {
	case a.news <- struct{}{}:
	default:
	}
}

func (a *App) showLead() {
	a.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tagout_leader", Help: "1 if this replica leads: it alone loosens controls and edits cards.",
	}, func() float64 {
		if a.leads() {
			return 1
		}
		return 0
	}))
}

// lookAround finds the incidents that other replicas have changed, if this one leads, and
// brings their messages up to date.
func (a *App) lookAround(ctx context.Context) {
	l := &a.leadership
	if !a.leads() {
		l.marks = nil
		return
	}
	if l.marks == nil || !l.recheck.IsZero() && time.Now().After(l.recheck) {
		fresh := l.marks == nil
		if !a.refreshCards(ctx) {
			return
		}
		l.recheck = time.Time{}
		if fresh {
			l.marks = map[tagout.IncidentID]mark{}
			l.recheck = time.Now().Add(overtaken)
		}
		if l.embedded {
			l.recheck = time.Time{}
		}
	}
	if !l.embedded {
		a.compareMarks(ctx)
	}
}

func (a *App) compareMarks(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, 5*time.Second)
	defer cancel()
	before, now := a.leadership.marks, time.Now()
	var also []tagout.IncidentID
	for id, m := range before {
		if now.Sub(m.at) < marksAfter {
			also = append(also, id)
		}
	}
	values, err := a.store.Marks(ctx, also)
	if err != nil {
		return // the read of the holds speaks of it
	}
	after := make(map[tagout.IncidentID]mark, len(values))
	for id, value := range values {
		m, known := before[id]
		if !known || m.value != value {
			m = mark{value, now}
			a.bot.Changed(id)
		}
		after[id] = m
	}
	a.leadership.marks = after
}

// refreshCards brings the messages of open incidents up to date, whatever they are
// believed to show. It reports whether the incidents could be listed.
func (a *App) refreshCards(ctx context.Context) bool {
	open, err := a.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: 1000})
	if err != nil {
		a.log.Warn("open incidents could not be listed", "error", err)
		return false
	}
	ids := make([]tagout.IncidentID, len(open))
	for n, i := range open {
		ids[n] = i.ID
	}
	resumed, err := a.store.Incidents(ctx, tagout.IncidentQuery{Resumed: true, Limit: 100})
	if err != nil {
		a.log.Warn("incidents whose review is under way could not be listed", "error", err)
		return false
	}
	for _, i := range resumed {
		if i.Review != nil { // its document lives on
			ids = append(ids, i.ID)
		}
	}
	a.bot.RefreshOpen(ids)
	return true
}
