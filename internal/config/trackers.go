package config

import (
	"strings"
	"time"

	"tagout"
)

type trackerSection struct {
	Kind     string        `yaml:"kind" need:"true" doc:"What it is: github or jira."`
	Labels   []string      `yaml:"labels" doc:"Of every ticket, beside tagout."`
	Check    time.Duration `yaml:"check" min:"10s" doc:"How often an open ticket is looked at, beside what its webhook tells."`
	Private  bool          `yaml:"private" doc:"May hold tickets of private incidents."`
	Settings remainder     `doc:"Further settings of the kind."`
}

type actionsSection struct {
	Tracker string `yaml:"tracker" doc:"The tracker of agents and failure classes that name none; left out: corrective actions are kept in Tagout alone."`
}

// trackers reads where corrective actions get tickets.
func (b *builder) trackers() {
	root := path{}.key("trackers")
	b.cfg.Policy.Trackers = map[string]tagout.TrackerPolicy{}
	for _, key := range b.keys(root) {
		p, s := root.member(key), b.doc.Trackers[key]
		n := b.nodes[p.name]
		b.name(p, "tracker", key)
		for i, label := range s.Labels {
			if q := p.key("labels").item(i); strings.TrimSpace(label) == "" && b.ok(q) {
				b.fail(q, "Write the label, or remove it.", "This label is empty.")
			}
		}
		if s.Settings.node == nil {
			continue
		}
		b.cfg.Policy.Trackers[key] = tagout.TrackerPolicy{Name: key, Kind: s.Kind, Labels: s.Labels, Check: s.Check, Private: s.Private}
		b.cfg.Trackers = append(b.cfg.Trackers, b.vendor(key, s.Kind, n.home, s.Settings.node))
	}
	p := path{}.key("actions").key("tracker")
	if b.ref(p, "tracker", b.doc.Actions.Tracker, names(b.doc.Trackers)) {
		b.cfg.Policy.Tracker = b.doc.Actions.Tracker
	}
}
