package gate_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

var errUnreadable = tagout.Errorf(tagout.Unavailable, "The control answered 503.")

func TestAReplicaThatCannotSeeWhatAControlHoldsDoesNotLoosenIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", answer: func() (tagout.Observed, error) { return tagout.Observed{}, errUnreadable }}
		c.state.Applied = []tagout.AppliedHold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}
		r := start(t, gate.Options{Leader: func() bool { return false }}, c)
		r.load()
		after(time.Minute)
		if applies, _ := c.counts(); applies != 0 || c.modes() != "mailer=halted" {
			t.Errorf("sent %d times, the control holds %q", applies, c.modes())
		}
		hang(t, r.Gate, stopOf("h1", "mailer/sms", tagout.Paused))
		after(time.Minute)
		if c.modes() != "mailer/sms=paused mailer=halted" {
			t.Errorf("after a stop of its own the control holds %q", c.modes())
		}
	})
}

func TestALeaderWhoseLeadEndsWhileItReadsDoesNotLoosen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var leads atomic.Bool
		leads.Store(true)
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{Leader: leads.Load}, c)
		r.load()
		after(time.Second)
		c.set(func(c *fakeControl) {
			c.answer = func() (tagout.Observed, error) { // another replica stops the agent, and this one pauses meanwhile
				if leads.Swap(false) {
					c.state.Applied = []tagout.AppliedHold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}
				}
				return c.state, nil
			}
		})
		after(time.Minute)
		if c.modes() != "mailer=halted" {
			t.Errorf("it loosened to %q", c.modes())
		}
	})
}

// halfControl enforces the holds and then fails, as on a version that it cannot set.
type halfControl struct{ *fakeControl }

func (c halfControl) Apply(ctx context.Context, w tagout.Wanted) error {
	return tagout.Together([]error{c.fakeControl.Apply(ctx, w), errUnreadable})
}

func TestAStopIsObservedAlthoughTheRestOfTheRequestFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := halfControl{&fakeControl{name: "webhook"}}
		r := start(t, gate.Options{Controls: map[string][]tagout.Control{"mailer": {c}}})
		r.load()
		after(time.Second)
		r.desk.forget()
		hang(t, r.Gate, stopOf("h1", "mailer", tagout.Halted))
		after(100 * time.Millisecond)
		expect(t, "news", r.desk.told(), []string{"webhook observed h1"})
		if s := r.Controls("mailer")[0]; s.Confirmed || s.Error == "" {
			t.Errorf("the failure is hidden: %+v", s)
		}
	})
}

func TestAClockThatIsSetBackDoesNotKeepOldHoldsGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := newHandClock()
		g := loaded(t, gate.Options{Clock: clock, StaleAfter: 2 * time.Minute})
		clock.Pass(-time.Hour)
		after(time.Minute)
		if mode := modeOf(g, "mailer"); mode != tagout.Running {
			t.Errorf("after a minute the mailer is %s", mode)
		}
		after(2 * time.Minute)
		if mode := modeOf(g, "mailer"); mode != tagout.Halted {
			t.Errorf("after three minutes without a read the mailer is %s", mode)
		}
		g.Refresh(g.StartRead(), nil, nil)
		if mode := modeOf(g, "mailer"); mode != tagout.Running || !g.Status().ReadAt.Equal(clock.Now()) {
			t.Errorf("after a read the mailer is %s, read at %s", mode, g.Status().ReadAt)
		}
	})
}

func TestAReplicaThatIsCutOffLeavesTheVersionsAsTheyRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook", state: tagout.Observed{Versions: map[string]string{"prompt": "v40"}}}
		var yields atomic.Bool
		r := start(t, gate.Options{Leader: func() bool { return false }, Yields: yields.Load}, c)
		r.load()
		pin(t, r.Gate, map[string]string{"prompt": "v42"})
		after(time.Minute)
		if got := c.state.Versions["prompt"]; got != "v42" {
			t.Fatalf("the control runs %q", got)
		}
		yields.Store(true)
		c.set(func(c *fakeControl) { c.state.Versions = map[string]string{"prompt": "v41", "model": ""} }) // the leader rolled back
		hang(t, r.Gate, stopOf("h1", "mailer", tagout.Halted))
		after(time.Minute)
		if got := tagout.Pairs(c.state.Versions); got != "prompt v41" || c.modes() != "mailer=halted" {
			t.Errorf("after its stop the control runs %q and holds %q", got, c.modes())
		}
	})
}
