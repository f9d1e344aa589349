package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// TestAFlappingAlertIsOneIncidentAndPagesOnce: until it is resumed; what begins after that is another one,
// and it is said that it comes back.
func TestAFlappingAlertIsOneIncidentAndPagesOnce(t *testing.T) {
	t.Parallel()
	for name, dated := range map[string]bool{"each with its beginning": true, "without a beginning": false} {
		t.Run(name, func(t *testing.T) { t.Parallel(); flaps(t, dated) })
	}
}

func flaps(t *testing.T, dated bool) {
	w := newWorld(t)
	var began time.Time
	flip := func(status tagout.AlertStatus) tagout.Folded {
		w.clock.Pass(20 * time.Second)
		if dated && status == tagout.Firing {
			began = w.clock.Now()
		}
		a := alert("Odd", "researcher", "minor")
		a.Status, a.Fingerprint, a.StartsAt = status, "odd", began
		return w.accept(a)[0]
	}
	if !flip(tagout.Firing).Fresh {
		t.Fatal("nothing was opened")
	}
	w.ring()
	paged := len(w.slack.to())
	for range 7 {
		flip(tagout.Resolved)
		if f := flip(tagout.Firing); f.Fresh || f.Incident.ID != 1 {
			t.Fatalf("%+v", f)
		}
		w.ring()
	}
	if n := len(w.slack.to()); n != paged || paged == 0 {
		t.Errorf("paged %d times, and %d after it flapped", paged, n)
	}
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil || !strings.Contains(card.String(), "1 alert, 1 firing\nFlapping: Odd began again 7 times in 4 min") {
		t.Errorf("%s, %v", card, err)
	}
	flip(tagout.Resolved)
	w.approve(t, 1)
	if f := flip(tagout.Firing); !f.Fresh || f.Incident.ID != 2 {
		t.Fatalf("after the resumption it is %+v", f)
	}
	if card, err = w.desk.Card(t.Context(), 2); err != nil || !strings.Contains(card.String(), "second") || strings.Contains(card.String(), "Flapping") {
		t.Errorf("%s, %v", card, err)
	}
}
