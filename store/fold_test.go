package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// alert is an incoming alert on an agent, of the class tool_misuse.
func alert(id, agent string, status tagout.AlertStatus) tagout.Incoming {
	return tagout.Incoming{
		ID:      id,
		Alert:   tagout.Alert{Source: "generic", Name: "spike", Fingerprint: id, Status: status, Raw: json.RawMessage(`{"raw":"` + id + string(status) + `"}`)},
		Verdict: tagout.Verdict{Severity: tagout.Sev1, Class: "tool_misuse", Scope: tagout.Scope{Agent: agent}},
		At:      noon,
	}
}

// taking opens a fresh incident, or folds into the one there is.
func taking(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
	var c tagout.Change
	if i.State == "" {
		opened, err := i.Open(tagout.Opening{
			Title: in.Alert.Name, Scope: in.Verdict.Scope, Class: in.Verdict.Class, CorrelationID: in.Alert.CorrelationID, By: in.Alert.Actor(), Row: sev1,
		}, now)
		if err != nil {
			return c, err
		}
		c = opened
	}
	return c.And(i.TakeAlert(in, nil, now)), nil
}

func mustFold(t testing.TB, s *store.Store, in ...tagout.Incoming) []tagout.Folded {
	t.Helper()
	out, err := s.Fold(t.Context(), in, taking)
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range out {
		if f.Err != nil {
			t.Fatalf("alert %d: %+v", n, f)
		}
	}
	return out
}

func mustRead(t testing.TB, s *store.Store, id tagout.IncidentID) *tagout.Incident {
	t.Helper()
	i, err := s.Incident(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestOneStormMakesOneIncident(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		var wait sync.WaitGroup
		for g := range 8 {
			wait.Go(func() {
				for b := range 5 {
					batch := make([]tagout.Incoming, 40)
					for n := range batch {
						batch[n] = alert(fmt.Sprint(g, "/", b, "/", n), "mailer", tagout.Firing)
					}
					out, err := s.Fold(soon(t), batch, taking)
					if err != nil || len(out) != 40 || out[39].Incident == nil {
						t.Error(out, err)
					}
				}
			})
		}
		wait.Wait()
		list, err := s.Incidents(t.Context(), tagout.IncidentQuery{})
		if err != nil || len(list) != 1 {
			t.Fatal(len(list), err)
		}
		if got := list[0].Alerts; got.Distinct != 1600 || got.Firing != 1600 || got.Repeats != 0 {
			t.Fatalf("%+v", got)
		}
		mustVerify(t, s, list[0].ID)
		alerts, err := s.Alerts(t.Context(), list[0].ID, 2000)
		if err != nil || len(alerts) != 1600 || len(alerts[0].Alert.Raw) == 0 {
			t.Fatal(len(alerts), err)
		}
		one, err := s.AlertOf(t.Context(), list[0].ID, alerts[700].ID)
		if err != nil || one.ID != alerts[700].ID || string(one.Alert.Raw) != string(alerts[700].Alert.Raw) {
			t.Fatalf("%+v, %v", one, err)
		}
		for _, id := range []tagout.IncidentID{list[0].ID, 99} {
			if _, err := s.AlertOf(t.Context(), id, "another"); tagout.CodeOf(err) != tagout.NotFound {
				t.Fatal(err)
			}
		}
	})
}

func TestARepeatOnlyCountsAndItsEndEndsIt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		a := alert("a", "mailer", tagout.Firing)
		out := mustFold(t, s, a, a, alert("b", "mailer", tagout.Firing), a)
		if !out[0].Fresh || out[0].Repeat || !out[1].Repeat || out[1].Fresh || out[2].Repeat || !out[3].Repeat {
			t.Fatalf("%+v", out)
		}
		head := mustRead(t, s, 1).Head
		for range 3 {
			if again := mustFold(t, s, a, a); !again[0].Repeat || again[0].Incident == nil || again[0].Incident.ID != 1 {
				t.Fatalf("%+v", again[0])
			}
		}
		i := mustRead(t, s, 1)
		if i.Alerts.Distinct != 2 || i.Alerts.Firing != 2 || i.Alerts.Repeats != 8 || i.Head != head {
			t.Fatalf("%+v, head %v, was %v", i.Alerts, i.Head, head)
		}
		c.Pass(time.Minute)
		ended := alert("a", "mailer", tagout.Resolved)
		if out := mustFold(t, s, ended); out[0].Repeat || out[0].Incident.ID != 1 {
			t.Fatalf("%+v", out[0])
		}
		if out := mustFold(t, s, ended); !out[0].Repeat {
			t.Fatalf("%+v", out[0])
		}
		if i = mustRead(t, s, 1); i.Alerts.Firing != 1 || i.Alerts.Distinct != 2 {
			t.Fatalf("%+v", i.Alerts)
		}
		alerts, err := s.Alerts(t.Context(), 1, 0)
		if err != nil || len(alerts) != 3 || alerts[0].Alert.Status != tagout.Resolved || string(alerts[0].Alert.Raw) != `{"raw":"aresolved"}` || alerts[0].Verdict.Class != "tool_misuse" {
			t.Fatalf("%+v, %v", alerts, err)
		}
		brief, err := s.AlertsBrief(t.Context(), 1, 2)
		if err != nil || len(brief) != 2 || brief[0].Alert.Raw != nil || brief[0].Alert.Name != alerts[0].Alert.Name || brief[1].ID != alerts[1].ID {
			t.Fatalf("%+v, %v", brief, err)
		}
		// It fires again: news once more.
		if out := mustFold(t, s, a); out[0].Repeat || out[0].Incident.ID != 1 {
			t.Fatalf("%+v", out[0])
		}
		mustVerify(t, s, 1)
	})
}

