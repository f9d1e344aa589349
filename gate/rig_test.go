package gate_test

import (
	"context"
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
