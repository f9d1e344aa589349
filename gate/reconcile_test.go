package gate_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

func TestAStopIsAcceptedAndObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", takes: 10 * time.Millisecond}
		r := start(t, gate.Options{}, c)
		r.load()
		after(time.Second)
		began := time.Now()
		hang(t, r.Gate, stopOf("h1", "mailer/email", tagout.Halted))
		after(50 * time.Millisecond)
		expect(t, "news", r.desk.told(), []string{"webhook accepted h1", "webhook observed h1"})
		for i, want := range []time.Duration{10 * time.Millisecond, 20 * time.Millisecond} {
			if got := r.desk.news[i].At.Sub(began); got != want || r.desk.news[i].Agent != "mailer" {
				t.Errorf("news %d of %s came after %s, want %s", i, r.desk.news[i].Agent, got, want)
			}
		}
		w := c.last()
		if w.Agent != "mailer" || len(w.Holds) != 1 || w.ValidUntil.Sub(began) != 30*time.Second {
			t.Errorf("wanted: %+v", w)
		}
		if s := r.Controls("mailer"); len(s) != 1 || !s[0].Confirmed || s[0].Error != "" {
			t.Errorf("state: %+v", s)
		}
	})
}

func TestHoldsOnEverythingReachEveryControl(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mailer, researcher := &fakeControl{name: "a"}, &fakeControl{name: "b"}
		r := start(t, gate.Options{Controls: map[string][]tagout.Control{"acme.researcher": {researcher}}}, mailer)
		r.load()
		hang(t, r.Gate, stopOf("h1", "*", tagout.Halted))
		after(time.Second)
		if mailer.modes() != "*=halted" || researcher.modes() != "*=halted" {
			t.Errorf("mailer %q, researcher %q", mailer.modes(), researcher.modes())
		}
	})
}

func TestAControlThatAcceptsAndDoesNothingIsNotObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", lies: true}
		r := start(t, gate.Options{}, c)
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(time.Minute)
		expect(t, "news", r.desk.told(), []string{"webhook accepted h1", "webhook error h1"})
		if applies, _ := c.counts(); applies < 6 {
			t.Errorf("tried %d times in a minute", applies)
		}
		c.set(func(c *fakeControl) { c.lies = false })
		after(20 * time.Second)
		expect(t, "news later", r.desk.told(), []string{"webhook accepted h1", "webhook error h1", "webhook observed h1"})
	})
}

func TestWhatDoesNotConfirmAStop(t *testing.T) {
	t.Parallel()
	applied := func(scope string, mode tagout.Mode) []tagout.AppliedHold {
		return []tagout.AppliedHold{{Scope: tagout.MustScope(scope), Mode: mode}}
	}
	cases := map[string]tagout.Observed{
		"nothing":           {Agent: "mailer"},
		"a narrower scope":  {Agent: "mailer", Applied: applied("mailer/email/eu", tagout.Halted)},
		"a looser mode":     {Agent: "mailer", Applied: applied("mailer", tagout.Paused)},
		"an unknown mode":   {Agent: "mailer", Applied: applied("mailer", "stopped")},
		"no mode":           {Agent: "mailer", Applied: applied("mailer", "")},
		"another agent":     {Agent: "acme.researcher", Applied: applied("*", tagout.Halted)},
		"the other's scope": {Agent: "mailer", Applied: applied("acme.researcher", tagout.Halted)},
	}
	for name, o := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &fakeControl{name: "webhook", answer: func() (tagout.Observed, error) { return o, nil }}
				r := start(t, gate.Options{}, c)
				r.load(holdOn("h1", "mailer/email", tagout.Halted))
				after(time.Minute)
				if slices.Contains(r.desk.told(), "webhook observed h1") {
					t.Errorf("observed: %q", r.desk.told())
				}
			})
		})
	}
}

func TestAHangingControlDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead, other := &fakeControl{name: "dead", hangs: true}, &fakeControl{name: "other"}
		elsewhere := &fakeControl{name: "elsewhere"}
		r := start(t, gate.Options{Controls: map[string][]tagout.Control{"acme.researcher": {elsewhere}}}, dead, other)
		r.load()
		after(3 * time.Second) // dead is in the middle of its first request
		hang(t, r.Gate, stopOf("h1", "*", tagout.Halted))
		after(0)
		if other.modes() != "*=halted" || elsewhere.modes() != "*=halted" {
			t.Errorf("other %q, elsewhere %q", other.modes(), elsewhere.modes())
		}
		after(30 * time.Second)
		if told := r.desk.told(); !slices.Contains(told, "dead error h1") || slices.Contains(told, "dead accepted h1") {
			t.Errorf("news: %q", told)
		}
		if s := r.Controls("mailer"); !strings.Contains(s[0].Error, "5s") {
			t.Errorf("error: %q", s[0].Error)
		}
	})
}

func TestAStopDoesNotWaitForAnOlderRequestThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", hangs: true}
		r := start(t, gate.Options{ControlTimeout: time.Hour}, c)
		r.load(holdOn("h0", "mailer/sms", tagout.Paused))
		after(time.Minute)
		c.set(func(c *fakeControl) { c.hangs = false }) // the next request is answered
		hang(t, r.Gate, stopOf("h1", "mailer", tagout.Halted))
		after(time.Second)
		if c.modes() != "mailer/sms=paused mailer=halted" || slices.Contains(r.desk.told(), "webhook error h0") {
			t.Errorf("a second later: %q, news %q", c.modes(), r.desk.told())
		}
	})
}

