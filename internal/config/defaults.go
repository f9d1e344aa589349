package config

// defaults are the values of keys that the file leaves out, by pattern: * stands for any
// name and [] for any item. What is not listed is empty, off or zero.
func defaults() map[string]string {
	return map[string]string{
		"commands.default_severity": "sev2",
		"commands.default_class":    "judgment_error",
		"listen":                    "127.0.0.1:8080",
		"database":                  "sqlite://tagout.db",
		"journal":                   "tagout.journal",
		"gate.stale_after":          "120s",
		"known_good_after":          "24h",
		"delegate_at_most":          "168h",
		"silence_at_most":           "24h",

		"slack.mode":         "socket",
		"slack.api_url":      "https://slack.com/api/",
		"slack.announce":     "#incidents",
		"slack.flag_emoji":   "octagonal_sign",
		"slack.channel_name": "inc-{{.Number}}-{{.Agent}}-{{.Class}}",

		"rotations.*.timezone":    "UTC",
		"people.*.quiet.timezone": "UTC",

		"severities.*.contain.scope":    "agent",
		"severities.*.also[].scope":     "agent",
		"severities.*.resume.expires":   "24h",
		"severities.*.deadlines.action": "336h",

		"reminders.at":     "80",
		"reminders.before": "24h",
		"inform.expires":   "4h",

		"failure_classes.*.on_failure":      "stop",
		"failure_classes.*.rollback_when":   "never",
		"failure_classes.*.rollback_window": "24h",

		"trackers.*.check": "5m",

		"release_check.max_recurrences": "2",
		"release_check.within":          "2160h",

		"figures.recur_within": "2160h",

		"health.prometheus.timeout": "5s",
		"health.metrics[].unit":     "ratio",
		"health.window":             "2160h",
		"health.time_to_kill":       "60s",

		"changes.*.rules[].event":   "deployment_status",
		"changes.*.rules[].version": "sha",

		"agents.*.lease":           "30s",
		"agents.*.rollback_within": "1m",

		"maintenance[].timezone": "UTC",
		"digests[].timezone":     "UTC",
		"digests[].channel":      "#incidents",
		"digests[].window":       "168h",
		"digests[].charts":       "auto",
		"drills[].timezone":      "UTC",
		"drills[].action":        "kill",

		"drill_failure.severity": "sev2",
		"drill_failure.class":    "integration_failure",
	}
}
