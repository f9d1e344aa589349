package escalation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// drillable gives the mailer a canary, and drills their severity and class.
func drillable(w *world) {
	w.policy.Agents["mailer"].Canary = tagout.MustScope("mailer/sms/us")
	w.policy.Agents["mailer"].RollbackDrills = true
	w.policy.Drills = tagout.DrillPolicy{Severity: "sev2", Class: "integration_failure", Scenarios: []tagout.Scenario{
		{Name: "hangs", Agent: "mailer", Break: tagout.ControlHangs, What: "webhook"},
		{Name: "mail", Agent: "mailer", Break: tagout.PagerDown, What: "slack"},
	}, Plans: []tagout.DrillPlan{{Name: "monthly", Agent: "mailer", Action: tagout.DrillKill}}}
}

func killDrill(change ...func(*tagout.DrillOrder)) tagout.DrillOrder {
	o := tagout.DrillOrder{ID: "d1", Action: tagout.DrillKill, Agent: "mailer", By: responder.Actor()}
	for _, c := range change {
		c(&o)
	}
	return o
}

// drills begins a drill that must begin.
func (w *world) drills(o tagout.DrillOrder) *tagout.Incident {
	w.t.Helper()
	i, err := w.desk.Drill(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ring()
	return w.incident(i.ID)
}

// letsGo says that the control was read without any hold now.
func (w *world) letsGo(versions map[string]string) {
	w.gate.controls = []tagout.ControlState{{Agent: "mailer", Control: "webhook", ReadAt: w.clock.Now(), Observed: tagout.Observed{Versions: versions}}}
}

func TestAKillDrillStopsTheCanaryAndLetsItRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	i := w.drills(killDrill())
	if !i.Drill || w.gate.mode("mailer", "sms", "us") != tagout.Halted || w.gate.mode("mailer", "email", "eu") != tagout.Running {
		t.Fatalf("the canary is %s, the rest %s", w.gate.mode("mailer", "sms", "us"), w.gate.mode("mailer", "email", "eu"))
	}
	if reason := w.gate.Decide("mailer", tagout.Attributes{Channel: "sms", Region: "us"}).Reason; !strings.HasPrefix(reason, "[DRILL] ") {
		t.Errorf("the agent hears %q", reason)
	}
	w.clock.Pass(800 * time.Millisecond)
	w.observe(t, "mailer")
	w.ring()
	if i = w.incident(1); len(i.ActiveHolds()) != 0 || w.gate.mode("mailer", "sms", "us") != tagout.Running || !i.Exercise.Running() {
		t.Fatalf("observed, it holds %v, the gate says %s, the drill %s", held(i), w.gate.mode("mailer", "sms", "us"), i.Exercise.Verdict())
	}
	w.clock.Pass(time.Second)
	w.letsGo(nil)
	w.ring()
	i = w.incident(1)
	if i.State != tagout.StateClosed || i.Exercise.Result != tagout.DrillPassed || i.Exercise.Stopped() != 800*time.Millisecond || i.Exercise.Back() != time.Second {
		t.Fatalf("it is %s: %s", i.State, i.Exercise.Verdict())
	}
	if len(w.slack.sent)+len(w.email.sent) != 0 {
		t.Errorf("a drill paged %v", w.slack.to())
	}
	if err := i.Audit(w.store.events[1]); err != nil {
		t.Errorf("what the drill lifted is doubted: %v", err)
	}
	if unsigned, err := w.store.UnsignedLiftings(t.Context(), []tagout.HoldID{tagout.DrillHold("d1")}); err != nil || len(unsigned) > 0 {
		t.Errorf("lifted without a trace: %v, %v", unsigned, err)
	}
	w.clock.Pass(2 * time.Hour)
	w.ring()
	if again := w.incident(1); again.Exercise.Result != tagout.DrillPassed || !again.Drill {
		t.Errorf("later it is %s", again.Exercise.Verdict())
	}
}

