package escalation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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

// reads reports that a control of the mailer was read with these versions.
func (w *world) reads(t *testing.T, control string, versions map[string]string) {
	t.Helper()
	if err := w.desk.Report(t.Context(), tagout.ControlReport{Agent: "mailer", Control: control, At: w.clock.Now(), Versions: versions}); err != nil {
		t.Fatal(err)
	}
}

func rollbackOf(agent string, to map[string]string) tagout.RollbackOrder {
	return tagout.RollbackOrder{ID: "b1", Agent: agent, To: to, By: responder.Actor()}
}

func TestARollbackPinsWhatTheOrderMeans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to   map[string]string
		want string
	}{
		"the last known good of each":     {nil, "prompt v42 → v41 (last known good)"}, // of the model no other one is known
		"versions that are named":         {map[string]string{"model": "m0", "prompt": "v41"}, "prompt v42 → v41 (last known good), model m1 → m0 (as named, never seen before)"},
		"a component without its version": {map[string]string{"prompt": ""}, "prompt v42 → v41 (last known good)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoVersions)
			i, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", c.to))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, step := range i.Rollback.Components {
				got = append(got, step.Change()+" ("+string(step.Basis)+")")
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("it does %q, want %q", got, c.want)
			}
			want := tagout.Pairs(i.Rollback.To())
			if tagout.Pairs(w.gate.pins["mailer"]) != want || tagout.Pairs(i.PinsOf("mailer")) != want {
				t.Errorf("pinned in the gate %v, by the incident %v", w.gate.pins, i.Pins)
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
		"no such component":                 {rollbackOf("mailer", map[string]string{"promt": "v1"}), tagout.NotFound, "Did you mean prompt?"},
		"no earlier version":                {rollbackOf("mailer", nil), tagout.Conflict, "No earlier version of mailer is known"},
		"no earlier version of a component": {rollbackOf("mailer", map[string]string{"policy": ""}), tagout.Conflict, "No earlier policy of mailer is known"},
		"no such incident":                  {tagout.RollbackOrder{ID: "b1", Agent: "mailer", Incident: 9, To: map[string]string{"prompt": "v1"}}, tagout.NotFound, "INC-9"},
		"nothing to try again":              {tagout.RollbackOrder{ID: "b1", Incident: 9, Retry: true}, tagout.NotFound, "INC-9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.desk.Rollback(t.Context(), c.order)
			refused(t, err, c.code, c.words)
			if len(w.gate.pins)+len(w.store.incidents)+len(w.store.evidence) != 0 {
				t.Errorf("pins %v, %d incidents", w.gate.pins, len(w.store.incidents))
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
			w.clock.Pass(time.Second)
			w.readBack(t, "v41")
			w.clock.Pass(2 * time.Minute)
			w.ring()
			rb := w.incident(1).Rollback
			if rb.DoneAt.IsZero() || !rb.FailedAt.IsZero() || w.count(1, tagout.EventRollbackSucceeded) != 1 || w.count(1, tagout.EventRollbackFailed) != 0 {
				t.Errorf("the rollback is %+v; events %q", rb, w.store.kinds(1))
			}
			if known, err := w.desk.AgentVersions(t.Context(), "mailer"); err != nil || known.Current()["prompt"] != "v41" {
				t.Errorf("now the agent runs %v, %v", known.Current(), err)
			}
		})
	}
}

