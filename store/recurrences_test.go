package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestRecurrencesCountOneAgentAndClassWithoutDrillsAndFalseAlarms(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		first := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		mustJoin(t, s, tagout.Match{}, opening("mailer", "b"))
		mustJoin(t, s, tagout.Match{}, opening("researcher", "a"))
		for _, change := range []func(*tagout.Incident){func(i *tagout.Incident) { i.Drill = true }, func(i *tagout.Incident) { i.State = tagout.StateCancelled }} {
			i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
			mustUpdate(t, s, i.ID, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) { change(i); return tagout.Change{}, nil })
		}
		at := first.At(tagout.Detected)
		for name, c := range map[string]struct {
			agent, class string
			from, before time.Time
			want         int
		}{
			"around it":         {"mailer", first.Class, at, at.Add(time.Microsecond), 1},
			"before it":         {"mailer", first.Class, at.Add(-time.Hour), at, 0},
			"after it":          {"mailer", first.Class, at.Add(time.Hour), at.Add(2 * time.Hour), 0},
			"of another class":  {"mailer", "another", at.Add(-time.Hour), at.Add(time.Hour), 0},
			"of no known agent": {"none", first.Class, at.Add(-time.Hour), at.Add(time.Hour), 0},
		} {
			if n, err := s.Recurrences(t.Context(), c.agent, c.class, c.from, c.before); err != nil || n != c.want {
				t.Errorf("%s: %d, %v; want %d", name, n, err, c.want)
			}
		}
	})
}
