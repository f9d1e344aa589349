package commands

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// maxHolds is how many holds a status shows one by one.
const maxHolds = 15

// ofScope tells what the gate answers for an agent or a part of it, and why.
func (s statuses) ofScope(ctx context.Context, scope tagout.Scope) (tagout.Reply, error) {
	m := s.gate(tagout.Message{})
	open, m := s.open(ctx, m)
	held := s.touching(scope)
	now := standing{whole: strictest(held), mode: strictest(held)}
	if scope.Agent != "" {
		now = s.standing(scope, held)
		m = describe(m, now.decision)
	}
	m.Title = scope.String() + " " + now.title()
	m = s.undeclared(m, scope)
	hides := map[tagout.IncidentID]bool{}
	for _, i := range open {
		hides[i.ID] = !s.desk.Sees(ctx, i, s.viewer)
	}
	for n, h := range held {
		if n == maxHolds {
			m = m.Para("and " + count(len(held)-n, "more hold") + ".")
			break
		}
		hidden, read := hides[h.Incident]
		m = m.Para(holdLine(h, read && !hidden))
	}
	if len(held) == 0 && now.mode == tagout.Running {
		m = m.Para("Nothing holds it.")
	}
	m = s.silences(ctx, m, scope)
	m = s.instances(ctx, m, scope.Agent)
	if scope == scope.WholeAgent() {
		m = s.versions(ctx, m, scope.Agent)
		if s.policy.Agents[scope.Agent] != nil {
			m = m.Fact("Drills", s.desk.DrillRecord(ctx, scope.Agent))
		}
	}
	for _, i := range open {
		if concerns(i, scope) && !(hides[i.ID] && len(i.ActiveHolds()) == 0) { // what it is about is not to be told; a hold tells it anyway
			m = m.Para(s.incidentLine(ctx, i))
			if !hides[i.ID] {
				m = progressOf(i, scope, now.mode).facts(m)
			}
		}
	}
	if now.mode != tagout.Running && m.Tone == tagout.ToneNeutral {
		m.Tone = tagout.ToneWarning
	}
	return tagout.Reply{Message: s.gateFooter(m)}, nil
}

// silences tells what of a scope is silenced, or will be.
func (s statuses) silences(ctx context.Context, m tagout.Message, scope tagout.Scope) tagout.Message {
	all, err := s.desk.Silences(ctx)
	if err != nil {
		return m // that the database does not answer is said already
	}
	for _, one := range tagout.SilencesOn(all, scope, s.policy.Agents[scope.Agent], s.clock.Now()) {
		m = m.Fact("Silenced", one.Text())
	}
	return m
}

// instances tells how far the running copies of an agent heard how it stands.
func (s statuses) instances(ctx context.Context, m tagout.Message, agent string) tagout.Message {
	if agent == "" {
		return m
	}
	fleet := s.desk.Fleet(ctx, agent)
	text := fleet.HeardBy(s.clock.Now())
	switch {
	case text == "":
		return m
	case len(fleet.Instances) == 0 || fleet.Instances[0].StoppedAt.IsZero():
		return m.Fact("Instances", text)
	}
	return m.Fact("Heard by", text)
}

// standing is how a scope stands: as a whole, and where it is held further than that.
type standing struct {
	decision tagout.Decision
	mode     tagout.Mode // the strictest of all that could apply
	whole    tagout.Mode
	further  []tagout.Hold
}

// standing asks the gate about a scope of one agent. held are the holds that stand.
func (s statuses) standing(scope tagout.Scope, held []tagout.Hold) standing {
	agent := s.policy.Agents[scope.Agent]
	d := s.desk.Decide(scope.Agent, tagout.Attributes{Channel: scope.Channel, Region: scope.Region, Tool: scope.Tool})
	now := standing{decision: d, mode: d.Mode, whole: tagout.Running}
	if len(d.Holds) == 0 {
		now.whole = d.Mode // running, or refused because the gate does not know better
	}
	for _, h := range held {
		if h.Scope.Covers(scope, agent) && h.Mode.Stricter(now.whole) {
			now.whole = h.Mode
		}
	}
	for _, h := range held {
		if h.Scope.Touches(scope, agent) && h.Mode.Stricter(now.whole) {
			now.further = append(now.further, h)
		}
	}
	return now
}

