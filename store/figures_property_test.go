package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"tagout"
	"tagout/internal/handclock"
	"tagout/store"
)

// past makes incidents at random, with the real transitions.
type past struct {
	t     *testing.T
	store *store.Store
	clock *handclock.Clock
	rand  *rand.Rand
}

func (p past) soon() { p.clock.Pass(time.Duration(p.rand.Int64N(int64(10 * time.Minute)))) }

func (p past) maybe(percent int) bool { return p.rand.IntN(100) < percent }

// update does something that may be refused.
func (p past) update(id tagout.IncidentID, fn tagout.Transition) {
	p.soon()
	_, err := p.store.Update(p.t.Context(), id, fn)
	if code := tagout.CodeOf(err); err != nil && code != tagout.Conflict && code != tagout.Invalid && code != tagout.Forbidden {
		p.t.Fatal(err)
	}
}

// incident goes some part of its way.
func (p past) incident(n int) {
	p.clock.Pass(time.Duration(p.rand.Int64N(int64(20 * time.Hour))))
	agent := []string{"mailer", "researcher", "mailer", "researcher", ""}[p.rand.IntN(5)]
	row := *sev1
	row.Severity = []tagout.Severity{tagout.Sev1, tagout.Sev2}[p.rand.IntN(2)]
	row.Deadlines.Acknowledge = []time.Duration{0, 5 * time.Minute}[p.rand.IntN(2)]
	scope := tagout.Scope{Agent: agent}
	i := mustJoin(p.t, p.store, tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		o := tagout.Opening{Title: "x", Scope: scope, Class: []string{"a", "b"}[p.rand.IntN(2)], By: ic, Row: &row, Drill: p.maybe(10), Private: p.maybe(20)}
		if p.maybe(60) {
			o.Onset = now.Add(-time.Duration(p.rand.Int64N(int64(time.Hour))))
		}
		return i.Open(o, now)
	})
	id := i.ID
	steps := []tagout.Transition{
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			h := tagout.Hold{ID: tagout.HoldID(fmt.Sprint("h", n)), Scope: scope, Mode: tagout.Halted, By: ic, At: now}
			return i.Hang(h, agents, now)
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.PageOut(tagout.Paging{Round: tagout.PageRound{Key: "sev1"}}, now), nil
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			status := []tagout.PageStatus{tagout.PageSent, tagout.PageFailed}[p.rand.IntN(2)]
			page := tagout.Page{ID: tagout.PageID(fmt.Sprint("p", n)), Incident: i.ID, Ladder: "sev1", Status: status, QueuedAt: now, SentAt: now}
			return i.Paged(page, nil, tagout.Paging{}, now), nil
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.Acknowledge(ic, now) },
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.PassDeadlines(func(tagout.Deadline) []string { return nil }, now), nil
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.PassLeases(now), nil },
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.TakeReport(tagout.ControlReport{Agent: agent, Control: "webhook", Holds: []tagout.HoldID{tagout.HoldID(fmt.Sprint("h", n))}, At: now, Observed: true}), nil
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			if p.maybe(30) {
				return i.FailRollback(tagout.Rollback{Agent: "mailer", By: ic}, "nothing to go back to", nil, now), nil
			}
			return i.BeginRollback(tagout.Rollback{ID: fmt.Sprint(now), Agent: "mailer", By: ic, Components: []tagout.ComponentRollback{{Component: "prompt", To: "v1"}}}, now)
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			if p.maybe(50) {
				return i.MissRollback(now, nil, nil, now), nil
			}
			return i.TakeVersionNews(tagout.ControlReport{Agent: "mailer", Control: "webhook", At: now, Versions: map[string]string{"prompt": "v1"}}, now), nil
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.RequestResume(tagout.ResumeDraft{ID: fmt.Sprint("r", n, now.UnixMicro()), By: tagout.User{ID: "U0OTHER", Team: "T1"}, Target: tagout.Running}, &row, agents, nil, now)
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return p.sign(i, "U0LEGAL", "legal", now)
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return p.sign(i, "U0PLATFORM", "platform", now)
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			m := tagout.Milestones()[p.rand.IntN(5)]
			to := i.When(m)
			if to.IsZero() {
				to = i.At(tagout.Detected)
			}
			to = to.Add(time.Duration(p.rand.Int64N(int64(10*time.Minute))) - 5*time.Minute)
			return i.CorrectMilestone(tagout.MilestoneOrder{Milestone: m, To: to, Why: "x", By: tagout.User{ID: "U0P"}, Platform: []tagout.UserID{"U0P"}}, now)
		},
		func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Cancel("none", tagout.User{ID: "U0IC"}, now)
		},
	}
	p.rand.Shuffle(3, func(a, b int) { steps[a], steps[b] = steps[b], steps[a] })
	for _, step := range steps[:len(steps)-1] {
		if p.maybe(75) {
			p.update(id, step)
		}
	}
	if p.maybe(10) {
		p.update(id, steps[len(steps)-1])
	}
}

func (p past) sign(i *tagout.Incident, user, role string, now time.Time) (tagout.Change, error) {
	r := i.Request
	if r == nil {
		return tagout.Change{}, tagout.Errorf(tagout.Conflict, "nothing to sign")
	}
	verdict := tagout.Go
	if p.maybe(20) {
		verdict = tagout.NoGo
	}
	_, c, err := i.Sign(tagout.Signing{User: tagout.User{ID: tagout.UserID(user), Team: "T1"}, HomeTeam: "T1", Roles: []string{role}, Verdict: verdict, Reason: "x", Request: r.ID, Digest: r.Digest}, agents, now)
	return c, err
}

