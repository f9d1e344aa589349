package escalation_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

func (m *memory) Drills(ctx context.Context, q tagout.DrillQuery) (list []tagout.Drill, err error) {
	if err := m.enter(ctx, "drills"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.incidents {
		if d := i.Exercise; d != nil && (q.Agent == "" || d.Agent == q.Agent) && (q.Action == "" || d.Action == q.Action) {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(a, b tagout.Drill) int { return cmp.Compare(b.Incident, a.Incident) })
	return list, nil
}

func (m *memory) Practise(ctx context.Context, d tagout.Drill, fn tagout.DrillTransition) (*tagout.Incident, bool, error) {
	if err := m.enter(ctx, "practise"); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var id tagout.IncidentID
	var others []*tagout.Incident
	for _, i := range m.newestFirst() {
		if i.Exercise != nil && i.Exercise.ID == d.ID {
			id = i.ID
		}
		if !i.State.Ended() {
			others = append(others, deepCopy(i))
		}
	}
	work := m.open(id)
	fresh := work.State == ""
	m.mu.Unlock() // it may read
	change, err := fn(work, others, m.clock.Now())
	m.mu.Lock()
	if err != nil {
		return nil, false, err
	}
	m.commit(work, change)
	return deepCopy(work), fresh, m.leave("practise")
}

func (m *memory) Routines(context.Context) ([]tagout.RoutineState, error) {
	return []tagout.RoutineState{{Name: "drill monthly", Next: noon.Add(24 * time.Hour)}}, nil
}

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
	w.clock.pass(800 * time.Millisecond)
	w.observe(t, "mailer")
	w.ring()
	if i = w.incident(1); len(i.ActiveHolds()) != 0 || w.gate.mode("mailer", "sms", "us") != tagout.Running || !i.Exercise.Running() {
		t.Fatalf("observed, it holds %v, the gate says %s, the drill %s", held(i), w.gate.mode("mailer", "sms", "us"), i.Exercise.Verdict())
	}
	w.clock.pass(time.Second)
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
	w.clock.pass(2 * time.Hour)
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
			w.clock.pass(time.Second)
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
			w.clock.pass(3 * time.Hour)
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
	w.clock.pass(time.Minute)
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
	w.clock.pass(time.Second)
	w.readBack(t, "v41")
	w.ring()
	if pins := w.gate.pins["mailer"]; pins["prompt"] != "v42" {
		t.Fatalf("read back, pinned is %v: %s", pins, w.incident(1).Exercise.Verdict())
	}
	w.clock.pass(time.Second)
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
	w.clock.pass(time.Second)
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
	w.clock.pass(10 * time.Minute)
	w.ring()
	n := len(w.slack.sent)
	w.clock.pass(10 * time.Minute)
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
	w.clock.pass(time.Second)
	w.observe(w.t, "mailer")
	w.ring()
	w.clock.pass(time.Second)
	w.letsGo(nil)
	w.ring()
	if i := w.incident(1); i.Exercise.Phase != tagout.DrillAnswering {
		w.t.Fatalf("it is %s", i.Exercise.Verdict())
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

func TestAGameDayThatNobodyAnswersBecomesAnIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	w.holdsAndLetsGo(t)
	w.clock.pass(tagout.DrillLimit)
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
	w.clock.pass(time.Second)
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
		w.clock.pass(time.Minute)
		w.ring()
		w.clock.pass(time.Second)
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

func TestADrillIsRefusedWhileAnythingElseGoesOnThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(w *world)
		order  tagout.DrillOrder
		code   tagout.Code
		words  string
	}{
		"no canary":            {func(w *world) { w.policy.Agents["mailer"].Canary = tagout.Scope{} }, killDrill(), tagout.Invalid, "Set agents.mailer.canary"},
		"held":                 {func(w *world) { w.stop(w.t, "h1", "mailer/sms", tagout.Review) }, killDrill(), tagout.Conflict, "is held by INC-1"},
		"everything is capped": {func(w *world) { w.stop(w.t, "h1", "*", tagout.Paused) }, killDrill(), tagout.Conflict, "is held by INC-1"},
		"another drill":        {func(w *world) { w.drills(killDrill(func(o *tagout.DrillOrder) { o.ID = "d0" })) }, killDrill(), tagout.Conflict, "INC-1"},
		"no such agent":        {func(*world) {}, killDrill(func(o *tagout.DrillOrder) { o.Agent = "mialer" }), tagout.NotFound, "mialer"},
		"no such scenario":     {func(*world) {}, killDrill(func(o *tagout.DrillOrder) { o.Scenario = "x" }), tagout.Invalid, "chaos"},
		"versions of the whole agent": {func(w *world) { w.policy.Agents["mailer"].RollbackDrills = false },
			killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback }), tagout.Invalid, "agents.mailer.rollback_drills"},
		"something private": {func(w *world) {
			scope := tagout.MustScope("mailer/sms")
			if _, err := w.desk.Declare(w.t.Context(), tagout.Declaration{ID: "x", Title: "confidential", Scope: &scope, Private: true, By: responder.Actor()}); err != nil {
				w.t.Fatal(err)
			}
		}, killDrill(), tagout.Conflict, "An incident concerns mailer/sms/us"},
		"unknown versions": {func(*world) {}, killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback }), tagout.Conflict, "No earlier version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, drillable)
			c.before(w)
			holds := len(w.gate.Holds())
			_, err := w.desk.Drill(t.Context(), c.order)
			refused(t, err, c.code, c.words)
			if len(w.gate.Holds()) != holds {
				t.Errorf("something is held: %v", w.gate.Holds())
			}
		})
	}
}

func TestTheSameOrderIsOneDrill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill())
	for range 2 {
		i, err := w.desk.Drill(t.Context(), killDrill())
		if err != nil || i.ID != 1 || len(w.store.incidents) != 1 {
			t.Fatalf("%v, %v, %d incidents", i, err, len(w.store.incidents))
		}
	}
	w = newWorld(t, drillable, twoVersions)
	o := killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback })
	w.drills(o)
	for _, version := range []string{"v41", "v42"} {
		w.clock.pass(time.Second)
		w.readBack(t, version)
		w.ring()
	}
	if i, err := w.desk.Drill(t.Context(), o); err != nil || i.State != tagout.StateClosed || len(w.store.incidents) != 1 {
		t.Fatalf("a rollback drill that is over: %v, %v, %d incidents", i, err, len(w.store.incidents))
	}
}

func TestASignerReadsWhenStoppingWasPractised(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill())
	w.clock.pass(800 * time.Millisecond)
	w.observe(t, "mailer")
	w.ring()
	w.clock.pass(time.Second)
	w.letsGo(nil)
	w.ring()
	w.clock.pass(72 * time.Hour)
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
	w.clock.pass(time.Second)
	w.observe(t, "mailer")
	w.ring()
	w.clock.pass(time.Second)
	w.letsGo(nil)
	w.ring()
}
