package gate_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

func TestFailuresAreTriedAgainWithGrowingPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		var at []time.Time
		c := &fakeControl{name: "webhook", enforces: func(tagout.Wanted) {}}
		c.answer = func() (tagout.Observed, error) {
			tries++
			at = append(at, time.Now())
			return tagout.Observed{}, errors.New("secret https://user:password@host/")
		}
		longLease := agents()
		longLease["mailer"].Lease = time.Hour
		r := start(t, gate.Options{Agents: longLease}, c)
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(2 * time.Minute)
		for i := 1; i < len(at); i++ {
			pause := at[i].Sub(at[i-1])
			want := min(200*time.Millisecond<<(i-1), 15*time.Second)
			if i > 7 {
				want = 15 * time.Second
			}
			if pause < want*8/10 || pause > want*12/10 {
				t.Errorf("pause %d was %s, want about %s", i, pause, want)
			}
		}
		if len(at) < 10 {
			t.Errorf("%d tries", len(at))
		}
		before := len(at)
		hang(t, r.Gate, stopOf("h2", "mailer/email", tagout.Halted))
		after(300 * time.Millisecond)
		if len(at) != before+2 {
			t.Errorf("after a change: %d tries at once", len(at)-before)
		}
		for _, news := range r.desk.news {
			if strings.Contains(news.Error, "secret") {
				t.Errorf("the error tells a secret: %q", news.Error)
			}
		}
	})
}

func TestDriftIsReportedAndStoppedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.load(holdOn("h1", "mailer", tagout.Halted), holdOn("h2", "mailer/sms", tagout.Paused))
		after(time.Second)
		r.desk.forget()
		c.set(func(c *fakeControl) { c.state.Applied = c.state.Applied[1:] }) // somebody started it again
		after(15 * time.Second)
		expect(t, "news", r.desk.told(), []string{"webhook drift h1", "webhook accepted h1", "webhook observed h1"})
		if c.modes() != "mailer=halted mailer/sms=paused" {
			t.Errorf("enforced: %q", c.modes())
		}
	})
}

func TestAnUnreachableControlIsNoDrift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.load(holdOn("h1", "mailer", tagout.Halted))
		after(time.Second)
		c.set(func(c *fakeControl) { c.err = errors.New("connection refused") })
		after(time.Minute)
		c.set(func(c *fakeControl) { c.err = nil })
		after(time.Minute)
		expect(t, "news", r.desk.told(), []string{"webhook accepted h1", "webhook observed h1"})
		if s := r.Controls("mailer")[0]; !s.Confirmed || s.Error != "" {
			t.Errorf("state: %+v", s)
		}
	})
}

func TestPermissionIsRenewedEveryThirdOfTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.load()
		after(5 * time.Minute)
		if len(c.times) < 30 {
			t.Errorf("renewed %d times in five minutes", len(c.times))
		}
		for i := 1; i < len(c.times); i++ {
			if gap := c.times[i].Sub(c.times[i-1]); gap > 10*time.Second {
				t.Errorf("not renewed for %s", gap)
			}
		}
		for i, w := range c.applied {
			if w.ValidUntil.Sub(c.times[i]) != 30*time.Second {
				t.Errorf("valid for %s", w.ValidUntil.Sub(c.times[i]))
			}
		}
	})
}

func TestNothingIsRenewedWhileTheHoldsAreNotKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{StaleAfter: time.Minute}, c)
		after(time.Minute)
		if applies, _ := c.counts(); applies != 0 {
			t.Errorf("before the first read it was told %d times", applies)
		}
		r.load()
		after(59 * time.Second)
		before, _ := c.counts()
		after(10 * time.Minute)
		if now, _ := c.counts(); before == 0 || now > before+1 {
			t.Errorf("told %d times, then %d times while stale", before, now-before)
		}
		r.load()
		after(time.Second)
		if s := r.Controls("mailer")[0]; time.Since(s.ReadAt) > 5*time.Second {
			t.Errorf("known again, but last read at %s", s.ReadAt)
		}
	})
}

func TestReconcileAsksAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		r := start(t, gate.Options{}, c)
		r.load()
		after(time.Second)
		applies, reads := c.counts()
		r.Reconcile("mailer", "ghost")
		after(0)
		if a, n := c.counts(); a != applies+1 || n != reads+1 {
			t.Errorf("told %d times, read %d times more", a-applies, n-reads)
		}
	})
}

func TestAfterARestartWhatStandsIsReportedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		for range 2 {
			r := start(t, gate.Options{}, c)
			r.load(holdOn("h1", "mailer", tagout.Halted))
			after(time.Second)
			expect(t, "news", r.desk.told(), []string{"webhook accepted h1", "webhook observed h1"})
			r.stop()
		}
	})
}
