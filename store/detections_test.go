package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestDetectionsLeaveOutDrillsAndFalseAlarms(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		first := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		other := mustJoin(t, s, tagout.Match{}, opening("researcher", "b"))
		mustJoin(t, s, tagout.Match{}, opening("", "a"))
		for _, change := range []func(*tagout.Incident){func(i *tagout.Incident) { i.Drill = true }, func(i *tagout.Incident) { i.State = tagout.StateCancelled }} {
			i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
			mustUpdate(t, s, i.ID, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) { change(i); return tagout.Change{}, nil })
		}
		mustUpdate(t, s, other.ID, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
			i.Private = true
			return tagout.Change{}, nil
		})
		at := first.At(tagout.Detected)
		list, err := s.Detections(t.Context(), "", at)
		want := tagout.Detection{Incident: first.ID, Agent: "mailer", Class: "a", At: at}
		if err != nil || len(list) != 2 || list[0] != want || !list[1].Private || list[1].Incident != other.ID {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := s.Detections(t.Context(), "mailer", at); err != nil || len(list) != 1 {
			t.Errorf("of the mailer %+v, %v", list, err)
		}
		if list, err := s.Detections(t.Context(), "mailer", at.Add(time.Second)); err != nil || len(list) != 0 {
			t.Errorf("later %+v, %v", list, err)
		}
	})
}
