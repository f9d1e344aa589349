package escalation

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tagout"
)

// How trials of pagers go.
const (
	trialLife  = 10 * time.Minute // how long a trial is watched
	trialPause = 15 * time.Second // between two trials of one person
)

// trials are the trials of pagers that are watched. They are kept nowhere else: they belong
// to no incident and count in no figures.
type trials struct {
	mu   sync.Mutex
	byID map[string]*trial
}

// trial is one person trying their pagers.
type trial struct {
	by    tagout.UserID
	at    time.Time
	tried []tagout.PageTried
	news  chan struct{} // closed and replaced whenever something changes
}

// TestPages sends somebody a page marked TEST by each of their pagers, or by one, and yields
// how far each got, at once and whenever that changes, until all is told or ctx ends. It
// returns Invalid for a pager that does not reach them, and TooMany right after another trial.
func (d *Desk) TestPages(ctx context.Context, t tagout.PageTest) (iter.Seq[[]tagout.PageTried], error) {
	person := d.person(tagout.OnCallPerson{ID: t.By.ID})
	order := d.order(person)
	if t.Pager != "" {
		order = slices.DeleteFunc(d.reaching(person), func(p tagout.Pager) bool { return p.Name() != t.Pager })
	}
	if len(order) == 0 {
		return nil, d.noTrial(person, t.Pager)
	}
	now := d.clock.Now()
	running := &trial{by: t.By.ID, at: now, news: make(chan struct{})}
	for _, pager := range order {
		running.tried = append(running.tried, tagout.PageTried{Pager: pager.Name(), BeganAt: now})
	}
	if !d.trials.begin(t.ID, running, now) {
		return nil, tagout.Errorf(tagout.TooMany, "You have just tried your pagers; try again in %s.", tagout.Elapsed(trialPause))
	}
	for _, pager := range order {
		go d.try(context.WithoutCancel(ctx), t.ID, person, pager, now)
	}
	return d.trials.watch(ctx, t.ID), nil
}

// noTrial says which pagers somebody could try.
func (d *Desk) noTrial(person tagout.Person, wanted string) error {
	var names []string
	for _, pager := range d.reaching(person) {
		names = append(names, pager.Name())
	}
	switch {
	case len(names) == 0:
		return tagout.Errorf(tagout.Invalid, "No pager reaches you. Ask an operator to add you under `people` in the configuration.")
	case slices.ContainsFunc(d.pagers, func(p tagout.Pager) bool { return p.Name() == wanted }):
		return tagout.Errorf(tagout.Invalid, "The pager %s does not reach you: it has no address of yours, or its own service decides whom to call. Yours are: %s.", wanted, strings.Join(names, ", "))
	}
	return tagout.Errorf(tagout.Invalid, "There is no pager of that name. Yours are: %s.", strings.Join(names, ", "))
}

// try sends one trial, once.
func (d *Desk) try(ctx context.Context, id string, person tagout.Person, pager tagout.Pager, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	page := d.trialPage(id, person, pager, now)
	var err error
	if page.AckURL, err = d.ackURL(ctx, page); err == nil {
		err = pager.Send(ctx, page)
	}
	sent := d.clock.Now()
	d.trials.change(id, pager.Name(), func(t *tagout.PageTried) {
		if t.SentAt = sent; err != nil {
			t.SentAt, t.Error = time.Time{}, tagout.Sentence(err)
		}
	})
}

func (d *Desk) trialPage(id string, person tagout.Person, pager tagout.Pager, now time.Time) tagout.Page {
	keys := d.policy.SeverityKeys()
	m := tagout.Message{Title: "TEST: this is no incident", Tone: tagout.ToneNeutral}
	m = m.Para("You asked Tagout to page you as a trial. Press Acknowledge to prove that it reaches you.")
	m = m.Fact("Pager", pager.Name()).Fact("Sent", now)
	value := strings.Join([]string{pager.Name(), strconv.FormatInt(now.UnixMilli(), 10), id}, "|")
	m.Buttons = []tagout.Button{{Action: "page-test", Label: "Acknowledge", Value: value, Tone: tagout.ToneGood}}
	return tagout.Page{
		ID: tagout.PageID(tagout.DeriveID("trial", id, pager.Name())), Test: true, Dedup: "trial-" + tagout.DeriveID("trial", id), Pager: pager.Name(),
		To: person, Severity: keys[len(keys)-1], Why: "you asked for a trial", Message: m, URL: d.url, Status: tagout.PageQueued, QueuedAt: tagout.Moment(now),
	}
}

// ReceiveTest takes somebody's word that a trial arrived: the value of its button. It returns
// Invalid for what is none, and otherwise how long it took.
func (d *Desk) ReceiveTest(value string) (tagout.PageTried, error) {
	parts := strings.SplitN(value, "|", 3)
	if len(parts) != 3 {
		return tagout.PageTried{}, tagout.Errorf(tagout.Invalid, "This button belongs to no trial page.")
	}
	began, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return tagout.PageTried{}, tagout.Errorf(tagout.Invalid, "This button belongs to no trial page.")
	}
	tried := tagout.PageTried{Pager: parts[0], BeganAt: tagout.Moment(time.UnixMilli(began)), ReceivedAt: d.clock.Now()}
	d.trials.change(parts[2], parts[0], func(t *tagout.PageTried) {
		if t.ReceivedAt.IsZero() {
			t.ReceivedAt = tried.ReceivedAt
		}
	})
	return tried, nil
}

// begin keeps a trial, unless the same person began one just before.
func (t *trials) begin(id string, fresh *trial, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for known, old := range t.byID {
		switch {
		case now.Sub(old.at) > trialLife:
			delete(t.byID, known)
		case old.by == fresh.by && now.Sub(old.at) < trialPause:
			return false
		}
	}
	if t.byID == nil {
		t.byID = map[string]*trial{}
	}
	t.byID[id] = fresh
	return true
}

// change changes what is known of a trial by one pager, if it is still watched here.
func (t *trials) change(id, pager string, do func(*tagout.PageTried)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	running := t.byID[id]
	if running == nil {
		return
	}
	for n := range running.tried {
		if running.tried[n].Pager == pager {
			do(&running.tried[n])
		}
	}
	close(running.news)
	running.news = make(chan struct{})
}

// watch yields how far a trial is, whenever that changes, until all is told or ctx ends.
func (t *trials) watch(ctx context.Context, id string) iter.Seq[[]tagout.PageTried] {
	return func(yield func([]tagout.PageTried) bool) {
		ctx, cancel := context.WithTimeout(ctx, trialLife)
		defer cancel()
		for {
			t.mu.Lock()
			running := t.byID[id]
			if running == nil {
				t.mu.Unlock()
				return
			}
			now, news := slices.Clone(running.tried), running.news
			t.mu.Unlock()
			open := slices.ContainsFunc(now, func(one tagout.PageTried) bool { return !one.Done() })
			if !yield(now) || !open {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-news:
			}
		}
	}
}
