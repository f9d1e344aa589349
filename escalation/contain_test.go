package escalation_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"tagout"
)

func TestAnAlertIsContainedAsItsSeveritySays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alert tagout.Alert
		held  []string
		modes map[string]tagout.Mode // by channel/region of mailer
	}{
		"SEV-1 halts the agent":                     {alert("A", "mailer/email/eu", "critical"), []string{"mailer halted"}, map[string]tagout.Mode{"sms/us": tagout.Halted}},
		"SEV-2 pauses the shard and caps the agent": {alert("A", "mailer/email/eu", "warning"), []string{"mailer/email/eu paused", "mailer capped 500/day"}, map[string]tagout.Mode{"email/eu": tagout.Paused, "email/us": tagout.Capped}},
		"SEV-3 lets people review the shard":        {alert("A", "mailer/email", "minor"), []string{"mailer/email review"}, map[string]tagout.Mode{"email/us": tagout.Review, "sms/us": tagout.Running}},
		"an agent that nobody declared":             {alert("A", "ghost/email", "critical"), []string{"ghost halted"}, nil},
		"no agent: held is nothing":                 {alert("A", "", "critical"), nil, map[string]tagout.Mode{"email/eu": tagout.Running}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i := opened(t, w.accept(c.alert))
			same(t, "held", held(i), c.held)
			for path, mode := range c.modes {
				channel, region, _ := cut(path)
				if got := w.gate.mode("mailer", channel, region); got != mode {
					t.Errorf("the gate says %s for %s, want %s", got, path, mode)
				}
			}
			if len(c.held) > 0 && !slices.Contains(w.gate.reconciled, i.Scope.Agent) {
				t.Errorf("the controls of %s were not driven, only %q", i.Scope.Agent, w.gate.reconciled)
			}
		})
	}
}

func cut(path string) (channel, region string, ok bool) {
	for n := range path {
		if path[n] == '/' {
			return path[:n], path[n+1:], true
		}
	}
	return path, "", false
}

func TestWhatIsCoveredIsNotHeldAgainAndWhatIsNewIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alerts []tagout.Alert
		held   []string
	}{
		"the same shard": {[]tagout.Alert{alert("A", "mailer/email/eu", "warning"), alert("B", "mailer/email/eu", "warning")},
			[]string{"mailer/email/eu paused", "mailer capped 500/day"}},
		"a narrower shard": {[]tagout.Alert{alert("A", "mailer/email", "warning"), alert("B", "mailer/email/eu", "warning")},
			[]string{"mailer/email paused", "mailer capped 500/day"}},
		"another region": {[]tagout.Alert{alert("A", "mailer/email/eu", "warning"), alert("B", "mailer/email/us", "warning")},
			[]string{"mailer/email/eu paused", "mailer capped 500/day", "mailer/email/us paused"}},
		"a wider shard": {[]tagout.Alert{alert("A", "mailer/email/eu", "warning"), alert("B", "mailer/email", "warning")},
			[]string{"mailer/email/eu paused", "mailer capped 500/day", "mailer/email paused"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			folded := w.accept(c.alerts...)
			if folded[1].Incident == nil || folded[1].Incident.ID != folded[0].Incident.ID {
				t.Fatalf("the second alert was not folded: %+v", folded[1])
			}
			same(t, "held", held(w.incident(1)), c.held)
			standing := 0
			for range w.gate.Holds() {
				standing++
			}
			if standing != len(c.held) {
				t.Errorf("the gate holds %d, want %d", standing, len(c.held))
			}
		})
	}
}

func TestARepeatOnlyCountsAndAResolvedAlertHangsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := alert("A", "mailer/email/eu", "warning")
	i := opened(t, w.accept(a))
	if folded := w.accept(a); !folded[0].Repeat {
		t.Errorf("the same alert again is %+v, want a repeat", folded[0])
	}
	a.Status = tagout.Resolved
	w.accept(a)
	never := alert("Never", "mailer/sms", "warning")
	never.Status = tagout.Resolved
	if folded := w.accept(never); folded[0].Incident != nil {
		t.Errorf("the end of something that never began opened %s", folded[0].Incident.ID)
	}
	if now := w.incident(i.ID); len(now.ActiveHolds()) != 2 || now.Alerts.Firing != 0 || w.count(i.ID, tagout.EventAlert) != 1 || w.count(i.ID, tagout.EventAlertResolved) != 1 {
		t.Errorf("got %d holds, tally %+v, events %q", len(now.ActiveHolds()), now.Alerts, w.store.kinds(i.ID))
	}
}

