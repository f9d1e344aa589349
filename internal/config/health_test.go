package config_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/config"
)

const healthOf = `
health:
  prometheus: {url: "https://prometheus.example.com", token: s3cret}
  time_to_kill: 5s
  metrics:
    - {name: sensitive_action_success, query: 'ok{agent="$agent"}', target: ">= 99%", canary_query: 'ok{agent="$agent",stage="canary"}', canary_target: ">= 0.98"}
    - {name: queue, title: Human queue, query: queue, target: "< 100", unit: count}
    - {name: latency, query: 'p99{agent="$agent"}', target: "< 2s", unit: seconds, agents: [Mailer]}
`

func TestHealthIsReadWithItsTargets(t *testing.T) {
	t.Parallel()
	cfg := parse(t, small+healthOf)
	h := cfg.Policy.Health
	if len(h.Metrics) != 3 || h.TimeToKill != 5*time.Second || h.Window != 2160*time.Hour || cfg.Prometheus.Token != "s3cret" || cfg.Prometheus.Timeout != 5*time.Second {
		t.Fatalf("%+v, %+v", h, cfg.Prometheus)
	}
	success, queue, latency := h.Metrics[0], h.Metrics[1], h.Metrics[2]
	if success.Title != "sensitive action success" || success.Target.Value != 0.99 || success.CanaryTarget.Value != 0.98 || success.Unit != tagout.UnitRatio || !success.Of("mailer") {
		t.Errorf("%+v", success)
	}
	if queue.PerAgent() || queue.Title != "Human queue" || latency.Target.Value != 2 || !latency.Of("mailer") || latency.Of("researcher") {
		t.Errorf("%+v, %+v", queue, latency)
	}
	if none := parse(t, small); len(none.Policy.Health.Metrics) != 0 || none.Prometheus.URL != "" || none.Policy.Health.TimeToKill != time.Minute {
		t.Errorf("without any there are %+v", none.Policy.Health)
	}
}

func TestHealthThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"a regular expression":     {`ok{agent="$agent"}', target`, `ok{agent=~"$agent"}', target`, "can only be the value of a label"},
		"an empty query":           {`query: queue`, `query: " "`, "The query is empty"},
		"a target without an op":   {`">= 99%"`, `"99%"`, "must begin with"},
		"a percentage of a count":  {`"< 100"`, `"< 100%"`, "no number of the metric's unit"},
		"another unit":             {`unit: count`, `unit: counts`, "Did you mean `count`?"},
		"half a canary":            {`, canary_target: ">= 0.98"`, ``, "only one of query and target"},
		"an agent that is none":    {`[Mailer]`, `[mialer]`, "The agent `mialer` does not exist"},
		"agents without $agent":    {`unit: count`, `unit: count, agents: [mailer]`, "it has no $agent"},
		"the same name twice":      {`name: queue`, `name: latency`, "for the second time"},
		"a name with spaces":       {`name: queue`, `name: "my queue"`, "This is no key"},
		"metrics from nowhere":     {`url: "https://prometheus.example.com", token: s3cret`, ``, "not said where they are read"},
		"a token for nothing":      {`url: "https://prometheus.example.com", `, ``, "it is not said where"},
		"an address with a secret": {`https://prometheus`, `https://u:s3cret@prometheus`, "not the address of a Prometheus"},
		"an unknown key":           {`time_to_kill`, `time_to_stop`, "is not known here"},
	} {
		_, err := config.Parse("tagout.yaml", []byte(strings.Replace(small+healthOf, c.from, c.to, 1)), config.Env{})
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "tagout.yaml:") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheExampleOfHealthIsSound: what is commented out in the example is taken as it stands.
func TestTheExampleOfHealthIsSound(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n# health:\n")
	if !found {
		t.Fatal("there is no example")
	}
	example := "\nhealth:\n"
	for _, line := range strings.Split(rest, "\n") {
		body, commented := strings.CutPrefix(line, "# ")
		if !commented {
			break
		}
		example += body + "\n"
	}
	if cfg := parse(t, small+example); len(cfg.Policy.Health.Metrics) != 3 || cfg.Policy.Health.Metrics[0].CanaryTarget.Value != 0.98 {
		t.Errorf("%+v", cfg.Policy.Health)
	}
}
