package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// inStorm is a store that foresees, and makes others of an equal database that must ask.
func inStorm(t *testing.T, foreseen string) (s *store.Store, twin func() *store.Store) {
	t.Helper()
	asked := pgtest.New(t)
	c := newClock()
	s = open(t, foreseen, store.Options{Clock: c})
	twin = func() *store.Store { return open(t, asked, store.Options{Clock: c}) }
	for n := range 8 {
		storm(t, 1, fmt.Sprint("before", n), s, twin())
	}
	if taken, surprises := s.Foreseen(); taken == 0 || surprises > 0 {
		t.Fatalf("%d batches were foreseen, with %d surprises", taken, surprises)
	}
	return s, twin
}

// TestAlertsThatAreWrittenAheadMayComeToNothing lets what happens while alerts are folded differ
// from what was foreseen, when they are written already.
func TestAlertsThatAreWrittenAheadMayComeToNothing(t *testing.T) {
	t.Parallel()
	first := stormy("odd", 0, 0, "mailer")
	then := func(do func(i *tagout.Incident) error) tagout.FoldTransition {
		return func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
			c, err := taking(i, in, now)
			if err == nil && in.ID == first.ID {
				err = do(i)
			}
			return c, err
		}
	}
	for name, fn := range map[string]tagout.FoldTransition{
		"one fails":             then(func(*tagout.Incident) error { return errors.New("no") }),
		"one panics":            then(func(*tagout.Incident) error { panic("oops") }),
		"one ends its incident": then(func(i *tagout.Incident) error { i.State = tagout.StateClosed; return nil }),
		"one moves it elsewhere": then(func(i *tagout.Incident) error {
			i.Class = "other"
			return nil
		}),
		"one comes twice": taking,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, twin := inStorm(t, pgtest.New(t))
			batch := []tagout.Incoming{first, stormy("odd", 0, 1, "mailer"), stormy("odd", 0, 2, "crm")}
			if name == "one comes twice" {
				batch = append(batch, first)
			}
			s.TrustClock()
			got, err := s.Fold(t.Context(), batch, fn)
			if err != nil {
				t.Fatal(err)
			}
			want, err := twin().Fold(t.Context(), batch, fn)
			if err != nil || told(got) != told(want) {
				t.Errorf("%s, but asking says %s, %v", told(got), told(want), err)
			}
			storm(t, 2, "after", s, twin())
			same(t, s, twin())
			for id := range tagout.IncidentID(3) {
				ours, theirs := alertsOf(t, s, id+1), alertsOf(t, twin(), id+1)
				if ours != theirs {
					t.Errorf("%s are recorded, but asking records %s", ours, theirs)
				}
			}
		})
	}
}

// alertsOf names the alerts that are recorded of an incident.
func alertsOf(t *testing.T, s *store.Store, id tagout.IncidentID) (names string) {
	t.Helper()
	alerts, err := s.Alerts(t.Context(), id, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		names += a.ID + " "
	}
	return names
}

func TestAnUpdateInAStormIsNoSurprise(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	s, twin := inStorm(t, url)
	for name, change := range map[string]tagout.Transition{"a note": note("x"), "another title": title("y")} {
		want := 3
		if name != "a note" {
			want-- // it is read again
		}
		mustUpdate(t, s, 1, change)
		mustUpdate(t, twin(), 1, change)
		before, _ := s.Foreseen()
		storm(t, 3, name, s, twin())
		if taken, surprises := s.Foreseen(); surprises > 0 || taken != before+want {
			t.Errorf("after %s %d of 3 batches were foreseen, with %d surprises", name, taken-before, surprises)
		}
	}

	inside, release := make(chan struct{}), make(chan struct{})
	updated := make(chan error, 1)
	go func() {
		_, err := s.Update(soon(t), 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			close(inside)
			<-release
			return i.AddNote("under way", ic, now)
		})
		updated <- err
	}()
	receive(t, inside)
	folded := make(chan []tagout.Folded, 1)
	go func() {
		s.TrustClock()
		out, err := s.Fold(soon(t), []tagout.Incoming{stormy("meanwhile", 0, 0, "mailer")}, taking)
		if err != nil {
			t.Error(err)
		}
		folded <- out
	}()
	waiters(t, url, 1)
	close(release)
	if err := receive(t, updated); err != nil {
		t.Error(err)
	}
	if out := receive(t, folded); len(out) != 1 || out[0].Err != nil {
		t.Errorf("%+v", out)
	}
	if _, surprises := s.Foreseen(); surprises > 0 {
		t.Errorf("%d surprises", surprises)
	}
	mustVerify(t, s, 1)
}
