package escalation_test

import (
	"context"
	"testing"

	"tagout"
)

// TestAReleaseWaitsForAStopThatIsNotRecordedYet: what the gate alone knows counts, and without
// the database nothing is known.
func TestAReleaseWaitsForAStopThatIsNotRecordedYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func() tagout.ReleaseReport {
		r, err := w.desk.CheckRelease(t.Context(), tagout.ReleaseQuery{Agent: "mailer"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := ask(); !r.Pass {
		t.Fatalf("before anything happened: %+v", r)
	}
	if err := w.gate.Hang(t.Context(), order("h1", "mailer/email/eu", tagout.Halted)); err != nil {
		t.Fatal(err)
	}
	if r := ask(); r.Pass || len(r.Incidents) != 1 || r.Incidents[0].ID != 0 || r.Incidents[0].Problems[0].Kind != "held" {
		t.Errorf("held by a stop that is not recorded yet: %+v", r)
	}
	w.stop(t, "h1", "mailer/email/eu", tagout.Halted)
	if r := ask(); r.Pass || len(r.Incidents) != 1 || r.Incidents[0].ID != 1 || len(r.Incidents[0].Problems) != 2 {
		t.Errorf("held by INC-1: %+v", r)
	}
	w.store.before = func(context.Context, string) error { return tagout.Errorf(tagout.Unavailable, "The database is down.") }
	if r, err := w.desk.CheckRelease(t.Context(), tagout.ReleaseQuery{Agent: "mailer"}); tagout.CodeOf(err) != tagout.Unavailable || r.Pass {
		t.Errorf("without the database: %+v, %v", r, err)
	}
}
