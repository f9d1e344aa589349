package integrations_test

import (
	"net/http"
	"strings"
	"testing"

	"tagout"
	"tagout/integrations"
)

// said is what a body says: each alert's status and fingerprint.
func said(t *testing.T, kind, text string) string {
	t.Helper()
	alerts, err := senders()[kind].source(t, kind, "").Decode(t.Context(), tagout.Delivery{Body: []byte(text), At: received})
	if err != nil {
		return string(tagout.CodeOf(err))
	}
	var words []string
	for _, a := range alerts {
		words = append(words, strings.TrimSpace(string(a.Status)+" "+a.Fingerprint))
	}
	return strings.Join(words, ", ")
}

func TestAWorseLevelIsAnAlertOfItsOwnAndOneEndEndsBoth(t *testing.T) {
	t.Parallel()
	datadog := func(transition string) string {
		return `{"title":"x","alert_cycle_key":"7","alert_transition":"` + transition + `"}`
	}
	sentry := func(action string) string {
		return `{"action":"` + action + `","data":{"metric_alert":{"id":"4","date_started":"2026-11-21T09:10:00Z"}}}`
	}
	for text, want := range map[[2]string]string{
		{"datadog", datadog("Warn")}:              "firing cycle:7:warn, resolved cycle:7",
		{"datadog", datadog("Re-Warn")}:           "firing cycle:7:warn, resolved cycle:7",
		{"datadog", datadog("Triggered")}:         "firing cycle:7",
		{"datadog", datadog("Re-Triggered")}:      "firing cycle:7",
		{"datadog", datadog("No Data")}:           "firing cycle:7",
		{"datadog", datadog("Something New")}:     "firing cycle:7",
		{"datadog", datadog("Recovered")}:         "resolved cycle:7, resolved cycle:7:warn",
		{"sentry", sentry("warning")}:             "firing metric:4:warning, resolved metric:4:critical",
		{"sentry", sentry("critical")}:            "firing metric:4:critical",
		{"sentry", sentry("resolved")}:            "resolved metric:4:critical, resolved metric:4:warning",
		{"sentry", sentry("something new")}:       "firing metric:4:critical",
		{"datadog", datadog("$ALERT_TRANSITION")}: "cycle:7", // not of a monitor
	} {
		if got := said(t, text[0], text[1]); got != want {
			t.Errorf("%s says %s, want %s", text[1], got, want)
		}
	}
}

