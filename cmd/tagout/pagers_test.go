package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestThePagersOfTheExampleWork: what stands commented out in the example is taken as it is, and
// what is wrong with a pager is told with its place and without its secrets.
func TestThePagersOfTheExampleWork(t *testing.T) {
	for name, value := range map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-x", "SLACK_APP_TOKEN": "xapp-x", "PD_ROUTING_KEY": "R0123456789abcdefABCDEF987654321", "GOALERT_TOKEN": "s3cret",
		"TWILIO_ACCOUNT": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "TWILIO_TOKEN": "s3cret", "NTFY_URL": "ntfy://tagout:s3cret@ntfy.example.com/alerts",
	} {
		t.Setenv(name, value)
	}
	example, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^  # - (pagerduty|goalert|twilio|shoutrrr):`).ReplaceAllString(string(example), "  - $1:")
	if strings.Count(text, "\n  - pagerduty:") != 1 || strings.Count(text, "\n  - shoutrrr:") != 1 {
		t.Fatal("the example has no pagers to try")
	}
	checksChanges(t, text, "s3cret", map[string]string{
		"": "", "roles: [platform, exec]|roles: [platform, exek]": `the role "exek", which does not exist`, "${PD_ROUTING_KEY}|s3cret": "32 letters and digits",
		"${NTFY_URL}|pigeon:s3cret": "no service", "routing_key|rooting_key": "routing_key",
	})
}
