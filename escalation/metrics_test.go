package escalation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestADrillIsCountedOnceWhenItHasEnded(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	w := newWorld(t, drillable, func(w *world) { w.metrics = registry })
	counted := func() (all string) {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "tagout_drills_total" {
				all += strings.Join(strings.Fields(f.String()), " ")
			}
		}
		return all
	}
	w.drills(killDrill())
	w.clock.Pass(time.Second)
	w.observe(t, "mailer")
	w.ring()
	if all := counted(); all != "" {
		t.Errorf("before it has ended: %s", all)
	}
	w.clock.Pass(time.Second)
	w.letsGo(nil)
	w.ring()
	w.clock.Pass(time.Hour)
	w.ring()
	if all := counted(); !strings.Contains(all, `value:"kill"`) || !strings.Contains(all, `value:"passed"`) || !strings.Contains(all, "counter:{value:1 ") {
		t.Errorf("after it has ended: %s", all)
	}
}