func TestTheEndOfWhatNeverFiredIsKeptWithoutAnIncident(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		out := mustFold(t, s, alert("a", "mailer", tagout.Resolved))
		if out[0].Incident != nil || out[0].Err != nil {
			t.Fatalf("%+v", out[0])
		}
		if list, err := s.Incidents(t.Context(), tagout.IncidentQuery{}); err != nil || len(list) != 0 {
			t.Fatal(list, err)
		}
	})
}

func TestAlertsFoldByCorrelationThenByAgentAndClass(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		correlated := func(id, agent, correlation string) tagout.Incoming {
			in := alert(id, agent, tagout.Firing)
			in.Alert.CorrelationID = correlation
			return in
		}
		long := strings.Repeat("ö", 150)
		out := mustFold(t, s, correlated("a", "mailer", long), correlated("b", "researcher", "x"), correlated("c", "researcher", long),
			alert("d", "mailer", tagout.Firing), correlated("e", "mailer", "unknown"))
		want := []tagout.IncidentID{1, 2, 1, 1, 1}
		for n, f := range out {
			if f.Incident.ID != want[n] {
				t.Errorf("alert %d went to %s, want %s", n, f.Incident.ID, want[n])
			}
		}
		if out = mustFold(t, s, correlated("f", "else", long)); out[0].Incident.ID != 1 {
			t.Errorf("later it went to %s", out[0].Incident.ID)
		}
		// Into an ended incident nothing is folded any more.
		mustUpdate(t, s, 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State = tagout.StateClosed
			return i.AddNote("x", ic, now)
		})
		if out = mustFold(t, s, correlated("g", "mailer", long)); !out[0].Fresh || out[0].Incident.ID != 3 {
			t.Errorf("%+v", out[0])
		}
		// But the end of an alert goes where it began.
		if out = mustFold(t, s, alert("d", "mailer", tagout.Resolved)); out[0].Incident.ID != 1 {
			t.Errorf("%+v", out[0])
		}
	})
}

func TestAnAlertThatCannotBeTakenHarmsNoOther(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		bad := errors.New("no such severity")
		picky := func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
			c, err := taking(i, in, now)
			if strings.HasPrefix(in.ID, "bad") {
				i.Title = "spoiled"
				return c, bad
			}
			return c, err
		}
		in := []tagout.Incoming{alert("bad1", "mailer", tagout.Firing), alert("a", "mailer", tagout.Firing), alert("bad2", "mailer", tagout.Firing),
			alert("b", "mailer", tagout.Firing), alert("bad3", "lonely", tagout.Firing)}
		out, err := s.Fold(t.Context(), in, picky)
		if err != nil {
			t.Fatal(err)
		}
		for n, f := range out {
			failed := strings.HasPrefix(in[n].ID, "bad")
			if failed != errors.Is(f.Err, bad) || failed != (f.Incident == nil) {
				t.Errorf("%s: %+v", in[n].ID, f)
			}
		}
		list, err := s.Incidents(t.Context(), tagout.IncidentQuery{})
		if err != nil || len(list) != 1 || list[0].Alerts.Distinct != 2 || list[0].Title != "spike" {
			t.Fatalf("%+v, %v", list, err)
		}
		mustVerify(t, s, list[0].ID)
		// It left no trace, so that its sender's retry is not a repeat.
		if again := mustFold(t, s, in[0]); again[0].Repeat || again[0].Incident == nil {
			t.Errorf("%+v", again[0])
		}
	})
}

