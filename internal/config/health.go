package config

import (
	"net/url"
	"strings"
	"time"

	"tagout"
)

type healthSection struct {
	Prometheus prometheusSection     `yaml:"prometheus" doc:"Where metrics are read."`
	Metrics    []healthMetricSection `yaml:"metrics" doc:"What /health and digests show beside Tagout's own figures, in this order."`
	Window     time.Duration         `yaml:"window" min:"24h" doc:"Over which Tagout's own figures are: time to kill, rollback success."`
	TimeToKill time.Duration         `yaml:"time_to_kill" min:"1ms" doc:"In which nine of ten stops must be observed."`
}

type prometheusSection struct {
	URL      string        `yaml:"url" doc:"Address of a Prometheus, or of what speaks as one; left out: no metrics are read."`
	Token    string        `yaml:"token" doc:"A bearer token, where it asks for one."`
	Username string        `yaml:"username" doc:"For basic authentication."`
	Password string        `yaml:"password" doc:"For basic authentication."`
	Timeout  time.Duration `yaml:"timeout" min:"100ms" doc:"How long it may take for an answer."`
}

type healthMetricSection struct {
	Name         string   `yaml:"name" need:"true" doc:"Its key, such as sensitive_action_success."`
	Title        string   `yaml:"title" doc:"What it is called; left out: its name in words."`
	Query        string   `yaml:"query" need:"true" doc:"PromQL that gives one number. $agent is the agent's name, as the value of a label: {agent=\"$agent\"}. Without it the metric is of all agents."`
	Target       string   `yaml:"target" need:"true" doc:"What the value must be: >= 0.99, >= 99%, < 60s."`
	CanaryQuery  string   `yaml:"canary_query" doc:"The same of canaries; needs canary_target."`
	CanaryTarget string   `yaml:"canary_target" doc:"What the value of canaries must be."`
	Unit         string   `yaml:"unit" allow:"ratio,seconds,count" doc:"What the value is: ratio (0.99 is shown as 99 %), seconds or count."`
	Agents       []string `yaml:"agents" doc:"Of whom it is asked; left out: of all agents."`
}

// health reads what is looked at to tell how well agents do.
func (b *builder) health() {
	root, s := path{}.key("health"), b.doc.Health
	b.cfg.Policy.Health = tagout.HealthPolicy{Window: s.Window, TimeToKill: s.TimeToKill}
	b.prometheus(root.key("prometheus"), s.Prometheus, len(s.Metrics) > 0)
	seen := map[string]bool{}
	for i, m := range s.Metrics {
		p := root.key("metrics").item(i)
		b.fresh(p.key("name"), m.Name, seen)
		if m.Name != "" && !legal(m.Name, "_") && b.ok(p.key("name")) {
			b.fail(p.key("name"), "Use a-z, 0-9 and _.", "This is no key.")
		}
		b.cfg.Policy.Health.Metrics = append(b.cfg.Policy.Health.Metrics, b.healthMetric(p, m))
	}
}

func (b *builder) healthMetric(p path, m healthMetricSection) tagout.HealthMetric {
	unit := tagout.HealthUnit(m.Unit)
	title := m.Title
	if title == "" {
		title = strings.ReplaceAll(m.Name, "_", " ")
	}
	made := tagout.HealthMetric{Name: m.Name, Title: title, Query: m.Query, CanaryQuery: m.CanaryQuery, Unit: unit}
	made.Target = b.healthTarget(p.key("target"), m.Target, unit)
	b.healthQuery(p.key("query"), m.Query)
	switch {
	case m.CanaryQuery == "" && m.CanaryTarget == "":
	case m.CanaryQuery == "" || m.CanaryTarget == "":
		b.fail(p, "Write canary_query and canary_target, or neither.", "Of the canaries only one of query and target is given.")
	default:
		made.CanaryTarget = b.healthTarget(p.key("canary_target"), m.CanaryTarget, unit)
		b.healthQuery(p.key("canary_query"), m.CanaryQuery)
	}
	for i, agent := range m.Agents {
		if name, err := tagout.CanonicalName(agent); err == nil {
			agent = name
		}
		if b.ref(p.key("agents").item(i), "agent", agent, b.cfg.Policy.Agents.Names()) {
			made.Agents = append(made.Agents, agent)
		}
	}
	if len(m.Agents) > 0 && !made.PerAgent() {
		b.fail(p.key("agents"), "Put {agent=\"$agent\"} into the query, or leave agents out.", "The query is the same for all agents: it has no $agent.")
	}
	return made
}

func (b *builder) healthTarget(p path, text string, unit tagout.HealthUnit) tagout.HealthTarget {
	t, err := tagout.ParseHealthTarget(text, unit)
	if err != nil && b.written(p) && b.ok(p) {
		b.fail(p, "Write it as \">= 0.99\"; \">= 99%\" for a ratio, \"< 60s\" for seconds.", "%s", tagout.Sentence(err))
	}
	return t
}

func (b *builder) healthQuery(p path, query string) {
	if err := tagout.CheckHealthQuery(query); err != nil && b.written(p) && b.ok(p) {
		b.fail(p, "Write the query as Prometheus' own page takes it, with {agent=\"$agent\"} where the agent is meant.", "%s", tagout.Sentence(err))
	}
}

// prometheus checks where metrics are read.
func (b *builder) prometheus(p path, s prometheusSection, needed bool) {
	q := p.key("url")
	u, err := url.Parse(s.URL)
	switch {
	case s.URL == "" && needed:
		b.fail(path{}.key("health").key("metrics"), "Write health.prometheus.url.", "There are metrics, but it is not said where they are read.")
	case s.URL == "" && s.Token+s.Username+s.Password != "":
		b.fail(p, "Write the url too, or remove the rest.", "It is not said where metrics are read.")
	case s.URL != "" && b.ok(q) && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != ""):
		b.fail(q, "Write it as http://prometheus:9090, with a token or password under its own key.", "This is not the address of a Prometheus.")
	}
	b.cfg.Prometheus = tagout.PrometheusSettings{
		URL: s.URL, Token: s.Token, Username: s.Username, Password: s.Password, Timeout: s.Timeout,
		Place: b.where(b.place(p)),
	}
}
