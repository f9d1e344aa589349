// Package datadog reads what Datadog's webhooks integration posts, with the payload that the
// documentation of Tagout gives.
package datadog

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// Source reads one event of a monitor.
type Source struct{ name string }

// New makes a source. It has no settings of its own.
func New(v tagout.Vendor) (*Source, error) {
	if err := v.Plain(); err != nil {
		return nil, err
	}
	return &Source{v.Name}, nil
}

// event is the payload: Datadog fills in what stands behind the dollar signs.
type event struct {
	Title      string        `json:"title"`            // $EVENT_TITLE
	Body       string        `json:"body"`             // $TEXT_ONLY_MSG
	Monitor    string        `json:"alert_title"`      // $ALERT_TITLE
	Transition string        `json:"alert_transition"` // $ALERT_TRANSITION
	Cycle      incoming.Word `json:"alert_cycle_key"`  // $ALERT_CYCLE_KEY
	MonitorID  incoming.Word `json:"alert_id"`         // $ALERT_ID
	Scope      string        `json:"alert_scope"`      // $ALERT_SCOPE
	Priority   string        `json:"alert_priority"`   // $ALERT_PRIORITY
	Type       string        `json:"alert_type"`       // $ALERT_TYPE
	Aggregate  incoming.Word `json:"aggreg_key"`       // $AGGREG_KEY
	EventID    incoming.Word `json:"id"`               // $ID
	Date       incoming.Word `json:"date"`             // $DATE, in milliseconds
	Link       string        `json:"link"`             // $LINK
	Metric     string        `json:"alert_metric"`     // $ALERT_METRIC
	Tags       tags          `json:"tags"`             // $TAGS
}

// tags are written as "a:b,c:d", or as an array of such.
type tags []string

// UnmarshalJSON reads either.
func (t *tags) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		*t = strings.Split(text, ",")
		return nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return tagout.Errorf(tagout.Invalid, "/tags must be a string such as \"agent:mailer,region:eu\", or an array of strings.")
	}
	*t = list
	return nil
}

// Decode reads one event. It returns Invalid if the body holds no title. What warns and what
// alerts are two alerts of one monitor, so that the worse one counts; a recovery ends both.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	var e event
	if err := incoming.Read(in.Body, &e, ""); err != nil {
		return nil, err
	}
	e.blank()
	if strings.TrimSpace(e.Title+e.Monitor) == "" {
		return nil, tagout.Errorf(tagout.Invalid, "/title is missing: give the webhook in Datadog the payload that docs/sources.md shows.")
	}
	a := tagout.Alert{
		Source: s.name, Name: incoming.Or(e.Monitor, e.Title), Summary: incoming.Or(e.Title, e.Monitor), Labels: e.labels(),
		Annotations: map[string]string{}, Fingerprint: e.fingerprint(), URL: e.Link, Raw: in.Body,
	}
	for key, value := range map[string]string{"description": e.Body, "transition": e.transition(), "event": string(e.EventID)} {
		if value != "" {
			a.Annotations[key] = value
		}
	}
	a.CorrelationID = a.Labels["correlation_id"]
	return s.alerts(a, e), nil
}

// alerts are what the event says: the one level fires, or both are over.
func (s *Source) alerts(a tagout.Alert, e event) []tagout.Alert {
	const warns = ":warn"
	level := func(suffix string, status tagout.AlertStatus) tagout.Alert {
		one := a
		one.Fingerprint, one.Status = a.Fingerprint+suffix, status
		return one
	}
	switch t := strings.ToLower(e.transition()); {
	case t == "": // not of a monitor: it happened, and nothing ends it
		a.Status = tagout.Momentary
		a.Fingerprint = incoming.Or(string(e.EventID), a.Fingerprint)
		if at, err := strconv.ParseInt(string(e.Date), 10, 64); err == nil && at > 0 {
			a.StartsAt = time.UnixMilli(at).UTC()
		}
		return []tagout.Alert{a}
	case strings.Contains(t, "recovered"):
		return []tagout.Alert{level("", tagout.Resolved), level(warns, tagout.Resolved)}
	case strings.Contains(t, "warn"):
		return []tagout.Alert{level(warns, tagout.Firing), level("", tagout.Resolved)}
	}
	return []tagout.Alert{level("", tagout.Firing)} // what is not known is taken to fire
}

// blank forgets the variables that Datadog did not fill in.
func (e *event) blank() {
	for _, field := range []*string{&e.Title, &e.Body, &e.Monitor, &e.Transition, &e.Scope, &e.Priority, &e.Type, &e.Link, &e.Metric} {
		if unfilled(*field) {
			*field = ""
		}
	}
	for _, field := range []*incoming.Word{&e.Cycle, &e.MonitorID, &e.Aggregate, &e.EventID} {
		if unfilled(string(*field)) {
			*field = ""
		}
	}
}

func unfilled(s string) bool {
	return strings.HasPrefix(s, "$") && strings.Trim(s[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// transition is what the monitor did: as it says, or as Datadog's own payload shows it at the
// start of the title.
func (e *event) transition() string {
	if e.Transition != "" {
		return e.Transition
	}
	if inner, ok := strings.CutPrefix(strings.TrimSpace(e.Title), "["); ok {
		if word, _, ok := strings.Cut(inner, "]"); ok {
			for _, known := range []string{"triggered", "re-triggered", "recovered", "warn", "re-warn", "no data", "re-no data", "renotify"} {
				if base, _, _ := strings.Cut(strings.ToLower(word), " on "); base == known {
					return word
				}
			}
		}
	}
	return ""
}

// labels are the tags of the group that triggered, then those of the event and the monitor.
func (e *event) labels() map[string]string {
	scope, l := incoming.Labels{}, incoming.Labels{}
	for _, tag := range strings.Split(e.Scope, ",") {
		scope.Tag(tag)
	}
	for _, tag := range e.Tags {
		if !unfilled(strings.TrimSpace(tag)) {
			l.Tag(tag)
		}
	}
	for key, value := range scope {
		if value != "" {
			l[key] = value
		}
	}
	l.Default("priority", strings.ToLower(e.Priority))
	l.Default("alert_type", e.Type)
	l.Default("alert_metric", e.Metric)
	return l
}

// fingerprint is the same from the first event of a group until its recovery.
func (e *event) fingerprint() string {
	switch {
	case e.Cycle != "":
		return "cycle:" + string(e.Cycle)
	case e.MonitorID != "":
		return incoming.Fingerprint("monitor", e.MonitorID, e.Scope)
	case e.Aggregate != "":
		return "aggregate:" + string(e.Aggregate)
	}
	return incoming.Fingerprint("title", incoming.Or(e.Monitor, withoutPrefix(e.Title)))
}

// withoutPrefix is a title without "[Triggered] ".
func withoutPrefix(title string) string {
	if _, rest, ok := strings.Cut(title, "]"); ok && strings.HasPrefix(title, "[") {
		return strings.TrimSpace(rest)
	}
	return title
}
