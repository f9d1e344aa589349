package escalation_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"tagout"
)

func (m *memory) OldEvidence(_ context.Context, before time.Time, limit int) ([]tagout.Evidence, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var old []tagout.Evidence
	for _, e := range m.evidence {
		gone := slices.ContainsFunc(m.evidence, func(o tagout.Evidence) bool {
			return o.Redacted != "" && o.SHA256 == e.SHA256 && o.Incident == e.Incident
		})
		if i := m.incidents[e.Incident]; e.At.Before(before) && !gone && i.State.Ended() && len(old) < limit {
			old = append(old, e)
		}
	}
	return old, nil
}

func TestOldEvidenceOfEndedIncidentsBecomesATombstone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.policy.KeepEvidence = 90 * 24 * time.Hour })
	keep := func(id tagout.IncidentID, text string) {
		t.Helper()
		if _, err := w.store.Update(t.Context(), id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Keep(tagout.NewEvidence(text, "text/plain", []byte(text), now), tagout.Tagout, now), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	forgets := func(want int) {
		t.Helper()
		if n, err := w.desk.ForgetOld(t.Context()); err != nil || n != want {
			t.Errorf("%d pieces are gone, want %d (%v)", n, want, err)
		}
	}
	w.stop(t, "h1", "mailer", tagout.Halted)
	w.stop(t, "h2", "researcher", tagout.Halted) // stays open
	keep(1, "names")
	keep(2, "others")
	w.approve(t, 1)
	w.clock.Pass(89 * 24 * time.Hour)
	forgets(0)
	w.clock.Pass(2 * 24 * time.Hour)
	forgets(1)
	forgets(0)
	if w.count(1, tagout.EventRedacted) != 1 || w.count(2, tagout.EventRedacted) != 0 {
		t.Errorf("the timelines say %q and %q", w.store.kinds(1), w.store.kinds(2))
	}
}
