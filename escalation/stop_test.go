package escalation_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

var responder = tagout.User{ID: "U0IC", Team: home}

// order is a stop as a command makes it.
func order(id, scope string, mode tagout.Mode) tagout.StopRequest {
	return tagout.StopRequest{Hold: tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope(scope), Mode: mode, By: responder.Actor(), Reason: "complaint spike"}}
}

// stop carries out a stop that must be recorded at once.
func (w *world) stop(t *testing.T, id, scope string, mode tagout.Mode) tagout.StopResult {
	t.Helper()
	r, err := w.desk.Stop(t.Context(), order(id, scope, mode))
	if err != nil || r.Pending || r.Incident == nil {
		t.Fatalf("stop %s: %+v, %v", scope, r, err)
	}
	return r
}

func TestTheGateHoldsBeforeAnythingIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.stop(t, "h1", "mailer/email/eu", tagout.Halted)
	if list := w.log.all(); list[0] != "gate.hang" || slices.Index(list, "store.join") < 1 || slices.Index(list, "gate.committed") < slices.Index(list, "store.join") {
		t.Errorf("the order was %q", list)
	}
	if !r.Fresh || r.Repeat || r.Hold.Incident != r.Incident.ID || r.Incident.Severity != "sev2" || r.Incident.Class != "judgment_error" {
		t.Errorf("got %+v", r)
	}
	if i := r.Incident; i.Title != "complaint spike" || !i.Scope.Covers(r.Hold.Scope, nil) || w.gate.Holds()[0].Incident != i.ID {
		t.Errorf("the incident is %q on %s, the gate's hold is %+v", i.Title, i.Scope, w.gate.Holds())
	}
	same(t, "held", held(r.Incident), []string{"mailer/email/eu halted"}) // the verb decides, not the severity
}

func TestAStopStandsWhileTheDatabaseHangsAndIsRecordedOnceLater(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(ctx context.Context) error{
		"it hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"it fails": func(context.Context) error { return tagout.Errorf(tagout.Unavailable, "The database is down.") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var up atomic.Bool
				w.store.before = func(ctx context.Context, _ string) error {
					if up.Load() {
						return nil
					}
					return outage(ctx)
				}
				ctx, cancel := context.WithCancel(t.Context())
				go w.desk.Run(ctx)
				began := time.Now()
				r, err := w.desk.Stop(ctx, order("h1", "mailer", tagout.Halted))
				if err != nil || !r.Pending || r.Incident != nil || time.Since(began) != time.Second {
					t.Fatalf("after %s: %+v, %v", time.Since(began), r, err)
				}
				if mode := w.gate.mode("mailer", "email", "us"); mode != tagout.Halted {
					t.Fatalf("without the database the mailer is %s", mode)
				}
				if again, _ := w.desk.Stop(ctx, order("h1", "mailer", tagout.Halted)); !again.Pending || w.desk.PendingStops() != 1 {
					t.Errorf("the repeat is %+v, %d stops are pending", again, w.desk.PendingStops())
				}
				up.Store(true)
				time.Sleep(20 * time.Second) // the bubble's time
				synctest.Wait()
				if n := w.desk.PendingStops(); n != 0 || w.count(1, tagout.EventHeld) != 1 || len(w.store.incidents) != 1 {
					t.Errorf("%d pending, %d incidents, events %q", n, len(w.store.incidents), w.store.kinds(1))
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}

func TestACallerWhoLeavesDoesNotUndoTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := w.desk.Stop(ctx, order("h1", "mailer", tagout.Paused))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := w.incident(1); len(got.ActiveHolds()) != 1 || w.gate.mode("mailer", "", "") != tagout.Paused {
			t.Errorf("the stop of somebody who left is %+v; recorded %q", r, held(got))
		}
	})
}

func TestAStopThatTheJournalCouldNotTakeStandsWithAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gate.warning = tagout.Errorf(tagout.Unavailable, "The stop is in force, but not in the journal.")
	r := w.stop(t, "h1", "mailer", tagout.Halted)
	if r.Warning != "The stop is in force, but not in the journal." || w.gate.mode("mailer", "", "") != tagout.Halted {
		t.Errorf("got %+v", r)
	}
}

