package config_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/config"
)

func TestTrackersAreReadAndReferredTo(t *testing.T) {
	t.Parallel()
	text := strings.Replace(small, "mailer: {", "mailer: {tracker: ops, ", 1) + `
trackers:
  ops: {kind: jira, url: "https://jira.example.com", project: OPS, token: x, private: true, check: 1m}
  code: {kind: github, repository: acme/mailer, token: x, labels: [ai, incident]}
actions: {tracker: code}
`
	cfg := parse(t, text)
	if len(cfg.Trackers) != 2 || cfg.Trackers[0].Name != "ops" || cfg.Trackers[1].Kind != "github" || cfg.Policy.Tracker != "code" {
		t.Fatalf("trackers %+v, usually %q", cfg.Trackers, cfg.Policy.Tracker)
	}
	if ops := cfg.Policy.Trackers["ops"]; !ops.Private || ops.Every() != time.Minute {
		t.Errorf("ops %+v", ops)
	}
	if code := cfg.Policy.Trackers["code"]; code.Private || code.Every() != 5*time.Minute || len(code.Labels) != 2 {
		t.Errorf("code %+v", code)
	}
	of := func(agent string, private bool) string {
		return cfg.Policy.TrackerOf(&tagout.Incident{Scope: tagout.MustScope(agent), Private: private})
	}
	if of("mailer", false) != "ops" || of("researcher", false) != "code" || of("mailer", true) != "ops" || of("researcher", true) != "" {
		t.Errorf("an agent's is %q, others' %q; private %q and %q", of("mailer", false), of("researcher", false), of("mailer", true), of("researcher", true))
	}
	if none := parse(t, small); len(none.Trackers) != 0 || none.Policy.Tracker != "" {
		t.Errorf("without any there are %+v", none.Trackers)
	}
}

func TestTrackersThatCannotWorkAreExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"no kind":         {"trackers: {ops: {}}", "`trackers.ops.kind` is missing"},
		"unknown default": {"trackers: {ops: {kind: jira}}\nactions: {tracker: opps}", "Did you mean `ops`"},
		"no trackers":     {"actions: {tracker: ops}", "does not exist"},
		"name":            {"trackers: {Ops!: {kind: jira}}", "cannot be the name of a tracker"},
		"too often":       {"trackers: {ops: {kind: jira, check: 1s}}", "10s"},
		"empty label":     {"trackers: {ops: {kind: jira, labels: [\" \"]}}", "label is empty"},
		"unknown key":     {"actions: {trackers: ops}", "tracker"},
	} {
		_, err := config.Parse("tagout.yaml", []byte(small+c.text+"\n"), world(tokens()))
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "Fix:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := strings.Replace(small, "judgment_error: {", "judgment_error: {tracker: none, ", 1)
	if _, err := config.Parse("tagout.yaml", []byte(bad), world(tokens())); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("a class may name a tracker that is none: %v", err)
	}
}
