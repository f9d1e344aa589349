package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

func TestIncidentsThatAreReadTogetherAreEachOnesOwn(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		const incidents, readers = 7, 60
		for n := range incidents {
			i := mustJoin(t, s, tagout.Match{}, stopping(fmt.Sprint("h", n), fmt.Sprint("agent", n)))
			mustUpdate(t, s, i.ID, noting(fmt.Sprint("note ", n)))
		}
		var all sync.WaitGroup
		for n := range readers {
			all.Go(func() {
				id := tagout.IncidentID(n%(incidents+1) + 1)
				i, err := s.Incident(t.Context(), id)
				if id > incidents {
					if tagout.CodeOf(err) != tagout.NotFound {
						t.Errorf("%s, which is none: %v", id, err)
					}
					return
				}
				if err != nil || i.ID != id || i.Scope.Agent != fmt.Sprint("agent", int(id)-1) || len(i.Holds) != 1 || i.Holds[0].Scope.Agent != i.Scope.Agent {
					t.Errorf("%s reads as %s of %q with %d holds, %v", id, i.ID, i.Scope.Agent, len(i.Holds), err)
					return
				}
				i.Title, i.Holds[0].Reason = fmt.Sprint("changed by ", n), fmt.Sprint("changed by ", n)
				i.Milestones["x"] = i.Milestones[tagout.Detected] // a race if any other reader has the same
			})
		}
		all.Wait()
	})
}

func TestWhatIsReadIsNotOlderThanTheQuestion(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.New(t), store.Options{})
	id := mustJoin(t, s, tagout.Match{}, stopping("h", "mailer")).ID
	var others sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer others.Wait()
	defer stop()
	for range 6 {
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Incident(ctx, id)
			}
		})
	}
	for n := range 50 {
		wrote := mustUpdate(t, s, id, noting(fmt.Sprint(n)))
		read, err := s.Incident(t.Context(), id)
		if err != nil || read.Head.Seq < wrote.Head.Seq {
			t.Fatalf("after event %d it was read up to %d, %v", wrote.Head.Seq, read.Head.Seq, err)
		}
	}
}

func TestARecordThatCannotBeReadHarmsOnlyItsReaders(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	s := open(t, url, store.Options{})
	for n := range 4 {
		mustJoin(t, s, tagout.Match{}, stopping(fmt.Sprint("h", n), fmt.Sprint("agent", n)))
	}
	if _, err := rawDB(t, url).Exec("UPDATE incidents SET doc = '[]' WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			id := tagout.IncidentID(n%4 + 1)
			if _, err := s.Incident(t.Context(), id); (id == 2) != (tagout.CodeOf(err) == tagout.Internal) {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	all.Wait()
}
