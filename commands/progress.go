package commands

import (
	"fmt"
	"strconv"
	"time"

	"tagout"
)

// maxControls is how many enforcement points an answer shows one by one.
const maxControls = 10

// progress is how far the enforcement points of one stop got.
type progress struct {
	mode     tagout.Mode
	statuses []tagout.ControlStatus
}

// progressOf picks the enforcement points that a hold concerns.
func progressOf(i *tagout.Incident, scope tagout.Scope, mode tagout.Mode) progress {
	p := progress{mode: mode}
	for _, c := range i.Controls {
		if scope.Agent == "" || scope.Agent == c.Agent {
			p.statuses = append(p.statuses, c)
		}
	}
	return p
}

// facts is one line for each enforcement point.
func (p progress) facts(m tagout.Message) tagout.Message {
	several := false
	for _, c := range p.statuses {
		several = several || c.Agent != p.statuses[0].Agent
	}
	for n, c := range p.statuses {
		if n == maxControls {
			all, _ := p.confirmed()
			return m.Fact("And more", fmt.Sprintf("%s in all, %d of them confirmed", count(len(p.statuses), "enforcement point"), all))
		}
		label := c.Control
		if c.ByLease() {
			label = "no control"
		}
		if several {
			label = c.Agent + ", " + label
		}
		m = m.Fact(label, c.Progress())
	}
	return m
}

// confirmed counts the enforcement points that were observed or whose lease has passed,
// and those of them that were observed.
func (p progress) confirmed() (all, observed int) {
	for _, c := range p.statuses {
		if c.Confirmed() {
			all++
			if !c.ByLease() {
				observed++
			}
		}
	}
	return all, observed
}

// settled reports whether there is nothing left to wait for.
func (p progress) settled() bool {
	all, _ := p.confirmed()
	return len(p.statuses) > 0 && all == len(p.statuses)
}

// summary is the last line of a settled stop.
func (p progress) summary() string {
	all, observed := p.confirmed()
	if observed == 0 {
		return "by lease, not observed: " + count(all, "agent") + " without a control; the lease has ended"
	}
	state := "in force"
	if p.mode.AtLeast(tagout.Paused) {
		state = "stopped"
	}
	text := state + ": observed by " + strconv.Itoa(observed) + " of " + strconv.Itoa(all) + " in " + tagout.Elapsed(p.slowest())
	if observed < all {
		text += "; " + strconv.Itoa(all-observed) + " by lease, not observed"
	}
	return text
}

// slowest is how long the last observation took.
func (p progress) slowest() time.Duration {
	var slowest time.Duration
	for _, c := range p.statuses {
		if !c.ByLease() && c.Confirmed() {
			slowest = max(slowest, c.ObservedAt.Sub(c.RequestedAt))
		}
	}
	return slowest
}
