package store_test

import (
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestADeliveryIsClaimedOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		var isNew atomic.Int64
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				claimed, err := s.Claim(soon(t), "envelope", []byte("payload"), noon)
				if err != nil {
					t.Error(err)
				}
				if claimed {
					isNew.Add(1)
				}
			})
		}
		wait.Wait()
		if isNew.Load() != 1 {
			t.Fatalf("claimed %d times", isNew.Load())
		}
		_, err := s.Claim(t.Context(), "", nil, noon)
		wantCode(t, err, tagout.Invalid)
	})
}

func TestClaimsThatWereNeverFinishedAreHandedOut(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		long := strings.Repeat("k", 5000)
		for n, k := range []string{"a", "b", "c", "nul \x00\xff", long} {
			if isNew, err := s.Claim(t.Context(), k, []byte("\x00"+k), noon.Add(time.Duration(n)*time.Second)); err != nil || !isNew {
				t.Fatal(isNew, err)
			}
		}
		for _, k := range []string{"b", "b", long, "never claimed"} {
			if err := s.Finish(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		if isNew, err := s.Claim(t.Context(), long, nil, noon); err != nil || isNew {
			t.Fatal("a finished delivery was claimed again", err)
		}
		got, err := s.Unfinished(t.Context(), noon.Add(2*time.Second))
		if err != nil || !reflect.DeepEqual(got, map[string][]byte{"a": []byte("\x00a")}) {
			t.Fatalf("%q, %v", got, err)
		}
		if got, err = s.Unfinished(t.Context(), noon.Add(time.Hour)); err != nil || len(got) != 3 {
			t.Fatalf("%q, %v", got, err)
		}
		for k := range got {
			if err := s.Finish(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		if got, err = s.Unfinished(t.Context(), noon.Add(time.Hour)); err != nil || len(got) != 0 {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

func TestOldDeliveriesAreForgotten(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		claim := func(k string, at time.Time) bool {
			t.Helper()
			isNew, err := s.Claim(t.Context(), k, nil, at)
			if err != nil {
				t.Fatal(err)
			}
			return isNew
		}
		week := 7 * 24 * time.Hour
		claim("old", noon)
		claim("young", noon.Add(time.Hour))
		claim("today", noon.Add(week+time.Minute))
		if !claim("old", noon.Add(week+2*time.Minute)) || claim("young", noon.Add(week+2*time.Minute)) {
			t.Fatal("pruned the wrong one")
		}
	})
}

func TestVersionsAreListedNewestFirst(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": "v1", "policy": "p1"}, noon))
		check(s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": "v2"}, noon.Add(time.Hour)))
		check(s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": "v1"}, noon.Add(2*time.Hour)))
		check(s.SawVersion(t.Context(), "mailer", map[string]string{"prompt": "v1"}, noon.Add(-time.Hour)))
		check(s.SawVersion(t.Context(), "other", map[string]string{"prompt": "x"}, noon))
		change := tagout.Deployment{ID: "d1", Agent: "mailer", Component: "model", From: "m1", To: "m2", By: "ci", At: noon.Add(3 * time.Hour)}
		check(s.RecordChange(t.Context(), change))
		check(s.RecordChange(t.Context(), change))
		versions, err := s.Versions(t.Context(), "mailer")
		check(err)
		var got []string
		for _, v := range versions {
			got = append(got, v.Component+" "+v.Version)
		}
		if want := "model m2, model m1, prompt v2, policy p1, prompt v1"; strings.Join(got, ", ") != want {
			t.Errorf("%s, want %s", strings.Join(got, ", "), want)
		}
		last := versions[len(versions)-1]
		if !last.FirstSeen.Equal(noon.Add(-time.Hour)) || !last.LastSeen.Equal(noon.Add(2*time.Hour)) || last.LastSeen.Location() != time.UTC {
			t.Errorf("%+v", last)
		}
		for _, bad := range []map[string]string{{"": "v"}, {"prompt": ""}, {"prompt": strings.Repeat("v", 300)}} {
			wantCode(t, s.SawVersion(t.Context(), "mailer", bad, noon), tagout.Invalid)
		}
		for agent, want := range map[string]int{"mailer": 1, "": 1, "researcher": 0} {
			changes, err := s.Changes(t.Context(), agent, change.At)
			if check(err); len(changes) != want || want == 1 && changes[0] != change {
				t.Errorf("changes of %q: %v, want %d", agent, changes, want)
			}
		}
		if later, err := s.Changes(t.Context(), "mailer", change.At.Add(time.Second)); err != nil || len(later) > 0 {
			t.Errorf("changes since later: %v, %v", later, err)
		}
		wantCode(t, s.RecordChange(t.Context(), tagout.Deployment{ID: "d2", Agent: "mailer"}), tagout.Invalid)
	})
}