func TestBelowTheThresholdAlertsAreKeptWithoutAnIncident(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		limited := func(id string) tagout.Incoming {
			in := alert(id, "mailer", tagout.Firing)
			in.Verdict.Threshold = tagout.Threshold{Count: 3, Within: 5 * time.Minute}
			return in
		}
		for _, id := range []string{"old1", "old2"} {
			if out := mustFold(t, s, limited(id)); out[0].Incident != nil {
				t.Fatalf("%+v", out[0])
			}
		}
		c.Pass(6 * time.Minute) // out of the window
		if out := mustFold(t, s, limited("a")); out[0].Incident != nil {
			t.Fatalf("%+v", out[0])
		}
		c.Pass(time.Minute)
		if out := mustFold(t, s, limited("a")); out[0].Incident != nil || !out[0].Repeat { // a repeat counts too
			t.Fatalf("%+v", out[0])
		}
		if quiet, err := s.QuietOn(t.Context(), tagout.MustScope("mailer"), noon); err != nil || quiet.Firing != 3 {
			t.Fatalf("%+v, %v", quiet, err)
		}
		c.Pass(time.Minute)
		out := mustFold(t, s, limited("b"), limited("c"))
		if !out[0].Fresh || out[0].Incident.ID != 1 || out[1].Fresh || out[1].Incident.ID != 1 {
			t.Fatalf("%+v", out)
		}
		if got := mustRead(t, s, 1).Alerts; got.Distinct != 3 || got.Firing != 3 {
			t.Fatalf("%+v", got)
		}
		alerts, err := s.Alerts(t.Context(), 1, 10)
		if err != nil || len(alerts) != 3 || alerts[2].ID != "a" {
			t.Fatalf("%+v, %v", alerts, err)
		}
		if out := mustFold(t, s, limited("a")); !out[0].Repeat || out[0].Incident == nil {
			t.Fatalf("%+v", out[0])
		}
		mustVerify(t, s, 1)
	})
}

func TestAThresholdIsReachedWithinOneBatch(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		var batch []tagout.Incoming
		for _, id := range []string{"a", "b", "b", "c", "d"} {
			in := alert(id, "mailer", tagout.Momentary)
			in.Verdict.Threshold = tagout.Threshold{Count: 4, Within: time.Hour}
			batch = append(batch, in)
		}
		out := mustFold(t, s, batch...)
		for n, f := range out { // those before it belong to the incident as well
			if f.Incident == nil || f.Incident.ID != 1 || f.Fresh != (n == 3) {
				t.Errorf("alert %d: %+v", n, f)
			}
		}
		i := mustRead(t, s, 1)
		alerts, err := s.Alerts(t.Context(), 1, 0)
		if err != nil || len(alerts) != 4 || i.Alerts.Distinct != 4 {
			t.Fatalf("%d alerts, %+v, %v", len(alerts), i.Alerts, err)
		}
	})
}

func TestQuietTellsOfAlertsOnTheScopeOnly(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		on := func(id, scope string, status tagout.AlertStatus) tagout.Incoming {
			in := alert(id, "", status)
			in.Verdict.Scope = tagout.MustScope(scope)
			return in
		}
		nobody := on("n", "*", tagout.Firing)
		nobody.Verdict.NoAgent = true
		mustFold(t, s, on("a", "mailer/email/eu", tagout.Firing), on("b", "mailer/sms", tagout.Firing), on("m", "mailer tool:send", tagout.Momentary), nobody)
		c.Pass(time.Minute)
		mustFold(t, s, on("a", "mailer/email/eu", tagout.Resolved))
		cases := []struct {
			scope  string
			firing int
			last   time.Duration // after noon; negative: never
		}{
			{"mailer", 1, time.Minute},
			{"mailer/email", 0, time.Minute},
			{"mailer/email/us", 0, 0}, // the tool's alert touches it
			{"mailer/sms/us", 1, 0},
			{"mailer/email/us tool:read", 0, -1},
			{"researcher", 0, -1},
			{"*", 1, time.Minute},
		}
		for _, k := range cases {
			quiet, err := s.QuietOn(t.Context(), tagout.MustScope(k.scope), noon.Add(-time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			var want time.Time
			if k.last >= 0 {
				want = noon.Add(k.last)
			}
			if quiet.Firing != k.firing || !quiet.LastAt.Equal(want) {
				t.Errorf("%s: %+v", k.scope, quiet)
			}
		}
		quiet, err := s.QuietOn(t.Context(), tagout.MustScope("mailer"), noon.Add(time.Hour))
		if err != nil || quiet.Firing != 1 || !quiet.LastAt.IsZero() {
			t.Errorf("since later: %+v, %v", quiet, err)
		}
	})
}

func TestAlertsOfAnySizeAndAlphabetAreTaken(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		in := alert("x", "mailer", tagout.Firing)
		nasty := "nul \x00 bad \xff 🚨 \u202e <!channel> " + strings.Repeat("long ", 200_000)
		in.Alert.Name, in.Alert.Fingerprint, in.Alert.CorrelationID, in.Alert.Summary = nasty, nasty, nasty, nasty
		in.Alert.Labels = map[string]string{nasty: nasty}
		in.Alert.Raw = json.RawMessage("not json \x00\xff" + nasty)
		in.Alert.Report = &tagout.FailureReport{Agent: nasty, Summary: nasty, ToolsCalled: []tagout.ToolCall{{Name: "t", Result: json.RawMessage(`"\u0000\ud800` + "\xff" + `"`)}}}
		in.ID = strings.Repeat("id", 500)
		mustFold(t, s, in)
		if out := mustFold(t, s, in); !out[0].Repeat {
			t.Errorf("%+v", out[0])
		}
		alerts, err := s.Alerts(t.Context(), 1, 1)
		if err != nil || len(alerts) != 1 || string(alerts[0].Alert.Raw) != string(in.Alert.Raw) || alerts[0].ID != in.ID {
			t.Fatal(len(alerts), err)
		}
		mustVerify(t, s, 1)
	})
}
