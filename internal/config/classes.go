package config

import "tagout"

type classSection struct {
	Title        string   `yaml:"title" doc:"In words."`
	OnFailure    string   `yaml:"on_failure" allow:"stop,retry" doc:"What an agent does that fails so."`
	Retries      int      `yaml:"retries" min:"0" doc:"How often it may retry, with on_failure: retry."`
	Handoff      string   `yaml:"handoff" doc:"The role that gets it."`
	RollbackWhen string   `yaml:"rollback_when" allow:"new_version,repeated,never" doc:"Which sign means a rollback."`
	Keep         []string `yaml:"keep" doc:"Evidence that must be preserved."`
	Runbook      []string `yaml:"runbook" doc:"Steps for the people who take over."`
	Tracker      string   `yaml:"tracker" doc:"Where its corrective actions get tickets, unless the agent says otherwise; left out: actions.tracker."`
}

func (b *builder) classes() {
	b.cfg.Policy.Classes = map[string]*tagout.FailureClass{}
	root := path{}.key("failure_classes")
	if n := b.nodes[root.name]; n != nil && !n.bad && len(n.entries) == 0 {
		b.fail(root, "Add at least one, such as judgment_error.", "There is no failure class.")
	}
	for _, key := range b.keys(root) {
		p, c := root.member(key), b.doc.Classes[key]
		b.name(p, "failure class", key)
		b.ref(p.key("handoff"), "role", c.Handoff, names(b.doc.Roles))
		b.ref(p.key("tracker"), "tracker", c.Tracker, names(b.doc.Trackers))
		switch {
		case !b.ok(p.key("retries")) || !b.ok(p.key("on_failure")):
		case c.OnFailure == "retry" && c.Retries == 0:
			b.fail(p, "Add `retries: 3`, or use `on_failure: stop`.", "The class allows retries, but none is left from the start.")
		case c.OnFailure == "stop" && c.Retries > 0:
			b.fail(p.key("retries"), "Remove it, or use `on_failure: retry`.", "Retries count only with on_failure: retry.")
		}
		b.cfg.Policy.Classes[key] = &tagout.FailureClass{
			Key: key, Title: c.Title, Retry: c.OnFailure == "retry", Retries: c.Retries, Handoff: c.Handoff,
			RollbackWhen: c.RollbackWhen, Keep: c.Keep, Runbook: c.Runbook, Tracker: c.Tracker,
		}
	}
}
