package store_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// runsOf lists the runs of a history, oldest first, as "prompt v1 +0s".
func runsOf(h tagout.VersionHistory) string {
	var list []string
	for n := len(h.Runs) - 1; n >= 0; n-- {
		r := h.Runs[n]
		list = append(list, r.Component+" "+r.Version+" +"+r.Began.Sub(noon).String())
	}
	return strings.Join(list, ", ")
}

func TestAVersionRunsUntilAnotherOneIsSaid(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		saw := func(version string, after time.Duration) {
			t.Helper()
			if err := s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": version}, noon.Add(after)); err != nil {
				t.Fatal(err)
			}
		}
		saw("v1", 0)
		saw("v1", time.Hour)
		saw("v2", 2*time.Hour)
		saw("v1", 3*time.Hour) // it came back
		saw("v2", 90*time.Minute)
		for n := range 50 { // instances of both, in turn
			saw("v3", 4*time.Hour+time.Duration(2*n)*time.Second)
			saw("v4", 4*time.Hour+time.Duration(2*n+1)*time.Second)
		}
		change := tagout.Deployment{ID: "d1", Agent: "mailer", Component: "model", From: "m1", To: "m2", At: noon.Add(5 * time.Hour)}
		for range 2 {
			if err := s.RecordChange(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		h, err := s.VersionHistory(t.Context(), "mailer")
		if err != nil {
			t.Fatal(err)
		}
		want := "prompt v1 +0s, prompt v2 +1h30m0s, prompt v2 +2h0m0s, prompt v1 +3h0m0s, prompt v3 +4h1m38s, prompt v4 +4h1m39s, model m1 +4h59m59.999999s, model m2 +5h0m0s"
		if got := runsOf(h); got != want {
			t.Errorf("runs:\n%s\nwant\n%s", got, want)
		}
		if other, err := s.VersionHistory(t.Context(), "other"); err != nil || len(other.Runs)+len(other.Incidents) != 0 {
			t.Errorf("%+v, %v", other, err)
		}
	})
}

func TestTheHistoryKnowsTheIncidentsOfTheAgentButNotDrillsNorFalseAlarms(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		if err := s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": "v1"}, noon.Add(-100*365*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		made := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		mustJoin(t, s, tagout.Match{}, opening("researcher", "a"))
		stopped := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		for _, change := range []func(*tagout.Incident){func(i *tagout.Incident) { i.Drill = true }, func(i *tagout.Incident) { i.State = tagout.StateCancelled }} {
			i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
			mustUpdate(t, s, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { change(i); return tagout.Change{}, nil })
		}
		h, err := s.VersionHistory(t.Context(), "mailer")
		if err != nil {
			t.Fatal(err)
		}
		want := []time.Time{made.At(tagout.Detected), stopped.At(tagout.Detected)}
		if !reflect.DeepEqual(h.Incidents, want) {
			t.Errorf("incidents at %v, want %v", h.Incidents, want)
		}
	})
}

func TestPinsAreThoseOfOpenIncidents(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		rollback := func(version string) tagout.Transition {
			return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				return i.BeginRollback(tagout.Rollback{ID: version, By: ic, Agent: "mailer", Components: []tagout.ComponentRollback{{Component: "prompt", To: version}}}, now)
			}
		}
		pinned := func(want string) {
			t.Helper()
			pins, err := s.Pins(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := tagout.Pairs(tagout.EffectivePins(pins)["mailer"]); got != want {
				t.Errorf("pinned: %q, want %q", got, want)
			}
		}
		first := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer")).ID
		second := mustJoin(t, s, tagout.Match{}, opening("mailer", "b")).ID
		mustUpdate(t, s, first, rollback("v41"))
		pinned("prompt v41")
		mustUpdate(t, s, second, rollback("v40"))
		pinned("prompt v40")
		mustUpdate(t, s, first, rollback("v39"))
		pinned("prompt v39")
		mustUpdate(t, s, first, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State, i.Pins = tagout.StateCancelled, nil
			return tagout.Change{}, nil
		})
		pinned("prompt v40")
		mustUpdate(t, s, second, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State = tagout.StateClosed // whoever forgets to let go
			return tagout.Change{}, nil
		})
		pinned("")
	})
}

func TestAConfirmedVersionIsTheCurrentOneFromThenOn(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		mustUpdate(t, s, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return tagout.Change{Seen: []tagout.Version{{Agent: "mailer", Component: "prompt", Version: "v41", FirstSeen: noon}}}, nil
		})
		h, err := s.VersionHistory(t.Context(), "mailer")
		if err != nil || runsOf(h) != "prompt v41 +0s" {
			t.Errorf("%s, %v", runsOf(h), err)
		}
	})
}

func TestOldPinsGoToTheIncidentThatRolledBack(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		for _, state := range []tagout.State{tagout.StateOpen, tagout.StateOpen, tagout.StateResumed} {
			mustJoin(t, s, tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				c, err := opening("mailer", "a")(i, now)
				i.State, i.Rollback = state, &tagout.Rollback{Agent: "mailer"}
				return c, err
			})
		}
		if err := s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": "v42"}, noon); err != nil {
			t.Fatal(err)
		}
		if err := store.MigrateTo(t.Context(), url, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := rawDB(t, url).Exec(`INSERT INTO pins (agent, versions) VALUES ('mailer', '{"prompt":"v41","model":"m1"}'), ('ghost', '{"prompt":"g"}')`); err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		pins, err := s.Pins(t.Context())
		if err != nil || len(pins) != 2 || pins[0].Incident != 2 || tagout.Pairs(tagout.EffectivePins(pins)["mailer"]) != "model m1, prompt v41" {
			t.Fatalf("%+v, %v", pins, err)
		}
		i, err := s.Incident(t.Context(), 2)
		if err != nil || tagout.Pairs(i.PinsOf("mailer")) != "model m1, prompt v41" || i.Pins[0].Incident != 2 || !i.Pins[0].BegunAt.Equal(i.At(tagout.Detected)) {
			t.Errorf("INC-2 pins %+v, %v", i.Pins, err)
		}
		if h, err := s.VersionHistory(t.Context(), "mailer"); err != nil || runsOf(h) != "prompt v42 +0s" {
			t.Errorf("the history is %s, %v", runsOf(h), err)
		}
		if err := store.MigrateTo(t.Context(), url, 1); err != nil {
			t.Fatal(err)
		}
		if n := count(t, rawDB(t, url), "SELECT count(*) FROM pins WHERE agent = 'mailer' AND versions LIKE '%v41%' AND versions LIKE '%m1%'"); n != 1 {
			t.Error("the way down lost the pins")
		}
	})
}
