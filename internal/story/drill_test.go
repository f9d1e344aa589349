package story_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/internal/crashpoint"
)

// heard reports whether the machine was ever sent such words.
func (m *machine) heard(words string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.bodies, func(body string) bool { return strings.Contains(body, words) })
}

func smsCanary() map[string]string { return map[string]string{"channel": "sms", "region": "us"} }

const yearly = "0 3 1 1 *"

func drilling(p *params) { p.Drills = yearly }

// lastDrill is the newest drill as the API shows it.
func (w *world) lastDrill() (d struct {
	Incident, Result, Verdict string
	Stopped                   int64 `json:"observed_ms"`
	Restored                  int64 `json:"restored_ms"`
}) {
	var all struct {
		Drills []struct {
			Incident, Result, Verdict string
			Stopped                   int64 `json:"observed_ms"`
			Restored                  int64 `json:"restored_ms"`
		}
	}
	status, body, err := w.try(http.MethodGet, "/v1/drills?limit=1", "breakglass-token", nil)
	if err == nil && status == http.StatusOK && jsonInto(body, &all) == nil && len(all.Drills) > 0 {
		return all.Drills[0]
	}
	return d
}

// TestStoppingAndRollingBackArePractisedAndUndone: by a person, by a token, and with a control
// that is broken on purpose; everything runs again as before, and nobody was woken.
func TestStoppingAndRollingBackArePractisedAndUndone(t *testing.T) {
	tellWith(t, bothStores, drilling, func(t *testing.T, w *world) {
		w.deploys("prompt", "v41", "v42")
		w.types("U0GUEST", "#general", "/drill kill mailer")
		w.reads("U0GUEST", "#general", "Guests")
		w.types("U0IC", "#general", "/drill kill researcher")
		w.reads("U0IC", "#general", "Set agents.researcher.canary")

		w.types("U0IC", "#general", "/drill kill mailer before the launch")
		w.reads("U0IC", "#general", "INC-1.*passed: observed stopped in .*running again after")
		w.reads("U0IC", "#incidents", "INC-1.*kill drill of mailer.*passed")
		w.agentSees("mailer", smsCanary(), tagout.Running)
		if w.mailer.holding("mailer/sms/us") || !w.mailer.heard("[DRILL] kill drill of mailer: before the launch") {
			t.Error("the control holds the canary, or was never told that it was a drill")
		}
		w.types("U0IC", "#general", "/drill rollback mailer")
		w.reads("U0IC", "#general", "INC-2.*passed: read back in .*forward again after")
		if w.mailer.version("prompt") != "v42" {
			t.Errorf("the mailer runs %s", w.mailer.version("prompt"))
		}
		w.log.expect("refused", "command")
		if code, _, _ := w.breaksGlass("stop-token", "drill", "kill", "mailer"); code != 4 {
			t.Errorf("a token that may only stop drills: exit %d", code)
		}
		if code, out, errs := w.breaksGlass("drill-token", "drill", "kill", "mailer"); code != 0 || !strings.Contains(out, "INC-3, kill drill of mailer on mailer/sms/us: passed\n  observed stopped   in ") ||
			!strings.Contains(out, "\n  running again      after ") || !strings.Contains(errs, "INC-3 +") {
			t.Errorf("exit %d: %s %s", code, out, errs)
		}
		w.reads("U0IC", "#incidents", "INC-3.*kill drill of mailer.*passed")

		w.stops()
		w.params.ContainDeadline = "1s" // which is waited for now
		w.starts()
		w.types("U0IC", "#general", "/drill kill mailer scenario=deaf")
		w.reads("U0IC", "#general", "INC-4.*passed: noticed: not observed stopped in time")
		for _, who := range []string{"U0PROGRAM", "U0PLATFORM", "U0LEGAL"} {
			if n := len(w.slack.Messages(w.slack.DM(who))); n > 0 {
				t.Errorf("%s was told something %d times", who, n)
			}
		}
		w.types("U0IC", "#general", "/drill")
		w.reads("U0IC", "#general", "INC-4.*INC-3.*INC-2.*INC-1.*Next: monthly")
		w.types("U0IC", "#general", "/status mailer")
		w.reads("U0IC", "#general", "kill practised just now, .*observed stopped.*rollback practised just now, read back")
		w.verifies()
	})
}

