package story_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// TestAReplicaThatIsCutFromTheDatabaseStopsTheClientsOfTheOthers, and resumes nothing.
func TestAReplicaThatIsCutFromTheDatabaseStopsTheClientsOfTheOthers(t *testing.T) {
	t.Parallel()
	var network *wire
	all := newReplicas(t, 3, func(n int, w *world) {
		if n == 0 {
			network = newWire(w)
			w.log.expect(away...)
		}
	})
	cut, well := all[0], all[1:]
	all.see("mailer", emailEU(), tagout.Running)
	told := well[0].listens("mailer")
	<-told // at the beginning
	cut.instance("mailer", "mailer-1")
	well[0].instance("mailer", "mailer-2")

	network.hangs("upstream")
	network.hangs("downstream")
	began := time.Now()
	answer := make(chan said, 1)
	go func() { answer <- cut.orders("kill", "mailer sev1 wrong people") }()
	well.see("mailer", emailEU(), tagout.Halted)
	t.Logf("the other replicas answered halted %s after the stop was sent; nobody knew yet that the database was away", time.Since(began))
	t.Logf("an event stream told of it after %s", (<-told).Sub(began))
	if a := <-answer; a.Pending || a.Incident != "INC-1" || !strings.Contains(a.Text, "recorded by another replica") {
		t.Errorf("the cut replica answered %+v", a)
	}
	cut.agentSees("mailer", emailEU(), tagout.Halted)

	began = time.Now()
	go func() { answer <- cut.orders("kill", "researcher odd") }()
	well.see("researcher", nil, tagout.Halted)
	t.Logf("the next stop took %s", time.Since(began))
	if a := <-answer; a.Pending || a.Incident != "INC-2" {
		t.Errorf("the cut replica answered %+v", a)
	}

	well[0].isReached()
	room := well[0].room("inc-1-")
	well[0].asksToResume("U0IC", room, deliverables)
	cut.isReached()
	cut.presses("U0LEGAL", room, "GO")
	cut.reads("U0LEGAL", room, "nothing was changed")
	all.see("mailer", emailEU(), tagout.Halted)
	well[1].isReached()
	well[1].presses("U0LEGAL", room, "GO")
	well.see("mailer", emailEU(), tagout.Running)
	cut.agentSees("mailer", emailEU(), tagout.Halted) // it cannot know
	well[0].eventually("the control is told", func() bool { return !well[0].mailer.holding("mailer") })

	network.heals()
	all.see("mailer", emailEU(), tagout.Running)
	all.see("researcher", nil, tagout.Halted)
	if got := len(well[0].incidents()); got != 2 {
		t.Errorf("%d incidents, want 2", got)
	}
	if got := well[0].events("INC-1", tagout.EventHeld); got != 1 {
		t.Errorf("the stop hangs %d times", got)
	}
	well[0].eventually("the control is left alone", func() bool { return !well[0].mailer.holding("mailer") })
	well[0].verifies()
}
