package config

import (
	"strings"
	"time"

	"tagout"
)

type agentSection struct {
	Title          string                 `yaml:"title" doc:"In words."`
	Owner          string                 `yaml:"owner" doc:"The role that owns it."`
	Channels       []string               `yaml:"channels" doc:"The channels it works in, such as email."`
	Regions        []string               `yaml:"regions" doc:"The regions it works in, such as eu."`
	Tools          map[string]riskSection `yaml:"tools" doc:"Its tools, each with its risk: low, medium or high."`
	Lease          time.Duration          `yaml:"lease" min:"3s" doc:"A client that has not heard from Tagout for so long must stop."`
	Fallback       string                 `yaml:"fallback" doc:"Told to the agent while it is held: what to do instead."`
	Token          string                 `yaml:"token" doc:"What whoever asks the gate about it must present; empty: nothing."`
	Canary         string                 `yaml:"canary" doc:"Scope of the agent where drills and first stages run."`
	RollbackDrills bool                   `yaml:"rollback_drills" doc:"Lets rollback drills run its earlier versions for a moment, everywhere: versions belong to the whole agent, not to its canary."`
	Components     []string               `yaml:"components" doc:"What of it has versions of its own."`
	KnownGoodAfter time.Duration          `yaml:"known_good_after" min:"1s" doc:"A version that was the current one for so long without an incident is known to be good; left out: the known_good_after of all agents."`
	RollbackWithin time.Duration          `yaml:"rollback_within" min:"1s" doc:"How long a rollback may take until its controls read it back; then it has failed."`
	Tracker        string                 `yaml:"tracker" doc:"Where its corrective actions get tickets; left out: the tracker of the failure class, else actions.tracker."`
	Controls       adapters               `yaml:"controls" doc:"Enforcement points that Tagout pushes to and reads back; each is KIND: {settings}."`
}

// riskSection is the risk of one tool.
type riskSection string

func (b *builder) agents() {
	b.cfg.Policy.Agents = tagout.Registry{}
	b.cfg.Controls = map[string][]tagout.Vendor{}
	b.cfg.AgentToken = map[string]string{}
	root := path{}.key("agents")
	first := map[string]string{}
	for _, key := range b.keys(root) {
		p := root.member(key)
		name, ok := b.canonical(p, "agent", key, b.nodes[p.name].home, first)
		if ok {
			b.agent(p, name, b.doc.Agents[key])
		}
	}
}

func (b *builder) agent(p path, name string, s agentSection) {
	b.ref(p.key("owner"), "role", s.Owner, names(b.doc.Roles))
	b.ref(p.key("tracker"), "tracker", s.Tracker, names(b.doc.Trackers))
	agent := &tagout.Agent{
		Name: name, Title: s.Title, Owner: s.Owner, Lease: s.Lease, Fallback: s.Fallback, Tracker: s.Tracker,
		Channels:   b.parts(p.key("channels"), "channel", s.Channels),
		Regions:    b.parts(p.key("regions"), "region", s.Regions),
		Tools:      map[string]tagout.Risk{},
		Components: b.parts(p.key("components"), "component", s.Components), KnownGoodAfter: s.KnownGoodAfter, RollbackWithin: s.RollbackWithin, RollbackDrills: s.RollbackDrills,
	}
	if q := p.key("components"); b.empty(q, len(s.Components)) {
		b.fail(q, "Name at least one, such as [prompt], or leave the key out.", "The agent would have nothing that can be rolled back.")
	}
	if len(agent.Components) == 0 {
		agent.Components = tagout.DefaultComponents()
	}
	if agent.KnownGoodAfter == 0 {
		agent.KnownGoodAfter = b.doc.KnownGoodAfter
	}
	first := map[string]string{}
	for _, key := range b.keys(p.key("tools")) {
		q := p.key("tools").member(key)
		tool, ok := b.canonical(q, "tool", key, b.nodes[q.name].home, first)
		risk := tagout.Risk(s.Tools[key])
		if b.ok(q) && risk != tagout.LowRisk && risk != tagout.MediumRisk && risk != tagout.HighRisk {
			b.fail(q, "Write low, medium or high.", "%s is not a risk.", sentence(b.shown(q)))
		}
		if ok {
			agent.Tools[tool] = risk
		}
	}
	b.cfg.Policy.Agents[name] = agent
	b.cfg.AgentToken[name] = s.Token
	if s.Canary != "" {
		agent.Canary = b.canary(p.key("canary"), agent, s.Canary)
	}
	for i, control := range b.vendors(p.key("controls"), s.Controls) {
		b.cfg.Controls[name] = append(b.cfg.Controls[name], control)
		agent.Controls = append(agent.Controls, b.cfg.Controls[name][i].Name)
	}
}

func (b *builder) canary(p path, agent *tagout.Agent, text string) tagout.Scope {
	scope, ok := b.scope(p, text)
	if ok && scope.Agent != agent.Name {
		b.fail(p, "Write a scope that starts with "+agent.Name+".", "The canary of an agent must be a part of that agent.")
	} else if ok {
		b.declared(p, scope)
	}
	return scope
}

// scope reads a scope.
func (b *builder) scope(p path, text string) (tagout.Scope, bool) {
	if text == "" || !b.ok(p) {
		return tagout.Scope{}, false
	}
	scope, err := tagout.ParseScope(text)
	if err != nil {
		what := "This is not a scope."
		if !b.nodes[p.name].expanded {
			what = tagout.Sentence(err)
		}
		b.fail(p, "Write agent/channel/region, and tool:NAME after it if need be.", "%s", what)
	}
	return scope, err == nil
}

// declared checks that the agents hold every part of a scope.
func (b *builder) declared(p path, scope tagout.Scope) {
	if unknown := b.cfg.Policy.Agents.Undeclared(scope); len(unknown) > 0 {
		what := strings.Join(unknown, " and ") + " in it"
		if b.nodes[p.name].expanded {
			what = "a part of it"
		}
		b.fail(p, "Correct the scope, or declare it under agents.", "The scope names what no agent declares: %s.", what)
	}
}

// parts reads names that scopes can hold.
func (b *builder) parts(p path, what string, list []string) []string {
	var canonical []string
	first := map[string]string{}
	for i, text := range list {
		q := p.item(i)
		if !b.ok(q) {
			continue
		}
		if name, ok := b.canonical(q, what, text, b.place(q), first); ok {
			canonical = append(canonical, name)
		}
	}
	return canonical
}

// canonical is a name in lower case. first tells of the names that came before it in
// their written form: two that differ only by case are the same.
func (b *builder) canonical(p path, what, text string, at place, first map[string]string) (string, bool) {
	name, err := tagout.CanonicalName(text)
	if err != nil {
		b.addf(at, "Use up to 64 letters, digits, dots, _ and -.", "This cannot be the name of %s.", article(what))
		return "", false
	}
	if before, twice := first[name]; twice {
		shown := quoted(text) + " and " + quoted(before)
		if n := b.nodes[p.name]; n != nil && n.kind == scalarNode && n.expanded {
			shown = "Two entries"
		}
		b.addf(at, "Remove one of them, or call it otherwise.", "%s name the same %s: names are compared in lower case.", shown, what)
		return "", false
	}
	first[name] = text
	return name, true
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
