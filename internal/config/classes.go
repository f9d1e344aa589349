package config

import (
	"strings"
	"time"

	"tagout"
)

type classSection struct {
	Title          string        `yaml:"title" doc:"In words."`
	OnFailure      string        `yaml:"on_failure" allow:"stop,retry" doc:"What an agent does that fails so."`
	Retries        int           `yaml:"retries" min:"0" doc:"How often it may retry, with on_failure: retry."`
	Handoff        string        `yaml:"handoff" doc:"The role that gets it; it is paged with those of the severity."`
	RollbackWhen   string        `yaml:"rollback_when" allow:"new_version,repeated,never" doc:"Which sign has a rollback offered, with its reason: a new version shortly before, or the same failure again."`
	RollbackWindow time.Duration `yaml:"rollback_window" doc:"How long before the failure a new version counts as that sign, or the same failure as repeated."`
	Keep           []string      `yaml:"keep" doc:"Evidence that must be preserved; the card names what is missing. At most 20 names."`
	Runbook        []string      `yaml:"runbook" doc:"Steps for the people who take over, a checklist in the incident's channel. At most 20."`
	Tracker        string        `yaml:"tracker" doc:"Where its corrective actions get tickets, unless the agent says otherwise; left out: actions.tracker."`

	Threshold thresholdSection `yaml:"threshold" doc:"How many alerts of this class about one agent, within a window, open an incident, unless the rule that matched has a threshold of its own. The worst severity never waits for it, nor does a failure report whose agent must stop."`
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
		b.threshold(p.key("threshold"), c.Threshold)
		b.listed(p.key("keep"), c.Keep, tagout.MaxKept, tagout.MaxKeptName)
		b.listed(p.key("runbook"), c.Runbook, tagout.MaxRunbook, tagout.MaxStep)
		b.cfg.Policy.Classes[key] = &tagout.FailureClass{
			Key: key, Title: c.Title, Retry: c.OnFailure == "retry", Retries: c.Retries, Handoff: c.Handoff,
			RollbackWhen: c.RollbackWhen, RollbackWindow: c.RollbackWindow, Keep: c.Keep, Runbook: c.Runbook, Tracker: c.Tracker,
			Threshold: tagout.Threshold(c.Threshold),
		}
	}
}

// listed checks a list of short texts.
func (b *builder) listed(p path, texts []string, most, longest int) {
	if !b.ok(p) {
		return
	}
	if len(texts) > most {
		b.fail(p, "Merge some of them.", "%d of them are more than the %d that are shown.", len(texts), most)
	}
	for n, text := range texts {
		switch {
		case strings.TrimSpace(text) == "":
			b.fail(p.item(n), "Write it, or remove it.", "It is empty.")
		case len(text) > longest:
			b.fail(p.item(n), "Shorten it.", "It has more than %d characters.", longest)
		}
	}
}
