package config

import (
	"path/filepath"
	"strings"

	"tagout"
)

type changesSection struct {
	Kind   string              `yaml:"kind" need:"true" doc:"What it is: github."`
	Secret string              `yaml:"webhook_secret" need:"true" doc:"With which it signs its webhooks."`
	Rules  []changeRuleSection `yaml:"rules" need:"true" doc:"Which of its events are a change of which agent; others are not looked at."`
}

type changeRuleSection struct {
	Event       string   `yaml:"event" doc:"deployment_status (it has succeeded), deployment (it was asked for) or push."`
	Repository  string   `yaml:"repository" need:"true" doc:"Where it happens: owner/name."`
	Environment string   `yaml:"environment" doc:"Of deployments: which one counts; left out: each."`
	Branch      string   `yaml:"branch" doc:"Of a push: the branch that counts. Required there."`
	Paths       []string `yaml:"paths" doc:"Of a push: a file, a folder with a slash at the end, or a pattern such as prompts/*.txt; one of them must have changed. Left out: any."`
	Agent       string   `yaml:"agent" need:"true" doc:"The agent that is changed by it."`
	Component   string   `yaml:"component" need:"true" doc:"The component of the agent: prompt, policy, model or tools, unless the agent declares others."`
	Version     string   `yaml:"version" doc:"What the version is called: sha (12 characters), ref, or payload.KEY of a deployment. Use what the agent itself reports."`
}

// changes reads which services tell of changes.
func (b *builder) changes() {
	root := path{}.key("changes")
	for _, key := range b.keys(root) {
		p, s := root.member(key), b.doc.Changes[key]
		b.name(p, "source of changes", key)
		if s.Kind != "" && s.Kind != "github" && b.ok(p.key("kind")) {
			b.fail(p.key("kind"), "Use github; other services can use POST /v1/changes.", "There is no such kind of source of changes.")
		}
		if q := p.key("webhook_secret"); strings.TrimSpace(s.Secret) == "" && b.nodes[q.name] != nil && b.ok(q) {
			b.fail(q, "Set the secret of the webhook.", "The secret is empty, so that nothing could be believed.")
		}
		source := tagout.ChangeSource{Name: key, Kind: s.Kind, Secret: s.Secret}
		for i, r := range s.Rules {
			b.changeRule(p.key("rules").item(i), r)
			source.Rules = append(source.Rules, tagout.ChangeRule(r))
		}
		if q := p.key("rules"); len(s.Rules) == 0 && b.nodes[q.name] != nil && b.ok(q) {
			b.fail(q,
				"Add a rule, such as {repository: acme/mailer, environment: production, agent: mailer, component: prompt}.",
				"There are no rules, so that no event would count.")
		}
		b.cfg.Changes = append(b.cfg.Changes, source)
	}
}

func (b *builder) changeRule(p path, r changeRuleSection) {
	b.changeEvent(p, r)
	b.changeVersion(p, r)
	for i, pattern := range r.Paths {
		q := p.key("paths").item(i)
		if _, err := filepath.Match(pattern, ""); err != nil || strings.TrimSpace(pattern) == "" || strings.HasPrefix(pattern, "/") {
			b.refuse(q, "Write a file or a folder as in the repository, such as prompts/mailer/.", "This path can match nothing.")
		}
	}
	if b.ref(p.key("agent"), "agent", r.Agent, names(b.doc.Agents)) && r.Agent != "" && r.Component != "" {
		b.ref(p.key("component"), "component", r.Component, b.cfg.Policy.Agents.ComponentsOf(r.Agent))
	}
}

// refuse refuses what stands at a place, unless that was refused before.
func (b *builder) refuse(p path, fix, problem string) {
	if b.ok(p) {
		b.fail(p, fix, "%s", problem)
	}
}

// changeEvent checks which event of which repository counts.
func (b *builder) changeEvent(p path, r changeRuleSection) {
	isPush := r.Event == tagout.OnPush
	if r.Event != tagout.OnDeployed && r.Event != tagout.OnDeployment && !isPush {
		b.refuse(p.key("event"), "Use deployment_status, deployment or push.", "This event is not known.")
	}
	if owner, name, ok := strings.Cut(r.Repository, "/"); r.Repository != "" && (!ok || owner == "" || name == "" || strings.ContainsAny(name, "/ ")) {
		b.refuse(p.key("repository"), "Write it as owner/name.", "This is not a repository.")
	}
	switch {
	case isPush && strings.TrimSpace(r.Branch) == "":
		b.fail(p, "Add `branch: main`.", "A push counts on one branch only, and the rule names none.")
	case isPush && r.Environment != "":
		b.refuse(p.key("environment"), "Remove it, or use event: deployment_status.", "A push has no environment.")
	case !isPush && r.Branch != "":
		b.refuse(p.key("branch"), "Remove it, or use event: push.", "A deployment has no branch here.")
	case !isPush && len(r.Paths) > 0:
		b.refuse(p.key("paths"), "Remove them, or use event: push.", "A deployment has no paths.")
	}
}

// changeVersion checks where the version of a change stands.
func (b *builder) changeVersion(p path, r changeRuleSection) {
	key, fromPayload := strings.CutPrefix(r.Version, "payload.")
	ofDeployment := r.Version == "ref" || fromPayload && key != ""
	if r.Version != "sha" && (r.Event == tagout.OnPush || !ofDeployment) {
		b.refuse(p.key("version"), "Use sha; for deployments also ref or payload.KEY.", "The version cannot be found there.")
	}
}
