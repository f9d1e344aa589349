package store_test

import (
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestAFlagIsOneForEachKeyAndSurvives(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		raise := func(key, id string, by tagout.UserID) *tagout.Flag {
			f, err := s.RaiseFlag(t.Context(), key, func(f *tagout.Flag, now time.Time) ([]tagout.Effect, error) {
				return f.Raise(tagout.FlagReport{ID: id, By: by, Words: "odd"}, nil, now), nil
			})
			if err != nil {
				t.Error(err)
				return &tagout.Flag{}
			}
			return f
		}
		var together sync.WaitGroup
		for _, by := range []tagout.UserID{"U1", "U2", "U3", "U4"} {
			together.Go(func() { raise("message:C1/1", string(by), by) })
		}
		together.Wait()
		first := raise("message:C1/1", "U1", "U1")
		if len(first.Reports) != 4 || first.State != tagout.FlagOpen {
			t.Errorf("four people flagged one message: %+v", first)
		}
		second := raise("request:x", "x", "U1")
		if second.ID == first.ID {
			t.Error("two keys are one flag")
		}
		failing := tagout.Errorf(tagout.Conflict, "no")
		if _, err := s.RaiseFlag(t.Context(), "request:y", func(*tagout.Flag, time.Time) ([]tagout.Effect, error) { return nil, failing }); tagout.CodeOf(err) != tagout.Conflict {
			t.Error(err)
		}
		if open, err := s.OpenFlags(t.Context(), 10); err != nil || len(open) != 2 || open[0].ID != second.ID {
			t.Errorf("%+v, %v", open, err)
		}
		if _, err := s.ChangeFlag(t.Context(), first.ID, func(f *tagout.Flag, now time.Time) ([]tagout.Effect, error) {
			return f.Settle(tagout.FlagOutcome{State: tagout.FlagDismissed, Why: "a test"}, now)
		}); err != nil {
			t.Fatal(err)
		}
		again := open(t, url, store.Options{})
		if f, err := again.Flag(t.Context(), first.ID); err != nil || f.Outcome.Why != "a test" || f.ID != first.ID || len(f.Reports) != 4 {
			t.Errorf("%+v, %v", f, err)
		}
		if open, err := again.OpenFlags(t.Context(), 10); err != nil || len(open) != 1 {
			t.Errorf("%+v, %v", open, err)
		}
		_, err := s.Flag(t.Context(), 99)
		wantCode(t, err, tagout.NotFound)
		_, err = s.ChangeFlag(t.Context(), 99, func(*tagout.Flag, time.Time) ([]tagout.Effect, error) { return nil, nil })
		wantCode(t, err, tagout.NotFound)
	})
}
