package store_test

import (
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestFiguresComeFromTheMilestones(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		var last *tagout.Incident
		for n, took := range []time.Duration{time.Minute, 4 * time.Minute} {
			i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
			last = mustUpdate(t, s, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				c, err := i.Acknowledge(ic, i.At(tagout.Detected).Add(took))
				i.State = tagout.StateClosed // so that the next one is another
				i.Milestones[tagout.Onset] = i.At(tagout.Detected).Add(-time.Duration(n+1) * time.Second)
				return c, err
			})
		}
		at := last.At(tagout.Detected)
		f, err := s.Figures(t.Context(), tagout.FiguresQuery{From: at.Add(-time.Hour), To: at.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		want := tagout.Spread{N: 2, Median: 150 * time.Second, P90: 4 * time.Minute, Mean: 150 * time.Second}
		if f.Now.Incidents != 2 || f.Now.TimeToAcknowledge != want || f.Now.TimeToDetect.Mean != 1500*time.Millisecond || f.Before.Incidents != 0 {
			t.Errorf("%+v", f.Now)
		}
		if f.Now.Recurring != (tagout.Share{Of: 1, All: 2}) || len(f.Recurring) != 1 || f.Recurring[0].Last[0] != last.ID {
			t.Errorf("%+v, %+v", f.Now.Recurring, f.Recurring)
		}
		if len(f.Groups) != 1 || f.Groups[0].Count != 2 {
			t.Errorf("%+v", f.Groups)
		}
		_, err = s.Figures(t.Context(), tagout.FiguresQuery{From: at, To: at})
		wantCode(t, err, tagout.Invalid)
	})
}
