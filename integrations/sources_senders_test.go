package integrations_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// sender is what one kind of source is sent, as recorded, and how that is signed.
type sender struct {
	// body has one alert whose name, and whose label of this name, is the text given as JSON.
	body  func(text string) string
	label string
	// firing is the beginning of an alert, again the same once more, over its end. Their first
	// alerts are meant.
	firing, again, over string
	settings            string
	scope               tagout.Scope // that the labels of firing mean
	// unknown is where in firing something can be put in front that nobody knows.
	unknown string
	// sign is the header of a body that was posted at a time; nil: the sender signs nothing.
	sign func(body []byte, secret string, at time.Time) http.Header
	// stale is how old a signed body is too old; 0: its time is not signed.
	stale time.Duration
}

func hexHMAC(secret string, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// tagged puts key: in front of a JSON string; anything else stays what it is.
func tagged(key, text string) string {
	if strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
		return `"` + key + ":" + text[1:]
	}
	return text
}

func senders() map[string]sender {
	email := tagout.Scope{Agent: "mailer", Channel: "email", Region: "eu"}
	return map[string]sender{
		"alertmanager": {
			body: func(text string) string {
				return `{"version":"4","alerts":[{"status":"firing","labels":{"alertname":` + text + `,"note":` + text + `}}]}`
			}, label: "note", firing: "group", again: "group", over: "ended", scope: email, unknown: `"labels":`,
		},
		"generic": {
			body:  func(text string) string { return `{"name":` + text + `,"labels":{"note":` + text + `}}` },
			label: "note", firing: "one", again: "one", over: "ended", scope: tagout.Scope{Agent: "researcher", Channel: "crm"}, unknown: `"labels":`,
		},
		"grafana": {
			body: func(text string) string {
				return `{"alerts":[{"status":"firing","labels":{"alertname":` + text + `,"note":` + text + `}}]}`
			}, label: "note", firing: "firing", again: "firing", over: "resolved", scope: email, unknown: `"labels":`, stale: 5 * time.Minute,
			sign: func(body []byte, secret string, at time.Time) http.Header {
				stamp := strconv.FormatInt(at.Unix(), 10)
				return http.Header{"X-Grafana-Alerting-Timestamp": {stamp}, "X-Grafana-Alerting-Signature": {hexHMAC(secret, stamp+":"+string(body))}}
			},
		},
		"datadog": {
			body: func(text string) string {
				return `{"alert_title":` + text + `,"alert_transition":"Triggered","tags":[` + tagged("note", text) + `]}`
			}, label: "note", firing: "triggered", again: "renotify", over: "recovered", scope: email, unknown: `"title":`,
		},
		"pagerduty": {
			body: func(text string) string {
				return `{"event":{"event_type":"incident.triggered","data":{"id":"Q1","title":` + text + `,"service":{"summary":` + text + `}}}}`
			}, label: "service", firing: "triggered", again: "reopened", over: "ended", settings: "{services: {PF9KMXH: mailer/email}}", scope: email, unknown: `"title":`,
			stale: time.Hour,
			sign: func(body []byte, secret string, _ time.Time) http.Header {
				return http.Header{"X-Pagerduty-Signature": {"v1=" + hexHMAC("the old secret", string(body)) + ",v1=" + hexHMAC(secret, string(body))}}
			},
		},
		"sentry": {
			body: func(text string) string {
				return `{"action":"triggered","data":{"event":{"issue_id":"1","title":` + text + `,"tags":[["note",` + text + `]]}}}`
			}, label: "note", firing: "issue-alert", again: "issue-alert", over: "issue-resolved",
			scope: tagout.Scope{Agent: "mailer", Channel: "email", Tool: "send_email"}, unknown: `"title":`, stale: time.Hour,
			sign: func(body []byte, secret string, at time.Time) http.Header {
				return http.Header{"Sentry-Hook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Sentry-Hook-Signature": {hexHMAC(secret, string(body))}}
			},
		},
		"cloudevents": {
			body: func(text string) string {
				return `{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"name":` + text + `,"labels":{"note":` + text + `}}}`
			}, label: "note", firing: "structured", again: "structured", over: "resolved", scope: email, unknown: `"data":`,
		},
	}
}
