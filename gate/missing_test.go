package gate_test

import (
	"testing"

	"tagout"
	"tagout/gate"
)

func TestWhatTheDatabaseHasLostGoesBackToTheJournal(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	h := holdOn("h1", "mailer", tagout.Halted)
	h.Incident = 1
	g, err := gate.New(gate.Options{Agents: agents(), Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	g.Refresh(g.StartRead(), []tagout.Hold{h}, nil)
	mark := g.StartRead()
	if missing := g.Missing(mark, nil); len(missing) != 1 {
		t.Fatalf("missing: %+v", missing)
	}
	g.Unrecorded([]tagout.StopRequest{{Hold: h}, {Hold: holdOn("never seen", "mailer", tagout.Halted)}})
	g.Refresh(mark, nil, nil)
	if modeOf(g, "mailer") != tagout.Halted || g.Status().Pending != 1 {
		t.Errorf("the mailer is %s, %d pending", modeOf(g, "mailer"), g.Status().Pending)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g = loaded(t, gate.Options{Journal: path}) // it ends before the hold is recorded again
	if modeOf(g, "mailer") != tagout.Halted || len(g.Pending()) != 1 || g.Pending()[0].Hold.ID != "h1" {
		t.Errorf("after a restart the mailer is %s, the journal has %+v", modeOf(g, "mailer"), g.Pending())
	}
	g.Committed([]tagout.Hold{h})
	if len(g.Pending()) != 0 {
		t.Errorf("recorded again, the journal has %+v", g.Pending())
	}
}

// TestWhatTheDatabaseSaysOtherwiseOfAHoldIsNotTaken before somebody has looked why: what a hold
// holds never changes.
func TestWhatTheDatabaseSaysOtherwiseOfAHoldIsNotTaken(t *testing.T) {
	t.Parallel()
	h := holdOn("h1", "mailer", tagout.Halted)
	narrowed := holdOn("h1", "mailer/sms", tagout.Capped)
	g := loaded(t, gate.Options{})
	g.Refresh(g.StartRead(), []tagout.Hold{h}, nil)
	stands := func(mode tagout.Mode, changed int) {
		t.Helper()
		if got := g.Changed([]tagout.Hold{narrowed}); modeOf(g, "mailer") != mode || len(got) != changed {
			t.Errorf("the mailer is %s; changed: %q", modeOf(g, "mailer"), got)
		}
	}
	stands(tagout.Halted, 1)
	for range 2 {
		g.Refresh(g.StartRead(), []tagout.Hold{narrowed}, nil)
		stands(tagout.Halted, 1)
	}
	g.Lift(nil, []tagout.Hold{narrowed}) // as its incident says, with which an alert came
	g.Committed([]tagout.Hold{narrowed})
	stands(tagout.Halted, 1)
	if got := g.Changed([]tagout.Hold{h, holdOn("other", "mailer", tagout.Halted)}); len(got) > 0 {
		t.Errorf("changed: %q", got)
	}

	g.Trust([]tagout.HoldID{"h1"})
	g.Refresh(g.StartRead(), []tagout.Hold{narrowed}, nil)
	stands(tagout.Capped, 0)
	g.Refresh(g.StartRead(), []tagout.Hold{h}, nil) // changed once more: that is doubted again
	stands(tagout.Capped, 0)
	if got := g.Changed([]tagout.Hold{h}); len(got) != 1 {
		t.Errorf("changed: %q", got)
	}
}

func TestAHoldThatTheDatabaseDidNotKnowIsAsItWasRecorded(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	if err := g.Hang(t.Context(), tagout.StopRequest{Hold: holdOn("h1", "mailer", tagout.Paused)}); err != nil {
		t.Fatal(err)
	}
	recorded := holdOn("h1", "mailer", tagout.Halted)
	if got := g.Changed([]tagout.Hold{recorded}); len(got) > 0 {
		t.Errorf("changed: %q", got)
	}
	g.Committed([]tagout.Hold{recorded})
	if mode := modeOf(g, "mailer"); mode != tagout.Halted {
		t.Errorf("the mailer is %s", mode)
	}
}