// TestAnythingRealKeepsWhatADrillHolds: a stop that comes in the midst of a drill, and a
// control that does not stop; both are incidents then, and only sign-offs let go.
func TestAnythingRealKeepsWhatADrillHolds(t *testing.T) {
	tellWith(t, bothStores, drilling, func(t *testing.T, w *world) {
		w.log.expect("drift", "running", "control")
		w.mailer.set(func(m *machine) { m.deaf = true })
		w.types("U0IC", "#general", "/drill kill mailer")
		w.agentSees("mailer", smsCanary(), tagout.Halted)
		w.types("U0ENG", "#general", "/pause mailer/sms something is odd")
		w.mailer.set(func(m *machine) { m.deaf = false })
		w.reads("U0IC", "#general", "INC-1.*This is a real incident now.*interrupted")
		w.state("INC-1", tagout.StateContained)
		w.state("INC-2", tagout.StateContained)
		w.agentSees("mailer", smsCanary(), tagout.Halted)
		room := w.room("inc-1-")
		w.reads("U0PROGRAM", room, "This was a drill, and is not any more")
		w.asksToResume("U0IC", room, map[string]any{"fix": "Nothing was wrong with the canary"})
		w.presses("U0PROGRAM", room, "GO")
		w.agentSees("mailer", smsCanary(), tagout.Paused)
		w.verifies()
	})
}

// TestAStopThatIsNotObservedInADrillIsAnIncident pages those who answer for the agent.
func TestAStopThatIsNotObservedInADrillIsAnIncident(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { drilling(p); p.ContainDeadline = "1s" }, func(t *testing.T, w *world) {
		w.log.expect("control")
		w.mailer.set(func(m *machine) { m.broken = true })
		w.types("U0IC", "#general", "/drill kill mailer")
		w.reads("U0IC", "#general", "INC-1.*This is a real incident now.*failed: not observed stopped in time")
		w.reads("U0PLATFORM", w.room("inc-1-"), "do not rely on stopping mailer this way")
		w.eventually("the platform owner is paged", func() bool { return len(w.slack.Messages(w.slack.DM("U0PLATFORM"))) > 0 })
		w.agentSees("mailer", smsCanary(), tagout.Halted)
		w.mailer.set(func(m *machine) { m.broken = false })
		w.state("INC-1", tagout.StateContained)
		w.agentSees("mailer", smsCanary(), tagout.Halted)
		w.verifies()
	})
}

// TestACrashInADrillEndsItOrKeepsItsHold lets the binary kill itself at every step of a drill.
func TestACrashInADrillEndsItOrKeepsItsHold(t *testing.T) {
	t.Parallel()
	points, err := crashpoint.Names("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range points {
		if !strings.HasPrefix(point, "drill.") {
			continue
		}
		for _, database := range []string{"sqlite", "postgres"} {
			t.Run(point+"/"+database, func(t *testing.T) {
				t.Parallel()
				w := newMortalWorld(t, database)
				drilling(&w.params)
				w.log.expect("") // a crash may be noticed as any error
				s := &survivor{world: w, point: point}
				s.process = w.launches(point)
				s.revive()
				s.does(func() error { return w.tries("U0IC", "#general", "/drill kill mailer") })
				s.settles("the drill has passed", func() bool {
					d := w.lastDrill()
					if d.Result == "" {
						s.does(func() error { return w.tries("U0IC", "#general", "/drill kill mailer") })
					}
					return d.Result == "passed"
				})
				s.settles("the canary runs again", func() bool { return w.mode("mailer", smsCanary()) == string(tagout.Running) })
				s.settles("the crash point "+point+" is passed", func() bool { return s.crashed })
				w.verifies()
			})
		}
	}
}
