package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestADelegationIsKeptUntilItEndsOrIsRevoked(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		d := tagout.Delegation{ID: "d1", Role: "legal", To: "U0ENG", By: "U0LEGAL", From: noon, Until: noon.Add(24 * time.Hour), Why: "on leave"}
		for n, want := range []bool{true, false} {
			if fresh, err := s.AddDelegation(t.Context(), d, nil); err != nil || fresh != want {
				t.Fatalf("time %d: %t, %v", n+1, fresh, err)
			}
		}
		again := open(t, url, store.Options{})
		if got, err := again.Delegations(t.Context(), noon.Add(24*time.Hour-time.Microsecond)); err != nil || len(got) != 1 || got[0] != d {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err := s.Delegations(t.Context(), noon.Add(24*time.Hour)); err != nil || len(got) != 0 {
			t.Errorf("it has not ended by itself: %+v, %v", got, err)
		}
		for n, want := range []bool{true, false} {
			if fresh, err := s.RevokeDelegation(t.Context(), "d1", "U0LEGAL", noon.Add(time.Hour), nil); err != nil || fresh != want {
				t.Fatalf("revoked, time %d: %t, %v", n+1, fresh, err)
			}
		}
		if got, err := s.Delegations(t.Context(), noon.Add(time.Hour)); err != nil || len(got) != 0 {
			t.Errorf("it was revoked, but stands: %+v, %v", got, err)
		}
		_, err := s.RevokeDelegation(t.Context(), "none", "U0LEGAL", noon, nil)
		wantCode(t, err, tagout.NotFound)
	})
}
