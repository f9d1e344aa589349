package config

import (
	"strings"
	"time"

	"tagout"
)

type routeSection struct {
	When      string           `yaml:"when" need:"true" doc:"A CEL expression over alert {source, name, labels, annotations, value, report}; a missing key is no match."`
	Severity  tagout.Severity  `yaml:"severity" doc:"The severity; commands.default_severity if left out."`
	Class     string           `yaml:"class" doc:"The failure class; commands.default_class if left out."`
	Scope     string           `yaml:"scope" doc:"The scope, instead of that of the labels agent, channel, region and tool."`
	Threshold thresholdSection `yaml:"threshold" doc:"How many alerts within a window open an incident. Left out, that of the failure class counts; a count of 1 means none. A failure report whose agent must stop never waits for it."`
}

type thresholdSection struct {
	Count  int           `yaml:"count" min:"1" doc:"How many alerts."`
	Within time.Duration `yaml:"within" min:"1s" doc:"Within which time."`
}

func (b *builder) routes() {
	always := -1
	for i, r := range b.doc.Routes {
		p := path{}.key("routes").item(i)
		when := p.key("when")
		if strings.TrimSpace(r.When) == "" && b.nodes[when.name] != nil && b.ok(when) {
			b.fail(when, "Write a CEL expression, or \"true\" for every alert.", "The rule has no condition.")
		}
		if always >= 0 {
			b.notice(p, "", "never used, because the condition of an earlier route is always true")
		} else if strings.TrimSpace(r.When) == "true" {
			always = i
		}
		b.ref(p.key("severity"), "severity", string(r.Severity), names(b.doc.Matrix))
		b.ref(p.key("class"), "failure class", r.Class, names(b.doc.Classes))
		if scope, ok := b.scope(p.key("scope"), r.Scope); ok {
			b.declared(p.key("scope"), scope)
		}
		b.threshold(p.key("threshold"), r.Threshold)
		b.cfg.Policy.Routes = append(b.cfg.Policy.Routes, tagout.Route{
			When: r.When, Scope: r.Scope, Threshold: tagout.Threshold(r.Threshold), Place: b.where(b.place(when)),
			Severity: tagout.Severity(or(string(r.Severity), string(b.doc.Commands.DefaultSeverity))),
			Class:    or(r.Class, b.doc.Commands.DefaultClass),
		})
	}
}

func (b *builder) threshold(p path, t thresholdSection) {
	if b.ok(p.key("count")) && b.ok(p.key("within")) && (t.Count > 0) != (t.Within > 0) {
		b.fail(p, "Write {count: 3, within: 5m}.", "A threshold needs both a count and a window.")
	}
}