func TestWhatRanBeforeIsKeptBeforeARollbackChangesAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.accept(alert("Complaints", "mailer/email/eu", "warning"))
	w.gate.controls = []tagout.ControlState{{Agent: "mailer", Control: "webhook", ReadAt: noon, Observed: tagout.Observed{Versions: map[string]string{"prompt": "v42"}}}}
	o := rollbackOf("mailer", nil)
	o.Incident = 1
	if _, err := w.desk.Rollback(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	kinds := w.store.kinds(1)
	kept, began := slices.Index(kinds, tagout.EventEvidence), slices.Index(kinds, tagout.EventRollback)
	if kept < 0 || began != kept+1 || len(w.store.evidence) != 1 || !w.store.evidence[0].Intact() {
		t.Fatalf("the timeline is %q, kept are %d", kinds, len(w.store.evidence))
	}
	var kept1 struct {
		Components []struct {
			Component, Current string
			LastKnownGood      string `json:"last_known_good"`
		}
		Controls []struct{ Versions map[string]string }
		Holds    []struct{ Scope string }
		Alerts   []struct{ Alert struct{ Name string } }
	}
	if err := json.Unmarshal(w.store.evidence[0].Content, &kept1); err != nil {
		t.Fatal(err)
	}
	if kept1.Components[0].Current != "v42" || kept1.Components[0].LastKnownGood != "v41" || kept1.Controls[0].Versions["prompt"] != "v42" ||
		len(kept1.Holds) != 2 || kept1.Alerts[0].Alert.Name != "Complaints" {
		t.Errorf("kept %s", w.store.evidence[0].Content)
	}
}

func TestTheSameOrderAgainBeginsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer", tagout.Halted)
	for range 2 {
		if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
			t.Fatal(err)
		}
	}
	if w.count(1, tagout.EventRollback) != 1 || len(w.store.evidence) != 1 {
		t.Errorf("begun %d times, %d pieces of evidence", w.count(1, tagout.EventRollback), len(w.store.evidence))
	}
}

func TestOrderedAgainWithoutAVersionItGoesNeitherFurtherBackNorForwardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer", tagout.Halted)
	for n, to := range []map[string]string{{"prompt": ""}, {"prompt": ""}, nil, {"prompt": "v41"}} {
		o := rollbackOf("mailer", to)
		o.ID = fmt.Sprint("b", n)
		i, err := w.desk.Rollback(t.Context(), o)
		if err != nil || i.Rollback.Of("prompt").To != "v41" {
			t.Fatalf("order %d: %+v, %v", n, i.Rollback, err)
		}
		w.readBack(t, "v41")
	}
	w.ask(t, 1)
	if n := w.count(1, tagout.EventRollback); n != 1 {
		t.Errorf("begun %d times", n)
	}
	again := rollbackOf("mailer", map[string]string{"prompt": ""})
	again.ID = "late"
	if _, err := w.desk.Rollback(t.Context(), again); err != nil || w.incident(1).Request.State != tagout.RequestPending {
		t.Errorf("an order that changes nothing made the request %s, %v", w.incident(1).Request.State, err)
	}
	w.readBack(t, "v42") // drift
	again.ID = "for the drift"
	if _, err := w.desk.Rollback(t.Context(), again); err != nil || w.count(1, tagout.EventRollback) != 2 {
		t.Errorf("after a drift begun %d times, %v", w.count(1, tagout.EventRollback), err)
	}
}

func TestOneComponentThatIsNotReadBackFailsLoudlyAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	i, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", map[string]string{"prompt": "", "policy": "p6"}))
	if err != nil {
		t.Fatal(err)
	}
	w.readBack(t, "v41") // it reports no policy
	if rb := w.incident(1).Rollback; rb.Of("prompt").State != tagout.RollbackConfirmed || rb.Of("policy").State != tagout.RollbackRequested || !rb.Underway() {
		t.Fatalf("half way the rollback is %+v", rb)
	}
	w.clock.Pass(time.Minute)
	w.ring()
	rb := w.incident(1).Rollback
	if rb.FailedAt.IsZero() || rb.Of("policy").Failure != "no control reports policy." || w.count(1, tagout.EventRollbackFailed) != 1 || w.count(1, tagout.EventComponentFailed) != 1 {
		t.Fatalf("a minute later the rollback is %+v", rb)
	}
	if paged := w.slack.to(); !slices.Contains(paged, "U0PLATFORM") {
		t.Errorf("paged %q", paged)
	}
	again := tagout.RollbackOrder{ID: "b2", Incident: i.ID, Retry: true, By: responder.Actor()}
	if _, err := w.desk.Rollback(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if rb = w.incident(1).Rollback; rb.Of("prompt").State != tagout.RollbackConfirmed || rb.Of("policy").State != tagout.RollbackRequested {
		t.Fatalf("tried again the rollback is %+v", rb)
	}
	w.reads(t, "webhook", map[string]string{"prompt": "v41", "policy": "p6"})
	if rb = w.incident(1).Rollback; rb.DoneAt.IsZero() || w.count(1, tagout.EventRollbackSucceeded) != 1 {
		t.Errorf("read back at last the rollback is %+v", rb)
	}
	_, err = w.desk.Rollback(t.Context(), again)
	refused(t, err, tagout.Conflict, "nothing to try again")
}

