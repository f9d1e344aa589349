// Package sentry reads what an internal integration of Sentry posts: issue alerts, metric
// alerts, and what becomes of issues.
package sentry

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// oldest is how old a webhook may be by its header, which Sentry does not sign.
const oldest = time.Hour

// Source reads one webhook.
type Source struct {
	name   string
	secret string
}

// New makes a source. It returns Invalid for a key that it does not know.
func New(v tagout.Vendor) (*Source, error) {
	var settings struct {
		Secret string `yaml:"secret"`
	}
	if err := v.Decode(&settings); err != nil {
		return nil, err
	}
	return &Source{v.Name, settings.Secret}, nil
}

// Signs reports whether the integration's client secret is configured.
func (s *Source) Signs() bool { return s.secret != "" }

// Verify checks Sentry-Hook-Signature. It returns Unauthorized.
func (s *Source) Verify(in tagout.Delivery) error {
	header := http.Header(in.Header)
	if !incoming.Signed(s.secret, header.Values("Sentry-Hook-Signature"), in.Body) {
		return tagout.Errorf(tagout.Unauthorized, "The header Sentry-Hook-Signature holds no signature of this body with the source's secret. Fix: Copy the Client Secret of the integration.")
	}
	if at := header.Get("Sentry-Hook-Timestamp"); at != "" && !incoming.Fresh(at, in.At, oldest) {
		return tagout.Errorf(tagout.Unauthorized, "The webhook is not of the last hour by its header Sentry-Hook-Timestamp.")
	}
	return nil
}

// triggered is the action of an alert, of whatever resource.
const triggered = "triggered"

// webhook is what of a webhook matters here.
type webhook struct {
	Action string `json:"action"`
	Data   *data  `json:"data"`
}

type data struct {
	Event  *event       `json:"event"`
	Rule   string       `json:"triggered_rule"`
	Metric *metricAlert `json:"metric_alert"`
	Issue  *issue       `json:"issue"`
	Title  string       `json:"description_title"`
	Text   string       `json:"description_text"`
	URL    string       `json:"web_url"`
}

type event struct {
	ID          string        `json:"event_id"`
	Issue       incoming.Word `json:"issue_id"`
	Title       string        `json:"title"`
	Culprit     string        `json:"culprit"`
	Level       string        `json:"level"`
	Environment string        `json:"environment"`
	Release     string        `json:"release"`
	URL         string        `json:"web_url"`
	Tags        tags          `json:"tags"`
}

type metricAlert struct {
	ID       incoming.Word `json:"id"`
	Title    string        `json:"title"`
	Started  time.Time     `json:"date_started"`
	Projects []string      `json:"projects"`
	Rule     struct {
		Name        string `json:"name"`
		Query       string `json:"query"`
		Aggregate   string `json:"aggregate"`
		Environment string `json:"environment"`
	} `json:"alert_rule"`
}

type issue struct {
	ID      incoming.Word `json:"id"`
	Title   string        `json:"title"`
	Culprit string        `json:"culprit"`
	Status  string        `json:"status"`
	Level   string        `json:"level"`
	URL     string        `json:"web_url"`
	Project struct {
		Slug string `json:"slug"`
	} `json:"project"`
}

// tags are pairs of key and value.
type tags [][2]string

// UnmarshalJSON reads [["agent","mailer"]] and [{"key":"agent","value":"mailer"}]. A pair
// without a value is left out.
func (t *tags) UnmarshalJSON(raw []byte) error {
	wrong := tagout.Errorf(tagout.Invalid, "/data/event/tags must be an array of pairs of key and value.")
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return wrong
	}
	for _, one := range list {
		var pair []*string
		var named struct{ Key, Value *string }
		if json.Unmarshal(one, &pair) != nil {
			if json.Unmarshal(one, &named) != nil {
				return wrong
			}
			pair = []*string{named.Key, named.Value}
		}
		if len(pair) == 2 && pair[0] != nil && pair[1] != nil {
			*t = append(*t, [2]string{*pair[0], *pair[1]})
		}
	}
	return nil
}

// Decode reads one webhook. It returns Invalid if the body is not one of Sentry's. Of an issue,
// what an alert tells of it and its end become alerts; what else Sentry posts, such as that the
// integration was installed, is taken and says nothing. An alert of a form that is not known
// happened once.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	var w webhook
	if err := incoming.Read(in.Body, &w, ""); err != nil {
		return nil, err
	}
	if w.Action == "" || w.Data == nil {
		return nil, tagout.Errorf(tagout.Invalid, "/action and /data are missing: send the webhooks of an internal integration of Sentry.")
	}
	base := tagout.Alert{Source: s.name, Raw: in.Body}
	switch {
	case w.Data.Metric != nil:
		return metricAlerts(base, w.Action, w.Data), nil
	case w.Data.Event != nil:
		return issueAlert(base, w.Data)
	case w.Data.Issue != nil:
		return issueNews(base, w.Action, w.Data), nil
	case w.Action == triggered && w.Data.Rule != "":
		base.Name, base.Summary, base.URL = w.Data.Rule, incoming.Or(w.Data.Title, w.Data.Rule), w.Data.URL
		base.Status, base.Fingerprint = tagout.Momentary, "rule:"+w.Data.Rule
		return []tagout.Alert{base}, nil
	}
	return nil, nil
}