// A correlation ID folds alerts of different severities into one incident.
func correlated(a tagout.Alert) tagout.Alert {
	a.CorrelationID = "run-1"
	return a
}

func TestAWorseAlertRaisesTheSeverityTheHoldsAndTheSignOffs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(correlated(alert("A", "mailer/email/eu", "minor")))
	w.accept(correlated(alert("B", "mailer/email/eu", "critical")))
	i := w.incident(1)
	if i.Severity != "sev1" || i.HighestSeverity != "sev1" || i.Rule[0].AnyOf[0] != "legal" {
		t.Errorf("severity %s, highest %s, sign-offs %v", i.Severity, i.HighestSeverity, i.Rule)
	}
	same(t, "held", held(i), []string{"mailer/email/eu review", "mailer halted"})
	w.accept(correlated(alert("C", "mailer/sms/us", "minor")))
	if now := w.incident(1); now.Severity != "sev1" || len(now.ActiveHolds()) != 2 {
		t.Errorf("a lesser alert made it %s with %q", now.Severity, held(now))
	}
}

func TestRaisingTheSeverityUpgradesEverythingThatIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "minor"), alert("B", "mailer/email/us", "minor"))
	i, err := w.desk.ChangeSeverity(t.Context(), 1, "sev2", "customers wrote", tagout.User{ID: "U0IC"}.Actor())
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"eu", "us"} {
		if mode := w.gate.mode("mailer", "email", region); mode != tagout.Paused {
			t.Errorf("email/%s is %s after the severity was raised, want paused (held %q)", region, mode, held(i))
		}
	}
	if mode := w.gate.mode("mailer", "sms", "us"); mode != tagout.Capped {
		t.Errorf("sms/us is %s, want capped", mode)
	}
	before := len(held(i))
	if i, err = w.desk.ChangeSeverity(t.Context(), 1, "sev3", "smaller than it looked", tagout.User{ID: "U0IC"}.Actor()); err != nil {
		t.Fatal(err)
	}
	if len(held(i)) != before || i.HighestSeverity != "sev2" {
		t.Errorf("lowering changed the holds to %q or the highest severity to %s", held(i), i.HighestSeverity)
	}
	_, err = w.desk.ChangeSeverity(t.Context(), 1, "sev9", "", tagout.Tagout)
	refused(t, err, tagout.Invalid, "SEV-9 is not a severity")
}

func TestAnAlertThatRaisesUpgradesWhatIsHeldElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(correlated(alert("A", "mailer/email/eu", "minor")))
	w.accept(correlated(alert("B", "mailer/sms/us", "warning")))
	if mode := w.gate.mode("mailer", "email", "eu"); mode != tagout.Paused {
		t.Errorf("email/eu is %s in a SEV-2 incident, want paused (held %q)", mode, held(w.incident(1)))
	}
}

func TestThresholdsAreTheStores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, name := range []string{"A", "B"} {
		if folded := w.accept(alert(name, "mailer/email/eu", "storm")); folded[0].Incident != nil {
			t.Fatalf("alert %d of 3 opened an incident", n+1)
		}
	}
	if mode := w.gate.mode("mailer", "email", "eu"); mode != tagout.Running {
		t.Errorf("below the threshold it is %s, want running", mode)
	}
	w.clock.Pass(6 * time.Minute)
	if folded := w.accept(alert("C", "mailer/email/eu", "storm")); folded[0].Incident != nil {
		t.Error("alerts before the window counted")
	}
	w.accept(alert("D", "mailer/email/eu", "storm"))
	i := opened(t, w.accept(alert("E", "mailer/email/eu", "storm")))
	if threshold := w.store.folds[0][0].Verdict.Threshold; threshold.Count != 3 || threshold.Within != 5*time.Minute {
		t.Errorf("the store was given the threshold %+v", threshold)
	}
	same(t, "held", held(i), []string{"mailer/email/eu paused", "mailer capped 500/day"})
}

func TestAnIncidentWithoutAgentHoldsNothingUntilSomebodySaysWhich(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := opened(t, w.accept(alert("A", "", "minor")))
	if _, err := w.desk.ChangeSeverity(t.Context(), i.ID, "sev1", "bad", tagout.Tagout); err != nil {
		t.Fatal(err)
	}
	if n := len(w.gate.Holds()); n != 0 {
		t.Errorf("%d holds stand though nobody knows of which agent", n)
	}
}

