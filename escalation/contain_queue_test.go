package escalation_test

import (
	"slices"
	"testing"

	"tagout"
)

func TestAnAlertsHoldStandsInTheGateWithoutAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.accept(alert("A", "mailer/email", "critical"))[0].Incident
	if len(i.ActiveHolds()) == 0 {
		t.Fatal("the alert held nothing")
	}
	for _, h := range i.ActiveHolds() {
		if !w.gate.Knows(h.ID) {
			t.Errorf("the gate does not know %s", h.ID)
		}
	}
	contains := func(e tagout.Effect) bool { return e.Kind == tagout.EffectContain }
	if slices.ContainsFunc(w.store.effects, contains) {
		t.Errorf("it queued %v", w.store.effects)
	}
	w.stop(t, "h1", "researcher", tagout.Halted)
	if !slices.ContainsFunc(w.store.effects, contains) {
		t.Error("a person's stop queued nothing that looks after it")
	}
}
