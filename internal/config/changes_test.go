package config_test

import (
	"strings"
	"testing"

	"tagout/internal/config"
)

func TestSourcesOfChangesAreRead(t *testing.T) {
	t.Parallel()
	cfg := parse(t, small+`
changes:
  github:
    kind: github
    webhook_secret: x
    rules:
      - {repository: acme/mailer, environment: production, agent: mailer, component: prompt}
      - {event: push, repository: acme/prompts, branch: main, paths: [mailer/], agent: mailer, component: policy}
`)
	if len(cfg.Changes) != 1 || len(cfg.Changes[0].Rules) != 2 || cfg.Changes[0].Secret != "x" {
		t.Fatalf("%+v", cfg.Changes)
	}
	if r := cfg.Changes[0].Rules[0]; r.Event != "deployment_status" || r.Version != "sha" || r.Environment != "production" {
		t.Errorf("%+v", r)
	}
}

func TestSourcesOfChangesThatCannotWorkAreExplained(t *testing.T) {
	t.Parallel()
	for rule, says := range map[string]string{
		"":                                   "no rules",
		"{agent: mailer, component: prompt}": "repository` is missing",
		"{repository: mailer, agent: mailer, component: prompt}":                                         "not a repository",
		"{repository: a/b, agent: maler, component: prompt}":                                             "Did you mean `mailer`",
		"{repository: a/b, agent: mailer, component: promt}":                                             "Did you mean `prompt`",
		"{repository: a/b, agent: mailer, component: prompt, event: release}":                            "event is not known",
		"{repository: a/b, agent: mailer, component: prompt, event: push}":                               "Add `branch: main`",
		"{repository: a/b, agent: mailer, component: prompt, branch: main}":                              "has no branch",
		"{repository: a/b, agent: mailer, component: prompt, paths: [x]}":                                "has no paths",
		"{repository: a/b, agent: mailer, component: prompt, event: push, branch: main, environment: x}": "has no environment",
		"{repository: a/b, agent: mailer, component: prompt, event: push, branch: main, version: ref}":   "version cannot be found",
		"{repository: a/b, agent: mailer, component: prompt, event: push, branch: main, paths: [\"[\"]}": "can match nothing",
		"{repository: a/b, agent: mailer, component: prompt, versoin: ref}":                              "versoin",
	} {
		text := small + "\nchanges: {github: {kind: github, webhook_secret: x, rules: [" + rule + "]}}\n"
		_, err := config.Parse("tagout.yaml", []byte(text), world(tokens()))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", rule, err, says)
		}
	}
}
