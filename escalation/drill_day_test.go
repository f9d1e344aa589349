package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestAGameDayPagesForRealUntilSomebodyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	if len(w.slack.sent) == 0 || !strings.Contains(w.slack.sent[0].Message.Title, "[DRILL]") || !strings.Contains(w.slack.sent[0].Why, "[DRILL]") {
		t.Fatalf("paged is %+v", w.slack.sent)
	}
	w.holdsAndLetsGo(t)
	if i := w.incident(1); i.Exercise.Phase != tagout.DrillAnswering || w.gate.mode("mailer", "sms", "us") != tagout.Running {
		t.Fatalf("restored it is %s", i.Exercise.Verdict())
	}
	w.clock.Pass(10 * time.Minute)
	w.ring()
	n := len(w.slack.sent)
	w.clock.Pass(10 * time.Minute)
	w.ring()
	if len(w.slack.sent) <= n {
		t.Error("nobody is paged again")
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	i := w.incident(1)
	if i.State != tagout.StateClosed || !i.Drill || i.Exercise.AnsweredAfter() < 20*time.Minute || len(i.Exercise.Late) != 1 {
		t.Errorf("answered it is %s: %s", i.State, i.Exercise.Verdict())
	}
}

// answering brings a game day to where everything runs again and nobody has answered.
func (w *world) answering() {
	w.t.Helper()
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	w.clock.Pass(time.Second)
	w.observe(w.t, "mailer")
	w.ring()
	w.clock.Pass(time.Second)
	w.letsGo(nil)
	w.ring()
	if i := w.incident(1); i.Exercise.Phase != tagout.DrillAnswering {
		w.t.Fatalf("it is %s", i.Exercise.Verdict())
	}
}

func TestAGameDayThatNobodyAnswersBecomesAnIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	w.holdsAndLetsGo(t)
	w.clock.Pass(tagout.DrillLimit)
	w.ring()
	if i := w.incident(1); i.Drill || i.Exercise.Result != tagout.DrillFailed || !strings.Contains(i.Exercise.Why, "nobody answered") || len(i.ActiveHolds()) != 0 {
		t.Errorf("it is %s, holds %v", i.Exercise.Verdict(), held(i))
	}
}

func TestABrokenPagerIsMadeUpForByTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable, func(w *world) {
		w.policy.Severities["sev2"].Page = []string{"platform"}
		w.policy.Classes["integration_failure"].Handoff = ""
	})
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Scenario = "mail" }))
	if len(w.slack.sent) != 0 || len(w.email.sent) == 0 {
		t.Fatalf("slack %v, mail %v", w.slack.to(), w.email.to())
	}
	w.observe(t, "mailer")
	w.ring()
	w.clock.Pass(time.Second)
	w.letsGo(nil)
	w.ring()
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if i := w.incident(1); i.Exercise.Result != tagout.DrillPassed || !strings.Contains(i.Exercise.Noticed, "email") {
		t.Errorf("it is %s", i.Exercise.Verdict())
	}
	w.stop(t, "h9", "mailer/email", tagout.Halted)
	w.ring()
	if len(w.slack.sent) == 0 {
		t.Error("the pager is still down after the drill")
	}
}

func TestABrokenControlMustBeNoticed(t *testing.T) {
	t.Parallel()
	broken := killDrill(func(o *tagout.DrillOrder) { o.Scenario = "hangs" })
	t.Run("noticed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, drillable)
		w.drills(broken)
		w.clock.Pass(time.Minute)
		w.ring()
		w.clock.Pass(time.Second)
		w.letsGo(nil)
		w.ring()
		i := w.incident(1)
		if i.Exercise.Result != tagout.DrillPassed || w.count(1, tagout.EventUnconfirmed) != 1 || len(i.ActiveHolds()) != 0 || !i.Drill {
			t.Errorf("it is %s, holds %v", i.Exercise.Verdict(), held(i))
		}
	})
	t.Run("called stopped", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, drillable)
		w.drills(broken)
		w.observe(t, "mailer")
		w.ring()
		if i := w.incident(1); i.Exercise.Result != tagout.DrillFailed || i.Drill || len(i.ActiveHolds()) == 0 {
			t.Errorf("it is %s", i.Exercise.Verdict())
		}
	})
}