func TestAStormOfChangesDoesNotStarveASlowControl(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", takes: 500 * time.Millisecond}
		r := start(t, gate.Options{}, c)
		r.load()
		for i := range 50 {
			hang(t, r.Gate, stopOf(string(rune('a'+i)), "mailer", tagout.Halted))
			after(100 * time.Millisecond)
		}
		if applies, _ := c.counts(); applies < 4 {
			t.Errorf("applied %d times in 5 s", applies)
		}
	})
}

func TestAStopWhileTheHoldsAreNotKnownHaltsTheWholeAgent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		c.state.Applied = []tagout.AppliedHold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Paused}} // from before the restart
		r := start(t, gate.Options{}, c)
		hang(t, r.Gate, stopOf("h1", "mailer/email", tagout.Review))
		after(time.Second)
		if c.modes() != "mailer/email=review mailer=halted" {
			t.Errorf("enforced: %q", c.modes())
		}
		expect(t, "news", r.desk.told(), []string{"webhook accepted h1", "webhook observed h1"})
		r.load()
		after(time.Second)
		if c.modes() != "mailer/email=review" {
			t.Errorf("once they are known: %q", c.modes())
		}
	})
}

func TestALiftIsAppliedAndReadBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(time.Second)
		c.set(func(c *fakeControl) { c.lies = true })
		r.Lift([]tagout.HoldID{"h1"}, nil)
		after(2 * time.Second)
		if s := r.Controls("mailer")[0]; s.Confirmed {
			t.Errorf("confirmed although it still holds: %+v", s)
		}
		c.set(func(c *fakeControl) { c.lies = false })
		after(20 * time.Second)
		if s := r.Controls("mailer")[0]; !s.Confirmed || c.modes() != "" || len(s.Wanted.Holds) != 0 {
			t.Errorf("state: %+v, enforced %q", s, c.modes())
		}
	})
}

func TestOnlyTheLeaderLoosens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		c.state.Applied = []tagout.AppliedHold{{Scope: tagout.MustScope("mailer/sms"), Mode: tagout.Paused}} // of another replica
		leads := false
		var mu sync.Mutex
		r := start(t, gate.Options{Leader: func() bool { mu.Lock(); defer mu.Unlock(); return leads }}, c)
		r.load()
		after(time.Minute)
		if applies, reads := c.counts(); applies != 0 || reads == 0 {
			t.Errorf("told %d times, read %d times", applies, reads)
		}
		hang(t, r.Gate, stopOf("h1", "mailer/email", tagout.Halted))
		after(time.Second)
		if c.modes() != "mailer/email=halted mailer/sms=paused" {
			t.Errorf("enforced: %q", c.modes())
		}
		r.Lift([]tagout.HoldID{"h1"}, nil)
		after(time.Minute)
		if c.modes() != "mailer/email=halted mailer/sms=paused" {
			t.Errorf("loosened: %q", c.modes())
		}
		mu.Lock()
		leads = true
		mu.Unlock()
		after(15 * time.Second)
		if c.modes() != "" {
			t.Errorf("the leader left %q", c.modes())
		}
	})
}

func TestPinnedVersionsAreSentAndReadBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.load()
		pin(t, r.Gate, map[string]string{"prompt": "v41"})
		after(time.Second)
		if s := r.Controls("mailer")[0]; !s.Confirmed || s.Observed.Versions["prompt"] != "v41" {
			t.Errorf("state: %+v", s)
		}
		c.set(func(c *fakeControl) { c.state.Versions = map[string]string{"prompt": "v42"} })
		after(15 * time.Second)
		if s := r.Controls("mailer")[0]; s.Observed.Versions["prompt"] != "v41" {
			t.Errorf("after a deployment: %+v", s)
		}
		var read []string
		for _, news := range r.desk.news {
			if version, told := news.Versions["prompt"]; told {
				read = append(read, version)
			}
		}
		if len(read) < 2 || read[0] != "v41" || read[len(read)-1] != "v41" { // news in between may be skipped
			t.Errorf("versions in the news: %q", read)
		}
	})
}

func TestAControlThatPanicsIsAFailedControl(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", answer: func() (tagout.Observed, error) { panic("defect") }}
		r := start(t, gate.Options{}, c)
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(time.Second)
		if s := r.Controls("mailer")[0]; !strings.Contains(s.Error, "panicked") {
			t.Errorf("error: %q", s.Error)
		}
	})
}

func TestNewsThatCannotBeToldIsKeptInOrderAndHoldsUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.desk.fail(errors.New("database down"))
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(time.Second)
		hang(t, r.Gate, stopOf("h2", "mailer/sms", tagout.Halted))
		after(time.Second)
		r.Lift([]tagout.HoldID{"h2"}, nil)
		for range 20 { // drift again and again
			c.set(func(c *fakeControl) { c.state.Applied = nil })
			after(15 * time.Second)
		}
		if c.modes() != "mailer=halted" {
			t.Errorf("enforced: %q", c.modes())
		}
		r.desk.fail(nil)
		after(time.Minute)
		told := r.desk.told()
		if len(told) > 8 || !slices.Contains(told, "webhook observed h2") || told[0] != "webhook accepted h1" || told[len(told)-1] != "webhook observed h1" || !slices.Contains(told, "webhook drift h1") {
			t.Errorf("news: %q", told)
		}
	})
}

func TestNewsThatNobodyWillEverTakeIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.desk.fail(tagout.Final(errors.New("no such incident")))
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(time.Second)
		r.desk.fail(nil)
		hang(t, r.Gate, stopOf("h2", "mailer", tagout.Halted))
		after(time.Second)
		expect(t, "news", r.desk.told(), []string{"webhook accepted h2", "webhook observed h2"})
	})
}
