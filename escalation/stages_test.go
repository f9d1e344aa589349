package escalation_test

import (
	"testing"
	"time"

	"tagout"
)

// planned is a world in which incident 1 about mailer/email is at the first stage of a plan.
func planned(t *testing.T, plan string) *world {
	t.Helper()
	stages, err := tagout.ParseStages(plan)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) {
		for _, row := range w.policy.Severities {
			row.Resume.Stages = stages
		}
	})
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	w.clock.Pass(time.Hour)
	if _, err := w.press("U0PROGRAM", w.ask(t, 1), tagout.Go); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if got := w.gate.mode("mailer", "email", "us"); got != tagout.Review {
		t.Fatalf("in the first stage the mode is %s", got)
	}
	return w
}

func TestASetbackOfAnotherIncidentTakesAPlanBackOnce(t *testing.T) {
	t.Parallel()
	w := planned(t, "review 2h\nrunning")
	w.clock.Pass(time.Second)
	w.accept(alert("A", "mailer/email/eu", "critical")) // of another class, so another incident
	w.ring()
	w.ring()
	if n := w.count(1, tagout.EventFellBack); n != 1 {
		t.Errorf("it fell back %d times", n)
	}
	if got := w.gate.mode("mailer", "email", "us"); got != tagout.Halted {
		t.Errorf("the mode is %s, want what was held at first", got)
	}
	w.clock.Pass(24 * time.Hour)
	_, err := w.desk.AdvanceStage(t.Context(), 1, tagout.User{ID: "U0PROGRAM", Team: home})
	refused(t, err, tagout.Conflict, "void")
}

func TestAStageEndsByItselfOnlyWhereThePlanSaysSo(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]tagout.Mode{"review 2h\nrunning": tagout.Review, "review 2h auto\nrunning": tagout.Running} {
		w := planned(t, plan)
		w.clock.Pass(2*time.Hour - time.Second)
		w.ring()
		if got := w.gate.mode("mailer", "email", "us"); got != tagout.Review {
			t.Errorf("%q: before its time %s", plan, got)
		}
		w.clock.Pass(time.Second)
		if failed := w.ring(); len(failed) > 0 {
			t.Error(failed)
		}
		if got := w.gate.mode("mailer", "email", "us"); got != want {
			t.Errorf("%q: after its time %s, want %s", plan, got, want)
		}
	}
}
