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
