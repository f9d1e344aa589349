package escalation_test

import (
	"encoding/json"
	"testing"
	"time"

	"tagout"
)

// turns has a maintenance window of an hour come, so late.
func (w *world) turns(late time.Duration) {
	w.t.Helper()
	order := tagout.MaintenanceOrder{Name: "import", Scope: tagout.MustScope("researcher"), For: time.Hour, Reason: "the nightly import"}
	data, _ := json.Marshal(order)
	turn := tagout.RoutineTurn{Routine: "maintenance import", Due: noon, Data: data}
	w.clock.Pass(late)
	e := tagout.NewEffect(tagout.EffectMaintenance, 0, "maintenance import:"+noon.Format(time.RFC3339), turn)
	for range 2 { // it may come again
		if err := w.desk.Effects()[tagout.EffectMaintenance](w.t.Context(), e); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestMaintenanceOfTheConfigurationSilencesForWhatIsLeftOfIt(t *testing.T) {
	t.Parallel()
	for late, left := range map[time.Duration]time.Duration{0: time.Hour, 20 * time.Minute: 40 * time.Minute, 59*time.Minute + 30*time.Second: 0, 3 * time.Hour: 0} {
		t.Run(late.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.turns(late)
			all, err := w.desk.Silences(t.Context())
			if err != nil || left == 0 && len(all) != 0 {
				t.Fatalf("%v, %v", all, err)
			}
			if left == 0 {
				return
			}
			if len(all) != 1 || all[0].Until.Sub(w.clock.Now()) != left || all[0].By != tagout.Tagout || all[0].Reason != "the nightly import" {
				t.Fatalf("%+v", all)
			}
			if i := opened(t, w.accept(alert("Spend", "researcher", "warning"))); i.Hush == nil {
				t.Error("it silences nothing")
			}
			w.clock.Pass(left)
			w.ring()
			if w.incident(1).Hush != nil || len(w.store.direct) != 0 {
				t.Errorf("%+v, told %v", w.incident(1).Hush, w.store.direct)
			}
		})
	}
}
