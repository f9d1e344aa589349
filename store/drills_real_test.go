package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// TestWhatWasMeasuredOfADrillIsNotCountedOfWhatItBecame: the pages, missed deadlines and stops
// of a game day that failed.
func TestWhatWasMeasuredOfADrillIsNotCountedOfWhatItBecame(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		clock := newClock()
		s := open(t, url, store.Options{Clock: clock})
		canary := tagout.MustScope("mailer/sms/us")
		facts := tagout.DrillFacts{Agents: tagout.Registry{"mailer": {Name: "mailer", Canary: canary, Controls: []string{"webhook"}}}}
		row := &tagout.SeverityPolicy{Severity: "sev2", Deadlines: tagout.Deadlines{Contain: time.Minute, Acknowledge: time.Minute}}
		d := tagout.Drill{ID: "d1", Action: tagout.DrillKill, Agent: "mailer", Scope: canary, By: ic, Severity: "sev2", Within: time.Minute, Page: true}
		terms := tagout.DrillTerms{Row: row, Class: "integration_failure"}
		i, _, err := s.Practise(t.Context(), d, func(i *tagout.Incident, others []*tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.BeginDrill(d, terms, facts.Beside(others, nil), now)
		})
		if err != nil {
			t.Fatal(err)
		}
		then := func(fn tagout.Transition) {
			t.Helper()
			if _, err := s.Update(t.Context(), i.ID, fn); err != nil {
				t.Fatal(err)
			}
		}
		then(func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			round := tagout.PageRound{Key: "drill:sev2", Roles: []string{"platform"}}
			page := tagout.Page{ID: "page0000", Incident: i.ID, Ladder: round.Key, Pager: "slack", To: tagout.Person{ID: "U0PLATFORM"}, Status: tagout.PageSent}
			c := i.PageOut(tagout.Paging{Round: round, Pages: []tagout.Page{page}}, now)
			return c.And(i.Paged(page, nil, tagout.Paging{Round: round}, now)), nil
		})
		clock.Pass(2 * time.Minute)
		then(func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.PassDeadlines(func(tagout.Deadline) []string { return nil }, now), nil
		})
		then(func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Interrupt("it is real", ic, facts.Agents, now), nil
		})
		real := tagout.Moment(clock.Now())
		list, err := s.Measured(t.Context(), tagout.FiguresQuery{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)})
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		m := list[0].Measures
		if m.Counting != tagout.Counts || !m.At(tagout.Detected).Equal(real) || !m.Stopped.Equal(real) || m.Paged || !m.Reached.IsZero() ||
			m.Missed[tagout.DueAcknowledge]+m.Missed[tagout.DueContain] != 0 {
			t.Errorf("of the drill it keeps %+v; real since %s", m, real)
		}
		clock.Pass(2 * time.Minute)
		then(func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.PassDeadlines(func(tagout.Deadline) []string { return nil }, now), nil
		})
		list, err = s.Measured(t.Context(), tagout.FiguresQuery{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)})
		if err != nil || list[0].Missed[tagout.DueAcknowledge] != 1 || list[0].Missed[tagout.DueContain] != 1 {
			t.Errorf("since then are missed %v, %v", list[0].Missed, err)
		}
	})
}
