package store_test

import (
	"context"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// sending asks for a page by a pager.
func sending(pager string) func(tagout.IncidentID, time.Time) tagout.Effect {
	return func(id tagout.IncidentID, _ time.Time) tagout.Effect {
		e := tagout.NewEffect(tagout.EffectSend, id, pager, pager)
		e.Lane = pager
		return e
	}
}

func TestAPagerThatHangsKeepsNoOtherWaiting(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{
			Workers: map[tagout.EffectKind]int{tagout.EffectSend: 1},
			Lanes:   map[tagout.EffectKind][]string{tagout.EffectSend: {"slack", "email"}},
		})
		hung, done := make(chan struct{}), make(chan tagout.Effect, 10)
		working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectSend: func(_ context.Context, e tagout.Effect) error {
			if string(e.Data) == `"slack"` {
				<-hung
			}
			done <- e
			return nil
		}})
		defer close(hung)
		mustJoin(t, s, tagout.Match{}, asking(sending("slack")))
		mustJoin(t, s, tagout.Match{}, asking(sending("email")))
		if e := receive(t, done); string(e.Data) != `"email"` {
			t.Errorf("%+v", e)
		}
		mustJoin(t, s, tagout.Match{}, asking(sending("an unknown one!")))
		if e := receive(t, done); string(e.Data) != `"an unknown one!"` {
			t.Errorf("%+v", e)
		}
	})
}

func TestWhatWaitsForAPagerThatIsGoneIsTakenUp(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		before := open(t, url, store.Options{Lanes: map[tagout.EffectKind][]string{tagout.EffectSend: {"sms"}}})
		mustJoin(t, before, tagout.Match{}, asking(sending("sms")))
		s := open(t, url, store.Options{Lanes: map[tagout.EffectKind][]string{tagout.EffectSend: {"email"}}})
		done := make(chan tagout.Effect, 1)
		working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectSend: into(done)})
		if e := receive(t, done); string(e.Data) != `"sms"` {
			t.Errorf("%+v", e)
		}
	})
}

func TestAPostponedEffectComesAgainAndIsNoFailure(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		tries := make(chan int, 10)
		n := 0
		working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectSend: func(context.Context, tagout.Effect) error {
			n++
			tries <- n
			if n < 3 {
				return tagout.Postpone(tagout.Errorf(tagout.TooMany, "Not yet."), 10*time.Millisecond)
			}
			return nil
		}})
		mustJoin(t, s, tagout.Match{}, asking(sending("slack")))
		for want := 1; want <= 3; want++ {
			if got := receive(t, tries); got != want {
				t.Fatalf("try %d, want %d", got, want)
			}
		}
		if failed := count(t, rawDB(t, url), "SELECT count(*) FROM river_job WHERE errors IS NOT NULL"); failed != 0 {
			t.Errorf("%d jobs hold a failure", failed)
		}
	})
}