// plainly computes the figures from the records and the timelines alone.
func plainly(t *testing.T, s *store.Store, q tagout.FiguresQuery) tagout.Figures {
	t.Helper()
	p := recorded(t, s)
	p.query = q
	return p.figures()
}

// recorded reads all records and timelines.
func recorded(t *testing.T, s *store.Store) (p plain) {
	t.Helper()
	list, err := s.Incidents(t.Context(), tagout.IncidentQuery{Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		i.ReachedAt = time.Time{} // the timeline says it
		m := i.Measures()
		events, err := s.Timeline(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			m.Tell(e)
		}
		p.measures = append(p.measures, m)
		requests, err := s.Requests(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range requests {
			if d, decided := r.Ruling(); decided {
				d.Incident = i.ID
				p.decisions = append(p.decisions, d)
			}
		}
	}
	return p
}

func TestTheFiguresOfRandomIncidentsAreThoseOfAPlainComputation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		p := past{t, s, c, rand.New(rand.NewPCG(7, 1))}
		for n := range 120 {
			p.incident(n)
		}
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		all := recorded(t, s)
		var met, compared int
		for n := range 40 {
			from := noon.Add(time.Duration(p.rand.IntN(50*24)) * time.Hour)
			q := tagout.FiguresQuery{From: from, To: from.Add(time.Duration(1+p.rand.IntN(90*24)) * time.Hour), RecurWithin: time.Duration(1+p.rand.IntN(30*24)) * time.Hour}
			if n%4 == 0 {
				q.Agent, q.Location = "mailer", berlin
			}
			if n%4 == 1 {
				q.Class = "a"
			}
			if n%3 == 0 {
				q.Severity = tagout.Sev1
			}
			q.Public = n%5 == 2
			if n%6 == 2 {
				sameMeasured(t, s, q)
			}
			got, err := s.Figures(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			all.query = q
			want := all.figures()
			if !reflect.DeepEqual(normal(got), normal(want)) {
				t.Fatalf("%s to %s, %q %q %q within %s:\ngot  %+v\nwant %+v", q.From, q.To, q.Agent, q.Class, q.Severity, q.RecurWithin, normal(got), normal(want))
			}
			compared++
			if full(got.Now) {
				met++
			}
		}
		if met == 0 {
			t.Errorf("only %d of %d windows had something of every figure", met, compared)
		}
	})
}

// sameMeasured checks the list of what a query is about against the records.
func sameMeasured(t *testing.T, s *store.Store, q tagout.FiguresQuery) {
	t.Helper()
	got, err := s.Measured(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Incidents(t.Context(), tagout.IncidentQuery{Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	want := map[tagout.IncidentID]*tagout.Incident{}
	for _, i := range list {
		if (plain{query: q}).within(i.Measures(), q.From, q.To) {
			want[i.ID] = i
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d incidents are listed, want %d", len(got), len(want))
	}
	for _, m := range got {
		i := want[m.Incident]
		if i == nil || m.Title != i.Title || m.State != i.State || m.Agent != i.Scope.Agent || m.Private != i.Private || m.At(tagout.Detected) != i.When(tagout.Detected) || m.At(tagout.Resumed) != i.When(tagout.Resumed) {
			t.Fatalf("%s is listed as %+v", m.Incident, m)
		}
	}
}

// normal has no nil where another has nothing.
func normal(f tagout.Figures) tagout.Figures {
	f.Groups, f.Recurring = slices.Clip(f.Groups), slices.Clip(f.Recurring)
	if len(f.Groups) == 0 {
		f.Groups = nil
	}
	if len(f.Recurring) == 0 {
		f.Recurring = nil
	}
	return f
}

func full(t tagout.Tally) bool {
	for _, s := range []tagout.Spread{t.TimeToDetect, t.TimeToAcknowledge, t.TimeToContain, t.TimeToRestore, t.TimeToKill, t.TimeToSignOff} {
		if s.N == 0 {
			return false
		}
	}
	for _, s := range []tagout.Share{t.PageReach, t.Recurring, t.RollbackSuccess, t.NoGo} {
		if s.Of == 0 || s.Of == s.All {
			return false
		}
	}
	return t.Drills > 0 && t.Cancelled > 0 && t.ByLease > 0 && len(t.MissedDeadlines) > 0
}

func TestADatabaseFromBeforeTheFiguresGetsTheSameOnes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		p := past{t, s, c, rand.New(rand.NewPCG(3, 2))}
		for n := range 40 {
			p.incident(n)
		}
		q := tagout.FiguresQuery{From: noon.Add(10 * 24 * time.Hour), To: noon.Add(100 * 24 * time.Hour)}
		want := normal(plainly(t, s, q))
		if want.Now.Incidents < 10 || want.Now.TimeToSignOff.N == 0 || want.Now.RollbackSuccess.Of == 0 || want.Now.PageReach.Of == 0 {
			t.Fatalf("too little to compare: %+v", want.Now)
		}
		for range 2 {
			if err := store.MigrateTo(t.Context(), url, 110); err != nil {
				t.Fatal(err)
			}
			if err := store.Migrate(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			got, err := s.Figures(t.Context(), q)
			if err != nil || !reflect.DeepEqual(normal(got), want) {
				t.Fatalf("%v\ngot  %+v\nwant %+v", err, normal(got), want)
			}
		}
		p.incident(1000) // and it goes on being measured
		q.To = c.Now().Add(time.Hour)
		if got, err := s.Figures(t.Context(), q); err != nil || !reflect.DeepEqual(normal(got), normal(plainly(t, s, q))) {
			t.Errorf("%v\ngot  %+v", err, normal(got))
		}
	})
}