func TestWhatIsRealKeepsTheHoldOfADrill(t *testing.T) {
	t.Parallel()
	for name, real := range map[string]func(w *world){
		"a stop of the canary":           func(w *world) { w.stop(w.t, "h1", "mailer/sms/us", tagout.Halted) },
		"a stop of a part that touches":  func(w *world) { w.stop(w.t, "h1", "mailer/sms", tagout.Paused) },
		"a stop of everything":           func(w *world) { w.stop(w.t, "h1", "*", tagout.Halted) },
		"a stop in the drill's incident": func(w *world) { w.stopIn("h1", "mailer/email", 1) },
		"an alert on the canary":         func(w *world) { w.accept(alert("A", "mailer/sms/us", "minor")) },
		"an alert on the agent":          func(w *world) { w.accept(alert("A", "mailer", "warning")) },
		"a raised severity": func(w *world) {
			if _, err := w.desk.ChangeSeverity(w.t.Context(), 1, "sev1", "why", responder.Actor()); err != nil {
				w.t.Fatal(err)
			}
		},
		"another canary in the configuration": func(w *world) { w.policy.Agents["mailer"].Canary = tagout.MustScope("mailer/email/us") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, drillable)
			w.drills(killDrill())
			w.clock.Pass(time.Second)
			real(w)
			w.ring()
			w.observe(t, "mailer")
			w.ring()
			i := w.incident(1)
			if i.Drill || i.Exercise.Result != tagout.DrillInterrupted || len(i.ActiveHolds()) < 2 || w.gate.mode("mailer", "sms", "us") != tagout.Halted {
				t.Fatalf("it is %s, drill %v, holds %v", i.Exercise.Verdict(), i.Drill, held(i))
			}
			if reason := w.gate.Decide("mailer", tagout.Attributes{Channel: "sms", Region: "us"}).Reason; strings.HasPrefix(reason, "[DRILL]") {
				t.Errorf("the agent still hears %q", reason)
			}
			if !slices.Contains(w.slack.to(), "U0PLATFORM") {
				t.Errorf("paged are %v", w.slack.to())
			}
			if err := i.Audit(w.store.events[1]); err != nil {
				t.Error(err)
			}
			w.clock.Pass(3 * time.Hour)
			w.ring()
			if held := w.incident(1).ActiveHolds(); len(held) < 2 {
				t.Errorf("later it holds %v", held)
			}
		})
	}
}

// stopIn hangs a hold in an incident, as somebody does who types in its channel.
func (w *world) stopIn(id, scope string, in tagout.IncidentID) {
	w.t.Helper()
	s := tagout.StopRequest{Hold: tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope(scope), Mode: tagout.Halted, By: responder.Actor()}, Join: in}
	if _, err := w.desk.Stop(w.t.Context(), s); err != nil {
		w.t.Fatal(err)
	}
}

func TestADrillWhoseStopIsNotObservedBecomesAnIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill())
	w.clock.Pass(time.Minute)
	w.ring()
	i := w.incident(1)
	if i.Drill || i.Exercise.Result != tagout.DrillFailed || w.gate.mode("mailer", "sms", "us") != tagout.Halted || i.Class != "integration_failure" {
		t.Fatalf("it is %s, drill %v, %s", i.Exercise.Verdict(), i.Drill, i.Class)
	}
	if to := w.slack.to(); !slices.Contains(to, "U0PLATFORM") || !slices.Contains(to, "U0PROGRAM") {
		t.Errorf("paged are %v", to)
	}
	if !w.posted("do not rely on stopping mailer this way") {
		t.Error("nobody is told what to do")
	}
	w.observe(t, "mailer") // too late: it is an incident now
	w.ring()
	if i = w.incident(1); len(i.ActiveHolds()) != 2 || i.State != tagout.StateContained {
		t.Errorf("observed late it holds %v and is %s", held(i), i.State)
	}
	if _, err := w.desk.RequestResume(t.Context(), 1, draft("r1")); err != nil {
		t.Errorf("its return cannot be asked for: %v", err)
	}
}

func TestARollbackDrillGoesBackAndForwardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable, twoVersions)
	o := killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback })
	w.drills(o)
	if pins := w.gate.pins["mailer"]; pins["prompt"] != "v41" {
		t.Fatalf("pinned is %v", pins)
	}
	w.clock.Pass(time.Second)
	w.readBack(t, "v41")
	w.ring()
	if pins := w.gate.pins["mailer"]; pins["prompt"] != "v42" {
		t.Fatalf("read back, pinned is %v: %s", pins, w.incident(1).Exercise.Verdict())
	}
	w.clock.Pass(time.Second)
	w.readBack(t, "v42")
	w.ring()
	i := w.incident(1)
	if i.State != tagout.StateClosed || i.Exercise.Result != tagout.DrillPassed || len(i.Pins)+len(w.gate.pins["mailer"]) != 0 {
		t.Fatalf("it is %s: %s; pins %v", i.State, i.Exercise.Verdict(), w.gate.pins)
	}
	if known, err := w.desk.AgentVersions(t.Context(), "mailer"); err != nil || known.Current()["prompt"] != "v42" {
		t.Errorf("now the agent is known to run %v, %v", known.Current(), err)
	}
}

