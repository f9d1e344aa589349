package kubernetes

import (
	"slices"
	"strings"

	"tagout"
)

// plan is what the holds mean for the areas of one agent.
type plan struct {
	agent string
	areas []area        // with the agent's name in their scopes
	modes []tagout.Mode // by area; "" if it is not held
	unmet []tagout.Hold // that stopping workloads cannot express
}

// plan sorts the holds. It returns a final error if the settings are for another agent.
func (c *Control) plan(agent string, holds []tagout.Hold) (*plan, error) {
	p := &plan{agent: agent, modes: make([]tagout.Mode, len(c.areas))}
	for _, a := range c.areas {
		if a.scope.Agent != "" && a.scope.Agent != agent {
			return nil, tagout.Final(tagout.Errorf(tagout.Invalid, "The %s of %s has a selector for the scope %s. Fix: Its scopes must start with %s.", c.what(), agent, a.scope, agent))
		}
		a.scope.Agent = agent
		p.areas = append(p.areas, a)
	}
	var others []tagout.Hold
	for _, h := range holds {
		h.Scope.Agent = agent
		if !p.take(h) {
			others = append(others, h)
		}
	}
	for _, h := range others {
		if !p.covers(h) {
			p.unmet = append(p.unmet, h)
		}
	}
	return p, nil
}

// take marks the area that has exactly the scope of the hold, if it answers to its mode.
func (p *plan) take(h tagout.Hold) bool {
	taken := false
	for i, a := range p.areas {
		if a.scope != h.Scope || !slices.Contains(a.modes, h.Mode) {
			continue
		}
		taken = true
		if p.modes[i] == "" || h.Mode.Stricter(p.modes[i]) {
			p.modes[i] = h.Mode
		}
	}
	return taken
}

// covers reports whether a held area holds all that the hold asks for.
func (p *plan) covers(h tagout.Hold) bool {
	for i, a := range p.areas {
		if p.modes[i] != "" && a.scope.Covers(h.Scope, nil) && p.modes[i].AtLeast(h.Mode) {
			return true
		}
	}
	return false
}

// within lists the areas that are part of area i, itself included.
func (p *plan) within(i int) []int {
	var parts []int
	for j, a := range p.areas {
		if p.areas[i].scope.Covers(a.scope, nil) {
			parts = append(parts, j)
		}
	}
	return parts
}

// refusal names the holds that this control cannot enforce, or is nil.
func (p *plan) refusal(c *Control) error {
	if len(p.unmet) == 0 {
		return nil
	}
	var names []string
	for _, h := range p.unmet {
		if text := h.Scope.String() + " " + h.Mode.Label(); !slices.Contains(names, text) {
			names = append(names, text)
		}
	}
	return tagout.Final(tagout.Errorf(tagout.Invalid, "The %s cannot enforce %s, and restarts nothing while that stands. Fix: Give the scope a selector under scopes, or list the mode under modes.",
		c.what(), strings.Join(names, ", ")))
}
