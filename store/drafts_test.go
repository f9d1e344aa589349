package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestADraftIsKeptForEachPersonUntilItIsSent(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		draft := func(person tagout.UserID, at time.Time, cause string) tagout.FormDraft {
			return tagout.FormDraft{Incident: 7, Form: "resume", Person: person, At: at, Values: map[string]string{"cause": cause}}
		}
		keep := func(d tagout.FormDraft) {
			t.Helper()
			if err := s.KeepDraft(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		keep(draft("U0IC", noon, "a pro"))
		keep(draft("U0IC", noon.Add(time.Second), "a prompt\x00 ümlaut"))
		keep(draft("U0IC", noon.Add(-time.Second), "late"))
		keep(draft("U0ENG", noon, "another"))
		again := open(t, url, store.Options{})
		got, err := again.Draft(t.Context(), 7, "resume", "U0IC")
		if err != nil || got.Values["cause"] != "a prompt\x00 ümlaut" && got.Values["cause"] != "a prompt\uFFFD ümlaut" || !got.At.Equal(noon.Add(time.Second)) {
			t.Errorf("%+v, %v", got, err)
		}
		for _, none := range []func() (tagout.FormDraft, error){
			func() (tagout.FormDraft, error) { return s.Draft(t.Context(), 8, "resume", "U0IC") },
			func() (tagout.FormDraft, error) { return s.Draft(t.Context(), 7, "inform", "U0IC") },
			func() (tagout.FormDraft, error) { return s.Draft(t.Context(), 7, "resume", "U0LEGAL") },
		} {
			if d, err := none(); err != nil || !d.IsZero() {
				t.Errorf("%+v, %v", d, err)
			}
		}
		keep(tagout.FormDraft{Incident: 7, Form: "resume", Person: "U0IC", At: noon.Add(time.Minute)})
		keep(draft("U0IC", noon.Add(59*time.Second), "typed before it was sent"))
		if d, err := s.Draft(t.Context(), 7, "resume", "U0IC"); err != nil || !d.IsZero() {
			t.Errorf("what was sent is still a draft: %+v, %v", d, err)
		}
	})
}