// issueAlert is an issue that a rule speaks of: it fires until the issue is resolved or
// archived.
func issueAlert(a tagout.Alert, d *data) ([]tagout.Alert, error) {
	e := d.Event
	if e.Issue == "" && e.ID == "" {
		return nil, tagout.Errorf(tagout.Invalid, "/data/event/issue_id is missing.")
	}
	l := incoming.Labels{}
	for _, pair := range e.Tags {
		l.Put(pair[0], pair[1])
	}
	l.Default("level", e.Level)
	l.Default("environment", e.Environment)
	l.Default("release", e.Release)
	a.Name, a.Summary = incoming.Or(d.Rule, incoming.Or(e.Title, "issue alert")), incoming.Or(e.Title, d.Rule)
	a.Labels, a.Annotations, a.URL = l, pairs("culprit", e.Culprit, "event", e.ID), e.URL
	a.CorrelationID = l["correlation_id"]
	a.Status, a.Fingerprint = tagout.Firing, "issue:"+string(e.Issue)
	if e.Issue == "" { // nothing could end it
		a.Status, a.Fingerprint = tagout.Momentary, "event:"+e.ID
	}
	return []tagout.Alert{a}, nil
}

// issueNews is what happened to an issue: an alert on its activity fires as one on its events
// does, and whoever resolves or archives it ends both.
func issueNews(a tagout.Alert, action string, d *data) []tagout.Alert {
	i := d.Issue
	switch {
	case i.ID == "":
		return nil
	case action == "resolved", action == "ignored", action == "archived", action == triggered && (i.Status == "resolved" || i.Status == "ignored"):
		a.Name, a.Status = incoming.Or(i.Title, "issue"), tagout.Resolved
	case action == triggered:
		a.Name, a.Status = incoming.Or(d.Rule, incoming.Or(i.Title, "issue alert")), tagout.Firing
	default:
		return nil
	}
	a.Summary, a.URL, a.Fingerprint = incoming.Or(i.Title, a.Name), incoming.Or(i.URL, d.URL), "issue:"+string(i.ID)
	a.Labels, a.Annotations = pairs("level", i.Level, "project", i.Project.Slug), pairs("action", action, "culprit", i.Culprit)
	return []tagout.Alert{a}
}

// metricAlerts are what a metric alert says. Warning and critical are two alerts, so that the
// worse one counts.
func metricAlerts(a tagout.Alert, action string, d *data) []tagout.Alert {
	m := d.Metric
	l := incoming.Labels{}
	l.Words(m.Rule.Query)
	l.Default("environment", m.Rule.Environment)
	l.Default("project", strings.Join(m.Projects, ","))
	a.Name, a.Summary = incoming.Or(m.Rule.Name, incoming.Or(m.Title, "metric alert")), incoming.Or(d.Title, m.Title)
	a.Annotations = pairs("description", d.Text, "query", m.Rule.Query, "aggregate", m.Rule.Aggregate)
	a.URL, a.StartsAt, a.CorrelationID = d.URL, m.Started, l["correlation_id"]
	level := func(severity string, status tagout.AlertStatus) tagout.Alert {
		one, labels := a, incoming.Labels{}
		for k, v := range l {
			labels[k] = v
		}
		labels["severity"] = severity
		one.Labels, one.Status, one.Fingerprint = labels, status, "metric:"+string(m.ID)+":"+severity
		return one
	}
	switch action {
	case "resolved", "closed":
		return []tagout.Alert{level("critical", tagout.Resolved), level("warning", tagout.Resolved)}
	case "warning":
		return []tagout.Alert{level("warning", tagout.Firing), level("critical", tagout.Resolved)}
	}
	return []tagout.Alert{level("critical", tagout.Firing)} // what is not known is taken to be bad
}

// pairs are keys and values, without the empty ones.
func pairs(keysAndValues ...string) map[string]string {
	m := map[string]string{}
	for n := 0; n+1 < len(keysAndValues); n += 2 {
		if keysAndValues[n+1] != "" {
			m[keysAndValues[n]] = keysAndValues[n+1]
		}
	}
	return m
}
