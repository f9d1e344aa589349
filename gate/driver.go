package gate

import (
	"context"
	"sync"
	"time"

	"tagout"
)

// haste is how long a request to a control may go on once something newer is to be sent.
const haste = time.Second

// driver brings one control of one agent to what is wanted, and keeps it there.
type driver struct {
	gate    *Gate
	agent   *tagout.Agent
	control tagout.Control
	wake    chan struct{}

	mu     sync.Mutex
	seen   generation         // that was noticed last
	newer  bool               // something changed since the pass under way began
	cancel context.CancelFunc // of the request under way; nil: none
	hurry  *time.Timer        // ends it, once something newer is to be sent
	force  bool               // ask and tell now, whatever is known
	status tagout.ControlState

	// Only the driving goroutine uses what follows.
	marks    map[tagout.HoldID]*mark
	sent     generation // that was accepted last
	sentAt   time.Time
	tried    generation // of the pass before
	hurried  bool       // the last request ended early, or late, since something newer is to be sent
	last     *tagout.Observed
	told     map[string]string // the versions that were reported last
	toldFor  generation        // and what was wanted then
	reports  map[string]bool   // the components that it was ever seen to report
	failures int               // in a row
	blamed   string            // the failure that was reported last
}

// mark is how far one hold got at this control.
type mark struct {
	wanted   time.Time
	accepted bool
	observed bool
}

// Controls tells what is known of the enforcement points of an agent, such as whether the
// pinned versions run, in the order in which they are configured.
func (g *Gate) Controls(agent string) []tagout.ControlState {
	var states []tagout.ControlState
	for _, d := range g.drivers[agent] {
		d.mu.Lock()
		states = append(states, d.status)
		d.mu.Unlock()
	}
	return states
}

func (g *Gate) newDrivers() map[string][]*driver {
	drivers := map[string][]*driver{}
	for name, controls := range g.options.Controls {
		agent := g.options.Agents[name]
		if agent == nil {
			agent = &tagout.Agent{Name: name}
		}
		for _, c := range controls {
			drivers[name] = append(drivers[name], &driver{
				gate: g, agent: agent, control: c, wake: make(chan struct{}, 1), marks: map[tagout.HoldID]*mark{},
				reports: map[string]bool{},
				status:  tagout.ControlState{Agent: name, Control: c.Name()},
			})
		}
	}
	return drivers
}

// Run drives the controls and reports on them until ctx ends, then returns once every
// request under way has ended.
func (g *Gate) Run(ctx context.Context) {
	var all sync.WaitGroup
	for name, drivers := range g.drivers {
		all.Go(func() { g.news.deliver(ctx, name) })
		for _, d := range drivers {
			all.Go(func() { d.run(ctx) })
		}
	}
	all.Wait()
	<-ctx.Done()
}

// Reconcile drives the controls of these agents, or of all if none is named, to what is
// wanted, now. It does not wait.
func (g *Gate) Reconcile(agents ...string) {
	if len(agents) == 0 {
		for name := range g.drivers {
			agents = append(agents, name)
		}
	}
	for _, name := range agents {
		for _, d := range g.drivers[name] {
			d.mu.Lock()
			d.force = true
			d.mu.Unlock()
			d.rouse()
		}
	}
}

// notice wakes the driver if something of its agent changed. A request under way gets a
// second to end.
func (d *driver) notice() {
	now := d.generation(d.gate.now.Load())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == now {
		return
	}
	d.seen, d.newer = now, true
	if d.cancel != nil && d.hurry == nil {
		d.hurry = time.AfterFunc(haste, d.cancel)
	}
	d.rouse()
}

// upToDate forgets what was noticed, since what stands now is about to be looked at.
func (d *driver) upToDate() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.newer = false
	select {
	case <-d.wake:
	default:
	}
}

func (d *driver) rouse() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// generation tells what is wanted now from what was wanted before: it changes with the agent,
// and when the holds become known.
func (d *driver) generation(v *view) generation {
	g := generation{epoch: v.epoch}
	if a := v.agents[d.agent.Name]; a != nil {
		g.agent = a.generation
	}
	return g
}

// generation is a version of what is wanted of one agent.
type generation struct{ agent, epoch int64 }

func (d *driver) run(ctx context.Context) {
	for ctx.Err() == nil {
		timer := time.NewTimer(d.pass(ctx))
		select {
		case <-timer.C:
		case <-d.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// ask makes one request to the control, within the time-out.
func (d *driver) ask(ctx context.Context, operation string, request func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d.gate.options.ControlTimeout)
	defer cancel()
	d.begin(cancel)
	defer d.end()
	defer func() {
		if p := recover(); p != nil {
			err = tagout.Errorf(tagout.Internal, "The control %s has a defect: it panicked.", d.control.Name())
			d.gate.log.Error("a control panicked", "agent", d.agent.Name, "control", d.control.Name(), "panic", p)
		}
		outcome := "ok"
		if err != nil {
			outcome = "error"
		}
		d.gate.metrics.requests.WithLabelValues(d.control.Name(), operation, outcome).Inc()
	}()
	return request(ctx)
}

func (d *driver) begin(cancel context.CancelFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel = cancel
	if d.newer {
		d.hurry = time.AfterFunc(haste, cancel)
	}
}

func (d *driver) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hurried = d.hurry != nil; d.hurried {
		d.hurry.Stop()
	}
	d.cancel, d.hurry = nil, nil
}