func TestReplayRecordsWhatTheJournalKeptAndRevivesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.stop(t, "old", "researcher", tagout.Halted)
		w.approve(t, 1)
		w.log.forget()
		kept := order("new", "mailer", tagout.Halted)
		kept.Hold.At = noon.Add(-time.Hour)
		w.desk.Replay([]tagout.StopRequest{kept, order("old", "researcher", tagout.Halted)})
		synctest.Wait()
		if i := w.incident(2); i.ActiveHolds()[0].ID != "new" || !i.ActiveHolds()[0].At.Equal(kept.Hold.At) {
			t.Errorf("the journal's stop became %+v", i.ActiveHolds())
		}
		if h, _ := w.incident(1).Hold("old"); h.Active() || w.gate.mode("researcher", "", "") != tagout.Running || len(w.store.incidents) != 2 {
			t.Errorf("a lifted hold is %+v, researcher %s", h, w.gate.mode("researcher", "", ""))
		}
		if slices.Contains(w.log.all(), "gate.hang") {
			t.Error("replaying asked the gate to hang again what it holds")
		}
	})
}

func TestARepeatOfAStopIsTheSameStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.stop(t, "h1", "mailer", tagout.Halted)
	again := w.stop(t, "h1", "mailer", tagout.Halted)
	if !again.Repeat || again.Fresh || again.Incident.ID != first.Incident.ID || w.count(1, tagout.EventHeld) != 1 {
		t.Errorf("got %+v; events %q", again, w.store.kinds(1))
	}
}

func TestStopsThatOverlapShareAnIncident(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scopes []string
		fresh  bool
	}{
		"the same agent":         {[]string{"mailer", "mailer"}, false},
		"a part of it":           {[]string{"mailer", "mailer/email"}, false},
		"everything":             {[]string{"mailer/email", "*"}, false},
		"another channel":        {[]string{"mailer/email", "mailer/sms"}, true},
		"another agent":          {[]string{"mailer", "researcher"}, true},
		"after everything":       {[]string{"*", "mailer"}, false},
		"another tool, the same": {[]string{"mailer tool:send_email", "mailer tool:send_email"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stop(t, "h1", c.scopes[0], tagout.Halted)
			if r := w.stop(t, "h2", c.scopes[1], tagout.Halted); r.Fresh != c.fresh {
				t.Errorf("%q: fresh is %t, want %t", c.scopes, r.Fresh, c.fresh)
			}
		})
	}
}

func TestAStopJoinsTheIncidentOfItsChannelUnlessThatHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	joining := order("h2", "researcher", tagout.Halted)
	joining.Join = 1
	if r, err := w.desk.Stop(t.Context(), joining); err != nil || r.Fresh || r.Incident.ID != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	w.approve(t, 1)
	late := order("h3", "mailer/email", tagout.Halted)
	late.Join = 1
	r, err := w.desk.Stop(t.Context(), late)
	if err != nil || !r.Fresh || r.Incident.ID != 2 {
		t.Errorf("a stop in the channel of an ended incident: %+v, %v", r, err)
	}
	late = order("h4", "mailer/sms", tagout.Halted)
	late.Join = 99
	if r, err := w.desk.Stop(t.Context(), late); err != nil || !r.Fresh {
		t.Errorf("a stop that joins nothing: %+v, %v", r, err)
	}
}

func TestAStopThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, mode := range []tagout.Mode{"", tagout.Running} {
		_, err := w.desk.Stop(t.Context(), order("h1", "mailer", mode))
		refused(t, err, tagout.Invalid, "A stop needs a mode stricter than running")
	}
	_, err := w.desk.Stop(t.Context(), order("", "mailer", tagout.Halted))
	refused(t, err, tagout.Internal, "without the ID")
	if len(w.gate.Holds()) != 0 {
		t.Error("a refused stop holds something")
	}
}

func TestUnknownAgentsAreStoppedAndTheNearestNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.stop(t, "h1", "mialer/fax", tagout.Halted)
	same(t, "near", r.Near, []string{"mailer"})
	same(t, "undeclared", r.Undeclared, []string{`agent "mialer"`})
	r = w.stop(t, "h2", "mailer/fax", tagout.Halted)
	same(t, "near a known agent", r.Near, nil)
	same(t, "undeclared", r.Undeclared, []string{`channel "fax"`})
}

