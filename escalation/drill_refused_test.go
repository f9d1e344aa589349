package escalation_test

import (
	"testing"
	"time"

	"tagout"
)

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
		w.clock.Pass(time.Second)
		w.readBack(t, version)
		w.ring()
	}
	if i, err := w.desk.Drill(t.Context(), o); err != nil || i.State != tagout.StateClosed || len(w.store.incidents) != 1 {
		t.Fatalf("a rollback drill that is over: %v, %v, %d incidents", i, err, len(w.store.incidents))
	}
}
