package escalation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tagout"
)

func TestGoCountsOnlyAfterTheQuietWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := alert("A", "mailer/email/eu", "warning")
	w.accept(a)
	i := w.ask(t, 1)
	_, err := w.press("U0PROGRAM", i, tagout.Go)
	refused(t, err, tagout.Conflict, "alerts still fire on the scope")
	a.Status = tagout.Resolved
	w.accept(a)
	w.clock.Pass(29 * time.Minute)
	_, err = w.press("U0PROGRAM", i, tagout.Go)
	refused(t, err, tagout.Conflict, "GO does not count before 12:30:00 UTC")
	w.clock.Pass(time.Minute)
	if _, err = w.press("U0PROGRAM", i, tagout.Go); err != nil {
		t.Error(err)
	}
}

func TestARequestExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	i := w.ask(t, 1)
	w.clock.Pass(4 * time.Hour)
	_, err := w.press("U0LEGAL", i, tagout.Go)
	refused(t, err, tagout.Expired, "The request expired at 2026-11-21 16:00 UTC")
	w.ring()
	if state := w.incident(1).Request.State; state != tagout.RequestExpired || w.count(1, tagout.EventRefused) != 1 {
		t.Errorf("the request is %s; events %q", state, w.store.kinds(1))
	}
}

func TestAnAlertFromBeforeTheIncidentCountsForTheQuietWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.loudest = noon.Add(-10 * time.Minute) // below its threshold, say
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	i := w.ask(t, 1)
	if i.Request.Monitor != 30*time.Minute {
		t.Fatalf("the window is %s", i.Request.Monitor)
	}
	w.clock.Pass(20*time.Minute - time.Second)
	if _, err := w.press("U0PROGRAM", i, tagout.Go); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("GO half an hour after it, less a second: %v", err)
	}
	w.clock.Pass(time.Second)
	if _, err := w.press("U0PROGRAM", i, tagout.Go); err != nil {
		t.Errorf("GO after the window: %v", err)
	}
}

func TestARequestIsVoidOnceAnotherIncidentStopsItsScope(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asked string // scope of the incident with the request
		event func(t *testing.T, w *world)
	}{
		"a stop joined elsewhere": {"mailer/email", func(t *testing.T, w *world) {
			joined := order("h9", "mailer/email/eu", tagout.Halted)
			joined.Join = 2
			if _, err := w.desk.Stop(t.Context(), joined); err != nil {
				t.Fatal(err)
			}
		}},
		"an alert of another class": {"mailer/email", func(_ *testing.T, w *world) { w.accept(alert("A", "mailer/email/eu", "critical")) }},
		"the second alert of a batch": {"mailer/sms", func(_ *testing.T, w *world) {
			w.accept(alert("A", "mailer/email/eu", "warning"), alert("B", "mailer/sms/eu", "warning"))
		}},
		"an alert that waits for others of its kind":    {"mailer/email", func(_ *testing.T, w *world) { w.accept(alert("A", "mailer/email/eu", "storm")) }},
		"an alert on a part of what is held everywhere": {"*", func(_ *testing.T, w *world) { w.accept(alert("A", "mailer/email/eu", "warning")) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stop(t, "h1", c.asked, tagout.Halted)
			other := order("h2", "researcher", tagout.Halted)
			if _, _, err := w.store.Join(t.Context(), tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				opened, err := i.Open(tagout.Opening{Title: "other", Scope: other.Hold.Scope, Class: "policy_violation", Row: w.policy.Severities["sev2"]}, now)
				return opened, err
			}); err != nil {
				t.Fatal(err)
			}
			w.clock.Pass(time.Hour)
			i := w.ask(t, 1)
			w.clock.Pass(time.Second)
			c.event(t, w)
			if got := w.incident(1).Request; got.State != tagout.RequestVoid {
				t.Errorf("the request is %s, want void", got.State)
			}
			_, err := w.press("U0PROGRAM", i, tagout.Go)
			refused(t, err, tagout.Conflict, "new")
			if w.gate.mode("mailer", "email", "eu") == tagout.Running {
				t.Error("the agent runs")
			}
		})
	}
}

func TestAStopThatIsOnlyInTheGateVoidsARequestToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	i := w.ask(t, 1)
	pending := order("h2", "mailer/email/eu", tagout.Halted)
	pending.Hold.At = w.clock.Now().Add(time.Second)
	if err := w.gate.Hang(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	_, err := w.press("U0PROGRAM", i, tagout.Go)
	refused(t, err, tagout.Conflict, "a new stop came on its scope (INC pending)")
	if h, _ := w.incident(1).Hold("h1"); !h.Active() || w.count(1, tagout.EventVoided) != 1 {
		t.Errorf("the hold is %+v; events %q", h, w.store.kinds(1))
	}
}

func TestAFailedLookForOtherIncidentsLeavesTheStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.before = func(_ context.Context, op string) error {
		if op == "incidents" {
			return errors.New("down")
		}
		return nil
	}
	w.stop(t, "h1", "mailer", tagout.Halted)
	if folded := w.accept(alert("A", "mailer/email/eu", "critical")); folded[0].Incident == nil {
		t.Error("the alert was not taken")
	}
}
