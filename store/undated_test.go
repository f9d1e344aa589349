package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestWhatFiresWithoutABeginningAfterItsIncidentEndedIsAnotherOccurrence(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		undated := alert("a1", "mailer", tagout.Firing)
		dated := alert("a2", "researcher", tagout.Firing)
		dated.Alert.StartsAt = noon
		first := mustFold(t, s, undated, dated)
		if again := mustFold(t, s, undated, dated); !again[0].Repeat || !again[1].Repeat {
			t.Fatalf("while their incidents are open: %+v", again)
		}
		for _, f := range first {
			mustUpdate(t, s, f.Incident.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				i.State = tagout.StateResumed
				return i.AddNote("resumed", tagout.Tagout, now)
			})
		}
		again := mustFold(t, s, undated, undated, dated)
		if again[0].Repeat || !again[0].Fresh || again[0].Incident.ID == first[0].Incident.ID {
			t.Errorf("nobody can tell it from another occurrence, but it only counted: %+v", again[0])
		}
		if !again[1].Repeat || again[1].Incident.ID != again[0].Incident.ID {
			t.Errorf("the same one in the same batch: %+v", again[1])
		}
		if !again[2].Repeat {
			t.Errorf("the same beginning is the same occurrence: %+v", again[2])
		}
		if got := mustRead(t, s, again[0].Incident.ID).Alerts; got.Distinct != 1 || got.Firing != 1 || got.Repeats != 1 {
			t.Errorf("tally %+v", got)
		}
		mustVerify(t, s, again[0].Incident.ID)
	})
}