func TestASevereAlertRollsBackAlthoughTheAgentIsHeldAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	kill := order("k1", "mailer", tagout.Halted)
	kill.Class = "policy_violation"
	if _, err := w.desk.Stop(t.Context(), kill); err != nil {
		t.Fatal(err)
	}
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if n := len(w.store.incidents); n != 1 {
		t.Fatalf("there are %d incidents, want 1", n)
	}
	if rb := w.incident(1).Rollback; rb == nil || rb.To()["prompt"] != "v41" {
		t.Errorf("SEV-1 arrived at a halted agent, and its rollback is %+v", rb)
	}
}

// twoVersions lets the mailer have run prompt v41 and then v42.
func twoVersions(w *world) {
	seen := func(component, version string, first, last time.Duration) {
		w.store.versions = append(w.store.versions, tagout.Version{Agent: "mailer", Component: component, Version: version,
			FirstSeen: noon.Add(-first), LastSeen: noon.Add(-last)})
	}
	seen("prompt", "v41", 48*time.Hour, 2*time.Hour)
	seen("prompt", "v42", 2*time.Hour, 0)
	seen("model", "m1", 48*time.Hour, 0)
}

func TestContainmentThatIsNotObservedInTimeIsPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "warning"))
	w.ring()
	w.clock.Pass(time.Minute)
	before := len(w.slack.sent)
	w.ring()
	if w.count(1, tagout.EventUnconfirmed) != 1 {
		t.Fatalf("nothing says that the stop is unconfirmed: %q", w.store.kinds(1))
	}
	same(t, "paged for it", w.slack.to()[before:], []string{"U0PLATFORM", "U0IC", "U0MOPS", "U0GROUPIE"})
}

func TestALaterStopOfAnIncidentHasADeadlineOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "warning"))
	w.observe(t, "mailer")
	w.clock.Pass(10 * time.Minute)
	w.ring()
	if w.count(1, tagout.EventUnconfirmed) != 0 {
		t.Fatal("an observed stop is called unconfirmed")
	}
	w.accept(alert("B", "mailer/email/us", "warning"))
	w.clock.Pass(time.Minute)
	w.ring()
	if w.count(1, tagout.EventUnconfirmed) != 1 {
		t.Errorf("the stop of another region was not observed for a minute, and nobody was told: %q", w.store.kinds(1))
	}
}

// observe reports that an agent's control was seen to enforce everything that stands.
func (w *world) observe(t *testing.T, agent string) {
	t.Helper()
	var ids []tagout.HoldID
	for _, h := range w.gate.Holds() {
		ids = append(ids, h.ID)
	}
	err := w.desk.Report(t.Context(), tagout.ControlReport{Agent: agent, Control: "webhook", Holds: ids, At: w.clock.Now(), Accepted: true, Observed: true})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDriftIsPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "warning"))
	w.ring()
	w.observe(t, "mailer")
	if state := w.incident(1).State; state != tagout.StateContained {
		t.Fatalf("observed, it is %s", state)
	}
	before := len(w.slack.sent)
	drift := tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{w.gate.Holds()[0].ID}, At: w.clock.Now(), Drift: true}
	for range 2 { // the same news again is no other drift
		if err := w.desk.Report(t.Context(), drift); err != nil {
			t.Fatal(err)
		}
	}
	w.ring()
	if w.count(1, tagout.EventDrift) != 1 || w.incident(1).State == tagout.StateContained {
		t.Errorf("after the drift it is %s: %q", w.incident(1).State, w.store.kinds(1))
	}
	same(t, "paged for the drift", w.slack.to()[before:], []string{"U0PLATFORM", "U0IC", "U0MOPS", "U0GROUPIE"})
}

func TestAnAgentWithoutControlsIsContainedByItsLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "researcher/crm/us", "minor"))
	w.clock.Pass(29 * time.Second)
	w.ring()
	if state := w.incident(1).State; state != tagout.StateOpen {
		t.Fatalf("within its lease it is %s", state)
	}
	w.clock.Pass(time.Second)
	w.ring()
	if i := w.incident(1); i.State != tagout.StateContained || w.count(1, tagout.EventLease) != 1 {
		t.Errorf("after its lease it is %s: %q", i.State, w.store.kinds(1))
	}
}

func TestEffectsOfAnUnreachableDatabaseAreTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	down := tagout.Errorf(tagout.Unavailable, "down")
	w.store.before = func(context.Context, string) error { return down }
	if failed := w.ring(); len(failed) == 0 {
		t.Fatal("no effect failed without the database")
	}
	w.store.before = nil
	w.ring()
	if len(w.slack.sent) == 0 {
		t.Error("nobody was paged once the database was back")
	}
}
