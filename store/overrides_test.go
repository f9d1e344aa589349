package store_test

import (
	"slices"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// override puts somebody on call for four hours from noon.
func override(id string, who tagout.UserID) tagout.Override {
	return tagout.Override{ID: id, Rotation: "primary", Person: who, From: noon, Until: noon.Add(4 * time.Hour), By: tagout.User{ID: "U0IC"}.Actor(), At: noon, Why: "dentist"}
}

func TestAnOverrideIsKeptWithWhoSetItAndWhyUntilItEnds(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		for n, want := range []bool{true, false} {
			if fresh, err := s.AddOverride(t.Context(), override("o1", "U0ENG"), nil); err != nil || fresh != want {
				t.Fatalf("time %d: %t, %v", n+1, fresh, err)
			}
		}
		again := open(t, url, store.Options{})
		got, err := again.Overrides(t.Context(), noon.Add(4*time.Hour-time.Microsecond))
		if err != nil || len(got) != 1 || got[0] != override("o1", "U0ENG") {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err := s.Overrides(t.Context(), noon.Add(4*time.Hour)); err != nil || len(got) != 0 {
			t.Errorf("it has not ended by itself: %+v, %v", got, err)
		}
	})
}

func TestAnOverrideIsCancelledOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		if _, err := s.AddOverride(t.Context(), override("o1", "U0ENG"), nil); err != nil {
			t.Fatal(err)
		}
		for n, want := range []bool{true, false} {
			if fresh, err := s.CancelOverride(t.Context(), "o1", tagout.User{ID: "U0IC"}.Actor(), noon, nil); err != nil || fresh != want {
				t.Fatalf("time %d: %t, %v", n+1, fresh, err)
			}
		}
		if got, err := s.Overrides(t.Context(), noon); err != nil || len(got) != 0 {
			t.Errorf("still there: %+v, %v", got, err)
		}
		_, err := s.CancelOverride(t.Context(), "o2", tagout.User{ID: "U0IC"}.Actor(), noon, nil)
		wantCode(t, err, tagout.NotFound)
	})
}

func TestWhatTellsOfAnOverrideIsCommittedWithIt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		told := make(chan tagout.Effect, 4)
		stop := working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectDirect: into(told)})
		tell := func(id string) []tagout.Effect {
			return []tagout.Effect{tagout.NewEffect(tagout.EffectDirect, 0, id, tagout.DirectNote{To: "U0ENG"})}
		}
		for _, id := range []string{"o1", "o1", "o2"} {
			if _, err := s.AddOverride(t.Context(), override(id, "U0ENG"), tell(id)); err != nil {
				t.Fatal(err)
			}
		}
		keys := []string{receive(t, told).Key, receive(t, told).Key}
		stop()
		slices.Sort(keys)
		if keys[0] != tell("o1")[0].Key || keys[1] != tell("o2")[0].Key || len(told) > 0 {
			t.Errorf("told %q, and %d more", keys, len(told))
		}
	})
}
