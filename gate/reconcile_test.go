package gate_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

// fakeControl enforces what it was told unless its fields say otherwise.
type fakeControl struct {
	name string

	mu       sync.Mutex
	applied  []tagout.Wanted
	reads    int
	state    tagout.Observed
	lies     bool                  // accepts and does nothing
	err      error                 // of everything
	hangs    bool                  // until the time-out
	takes    time.Duration         // for every request
	enforces func(w tagout.Wanted) // instead of the usual
	answer   func() (tagout.Observed, error)
	times    []time.Time // of every apply
}

func (c *fakeControl) Name() string { return c.name }

func (c *fakeControl) wait(ctx context.Context) error {
	c.mu.Lock()
	takes, hangs, err := c.takes, c.hangs, c.err
	c.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(takes):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *fakeControl) Apply(ctx context.Context, w tagout.Wanted) error {
	if err := c.wait(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.applied, c.times = append(c.applied, w), append(c.times, time.Now())
	if c.enforces != nil {
		c.enforces(w)
	} else if !c.lies {
		c.enforce(w)
	}
	return nil
}

func (c *fakeControl) enforce(w tagout.Wanted) {
	c.state = tagout.Observed{Agent: w.Agent, Generation: w.Generation, Versions: maps.Clone(w.Versions)}
	for _, h := range w.Holds {
		c.state.Applied = append(c.state.Applied, tagout.AppliedHold{Scope: h.Scope, Mode: h.Mode})
	}
}

func (c *fakeControl) Read(ctx context.Context, _ string) (tagout.Observed, error) {
	if err := c.wait(ctx); err != nil {
		return tagout.Observed{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	if c.answer != nil {
		return c.answer()
	}
	return c.state, nil
}

func (c *fakeControl) set(change func(*fakeControl)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// modes are what the control enforces, as text.
func (c *fakeControl) modes() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, a := range c.state.Applied {
		all = append(all, a.Scope.String()+"="+string(a.Mode))
	}
	return strings.Join(all, " ")
}

func (c *fakeControl) last() tagout.Wanted {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.applied[len(c.applied)-1]
}

func (c *fakeControl) counts() (applies, reads int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.applied), c.reads
}

// desk takes the news.
type desk struct {
	mu   sync.Mutex
	news []tagout.ControlReport
	err  error
}

func (d *desk) report(_ context.Context, r tagout.ControlReport) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	d.news = append(d.news, r)
	return nil
}

// told are the news so far in words, such as "webhook accepted h1".
func (d *desk) told() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := []string{}
	for _, r := range d.news {
		what := "accepted"
		switch {
		case r.Observed:
			what = "observed"
		case r.Drift:
			what = "drift"
		case r.Error != "":
			what = "error"
		}
		for _, h := range r.Holds {
			all = append(all, r.Control+" "+what+" "+string(h))
		}
	}
	return all
}

func (d *desk) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.news = nil
}

func (d *desk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// rig is a gate whose reconciler runs in a bubble of time.
type rig struct {
	*gate.Gate
	desk *desk
	stop func()
}

// start runs a gate with these controls of mailer. It must be called in a bubble.
func start(t *testing.T, o gate.Options, controls ...*fakeControl) *rig {
	t.Helper()
	r := &rig{desk: &desk{}}
	o.Report = r.desk.report
	if o.Controls == nil {
		o.Controls = map[string][]tagout.Control{}
	}
	for _, c := range controls {
		o.Controls["mailer"] = append(o.Controls["mailer"], c)
	}
	r.Gate = open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	r.stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(r.stop)
	return r
}

func (r *rig) load(holds ...tagout.Hold) { r.Refresh(r.StartRead(), holds, nil) }

// after lets the bubble's time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

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
