package escalation

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

const (
	freshFor    = time.Minute      // what was read is taken without asking again
	trustedFor  = time.Hour        // after that it is not trusted alone
	retryAfter  = 10 * time.Second // between two tries that fail, so that no storm of pages waits for them
	askPatience = 2 * time.Second  // how long a page waits for an answer
	askEvery    = 30 * time.Second // how often everything is read without being needed
	tolerated   = 5 * time.Minute  // how long something may be unreadable before the process says so
)

// known is what is known of a list of people that is kept elsewhere.
type known struct {
	people []tagout.OnCallPerson
	at     time.Time // when that was read; zero: never
	err    error     // why it could not be read the last time; nil: it could
	since  time.Time // when it could first not be read
	tried  time.Time
}

// fresh reports whether nothing need be asked.
func (k known) fresh(now time.Time) bool {
	if k.err != nil || k.at.IsZero() || now.Sub(k.at) >= freshFor {
		return false
	}
	for _, p := range k.people {
		if !p.Until.IsZero() && !p.Until.After(now) {
			return false // the next one has taken over since
		}
	}
	return true
}

// ask reads a list of people where it is kept.
type ask func(ctx context.Context) ([]tagout.OnCallPerson, error)

// knowledge remembers Slack groups and schedules of other services, and how old that is.
type knowledge struct {
	mu       sync.Mutex
	lists    map[string]*list
	accounts map[tagout.UserID]tagout.Account
}

type list struct {
	asking chan struct{} // one at a time asks
	mu     sync.Mutex
	known  known
}

func newKnowledge() *knowledge {
	return &knowledge{lists: map[string]*list{}, accounts: map[tagout.UserID]tagout.Account{}}
}

func (k *knowledge) list(key string) *list {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lists[key] == nil {
		k.lists[key] = &list{asking: make(chan struct{}, 1)}
	}
	return k.lists[key]
}

func (l *list) get() known {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known
}

// learn takes over an answer. It reports whether it could be read before, and now.
func (l *list) learn(people []tagout.OnCallPerson, err error, now time.Time) (before, after bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.known.err == nil
	l.known.tried = now
	if l.known.err = err; err == nil {
		l.known.people, l.known.at, l.known.since = people, now, time.Time{}
	} else if before {
		l.known.since = now
	}
	return before, err == nil
}

// look is what is known of a list, asking if that is not fresh. What is returned with an
// error is the last that was known.
func (d *Desk) look(ctx context.Context, key string, question ask) known {
	l := d.knowledge.list(key)
	now := d.clock.Now()
	k := l.get()
	if k.fresh(now) || k.err != nil && now.Sub(k.tried) < retryAfter {
		return k
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	return d.inquire(ctx, key, l, question)
}

// inquire asks, unless somebody who was quicker has just done so.
func (d *Desk) inquire(ctx context.Context, key string, l *list, question ask) known {
	tried := l.get().tried
	select {
	case l.asking <- struct{}{}:
		defer func() { <-l.asking }()
	case <-ctx.Done():
		k := l.get()
		if k.err == nil {
			k.err = tagout.Errorf(tagout.Unavailable, "There was no answer in time.")
		}
		return k
	}
	if k := l.get(); !k.tried.Equal(tried) {
		return k
	}
	people, err := question(ctx)
	if err != nil && ctx.Err() != nil {
		err = tagout.Errorf(tagout.Unavailable, "There was no answer in time.")
	}
	before, after := l.learn(people, err, d.clock.Now())
	switch {
	case before && !after:
		d.log.Warn("who is to be paged could not be read; what was known is used, and said to be old", "list", key, "error", tagout.Sentence(err))
	case after && !before:
		d.log.Info("who is to be paged can be read again", "list", key)
	}
	return l.get()
}

// account is what was last heard of a person's Slack account.
func (k *knowledge) account(id tagout.UserID) (tagout.Account, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.accounts[id]
	return a, ok
}

func (k *knowledge) hear(id tagout.UserID, a tagout.Account) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.accounts[id] = a
}

// Unreadable lists the groups and schedules that could not be read for some minutes.
func (d *Desk) Unreadable() []string {
	d.knowledge.mu.Lock()
	defer d.knowledge.mu.Unlock()
	now := d.clock.Now()
	var keys []string
	for key, l := range d.knowledge.lists {
		if k := l.get(); k.err != nil && now.Sub(k.since) >= tolerated {
			keys = append(keys, key)
		}
	}
	return keys
}

var (
	ageOfList      = prometheus.NewDesc("tagout_roster_age_seconds", "Age of what is known of a Slack group or a schedule of another service.", []string{"list"}, nil)
	unreadableList = prometheus.NewDesc("tagout_roster_unreadable", "1 while a Slack group or a schedule of another service cannot be read.", []string{"list"}, nil)
)

// rosterAge shows how old what is known of each list is.
type rosterAge struct{ d *Desk }

// Describe names the metrics.
func (r rosterAge) Describe(ch chan<- *prometheus.Desc) {
	ch <- ageOfList
	ch <- unreadableList
}

// Collect reads them.
func (r rosterAge) Collect(ch chan<- prometheus.Metric) {
	r.d.knowledge.mu.Lock()
	defer r.d.knowledge.mu.Unlock()
	for key, l := range r.d.knowledge.lists {
		k := l.get()
		unreadable := 0.0
		if k.err != nil {
			unreadable = 1
		}
		ch <- prometheus.MustNewConstMetric(unreadableList, prometheus.GaugeValue, unreadable, key)
		if !k.at.IsZero() {
			ch <- prometheus.MustNewConstMetric(ageOfList, prometheus.GaugeValue, r.d.clock.Now().Sub(k.at).Seconds(), key)
		}
	}
}
