// Package generic reads Tagout's own alert format, for senders that have none.
package generic

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// Source reads one alert, or an array of them.
type Source struct{ name string }

// New makes a source. It has no settings of its own.
func New(v tagout.Vendor) (*Source, error) {
	if err := v.Plain(); err != nil {
		return nil, err
	}
	return &Source{v.Name}, nil
}

// alert is the format; only name is required, and unknown keys stay in the raw alert.
type alert struct {
	Name          string            `json:"name"`
	Summary       string            `json:"summary"`
	Labels        map[string]string `json:"labels"`
	Annotations   map[string]string `json:"annotations"`
	Value         *float64          `json:"value"`
	Fingerprint   string            `json:"fingerprint"`
	CorrelationID string            `json:"correlation_id"`
	Status        string            `json:"status"`
	StartsAt      string            `json:"starts_at"`
	URL           string            `json:"url"`
}

// Decode reads the alerts. It returns Invalid if one of them is not in the format. An
// alert without a status happened once, and nothing will resolve it.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	body := bytes.TrimSpace(in.Body)
	if !bytes.HasPrefix(body, []byte("[")) {
		a, err := s.alert(body, "", in.At)
		if err != nil {
			return nil, err
		}
		return []tagout.Alert{a}, nil
	}
	var raw []json.RawMessage
	if err := incoming.Read(body, &raw, ""); err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, tagout.Errorf(tagout.Invalid, "The array must hold at least one alert.")
	}
	alerts := make([]tagout.Alert, len(raw))
	for i, one := range raw {
		var err error
		if alerts[i], err = s.alert(one, "/"+strconv.Itoa(i), in.At); err != nil {
			return nil, err
		}
	}
	return alerts, nil
}

func (s *Source) alert(raw json.RawMessage, at string, now time.Time) (tagout.Alert, error) {
	var a alert
	if !bytes.HasPrefix(raw, []byte("{")) {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s must be a JSON object.", incoming.Or(at, "The body"))
	}
	if err := incoming.Read(raw, &a, at); err != nil {
		return tagout.Alert{}, err
	}
	if strings.TrimSpace(a.Name) == "" {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/name is missing: give the alert a name.", at)
	}
	status := tagout.AlertStatus(a.Status)
	if status != tagout.Firing && status != tagout.Resolved && status != tagout.Momentary {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/status must be firing or resolved, or be left out.", at)
	}
	var starts time.Time
	if status == tagout.Momentary {
		starts = now
	}
	if a.StartsAt != "" {
		var err error
		if starts, err = time.Parse(time.RFC3339, a.StartsAt); err != nil {
			return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/starts_at must be a time as in RFC 3339, such as 2026-11-21T09:30:00Z.", at)
		}
	}
	if a.Fingerprint == "" {
		a.Fingerprint = incoming.Fingerprint(a.Name, a.Labels)
	}
	return tagout.Alert{
		Source: s.name, Name: a.Name, Summary: a.Summary, Labels: a.Labels, Annotations: a.Annotations, Value: a.Value,
		Fingerprint: a.Fingerprint, CorrelationID: a.CorrelationID, Status: status, StartsAt: starts, URL: a.URL, Raw: raw,
		Undated: status == tagout.Momentary && a.StartsAt == "",
	}, nil
}