func TestAWorseStopRaisesTheIncidentALesserDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Paused)
	worse := order("h2", "mailer", tagout.Halted)
	worse.Severity, worse.Class = "sev1", "policy_violation"
	r, err := w.desk.Stop(t.Context(), worse)
	if err != nil || r.Incident.Severity != "sev1" || r.Incident.Rule[0].AnyOf[0] != "legal" {
		t.Fatalf("got %+v, %v", r.Incident, err)
	}
	lesser := order("h3", "mailer", tagout.Halted)
	lesser.Severity = "sev3"
	if r, err = w.desk.Stop(t.Context(), lesser); err != nil || r.Incident.Severity != "sev1" {
		t.Errorf("got %+v, %v", r.Incident, err)
	}
	odd := order("h4", "researcher", tagout.Halted)
	odd.Severity, odd.Class = "sev7", "nonsense"
	if r, err = w.desk.Stop(t.Context(), odd); err != nil || r.Incident.Severity != "sev2" || r.Incident.Class != "judgment_error" {
		t.Errorf("what is not configured became %+v, %v", r.Incident, err)
	}
}

func TestDeclaringOpensAnIncidentOnceAndStopsIfAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dec := tagout.Declaration{ID: "d1", Title: "odd discounts", Summary: "Three customers wrote.", By: responder.Actor(), Severity: "sev3"}
	for range 2 {
		i, err := w.desk.Declare(t.Context(), dec)
		if err != nil || i.ID != 1 || i.Severity != "sev3" || len(i.Holds) != 0 {
			t.Fatalf("got %+v, %v", i, err)
		}
	}
	scope := tagout.MustScope("mailer/email")
	dec.ID, dec.Scope, dec.Stop = "d2", &scope, tagout.Paused
	for range 2 {
		i, err := w.desk.Declare(t.Context(), dec)
		if err != nil || i.ID != 2 || len(i.ActiveHolds()) != 1 {
			t.Fatalf("got %+v, %v", i, err)
		}
	}
	if i := w.incident(2); i.Title != "odd discounts" || !w.tells(2, "Three customers wrote.") {
		t.Errorf("the incident is %q, and its summary is lost", i.Title)
	}
}

// tells reports whether words stand on a timeline, exactly once.
func (w *world) tells(id tagout.IncidentID, words string) bool {
	events, err := w.desk.Timeline(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		n += countOf(e.Data, words)
	}
	return n == 1
}

func countOf(text, words string) int {
	n := 0
	for at := 0; at+len(words) <= len(text); at++ {
		if text[at:at+len(words)] == words {
			n++
		}
	}
	return n
}

func TestADeclaredStopStandsWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.before = func(context.Context, string) error { return errors.New("no route to host") }
		scope := tagout.MustScope("mailer")
		_, err := w.desk.Declare(t.Context(), tagout.Declaration{ID: "d1", Title: "x", Scope: &scope, Stop: tagout.Halted, By: responder.Actor()})
		refused(t, err, tagout.Unavailable, "mailer is halted now, but the database cannot be reached")
		if w.gate.mode("mailer", "", "") != tagout.Halted {
			t.Error("the declared stop does not stand")
		}
	})
}

func TestWatchersSeeEveryIncidentInItsNewestState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Halted)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var states []tagout.State
	for i := range w.desk.Watch(ctx, 1) {
		states = append(states, i.State)
		if len(states) == 2 {
			break
		}
		changed, err := w.desk.Acknowledge(ctx, 1, responder)
		if err != nil {
			t.Fatal(err)
		}
		w.desk.Committed(&tagout.Incident{ID: 2, State: tagout.StateClosed}) // somebody else's
		w.desk.Committed(&tagout.Incident{ID: 1, State: tagout.StateOpen})   // never read: there is something newer
		w.desk.Committed(changed)
	}
	if !slices.Equal(states, []tagout.State{tagout.StateOpen, tagout.StateAcknowledged}) {
		t.Errorf("watched %q", states)
	}
}
