// Package alertmanager reads what Prometheus Alertmanager's webhook receiver posts.
package alertmanager

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// truncatedNote is the annotation that tells of alerts which Alertmanager left out.
const truncatedNote = "alertmanager_truncated_alerts"

// Source reads version 4 of the webhook: all alerts of a group, firing and resolved.
type Source struct{ name string }

// New makes a source. It has no settings of its own.
func New(v tagout.Vendor) (*Source, error) {
	if err := v.Plain(); err != nil {
		return nil, err
	}
	return &Source{v.Name}, nil
}

// group is one notification.
type group struct {
	Version   string            `json:"version"`
	Truncated int               `json:"truncatedAlerts"`
	Alerts    []json.RawMessage `json:"alerts"`
}

type alert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// Decode reads one notification. It returns Invalid if the body is not one of version 4.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	var g group
	if err := incoming.Read(in.Body, &g, ""); err != nil {
		return nil, err
	}
	if g.Version != "4" {
		return nil, tagout.Errorf(tagout.Invalid, "/version must be \"4\": send what Alertmanager's webhook receiver sends.")
	}
	if len(g.Alerts) == 0 {
		return nil, tagout.Errorf(tagout.Invalid, "/alerts must hold at least one alert.")
	}
	alerts := make([]tagout.Alert, len(g.Alerts))
	for i, raw := range g.Alerts {
		var err error
		if alerts[i], err = s.alert(raw, "/alerts/"+strconv.Itoa(i), g.Truncated); err != nil {
			return nil, err
		}
	}
	return alerts, nil
}

func (s *Source) alert(raw json.RawMessage, at string, truncated int) (tagout.Alert, error) {
	var a alert
	if err := incoming.Read(raw, &a, at); err != nil {
		return tagout.Alert{}, err
	}
	if a.Status != string(tagout.Firing) && a.Status != string(tagout.Resolved) {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/status must be firing or resolved.", at)
	}
	if truncated > 0 {
		if a.Annotations == nil {
			a.Annotations = map[string]string{}
		}
		a.Annotations[truncatedNote] = strconv.Itoa(truncated)
	}
	return tagout.Alert{
		Source: s.name, Name: incoming.Or(a.Labels["alertname"], "alert"), Summary: incoming.Or(a.Annotations["summary"], a.Annotations["description"]),
		Labels: a.Labels, Annotations: a.Annotations, Value: value(a.Annotations["value"]),
		Fingerprint: a.Fingerprint, CorrelationID: a.Labels["correlation_id"],
		Status: tagout.AlertStatus(a.Status), StartsAt: a.StartsAt, URL: a.GeneratorURL, Raw: raw,
	}, nil
}

// value reads an annotation that a rule filled with {{ $value }}; nil if it is no finite number.
func value(text string) *float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}
