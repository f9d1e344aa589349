package store_test

import (
	"fmt"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// storm sends batches of new alerts, each to the same two agents.
func storm(t *testing.T, batches int, name string, stores ...*store.Store) {
	t.Helper()
	for n := range batches {
		var first string
		for _, s := range stores {
			s.TrustClock()
			out := told(mustFold(t, s, stormy(name, n, 0, "mailer"), stormy(name, n, 1, "mailer"), stormy(name, n, 2, "crm")))
			if first == "" {
				first = out
			}
			if out != first {
				t.Fatalf("%s %d: %s, but asking says %s", name, n, out, first)
			}
		}
	}
}

func stormy(name string, batch, n int, agent string) tagout.Incoming {
	a := alert(fmt.Sprint(name, "-", batch, "-", n), agent, tagout.Firing)
	a.Alert.StartsAt = noon
	return a
}

// TestASurpriseIsTakenByAskingAndChangesNothingElse lets one store foresee while others change
// the same database, and compares it with one that must ask each time.
func TestASurpriseIsTakenByAskingAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	end := func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		i.State = tagout.StateClosed
		return i.AddNote("over", ic, now)
	}
	for name, meanwhile := range map[string]func(t *testing.T, other *store.Store){
		"nothing":                         func(*testing.T, *store.Store) {},
		"the incident ended":              func(t *testing.T, other *store.Store) { mustUpdate(t, other, 1, end) },
		"the incident has another title":  func(t *testing.T, other *store.Store) { mustUpdate(t, other, 1, title("x")) },
		"the incident has another note":   func(t *testing.T, other *store.Store) { mustUpdate(t, other, 1, note("x")) },
		"an alert was recorded by others": func(t *testing.T, other *store.Store) { mustFold(t, other, stormy("after", 0, 1, "mailer")) },
		"others opened one of the same class": func(t *testing.T, other *store.Store) {
			mustJoin(t, other, tagout.Match{}, opening("mailer", "tool_misuse"))
		},
		"others took alerts of it": func(t *testing.T, other *store.Store) { mustFold(t, other, stormy("theirs", 0, 0, "mailer")) },
		"its alerts ended": func(t *testing.T, other *store.Store) {
			ending := stormy("before3", 0, 0, "mailer")
			ending.Alert.Status = tagout.Resolved
			mustFold(t, other, ending)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			foreseen, asked := pgtest.New(t), pgtest.New(t)
			c := newClock()
			s, other := open(t, foreseen, store.Options{Clock: c}), open(t, foreseen, store.Options{Clock: c})
			twin := func() *store.Store { return open(t, asked, store.Options{Clock: c}) } // has seen nothing yet
			for n := range 12 {
				storm(t, 1, fmt.Sprint("before", n), s, twin())
			}
			if taken, _ := s.Foreseen(); taken < 6 {
				t.Fatalf("only %d batches were foreseen", taken)
			}
			meanwhile(t, other)
			meanwhile(t, twin())
			storm(t, 3, "after", s, twin())
			if _, surprises := s.Foreseen(); (surprises > 0) != (name != "nothing") {
				t.Errorf("%d surprises", surprises)
			}
			same(t, s, twin())
		})
	}
}

// title gives an incident another title, without an event.
func title(text string) tagout.Transition {
	return func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		i.Title = text
		return tagout.Change{}, nil
	}
}

// same compares all incidents of two stores, and verifies their timelines.
func same(t *testing.T, s, other *store.Store) {
	t.Helper()
	ours, err := s.Incidents(t.Context(), tagout.IncidentQuery{})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Incidents(t.Context(), tagout.IncidentQuery{})
	if err != nil || len(ours) != len(theirs) {
		t.Fatal(len(ours), len(theirs), err)
	}
	for n, i := range ours {
		mustVerify(t, s, i.ID)
		if fmt.Sprintf("%+v", *i) != fmt.Sprintf("%+v", *theirs[n]) {
			t.Errorf("%+v, but asking made %+v", *i, *theirs[n])
		}
	}
}

func TestAlertsThatComeAgainAreCountedWithoutAsking(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(t *testing.T, other *store.Store){
		"nothing":                  func(*testing.T, *store.Store) {},
		"the alert ended":          func(t *testing.T, other *store.Store) { mustFold(t, other, resolved(stormy("a", 0, 0, "mailer"))) },
		"the incident was changed": func(t *testing.T, other *store.Store) { mustUpdate(t, other, 1, note("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			c := newClock()
			s, other := open(t, url, store.Options{Clock: c}), open(t, url, store.Options{Clock: c})
			a, b := stormy("a", 0, 0, "mailer"), stormy("a", 0, 1, "crm")
			mustFold(t, s, a, b)
			for range 10 {
				s.TrustClock()
				mustFold(t, s, a, b, a)
			}
			if taken, surprises := s.Foreseen(); taken < 5 || surprises > 0 {
				t.Fatal(taken, surprises)
			}
			meanwhile(t, other)
			s.TrustClock()
			out := mustFold(t, s, a, b)
			_, surprises := s.Foreseen()
			if (surprises > 0) != (name != "nothing") {
				t.Errorf("%d surprises", surprises)
			}
			if again := name != "the alert ended"; out[0].Repeat != again || !out[1].Repeat || out[0].Incident.ID != 1 || out[1].Incident.ID != 2 {
				t.Errorf("%+v", out)
			}
			if n := count(t, rawDB(t, url), "SELECT sum(count) FROM alerts"); n != 2+30+2 && name != "the alert ended" {
				t.Errorf("%d alerts were counted", n)
			}
			if i := mustRead(t, s, 2); i.Alerts.Repeats != 11 || i.Alerts.Distinct != 1 {
				t.Errorf("%+v", i.Alerts)
			}
		})
	}
}

func resolved(a tagout.Incoming) tagout.Incoming {
	a.Alert.Status = tagout.Resolved
	return a
}