func TestARealRollbackIsNotUndoneByADrill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable, twoVersions)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback }))
	w.clock.Pass(time.Second)
	if _, err := w.desk.Rollback(t.Context(), rollbackOf("mailer", map[string]string{"prompt": "v40"})); err != nil {
		t.Fatal(err)
	}
	w.readBack(t, "v41")
	w.ring()
	i := w.incident(1)
	if i.Drill || i.Exercise.Result != tagout.DrillInterrupted || w.gate.pins["mailer"]["prompt"] != "v40" {
		t.Errorf("it is %s, pinned %v", i.Exercise.Verdict(), w.gate.pins)
	}
}

func TestWhatPeopleOrderInADrillIsRealAndIsNotUndoneByIt(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]func(w *world) error{
		"a rollback": func(w *world) error {
			o := rollbackOf("mailer", map[string]string{"prompt": "v41"})
			o.Incident = 1
			_, err := w.desk.Rollback(w.t.Context(), o)
			return err
		},
		"another severity, which pins": func(w *world) error {
			_, err := w.desk.ChangeSeverity(w.t.Context(), 1, "sev3", "it is not that bad", responder.Actor())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, drillable, twoVersions, func(w *world) { w.policy.Severities["sev3"].Pin = true })
			w.answering()
			if err := order(w); err != nil {
				t.Fatal(err)
			}
			w.ring()
			if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
				t.Fatal(err)
			}
			w.ring()
			if i := w.incident(1); i.Drill || i.State.Ended() || i.Exercise.Result != tagout.DrillInterrupted || w.gate.pins["mailer"]["prompt"] == "" {
				t.Errorf("it is %s, %s; pinned %v", i.State, i.Exercise.Verdict(), w.gate.pins)
			}
		})
	}
}

func TestADrillEndsByItselfAndNotByWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.answering()
	_, err := w.desk.Close(t.Context(), 1, "done", responder)
	refused(t, err, tagout.Conflict, "ends by itself")
	_, err = w.desk.Cancel(t.Context(), 1, "only a drill", responder)
	refused(t, err, tagout.Conflict, "ends by itself")
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil || strings.Contains(card.String(), "It is over") || strings.Contains(card.String(), "False alarm") {
		t.Errorf("the card offers to end it: %s, %v", card, err)
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if i := w.incident(1); i.State != tagout.StateClosed || i.Exercise.Result != tagout.DrillPassed {
		t.Errorf("answered it is %s: %s", i.State, i.Exercise.Verdict())
	}
}

func TestASignerReadsWhenStoppingWasPractised(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill())
	w.clock.Pass(800 * time.Millisecond)
	w.observe(t, "mailer")
	w.ring()
	w.clock.Pass(time.Second)
	w.letsGo(nil)
	w.ring()
	w.clock.Pass(72 * time.Hour)
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	w.ask(t, 2)
	m, err := w.desk.Decision(t.Context(), 2)
	if text := m.String(); err != nil || !strings.Contains(text, "kill practised 3 days ago, observed stopped in 0.8 s, running again after 1 s") || !strings.Contains(text, "rollback never practised") {
		t.Errorf("the decision says %s, %v", text, err)
	}
}

// holdsAndLetsGo has the drill observed a second after it began, and lifted a second later.
func (w *world) holdsAndLetsGo(t *testing.T) {
	t.Helper()
	w.clock.Pass(time.Second)
	w.observe(t, "mailer")
	w.ring()
	w.clock.Pass(time.Second)
	w.letsGo(nil)
	w.ring()
}

// TestTheCardOfADrillAsksForNoSignOff: it ends by itself.
func TestTheCardOfADrillAsksForNoSignOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	card := func() (text string, resume bool) {
		m, err := w.desk.Card(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return m.String(), slices.ContainsFunc(m.Buttons, func(b tagout.Button) bool { return b.Action == "resume" })
	}
	if text, resume := card(); !strings.Contains(text, "To resume: nothing to sign; a drill ends by itself") || resume {
		t.Errorf("with the button %v: %s", resume, text)
	}
	w.accept(alert("A", "mailer/sms/us", "critical"))
	w.ring()
	if text, resume := card(); !strings.Contains(text, "To resume: GO of ") || !resume {
		t.Errorf("it is real, with the button %v: %s", resume, text)
	}
}