func TestAnAlertOfSentryFiresWhateverItSpeaksOf(t *testing.T) {
	t.Parallel()
	activity := string(body(t, "sentry", "activity-alert"))
	for text, want := range map[string]string{
		activity: "firing issue:1170820242",
		strings.Replace(activity, `"unresolved"`, `"resolved"`, 1):                                 "resolved issue:1170820242",
		strings.Replace(activity, `"triggered"`, `"assigned"`, 1):                                  "",
		`{"action":"triggered","data":{"triggered_rule":"r","uptime":{"id":1}}}`:                   "rule:r",
		`{"action":"created","data":{"triggered_rule":"r","comment":"x"}}`:                         "",
		`{"action":"triggered","data":{"issue":{"id":7,"project":{}},"triggered_rule":"r"}}`:       "firing issue:7",
		`{"action":"triggered","data":{"issue":{"title":"no ID","project":null},"metric_x":null}}`: "",
	} {
		if got := said(t, "sentry", text); got != want {
			t.Errorf("%s says %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsNoNewsIsTakenAndIsNoAlert(t *testing.T) {
	t.Parallel()
	for kind, names := range map[string][]string{"grafana": {"test"}, "pagerduty": {"ping", "acknowledged", "resolved", "by-integration"}, "sentry": {"installed"}} {
		for _, name := range names {
			if got := said(t, kind, string(body(t, kind, name))); got != "" {
				t.Errorf("%s of %s says %s", name, kind, got)
			}
		}
	}
}

func TestWhatOurPagerTriggeredDoesNotComeBackAsAnAlert(t *testing.T) {
	t.Parallel()
	theirs := string(body(t, "pagerduty", "triggered"))
	ours := strings.Replace(theirs, `"d3640fbd41094207a1c11e58e46b1662"`, `"tagout-0a1b2c3d4e5f-INC-7"`, 1)
	if said(t, "pagerduty", theirs) != "firing incident:Q0MAILER00001" {
		t.Errorf("theirs says %s", said(t, "pagerduty", theirs))
	}
	for _, event := range []string{"incident.triggered", "incident.reopened", "incident.resolved", "incident.priority_updated"} {
		if got := said(t, "pagerduty", strings.Replace(ours, "incident.triggered", event, 1)); got != "" {
			t.Errorf("%s of our own says %s", event, got)
		}
	}
	if got := said(t, "pagerduty", string(body(t, "pagerduty", "priority"))); got != "incident:Q0MAILER00001:01FPXEQ2Q6Q0A3W4V4GJH2S704" {
		t.Errorf("another priority says %s", got)
	}
}

func TestAServiceOfPagerDutyMustLeadToAnAgent(t *testing.T) {
	t.Parallel()
	for _, services := range []string{"{P1: ''}", "{P1: '*'}", "{P1: 'mailer/a/b/c'}"} {
		_, err := integrations.NewSource(yamlVendor("pagerduty", "{services: "+services+"}"))
		if tagout.CodeOf(err) != tagout.Invalid || !strings.HasPrefix(err.Error(), "tagout.yaml:7:3: ") || !strings.Contains(err.Error(), "Fix: ") {
			t.Errorf("%s: %v", services, err)
		}
	}
}

func TestDatadogsOwnPayloadIsUnderstoodByItsTitle(t *testing.T) {
	t.Parallel()
	first := string(body(t, "datadog", "default"))
	over := strings.Replace(first, "[Triggered on", "[Recovered on", 1)
	began, ended := said(t, "datadog", first), said(t, "datadog", over)
	if fingerprint := strings.TrimPrefix(began, "firing "); fingerprint == began || !strings.HasPrefix(ended, "resolved "+fingerprint+",") {
		t.Errorf("began as %s, ended as %s", began, ended)
	}
}

func TestCloudEventsInTheHeaderAreKeptWhole(t *testing.T) {
	t.Parallel()
	in := tagout.Delivery{At: received, Body: []byte(`{"summary":"a draft without consent","labels":{"region":"eu"}}`), Header: http.Header{
		"Content-Type": {"application/json"}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"17"}, "Ce-Source": {"/guardrails"}, "Ce-Type": {"guardrail.violated"},
		"Ce-Time": {"2026-11-21T09:14:02Z"}, "Ce-Agent": {"mailer"}, "Ce-Subject": {"%E2%82%AC%20consent"},
	}}
	source := senders()["cloudevents"].source(t, "cloudevents", "")
	alerts, err := source.Decode(t.Context(), in)
	if err != nil || len(alerts) != 1 {
		t.Fatalf("%v, %v", alerts, err)
	}
	a := alerts[0]
	if a.Labels["agent"] != "mailer" || a.Labels["region"] != "eu" || a.Labels["subject"] != "€ consent" || a.Name != "guardrail.violated" || a.StartsAt.IsZero() || a.Status != tagout.Momentary {
		t.Errorf("alert %+v", a)
	}
	for _, part := range []string{`"id":"17"`, `"source":"/guardrails"`, `"data":{"summary"`} {
		if !strings.Contains(string(a.Raw), part) {
			t.Errorf("evidence without %s: %s", part, a.Raw)
		}
	}
	again, err := source.Decode(t.Context(), in)
	if err != nil || again[0].Fingerprint != a.Fingerprint || !again[0].StartsAt.Equal(a.StartsAt) {
		t.Errorf("the same event again is %+v, %v", again, err)
	}
	in.Header["Ce-Id"] = []string{"18"}
	if other, err := source.Decode(t.Context(), in); err != nil || other[0].Fingerprint == a.Fingerprint {
		t.Errorf("another event is %+v, %v", other, err)
	}
}

func TestVendorsBodiesAreRefusedByPlace(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"grafana", `{}`, "/alerts"}, {"grafana", `{"alerts":[{"status":"up"}]}`, "/alerts/0/status"},
		{"grafana", `{"alerts":[{"status":"firing","values":{"B":"x"}}]}`, "/alerts/0/values"},
		{"datadog", `{}`, "/title"}, {"datadog", `{"title":"x","tags":7}`, "/tags"}, {"datadog", `{"title":"x","alert_id":{}}`, "identifier"},
		{"pagerduty", `{"event":{}}`, "/event/event_type"}, {"pagerduty", `{"event":{"event_type":"incident.triggered"}}`, "/event/data/id"},
		{"pagerduty", `{"event":{"event_type":"incident.triggered","data":{"title":7}}}`, "/event/data/title"},
		{"sentry", `{"action":"triggered"}`, "/data"}, {"sentry", `{"action":"triggered","data":{"event":{}}}`, "/data/event/issue_id"},
		{"sentry", `{"action":"triggered","data":{"event":{"tags":{"a":1}}}}`, "/data/event/tags"},
		{"cloudevents", `{"specversion":"0.3"}`, "/specversion"}, {"cloudevents", `{"specversion":"1.0","id":"1","source":"s"}`, "/type"},
		{"cloudevents", `[{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"labels":{"agent":1}}}]`, "/0/data/labels"},
		{"cloudevents", `{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"???"}`, "/data_base64"},
		{"cloudevents", `{"specversion":"1.0","id":{},"source":"s","type":"t"}`, "/id"},
	} {
		_, err := senders()[c[0]].source(t, c[0], "").Decode(t.Context(), tagout.Delivery{Body: []byte(c[1]), At: received})
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: error %v, want one that names %s", c[1], err, c[2])
		}
	}
}
