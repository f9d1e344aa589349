package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func noted(text string) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.AddNote(text, ic, now) }
}

func mustCheckpoint(t *testing.T, s *store.Store) tagout.Checkpoint {
	t.Helper()
	c, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verifies checks all checkpoints as `tagout verify` does.
func verifies(t *testing.T, s *store.Store) (int64, error) {
	t.Helper()
	all, err := s.Checkpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tagout.VerifyCheckpoints(all, func(id tagout.IncidentID, seq int64) (string, error) { return s.EventHash(t.Context(), id, seq) })
}

func TestACheckpointNamesTheTimelinesThatGrew(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{Clock: newClock()})
		if c := mustCheckpoint(t, s); c.N != 0 {
			t.Errorf("checkpoint %d of an empty database", c.N)
		}
		one := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		two := mustJoin(t, s, tagout.Match{}, stopping("h2", "researcher"))
		first := mustCheckpoint(t, s)
		if first.N != 1 || len(first.Heads) != 2 || first.Heads[0].Incident != one.ID || first.Heads[1].Head != two.Head {
			t.Errorf("the first checkpoint is %+v", first)
		}
		if again := mustCheckpoint(t, s); again.N != 1 || again.Hash != first.Hash {
			t.Errorf("nothing grew, yet there is checkpoint %d", again.N)
		}
		mustUpdate(t, s, two.ID, noted("more"))
		second := mustCheckpoint(t, s)
		if second.N != 2 || second.Prev != first.Hash || len(second.Heads) != 1 || second.Heads[0].Incident != two.ID {
			t.Errorf("the second checkpoint is %+v", second)
		}
		if n, err := verifies(t, s); err != nil {
			t.Errorf("checkpoint %d: %v", n, err)
		}
	})
}

func TestReplicasThatMakeCheckpointsAtOnceMakeOneChain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s, other := open(t, url, store.Options{}), open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		var all sync.WaitGroup
		for _, replica := range []*store.Store{s, other, s, other} {
			all.Go(func() {
				for range 5 {
					if _, err := replica.Update(t.Context(), i.ID, noted("more")); err != nil {
						t.Error(err)
					}
					if _, err := replica.Checkpoint(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n, err := verifies(t, s); err != nil {
			t.Errorf("checkpoint %d: %v", n, err)
		}
	})
}

func TestCheckpointsRefuseToBeChangedAndShowAnIncidentThatWas(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		mustCheckpoint(t, s)
		db := rawDB(t, url)
		for _, statement := range []string{"UPDATE checkpoints SET hash = 'x'", "DELETE FROM checkpoint_heads", "UPDATE checkpoint_heads SET seq = 1", "DELETE FROM checkpoints"} {
			if _, err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "it is a record") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		var tamper []string
		if isPostgres(url) {
			tamper = []string{"ALTER TABLE events DISABLE TRIGGER ALL"}
		} else {
			tamper = []string{"DROP TRIGGER events_no_delete"}
		}
		for _, statement := range append(tamper, "DELETE FROM events WHERE incident = 1 AND seq = (SELECT max(seq) FROM events)") {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := verifies(t, s); n != 1 || err == nil || !strings.Contains(err.Error(), i.ID.String()) {
			t.Errorf("checkpoint %d: %v; want the incident that was cut off", n, err)
		}
	})
}
