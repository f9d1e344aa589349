package escalation_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"tagout"
)

// authority is a gate that only remembers.
type authority struct {
	log    *calls
	agents tagout.Registry

	mu         sync.Mutex
	stands     map[tagout.HoldID]tagout.Hold
	lifted     map[tagout.HoldID]bool
	pins       map[string]map[string]string
	reconciled []string
	instances  []tagout.Instance
	controls   []tagout.ControlState
	warning    error
}

func (a *authority) Hang(_ context.Context, s tagout.StopRequest) error {
	a.log.add("gate.hang")
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.stands[s.Hold.ID]; !known && !a.lifted[s.Hold.ID] {
		a.stands[s.Hold.ID] = s.Hold
	}
	return a.warning
}

func (a *authority) Belongs(id tagout.HoldID, incident tagout.IncidentID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h, ok := a.stands[id]; ok {
		h.Incident = incident
		a.stands[id] = h
	}
}

func (a *authority) Committed(holds []tagout.Hold) {
	a.log.add("gate.committed")
	a.put(holds)
}

func (a *authority) put(holds []tagout.Hold) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, h := range holds {
		if !a.lifted[h.ID] && h.Active() {
			a.stands[h.ID] = h
		}
	}
}

func (a *authority) Lift(lifted []tagout.HoldID, replacements []tagout.Hold) {
	if len(lifted) > 0 {
		a.log.add("gate.lift")
	}
	a.mu.Lock()
	for _, id := range lifted {
		delete(a.stands, id)
		a.lifted[id] = true
	}
	a.mu.Unlock()
	a.put(replacements)
}

func (a *authority) Knows(id tagout.HoldID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, stands := a.stands[id]
	return stands || a.lifted[id]
}

func (a *authority) HoldsOn(agent string) []tagout.Hold {
	return slices.DeleteFunc(a.Holds(), func(h tagout.Hold) bool {
		return agent != "" && h.Scope.Agent != "" && h.Scope.Agent != agent
	})
}

func (a *authority) Holds() []tagout.Hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	var holds []tagout.Hold
	for _, h := range a.stands {
		holds = append(holds, h)
	}
	slices.SortFunc(holds, func(x, y tagout.Hold) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return holds
}

func (a *authority) Decide(agent string, asked tagout.Attributes) tagout.Decision {
	return tagout.Evaluate(agent, a.agents[agent], a.Holds(), asked)
}

func (a *authority) Reconcile(agents ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reconciled = append(a.reconciled, agents...)
}

func (a *authority) Repin(ctx context.Context, read func(context.Context) (map[string]map[string]string, error)) error {
	pins, err := read(ctx)
	if err != nil {
		return err
	}
	a.log.add("gate.repin")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pins = pins
	return nil
}

func (a *authority) Controls(string) []tagout.ControlState { return a.controls }

func (a *authority) Status() tagout.GateStatus { return tagout.GateStatus{HoldsLoaded: true} }

func (a *authority) Instances(string) []tagout.Instance { return a.instances }

func (a *authority) mode(agent, channel, region string) tagout.Mode {
	return a.Decide(agent, tagout.Attributes{Channel: channel, Region: region}).Mode
}
