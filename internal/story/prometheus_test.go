package story_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"tagout"
)

// rulePack is where the rules for agents and their examples are.
const rulePack = "../../deploy/prometheus"

// program finds one of Prometheus. Without it the test is skipped, but under CI.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	const missing = "no Prometheus on this machine: run `sudo apt-get install -y prometheus` or scripts/ensure-deps.sh"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// TestTheRulePackFiresWhenItShouldAndOnlyThen: Prometheus' own tool reads the rules and the
// examples, and tries the rules against recorded series.
func TestTheRulePackFiresWhenItShouldAndOnlyThen(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"test", "rules", "rules_test.yml", "rules_week_test.yml"}} {
		command := exec.Command(promtool, args...)
		command.Dir = rulePack
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	am := findAlertmanager(t)
	if out, err := exec.Command(am.tool, "check-config", rulePack+"/alertmanager.yml").CombinedOutput(); err != nil {
		t.Errorf("amtool: %v\n%s", err, out)
	}
}

// TestPrometheusUnderstandsEveryQueryOfTheDashboard: its own tool reads them as rules.
func TestPrometheusUnderstandsEveryQueryOfTheDashboard(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	raw, err := os.ReadFile("../../deploy/grafana/tagout.json")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("$__rate_interval", "5m", "$__interval", "5m", "$__range", "1h", "$job", "tagout")
	rules := "groups:\n- name: dashboard\n  rules:\n"
	queries := regexp.MustCompile(`"expr": ("(?:[^"\\]|\\.)*")`).FindAllSubmatch(raw, -1)
	for n, found := range queries {
		var query string
		if err := json.Unmarshal(found[1], &query); err != nil {
			t.Fatal(err)
		}
		if query = filled.Replace(query); strings.Contains(query, "$") {
			t.Errorf("there is a variable that nothing fills: %s", query)
		}
		rules += fmt.Sprintf("  - {record: 'panel:%d', expr: %q}\n", n, query)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil || len(queries) < 30 {
		t.Errorf("%d queries: %v\n%s", len(queries), err, out)
	}
}

// metered is an agent that counts what it does, as the OpenTelemetry collector shows it.
type metered struct{ violations atomic.Int64 }

func (m *metered) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	const calls = `traces_span_metrics_calls_total{agent="mailer",channel="email",region="eu",gen_ai_operation_name="invoke_agent",outcome="%s"} %d` + "\n"
	fmt.Fprintf(w, "# TYPE traces_span_metrics_calls_total counter\n"+calls+calls, "success", 90210, "policy_violation", m.violations.Load())
}

const prometheusConfig = `
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}
rule_files: ["RULES"]
alerting: {alertmanagers: [{static_configs: [{targets: ["ALERTMANAGER"]}]}]}
scrape_configs: [{job_name: agents, static_configs: [{targets: ["AGENTS"]}]}]
`

// startPrometheus runs a real one over the rule pack, and returns its address once it has
// looked at the agents.
func startPrometheus(w *world, agents, alertmanager string) string {
	w.t.Helper()
	dir := w.t.TempDir()
	rules, err := filepath.Abs(rulePack + "/rules.yml")
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(dir, "prometheus.yml")
	config := strings.NewReplacer("RULES", filepath.ToSlash(rules), "ALERTMANAGER", alertmanager, "AGENTS", agents).Replace(prometheusConfig)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	address := keepPort(w.t)
	command := exec.Command(program(w.t, "prometheus"), "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if text, err := os.ReadFile(log.Name()); err == nil && w.t.Failed() {
			w.t.Logf("Prometheus said\n%s", text)
		}
	})
	w.eventually("Prometheus has looked at the agent", func() bool {
		answer, err := http.Get("http://" + address + "/api/v1/query?query=count_over_time(traces_span_metrics_calls_total%5B1m%5D)")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return strings.Contains(string(text), `"mailer"`)
	})
	return address
}

// TestAMetricMovesAndTheAgentStops: one violation is counted, a real Prometheus evaluates the
// rule pack, a real Alertmanager posts, and the agent that asks is told to halt.
func TestAMetricMovesAndTheAgentStops(t *testing.T) {
	t.Parallel()
	program(t, "prometheus")
	am := findAlertmanager(t)
	w := newWorld(t, bothStores[0])
	w.starts()
	am.watches(w)
	agent := &metered{}
	metrics := httptest.NewServer(agent)
	t.Cleanup(metrics.Close)
	startPrometheus(w, metrics.Listener.Addr().String(), strings.TrimPrefix(am.url, "http://"))
	w.agentSees("mailer", emailEU(), tagout.Running)

	agent.violations.Add(1)
	w.agentSees("mailer", emailEU(), tagout.Halted)
	room := w.room("inc-1-mailer-policy-violation")
	w.reads("U0IC", room, "Policy violations by mailer in ten minutes: [12]") // increase() extrapolates
	w.isPaged("U0LEGAL", "INC-1 SEV-1.*Policy violations by mailer")
	w.types("U0IC", room, "/routes INC-1")
	w.reads("U0IC", room, `(?s)How INC-1's newest alert was routed: AgentPolicyViolation.*Rule routes\[0\]`)
	if n := len(w.incidents()); n != 1 {
		t.Errorf("%d incidents, want the one", n)
	}
}

// TestTheHealthOfAnAgentIsAskedOfPrometheus: a value that meets its target, until it does not;
// what cannot be read is unknown, and Tagout's own stop is measured.
func TestTheHealthOfAnAgentIsAskedOfPrometheus(t *testing.T) {
	t.Parallel()
	program(t, "prometheus")
	w := newWorld(t, bothStores[1])
	agent := &metered{}
	metrics := httptest.NewServer(agent)
	t.Cleanup(metrics.Close)
	w.params.Prometheus = startPrometheus(w, metrics.Listener.Addr().String(), "127.0.0.1:9")
	w.log.expect("a metric cannot be read")
	w.starts()
	w.types("U0OUTSIDER", "#general", "/health mailer")
	w.reads("U0OUTSIDER", "#general", "(?s)Health of mailer.*nothing yet.*Time to kill.*no stop was observed.*met.* Runs without a violation: 100 % .target ≥ 99 %., since .*unknown.* Broken query: Prometheus does not understand the query")

	agent.violations.Add(5000)
	w.types("U0IC", "#general", "/kill mailer")
	w.room("inc-1-")
	w.state("INC-1", tagout.StateContained)
	w.eventually("the value misses its target", func() bool {
		var answer struct{ Text string }
		w.call(http.MethodPost, "/v1/commands/health", "read-token", map[string]string{"text": ""}, &answer)
		return strings.Contains(answer.Text, "✘ missed Runs without a violation: 94.75 % (target ≥ 99 %)")
	})
	w.types("U0OUTSIDER", "#general", "/health mailer")
	w.reads("U0OUTSIDER", "#general", "(?s)Health of mailer.*met.* Time to kill, nine of ten within: [0-9.]+ s .target < 60 s., 1 stop in 90 days.*missed.* Runs without a violation: 94.75 %")
	w.types("U0OUTSIDER", "#general", "/health researcher")
	w.reads("U0OUTSIDER", "#general", "(?s)Health of researcher.*unknown.* Runs without a violation: Prometheus has no data")
}
