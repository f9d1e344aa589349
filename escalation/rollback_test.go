package escalation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

// readBack reports that the mailer's control was read, with a version of its prompt.
func (w *world) readBack(t *testing.T, prompt string) {
	t.Helper()
	err := w.desk.Report(t.Context(), tagout.ControlReport{Agent: "mailer", Control: "webhook", At: w.clock.Now(), Versions: map[string]string{"prompt": prompt, "model": "m1"}})
	if err != nil {
		t.Fatal(err)
	}
}

func rollbackOf(agent string, to map[string]string) tagout.RollbackOrder {
	return tagout.RollbackOrder{ID: "b1", Agent: agent, To: to, By: responder.Actor()}
}

func TestARollbackPinsThePreviousVersionOfEachComponent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to   map[string]string
		want string
	}{
		"the previous of each":            {nil, "prompt v41"}, // of the model no earlier one is known
		"versions that are named":         {map[string]string{"model": "m0", "prompt": "v40"}, "model m0, prompt v40"},
		"a component without its version": {map[string]string{"prompt": ""}, "prompt v41"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoVersions)
			i, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", c.to))
			if err != nil {
				t.Fatal(err)
			}
			if got := tagout.Pairs(i.Rollback.To); got != c.want || tagout.Pairs(i.Rollback.From) != "model m1, prompt v42" {
				t.Errorf("from %v to %s, want %s", i.Rollback.From, got, c.want)
			}
			if tagout.Pairs(w.gate.pins["mailer"]) != c.want || tagout.Pairs(w.store.pins["mailer"]) != c.want {
				t.Errorf("pinned in the gate %v, in the store %v", w.gate.pins, w.store.pins)
			}
		})
	}
}

func TestARollbackThatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order tagout.RollbackOrder
		code  tagout.Code
		words string
	}{
		"no such agent":                     {rollbackOf("mialer", nil), tagout.NotFound, "mailer"},
		"no control":                        {rollbackOf("researcher", nil), tagout.Conflict, "declare one under agents.researcher.controls"},
		"no earlier version":                {rollbackOf("mailer", nil), tagout.Conflict, "No earlier version of mailer is known"},
		"no earlier version of a component": {rollbackOf("mailer", map[string]string{"policy": ""}), tagout.Conflict, "No earlier policy of mailer is known"},
		"no such incident":                  {tagout.RollbackOrder{ID: "b1", Agent: "mailer", Incident: 9, To: map[string]string{"prompt": "v1"}}, tagout.NotFound, "INC-9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.desk.Rollback(t.Context(), c.order)
			refused(t, err, c.code, c.words)
			if len(w.store.pins)+len(w.store.incidents) != 0 {
				t.Errorf("pins %v, %d incidents", w.store.pins, len(w.store.incidents))
			}
		})
	}
}

func TestARollbackIsConfirmedByWhatTheControlRuns(t *testing.T) {
	t.Parallel()
	for name, everything := range map[string]bool{"in the agent's incident": false, "in an incident about everything": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoVersions)
			scope := "mailer"
			if everything {
				scope = "*"
			}
			w.stop(t, "h1", scope, tagout.Halted)
			o := rollbackOf("mailer", nil)
			o.Incident = 1
			if _, err := w.desk.Rollback(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			w.readBack(t, "v42")
			if rb := w.incident(1).Rollback; !rb.DoneAt.IsZero() {
				t.Fatal("the old version counts as the rollback's")
			}
			w.clock.pass(time.Second)
			w.readBack(t, "v41")
			w.clock.pass(2 * time.Minute)
			w.ring()
			rb := w.incident(1).Rollback
			if rb.DoneAt.IsZero() || !rb.FailedAt.IsZero() || w.count(1, tagout.EventRollbackSucceeded) != 1 || w.count(1, tagout.EventRollbackFailed) != 0 {
				t.Errorf("the rollback is %+v; events %q", rb, w.store.kinds(1))
			}
		})
	}
}

func TestARollbackThatIsNotReadBackFailsLoudly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
		t.Fatal(err)
	}
	_, err := w.desk.Rollback(t.Context(), tagout.RollbackOrder{ID: "b2", Incident: 1, Agent: "mailer"})
	refused(t, err, tagout.Conflict, "under way")
	w.clock.pass(time.Minute)
	w.ring()
	if rb := w.incident(1).Rollback; rb.FailedAt.IsZero() || w.count(1, tagout.EventRollbackFailed) != 1 {
		t.Fatalf("a minute later the rollback is %+v", rb)
	}
	w.readBack(t, "v41")
	if rb := w.incident(1).Rollback; !rb.DoneAt.IsZero() {
		t.Error("what failed succeeded afterwards")
	}
}

func TestSevereAlertsRollBackOnceAndSayIfTheyCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.accept(alert("A", "mailer/email/eu", "critical"), alert("B", "mailer/email/us", "critical"))
	w.ring()
	if n := w.count(1, tagout.EventRollback); n != 1 {
		t.Errorf("%d rollbacks were attempted, want 1", n)
	}
	w.accept(alert("C", "researcher/crm", "critical"))
	w.ring()
	if w.count(2, tagout.EventRollbackFailed) != 1 || w.incident(2).Rollback != nil {
		t.Errorf("without a control: %q", w.store.kinds(2))
	}
}

func TestARollbackThatWasCutOffGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.store.before = func(_ context.Context, op string) error {
		if op == "pins" {
			return tagout.Errorf(tagout.Unavailable, "The database is down.")
		}
		return nil
	}
	if failed := w.ring(); len(failed) != 1 {
		t.Fatalf("the rollback whose versions could not be kept ended with %v", failed)
	}
	w.store.before = nil
	w.ring()
	if tagout.Pairs(w.store.pins["mailer"]) != "prompt v41" || tagout.Pairs(w.gate.pins["mailer"]) != "prompt v41" || w.count(1, tagout.EventRollback) != 1 {
		t.Errorf("pinned %v and %v after %d attempts", w.store.pins, w.gate.pins, w.count(1, tagout.EventRollback))
	}
}

func TestNewsOfAStopWaitsUntilTheStopIsRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		up := make(chan struct{})
		w.store.before = func(context.Context, string) error { <-up; return nil }
		go w.desk.Stop(t.Context(), order("h1", "mailer", tagout.Halted)) //nolint:errcheck // it cannot fail
		synctest.Wait()
		news := tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{"h1"}, At: w.clock.Now(), Accepted: true, Observed: true}
		refused(t, w.desk.Report(t.Context(), news), tagout.Unavailable, "not recorded yet")
		told := make(chan error, 1)
		go func() { told <- w.desk.Report(t.Context(), news) }()
		synctest.Wait()
		close(up)
		if err := <-told; err != nil {
			t.Fatal(err)
		}
		if i := w.incident(1); i.State != tagout.StateContained {
			t.Errorf("observed while it was recorded, it is %s", i.State)
		}
	})
}

func TestNewsOfAStopFromTheJournalIsToldAgainLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.gate.Hang(t.Context(), order("h1", "mailer", tagout.Halted)); err != nil {
		t.Fatal(err)
	}
	err := w.desk.Report(t.Context(), tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{"h1"}, At: w.clock.Now(), Observed: true})
	refused(t, err, tagout.Unavailable, "not recorded yet")
}