// title is the standing in a few words.
func (n standing) title() string {
	if len(n.further) == 0 {
		return n.whole.Label()
	}
	return n.whole.Label() + ", in part " + n.mode.Label()
}

// text is the standing with all that is held further.
func (n standing) text() tagout.Text {
	t := tagout.T(tagout.Bold(n.whole.Label()))
	if n.whole == tagout.Capped && !n.decision.Cap.IsZero() {
		t = append(t, tagout.T(" at ", n.decision.Cap.String())...)
	}
	for k, h := range n.further {
		if k == maxHolds {
			return append(t, tagout.T("; and ", count(len(n.further)-k, "more hold"))...)
		}
		mark := "; "
		if k == 0 {
			mark = ", except "
		}
		t = append(t, tagout.T(mark, h.String())...)
	}
	return t
}

// describe tells what an agent is told while it is held.
func describe(m tagout.Message, d tagout.Decision) tagout.Message {
	if len(d.Holds) == 0 && d.Mode != tagout.Running && d.Reason != "" {
		m = m.Fact("Why", line(d.Reason))
	}
	if !d.Cap.IsZero() {
		m = m.Fact("Spend cap", d.Cap.String())
	}
	if len(d.DisabledTools) > 0 {
		m = m.Fact("Disabled tools", strings.Join(d.DisabledTools, ", "))
	}
	if d.Fallback != "" {
		m = m.Fact("Meanwhile it should", line(d.Fallback))
	}
	return m
}

// touching lists the holds that have anything in common with a scope, strictest first.
func (s statuses) touching(scope tagout.Scope) []tagout.Hold {
	held := slices.DeleteFunc(slices.Clone(s.desk.Holds()), func(h tagout.Hold) bool {
		agent := scope.Agent
		if agent == "" {
			agent = h.Scope.Agent
		}
		return !h.Scope.Touches(scope, s.policy.Agents[agent])
	})
	slices.SortStableFunc(held, func(a, b tagout.Hold) int {
		switch {
		case a.Mode.Stricter(b.Mode):
			return -1
		case b.Mode.Stricter(a.Mode):
			return 1
		}
		return strings.Compare(a.Scope.String(), b.Scope.String())
	})
	return held
}

// strictest is the mode of the strictest of these holds.
func strictest(held []tagout.Hold) tagout.Mode {
	if len(held) == 0 {
		return tagout.Running
	}
	return held[0].Mode
}

// undeclared says which parts of a scope the configuration does not know.
func (s statuses) undeclared(m tagout.Message, scope tagout.Scope) tagout.Message {
	unknown := s.policy.Agents.Undeclared(scope)
	if len(unknown) == 0 {
		return m
	}
	text := "Not in the configuration: " + strings.Join(unknown, ", ") + "."
	if s.policy.Agents[scope.Agent] == nil {
		if near := s.policy.Agents.Near(scope.Agent); len(near) > 0 {
			text += " Did you mean " + strings.Join(near, ", ") + "?"
		}
	}
	return m.Para(text)
}

// holdLine is one hold: what, for which incident, since when, by whom and, unless its
// incident is private, why.
func holdLine(h tagout.Hold, readable bool) tagout.Text {
	t := tagout.T(h.String(), " — ", tagout.Bold(h.Incident.String()), ", since ", h.At)
	if !readable {
		return append(t, tagout.T(".")...)
	}
	t = append(t, tagout.T(", by ", h.By.Text())...)
	if h.Reason != "" {
		t = append(t, tagout.T(": ", line(h.Reason))...)
	}
	return t
}

// concerns reports whether an incident is about a scope's agent or holds something of it.
func concerns(i *tagout.Incident, scope tagout.Scope) bool {
	if scope.Agent != "" && i.Scope.Agent == scope.Agent {
		return true
	}
	return slices.ContainsFunc(i.ActiveHolds(), func(h tagout.Hold) bool { return h.Scope.Touches(scope, nil) })
}
