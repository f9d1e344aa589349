package escalation_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"

	"tagout"
)

func (m *memory) KnownHolds(ctx context.Context, ids []tagout.HoldID) (map[tagout.HoldID]tagout.Hold, error) {
	if err := m.enter(ctx, "known"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[tagout.HoldID]tagout.Hold{}
	for _, i := range m.incidents {
		for _, id := range ids {
			if h, ok := i.Hold(id); ok {
				known[id] = h
			}
		}
	}
	return known, nil
}

func (m *memory) UnsignedLiftings(ctx context.Context, ids []tagout.HoldID) ([]tagout.Hold, error) {
	known, err := m.KnownHolds(ctx, ids)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var unsigned []tagout.Hold
	for id, h := range known {
		told := h.Active() || tagout.LiftedByDrill(m.events[h.Incident]) == id
		for _, e := range m.events[h.Incident] {
			var said struct{ Hold tagout.HoldID }
			told = told || e.Kind == tagout.EventLifted && json.Unmarshal([]byte(e.Data), &said) == nil && said.Hold == id
		}
		if !told {
			unsigned = append(unsigned, h)
		}
	}
	return unsigned, nil
}

// liftsUnsigned does what only the owner of the database can do.
func (m *memory) liftsUnsigned(id tagout.IncidentID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.incidents[id].Holds[0].LiftedAt, m.incidents[id].Holds[0].LiftedBy = noon, "r1"
}

func TestWhatTheDatabaseCallsLiftedWithoutSignOffsIsHeldAgain(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]bool{"in its incident": false, "whose incident was ended too, in one as severe": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				first := order("h1", "mailer/email", tagout.Paused)
				first.Severity, first.Class = "sev1", "policy_violation"
				if r, err := w.desk.Stop(t.Context(), first); err != nil || r.Incident == nil {
					t.Fatalf("%+v, %v", r, err)
				}
				w.store.liftsUnsigned(1)
				where := tagout.IncidentID(1)
				if ended {
					w.store.incidents[1].State = tagout.StateClosed
					where = 2
				}
				for range 3 { // by two replicas, and a repeat
					w.desk.Replay([]tagout.StopRequest{first})
					synctest.Wait()
				}
				if mode := w.gate.mode("mailer", "email", ""); mode != tagout.Paused {
					t.Errorf("nobody signed, and the mailer is %s", mode)
				}
				i := w.incident(where)
				same(t, "held", held(i), []string{"mailer/email paused"})
				if i.HighestSeverity != "sev1" || len(w.store.incidents) != int(where) || i.ActiveHolds()[0].Reason != "its hold was lifted in the database, and nobody signed for that; before: complaint spike" {
					t.Errorf("%s in %d incidents; events %q", i.HighestSeverity, len(w.store.incidents), w.store.kinds(where))
				}
				w.ring()
				if !w.posted("Lifted without sign-offs") {
					t.Error("the channel is not told")
				}
			})
		})
	}
}
