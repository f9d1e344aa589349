package escalation_test

import (
	"context"
	"testing"

	"tagout"
)

// meanwhile has something happen once, after a desk has looked at what goes on and right before
// its drill begins: as another replica does that was asked at the same instant.
func (w *world) meanwhile(happens func()) {
	once := false
	w.store.before = func(_ context.Context, op string) error {
		if (op == "practise" || op == "join") && !once {
			once = true
			happens()
		}
		return nil
	}
}

func TestADrillIsNotBegunBesideWhatBeganInTheSameInstant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order tagout.DrillOrder
		real  func(w *world)
		words string
	}{
		"another drill":       {killDrill(), func(w *world) { w.drills(killDrill(func(o *tagout.DrillOrder) { o.ID = "d0" })) }, "is held by INC-1, which is a drill. Nothing is drilled there now"},
		"a stop":              {killDrill(), func(w *world) { w.stop(w.t, "h1", "mailer/sms", tagout.Halted) }, "is held by INC-"},
		"a stop of all":       {killDrill(), func(w *world) { w.stop(w.t, "h1", "*", tagout.Paused) }, "is held by INC-"},
		"an alert":            {killDrill(), func(w *world) { w.accept(alert("A", "mailer/sms/us", "minor")) }, "INC-"},
		"a drill, a rollback": {killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback }), func(w *world) { w.drills(killDrill(func(o *tagout.DrillOrder) { o.ID = "d0" })) }, "is held by INC-1, which is a drill"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, drillable, twoVersions)
			w.meanwhile(func() { c.real(w) })
			_, err := w.desk.Drill(t.Context(), c.order)
			refused(t, err, tagout.Conflict, c.words)
			w.ring()
			for id, i := range w.store.incidents {
				if i.Exercise != nil && (i.Exercise.ID == c.order.ID || !i.Drill) {
					t.Errorf("%s is the drill %s, which is real: %v", id, i.Exercise.ID, !i.Drill)
				}
			}
		})
	}
}

// TestAnOrderThatComesTwiceAtOnceIsOneDrill, although the first is over before the second begins.
func TestAnOrderThatComesTwiceAtOnceIsOneDrill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable, twoVersions)
	o := killDrill(func(o *tagout.DrillOrder) { o.Action = tagout.DrillRollback })
	w.meanwhile(func() {
		w.drills(o)
		for _, version := range []string{"v41", "v42"} {
			w.clock.Pass(1e9)
			w.readBack(t, version)
			w.ring()
		}
	})
	if i, err := w.desk.Drill(t.Context(), o); err != nil || i.State != tagout.StateClosed || i.Exercise.Result != tagout.DrillPassed {
		t.Fatalf("%+v, %v", i, err)
	}
}
