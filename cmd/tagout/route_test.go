package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// routed runs tagout route over the example's configuration.
func routed(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer(
		"${SLACK_BOT_TOKEN}", "xoxb-x", "${SLACK_APP_TOKEN:-}", "xapp-x", "sqlite://tagout.db", "postgres://nobody:secret@203.0.113.1/tagout",
		"  generic: {", "  grafana: {kind: grafana, token: x}\n  events: {kind: cloudevents, token: x}\n  generic: {").Replace(string(text))
	dir := t.TempDir()
	path := filepath.Join(dir, "tagout.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"route", "--config", path}, args...), &stdout, &stderr)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
	return stdout.String(), stderr.String(), code
}

const recordings = "../../integrations/testdata/"

// TestRouteTellsWhatWouldHappenAndDoesNothing: the database of this configuration could not
// even be reached.
func TestRouteTellsWhatWouldHappenAndDoesNothing(t *testing.T) {
	t.Parallel()
	out, errs, code := routed(t, "--source", "grafana", recordings+"grafana/firing.json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, part := range []string{
		"What would happen: Complaint rate\nSEV-1 Policy violation on mailer/email/eu: ", "Held: mailer ■ halted; the agent goes back to its last known good versions.\n",
		`Rule routes[0] alert.labels.severity == "critical" (`, "At once, and every 60 s until acknowledged: Platform owner, Exec sponsor, Legal, Privacy\n",
		"• @U0LEGAL — Legal, a member — by slack", "• Legal: whoever is in the Slack group S0LEGAL, asked at the time\n", "After 5 min without an acknowledgement: Exec sponsor\n",
		"Due: contain within 60 s, acknowledge within 5 min", "To run again: signed by Legal, with documented cause", "This is the end of an alert.",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
	out, errs, code = routed(t, "--source", "generic", "--json", recordings+"generic/one.json")
	var told struct {
		Alerts []struct {
			Severity, Class, Scope string
			Opens                  bool
			Threshold              struct{ Count int }
			Rules                  []struct{ Matched bool }
			Holds                  []struct{ Scope, Mode, Cap string }
		}
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != 0 || len(told.Alerts) != 1 {
		t.Fatalf("exit %d, %s, %v", code, errs, err)
	}
	a := told.Alerts[0]
	if a.Severity != "sev2" || a.Class != "budget_drift" || a.Scope != "researcher/crm" || !a.Opens || a.Threshold.Count != 3 || len(a.Rules) != 2 || a.Rules[0].Matched ||
		len(a.Holds) != 2 || a.Holds[0].Mode != "paused" || a.Holds[1].Cap != "500/day" || !strings.Contains(out, `{"person":"U0REVOPS","pager":"slack"}`) {
		t.Errorf("it says %s", out)
	}
}

func TestRouteReadsHeadersReportsAndWhatSaysNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, []byte(`{"agent":"mailer","summary":"wrote to a minor","severity":"sev1","class":"data_consent"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
		code int
	}{
		{[]string{"--source", "failures", file}, "SEV-1 Data or consent issue on mailer", 0},
		{[]string{"--source", "failures", file}, "The failure report itself asks for more than the rules", 0},
		{[]string{"--source", "events", "-H", "ce-specversion: 1.0", "-H", "ce-id: 1", "-H", "ce-source: s", "-H", "ce-type: drift", "-H", "ce-agent: mailer", file}, "What would happen: drift", 0},
		{[]string{"--source", "grafana", recordings + "grafana/test.json"}, "nothing would happen", 0},
		{[]string{"--source", "grafana", file}, "/alerts must hold at least one alert", 1},
		{[]string{"--source", "nagios", file}, "There is no source of this name in the configuration. Fix: Use alertmanager or grafana", 1},
		{[]string{"--source", "events", "-H", "nonsense", file}, "A header is written as", 1},
		{[]string{"--source", "grafana", file + ".missing"}, "The file cannot be read", 1},
		{[]string{file}, "missing flags: --source", 2},
	} {
		out, errs, code := routed(t, c.args...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%v: exit %d, says %s%s, want %d and %q", c.args, code, out, errs, c.code, c.says)
		}
	}
}
