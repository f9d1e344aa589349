package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// drilled begins a kill drill of the mailer, and carries it on to where it is observed.
func drilled(t *testing.T, s *store.Store, id string) *tagout.Incident {
	t.Helper()
	canary := tagout.MustScope("mailer/sms/us")
	agents := tagout.Registry{"mailer": {Name: "mailer", Channels: []string{"sms"}, Regions: []string{"us"}, Canary: canary, Controls: []string{"webhook"}}}
	d := tagout.Drill{ID: id, Action: tagout.DrillKill, Agent: "mailer", Scope: canary, By: ic, Severity: "sev2", Within: time.Minute}
	terms := tagout.DrillTerms{Row: &tagout.SeverityPolicy{Severity: "sev2"}, Class: "integration_failure"}
	facts := tagout.DrillFacts{Agents: agents}
	i, fresh, err := s.Join(t.Context(), tagout.Match{Hold: tagout.DrillHold(id)}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.BeginDrill(d, terms, facts, now)
	})
	if err != nil || !fresh {
		t.Fatalf("fresh %v, %v", fresh, err)
	}
	i, err = s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.TakeReport(tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{tagout.DrillHold(id)}, At: now, Observed: true}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	i, err = s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		_, c := i.AdvanceDrill(facts, now)
		return c, nil
	})
	if err != nil || len(i.ActiveHolds()) != 0 {
		t.Fatalf("it holds %v, %v", i.ActiveHolds(), err)
	}
	return i
}

func TestADrillIsFoundWithWhatBecameOfItAndNothingJoinsIt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := drilled(t, s, "d1")
		facts := tagout.DrillFacts{Agents: tagout.Registry{"mailer": {Name: "mailer", Canary: tagout.MustScope("mailer/sms/us")}},
			Controls: []tagout.ControlState{{Control: "webhook", ReadAt: time.Now().Add(time.Hour)}}}
		if list, err := s.Drills(t.Context(), tagout.DrillQuery{Agent: "mailer"}); err != nil || len(list) != 1 || list[0].Phase != tagout.DrillReleasing || list[0].Incident != i.ID {
			t.Fatalf("%+v, %v", list, err)
		}
		if _, fresh, err := s.Join(t.Context(), tagout.Match{Agent: "mailer", Class: "integration_failure", Overlaps: &i.Scope}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Open(tagout.Opening{Title: "real", Scope: tagout.MustScope("mailer/sms"), Class: "integration_failure", By: ic, Row: &tagout.SeverityPolicy{Severity: "sev2"}}, now)
		}); err != nil || !fresh {
			t.Errorf("what is real joined a drill: %v, %v", fresh, err)
		}
		if _, err := s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			_, c := i.AdvanceDrill(facts, now)
			return c, nil
		}); err != nil {
			t.Fatal(err)
		}
		for q, want := range map[tagout.DrillQuery]int{{Agent: "mailer", Action: tagout.DrillKill}: 1, {Agent: "researcher"}: 0, {Action: tagout.DrillRollback}: 0, {Since: time.Now().Add(time.Hour)}: 0} {
			list, err := s.Drills(t.Context(), q)
			if err != nil || len(list) != want || want == 1 && list[0].Result != tagout.DrillPassed {
				t.Errorf("%+v: %+v, %v", q, list, err)
			}
		}
	})
}

func TestALiftingByADrillIsKnownAndAForgedOneIsNot(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := drilled(t, s, "d1")
		if unsigned, err := s.UnsignedLiftings(t.Context(), []tagout.HoldID{tagout.DrillHold("d1")}); err != nil || len(unsigned) != 0 {
			t.Errorf("what the drill lifted counts as unsigned: %v, %v", unsigned, err)
		}
		real := tagout.Hold{ID: "real", Scope: tagout.MustScope("mailer/sms/us"), Mode: tagout.Halted, By: ic, Drill: "drill"}
		if _, err := s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			c, err := i.Hang(real, nil, now)
			i.Holds[1].LiftedAt, i.Holds[1].LiftedBy = now, "drill:d1"
			c.Events = append(c.Events, tagout.NewEvent(tagout.EventDrillLifted, tagout.Tagout, now, map[string]any{"hold": "real", "drill": "d1"}))
			return c, err
		}); err != nil {
			t.Fatal(err)
		}
		if unsigned, err := s.UnsignedLiftings(t.Context(), []tagout.HoldID{"real"}); err != nil || len(unsigned) != 1 {
			t.Errorf("a forged lifting is believed: %v, %v", unsigned, err)
		}
	})
}
