package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheSourcesOfTheExampleWork: what stands commented out in the example is taken as it is, who
// signs needs no token though others can reach Tagout, and what is wrong is told with its place.
func TestTheSourcesOfTheExampleWork(t *testing.T) {
	for name, value := range map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-x", "SLACK_APP_TOKEN": "xapp-x", "ALERTMANAGER_TOKEN": "s3cret", "GENERIC_TOKEN": "s3cret", "GRAFANA_SECRET": "s3cret",
		"DATADOG_TOKEN": "s3cret", "PAGERDUTY_WEBHOOK_SECRET": "s3cret", "SENTRY_CLIENT_SECRET": "s3cret", "GUARDRAILS_TOKEN": "s3cret",
	} {
		t.Setenv(name, value)
	}
	example, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^  # (grafana|datadog|pagerduty|sentry|guardrails): \{kind`).ReplaceAllString(string(example), "  $1: {kind")
	text = strings.Replace(text, "\nlisten: 127.0.0.1:8080", "\nlisten: 0.0.0.0:8080", 1)
	if len(regexp.MustCompile(`(?m)^  \w+: \{kind: `).FindAllString(text, -1)) != 7 || !strings.Contains(text, "0.0.0.0") {
		t.Fatal("the example has not the sources to try")
	}
	checksChanges(t, text, "s3cret", map[string]string{
		"": "", `secret: "${SENTRY_CLIENT_SECRET}"|secret: ""`: "source `sentry` has no token", `token: "${DATADOG_TOKEN}"|secret: "${DATADOG_TOKEN}"`: "secret",
		"{PF9KMXH: mailer}|{PF9KMXH: ''}": "does not lead to an agent", "kind: grafana|kind: grafanna": "There is no such kind",
	})
}
