package httpcontrol

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"tagout"
	"tagout/integrations/outgoing"
)

const (
	maxAnswer = 1 << 20 // bytes of an answer
	patience  = 10 * time.Second
)

// Control is one switch per agent behind HTTP requests of the operator's making. The
// switch knows one mode for the whole agent.
//
// There is deliberately no circuit breaker: a stop is always tried.
type Control struct {
	name, what             string
	client                 http.Client
	auth                   credential
	held, running, reading *request
	path                   []step
	values                 map[string]tagout.Mode // what a value that is read back means
	components             []component            // whose versions are known here
	modes                  []tagout.Mode          // that the switch answers to
	widen                  bool                   // a part of the agent is held by holding all of it
	renew                  bool                   // the state is sent again although it stands

	clock tagout.Clock

	mu     sync.Mutex
	agents map[string]*known
}

// known is what was sent and read of one agent.
type known struct {
	asked    asked
	versions map[string]string  // as read back last; nil: never
	attempts map[string]attempt // by component
}

// asked is what was sent last, so that what is read back can be told in its words.
type asked struct {
	mode     tagout.Mode
	holds    []tagout.AppliedHold
	versions map[string]string
	stands   bool // and was read back so
	held     bool // it is held, as far as is known
}

// Name is the configured name.
func (c *Control) Name() string { return c.name }

// Apply sends the state of the agent, and asks for the versions of the components that it
// knows. nil means that all was accepted with a 2xx. A stop goes ahead of the versions, which
// never delay it; a start comes after them, once they were read back.
//
// A hold that one switch cannot express is a final error that names it; the rest is sent all
// the same, but nothing that would start the agent.
func (c *Control) Apply(ctx context.Context, w tagout.Wanted) error {
	mode, met, unmet := c.sort(w)
	var refusal error
	if len(unmet) > 0 {
		refusal = tagout.Final(tagout.Errorf(tagout.Invalid, "The %s cannot enforce %s, and starts nothing while that stands. Fix: List the mode under modes, or hold all of the agent for a part of it with partial: widen.",
			c.what, strings.Join(unmet, ", ")))
	}
	now := asked{mode: mode, holds: met, versions: maps.Clone(w.Versions), held: mode != tagout.Running}
	if mode != tagout.Running {
		if err := c.turn(ctx, w, now); err != nil {
			return err
		}
		ctx, cancel := afterStop(ctx, c.last(w.Agent).stands)
		defer cancel()
		return tagout.Together([]error{refusal, c.roll(ctx, w, mode)})
	}
	err := tagout.Together([]error{refusal, c.roll(ctx, w, mode)})
	if err != nil || !c.arrived(w) && c.mayBeHeld(w.Agent) {
		return err // it is not started with another version than the wanted one
	}
	return c.turn(ctx, w, now)
}

// turn asks for a mode, unless it stands already.
func (c *Control) turn(ctx context.Context, w tagout.Wanted, now asked) error {
	if before := c.last(w.Agent); !c.renew && before.stands && before.mode == now.mode && c.carriesAlike(before.versions, now.versions) {
		now.stands = true
		c.note(w.Agent, now)
		return nil
	}
	to := c.running
	if now.mode != tagout.Running {
		to = c.held
	}
	c.note(w.Agent, asked{held: c.last(w.Agent).held})
	if _, err := c.call(ctx, to, factsOf(w, now.mode)); err != nil {
		return err
	}
	c.note(w.Agent, now)
	return nil
}

// carriesAlike reports whether the requests for the mode would say the same of versions.
func (c *Control) carriesAlike(before, now map[string]string) bool {
	own := func(name, _ string) bool {
		return slices.ContainsFunc(c.components, func(one component) bool { return one.name == name && one.apply != nil })
	}
	before, now = maps.Clone(before), maps.Clone(now)
	maps.DeleteFunc(before, own)
	maps.DeleteFunc(now, own)
	return maps.Equal(before, now)
}

// sort finds the mode of the whole agent, the holds that it enforces, and names the others.
func (c *Control) sort(w tagout.Wanted) (mode tagout.Mode, met []tagout.AppliedHold, unmet []string) {
	mode = tagout.Running
	holds := slices.Clone(w.Holds)
	fits := func(h tagout.Hold) bool {
		h.Scope.Agent = w.Agent
		return slices.Contains(c.modes, h.Mode) && (c.widen || h.Scope == h.Scope.WholeAgent())
	}
	for _, h := range holds {
		if fits(h) && h.Mode.Stricter(mode) {
			mode = h.Mode
		}
	}
	for _, h := range holds {
		h.Scope.Agent = w.Agent
		switch {
		case fits(h), mode.AtLeast(h.Mode):
			met = append(met, tagout.AppliedHold{Scope: h.Scope, Mode: h.Mode})
		default:
			unmet = append(unmet, h.Scope.String()+" "+h.Mode.Label())
		}
	}
	return mode, met, unmet
}