func TestWhatIsReadBackTooLateCountsAndIsCalledLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(time.Minute)
	w.ring()
	w.clock.Pass(15 * time.Second)
	w.readBack(t, "v41")
	rb := w.incident(1).Rollback
	if rb.DoneAt.IsZero() || !strings.Contains(rb.Of("prompt").Progress(), "too late") || w.count(1, tagout.EventRollbackFailed) != 1 || w.count(1, tagout.EventRollbackSucceeded) != 1 {
		t.Errorf("the rollback is %+v", rb)
	}
}

func TestNoControlMayStillRunTheOtherVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.gate.controls = []tagout.ControlState{
		{Control: "webhook", Observed: tagout.Observed{Versions: map[string]string{"prompt": "v42"}}},
		{Control: "cluster", Observed: tagout.Observed{Versions: map[string]string{"prompt": "v42"}}, Error: "The control cluster could not be asked."},
	}
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
		t.Fatal(err)
	}
	w.reads(t, "webhook", map[string]string{"prompt": "v41"})
	if rb := w.incident(1).Rollback; !rb.Underway() {
		t.Fatal("confirmed although the cluster ran the other version when it was last read")
	}
	w.clock.Pass(time.Minute)
	w.ring()
	want := "cluster was not read back since; it ran v42; cluster: The control cluster could not be asked."
	if got := w.incident(1).Rollback.Of("prompt").Failure; got != want {
		t.Errorf("it failed because %q", got)
	}
}

func TestAnotherOrderTakesThePlaceOfOneUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
		t.Fatal(err)
	}
	second := rollbackOf("mailer", map[string]string{"prompt": "v40"})
	second.ID, second.Incident = "b2", 1
	w.clock.Pass(30 * time.Second)
	i, err := w.desk.Rollback(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	if tagout.Pairs(w.gate.pins["mailer"]) != "prompt v40" || len(i.Rollback.Components) != 1 {
		t.Errorf("pinned %v, the rollback is %+v", w.gate.pins, i.Rollback)
	}
	w.clock.Pass(30 * time.Second)
	w.ring() // the first one's time is over, the second one's is not
	if rb := w.incident(1).Rollback; !rb.Underway() {
		t.Errorf("the rollback is %+v", rb)
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
	posts := len(w.store.posts(2))
	w.ring()
	w.accept(alert("D", "researcher/crm", "critical"))
	w.ring()
	said := w.store.posts(2)[posts:]
	if w.count(2, tagout.EventRollbackFailed) != 1 || !strings.Contains(strings.Join(said, "\n"), "researcher has no control that could roll it back") {
		t.Errorf("without a control: %q, said %q", w.store.kinds(2), said)
	}
}

func TestARollbackThatWasCutOffIsPinnedAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer", tagout.Halted)
	reads := 0
	w.store.before = func(_ context.Context, op string) error {
		if op == "pins" {
			if reads++; reads > 1 { // after the commit
				return tagout.Errorf(tagout.Unavailable, "The database is down.")
			}
		}
		return nil
	}
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
		t.Fatalf("it is committed, but the answer is %v", err)
	}
	w.store.before = nil
	pins, err := w.store.Pins(t.Context())
	if got := tagout.Pairs(tagout.EffectivePins(pins)["mailer"]); err != nil || got != "prompt v41" {
		t.Errorf("what the next reading finds pinned is %q, %v", got, err)
	}
}

func TestARollbackMakesAPendingRequestVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer", tagout.Halted)
	w.ask(t, 1)
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", nil)); err != nil {
		t.Fatal(err)
	}
	if r := w.incident(1).Request; r.State != tagout.RequestVoid || r.Reason != "a rollback began" {
		t.Errorf("the request that named other versions is %s: %s", r.State, r.Reason)
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
