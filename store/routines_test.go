package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestARoutineComesOnceForEachTimeHoweverManyReplicasRace(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		hands := newClock()
		stores := []*store.Store{open(t, url, store.Options{Clock: hands}), open(t, url, store.Options{Clock: hands})}
		if !isPostgres(url) {
			stores[1] = stores[0] // one process
		}
		hourly := func(after time.Time) time.Time { return after.Truncate(time.Hour).Add(time.Hour) }
		r := tagout.Routine{Name: "digest hourly", Spec: "0 * * * *", Kind: tagout.EffectKind("tried"), Data: "x"}
		for _, s := range stores {
			if err := s.TurnRoutine(t.Context(), r.Name, func(s *tagout.RoutineState, now time.Time) ([]tagout.Effect, error) {
				s.Keep(r, hourly, now)
				return nil, nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		var came atomic.Int64
		const times = 5
		for range times {
			hands.Pass(time.Hour)
			var race sync.WaitGroup
			for n := range 8 {
				race.Go(func() {
					err := stores[n%2].TurnRoutine(soon(t), r.Name, func(s *tagout.RoutineState, now time.Time) ([]tagout.Effect, error) {
						effects := s.Turn(r, hourly, now)
						came.Add(int64(len(effects)))
						return effects, nil
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			race.Wait()
		}
		if n := came.Load(); n != times {
			t.Errorf("it came %d times", n)
		}
		if n := count(t, rawDB(t, url), "SELECT count(*) FROM river_job"); n != times {
			t.Errorf("%d effects were queued", n)
		}
		list, err := stores[1].Routines(t.Context())
		if err != nil || len(list) != 1 || list[0].Next != hourly(hands.Now()) || list[0].Last != hands.Now().Truncate(time.Hour) || list[0].Spec != r.Spec || list[0].Zone != "UTC" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestARoutineWhoseTurnFailsIsStillDueAndAForgottenOneIsNew(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		turn := func(fail error) (before tagout.RoutineState) {
			err := s.TurnRoutine(t.Context(), "a", func(r *tagout.RoutineState, now time.Time) ([]tagout.Effect, error) {
				before = *r
				r.Spec, r.Next = "* * * * *", now
				return []tagout.Effect{tagout.NewEffect("tried", 0, "k", nil)}, fail
			})
			if tagout.CodeOf(err) != tagout.CodeOf(fail) {
				t.Error(err)
			}
			return before
		}
		turn(tagout.Errorf(tagout.Conflict, "no"))
		if before := turn(nil); before.Spec != "" || !before.Next.IsZero() {
			t.Errorf("a turn that failed left %+v", before)
		}
		if before := turn(nil); before.Spec == "" || before.Next.IsZero() {
			t.Errorf("a turn left %+v", before)
		}
		if n := count(t, rawDB(t, url), "SELECT count(*) FROM river_job"); n != 2 {
			t.Errorf("%d effects", n)
		}
		if err := s.ForgetRoutines(t.Context(), []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		if list, err := s.Routines(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		if err := s.ForgetRoutines(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if before := turn(nil); before.Spec != "" {
			t.Errorf("a forgotten one is %+v", before)
		}
	})
}