// known is a copy of what is known of an agent.
func (c *Control) known(agent string) known {
	var copied known
	c.change(agent, func(k *known) { copied = known{k.asked, maps.Clone(k.versions), maps.Clone(k.attempts)} })
	return copied
}

func (c *Control) change(agent string, edit func(*known)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.agents[agent]
	if k == nil {
		k = &known{attempts: map[string]attempt{}}
		c.agents[agent] = k
	}
	edit(k)
}

func (c *Control) last(agent string) asked { return c.known(agent).asked }

// mayBeHeld reports whether the agent was last seen or asked to be held, or was never seen.
func (c *Control) mayBeHeld(agent string) bool {
	k := c.known(agent)
	return k.asked.held || k.versions == nil
}

func (c *Control) note(agent string, a asked) { c.change(agent, func(k *known) { k.asked = a }) }

// Read asks what is in force. A value that means no mode is an error, never a confirmation.
func (c *Control) Read(ctx context.Context, agent string) (tagout.Observed, error) {
	answer, err := c.call(ctx, c.reading, factsOf(tagout.Wanted{Agent: agent}, tagout.Running))
	if err != nil {
		return tagout.Observed{}, err
	}
	value, ok := lookUp(answer, c.path)
	mode, known := c.values[value]
	if !ok || !known {
		return tagout.Observed{}, tagout.Errorf(tagout.Unavailable, "The answer of the %s has no value that read.values knows at the configured path.", c.what)
	}
	before := c.last(agent)
	bounded, cancel := afterStop(ctx, before.stands)
	defer cancel()
	observed := tagout.Observed{Agent: agent, Versions: c.readVersions(bounded, agent, answer)}
	before = c.last(agent)
	before.held = mode != tagout.Running
	before.stands = before.mode != "" && (mode == before.mode || before.mode != tagout.Running && mode != tagout.Running && mode.AtLeast(before.mode)) &&
		c.runs(observed.Versions, before.versions)
	c.note(agent, before)
	switch {
	case mode == tagout.Running:
	case before.stands:
		observed.Applied = before.holds // the switch stands as these ask for
	default:
		observed.Applied = []tagout.AppliedHold{{Scope: tagout.Scope{Agent: agent}, Mode: mode}}
	}
	return observed, nil
}

// runs reports whether the versions that the requests for the mode carried run.
func (c *Control) runs(seen, wanted map[string]string) bool {
	for _, one := range c.components {
		if want := wanted[one.name]; one.apply == nil && want != "" && seen[one.name] != want {
			return false
		}
	}
	return true
}

// call sends one request and returns the answer's body. A renewable credential that is
// refused is renewed once.
func (c *Control) call(ctx context.Context, to *request, f facts) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	made, err := to.render(f)
	if err == nil && made.url.Host != to.host {
		err = tagout.Errorf(tagout.Invalid, "The url of %s leads to another host than at the start. Fix: Write the host as it is.", to.name)
	}
	if err != nil {
		return nil, tagout.Final(err)
	}
	status, answer, err := c.send(ctx, made, false)
	if err == nil && status == http.StatusUnauthorized && c.auth.renewable() {
		status, answer, err = c.send(ctx, made, true)
	}
	if err != nil {
		return nil, err
	}
	if err := c.judge(status); err != nil {
		return nil, err
	}
	if len(answer) > maxAnswer {
		return nil, tagout.Errorf(tagout.Unavailable, "The answer of the %s is larger than 1 MiB.", c.what)
	}
	return answer, nil
}

func (c *Control) send(ctx context.Context, made *rendered, fresh bool) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, made.method, made.url.String(), bytes.NewReader(made.body))
	if err != nil {
		return 0, nil, tagout.Final(tagout.Errorf(tagout.Internal, "A request to the %s could not be made.", c.what))
	}
	req.Header = made.header.Clone()
	if err := c.auth.show(ctx, req.Header, fresh); err != nil {
		return 0, nil, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, nil, tagout.Errorf(tagout.Unavailable, "The %s could not be reached: %s.", c.what, outgoing.Reason(ctx, err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil && resp.StatusCode < 300 {
		return 0, nil, tagout.Errorf(tagout.Unavailable, "The answer of the %s broke off: %s.", c.what, outgoing.Reason(ctx, err))
	}
	return resp.StatusCode, answer, nil
}

// judge turns a status into nil, an error to retry, or a final one.
func (c *Control) judge(status int) error {
	err := tagout.Errorf(tagout.Unavailable, "The %s answered %d.", c.what, status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "The %s answered with a redirect, which is not followed. Fix: Configure the address to which it leads.", c.what))
	case retryable(status):
		return err
	}
	return tagout.Final(err)
}
