// Package cloudevents reads CloudEvents 1.0 over HTTP: structured, binary and in batches.
package cloudevents

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// Source reads one event, or a batch of them.
type Source struct{ name string }

// New makes a source. It has no settings of its own.
func New(v tagout.Vendor) (*Source, error) {
	if err := v.Plain(); err != nil {
		return nil, err
	}
	return &Source{v.Name}, nil
}

// event is an event in its structured form; what is not named here is an extension.
type event struct {
	Spec    string
	ID      string
	Source  string
	Type    string
	Subject string
	Time    time.Time
	Data    json.RawMessage

	Extensions map[string]string
	Raw        json.RawMessage
}

// payload is what of the data is understood, which is the generic format. All of it may be
// missing, and the data may be something else.
type payload struct {
	Name          string            `json:"name"`
	Summary       string            `json:"summary"`
	Message       string            `json:"message"`
	Labels        map[string]string `json:"labels"`
	Annotations   map[string]string `json:"annotations"`
	Value         *float64          `json:"value"`
	Fingerprint   string            `json:"fingerprint"`
	CorrelationID string            `json:"correlation_id"`
	Status        string            `json:"status"`
	StartsAt      time.Time         `json:"starts_at"`
	URL           string            `json:"url"`
}

// Decode reads the events. It returns Invalid if one of them is none of version 1.0.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	kind, _, _ := mime.ParseMediaType(http.Header(in.Header).Get("Content-Type"))
	body := bytes.TrimSpace(in.Body)
	switch {
	case http.Header(in.Header).Get("Ce-Specversion") != "":
		e, err := binary(http.Header(in.Header), body)
		if err != nil {
			return nil, err
		}
		a, err := s.alert(e, "")
		return []tagout.Alert{a}, err
	case kind == "application/cloudevents-batch+json" || bytes.HasPrefix(body, []byte("[")):
		return s.batch(body)
	}
	a, err := s.structured(body, "")
	return []tagout.Alert{a}, err
}

func (s *Source) batch(body []byte) ([]tagout.Alert, error) {
	var list []json.RawMessage
	if err := incoming.Read(body, &list, ""); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, tagout.Errorf(tagout.Invalid, "The batch must hold at least one event.")
	}
	alerts := make([]tagout.Alert, len(list))
	for i, one := range list {
		var err error
		if alerts[i], err = s.structured(one, "/"+strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return alerts, nil
}

func (s *Source) structured(raw json.RawMessage, at string) (tagout.Alert, error) {
	var fields map[string]json.RawMessage
	if err := incoming.Read(raw, &fields, at); err != nil {
		return tagout.Alert{}, err
	}
	e := event{Raw: raw, Extensions: map[string]string{}}
	for name, value := range fields {
		if name == "data" {
			e.Data = value
			continue
		}
		text, ok := attribute(value)
		if name == "data_base64" {
			decoded, err := base64.StdEncoding.DecodeString(text)
			if !ok || err != nil {
				return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/data_base64 is not base64.", at)
			}
			e.Data = tagout.WithoutNul(decoded)
			continue
		}
		if err := e.set(name, text, ok, at); err != nil {
			return tagout.Alert{}, err
		}
	}
	return s.alert(e, at)
}

// binary is an event whose attributes stand in the header. Its record is the structured form.
func binary(header http.Header, body []byte) (event, error) {
	e := event{Data: body, Extensions: map[string]string{}}
	record := map[string]any{}
	if len(body) > 0 {
		if !json.Valid(body) {
			return e, tagout.Errorf(tagout.Invalid, "The body is not JSON.")
		}
		record["data"] = json.RawMessage(body)
	}
	for key, values := range header {
		name, ok := strings.CutPrefix(strings.ToLower(key), "ce-")
		if !ok || len(values) == 0 {
			continue
		}
		text := values[0]
		if decoded, err := url.PathUnescape(text); err == nil {
			text = decoded
		}
		text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\ufffd"), "\ufffd")
		record[name] = text
		if err := e.set(name, text, true, ""); err != nil {
			return e, err
		}
	}
	raw, err := json.Marshal(record)
	e.Raw = raw
	return e, err
}

// attribute is a value as text. Objects and arrays are none.
func attribute(raw json.RawMessage) (string, bool) {
	var text *string
	if json.Unmarshal(raw, &text) == nil {
		if text == nil {
			return "", true
		}
		return *text, true
	}
	plain := string(bytes.TrimSpace(raw))
	return plain, !strings.HasPrefix(plain, "{") && !strings.HasPrefix(plain, "[")
}

// set takes an attribute. Those of the specification must be text.
func (e *event) set(name, text string, ok bool, at string) error {
	core := map[string]*string{"specversion": &e.Spec, "id": &e.ID, "source": &e.Source, "type": &e.Type, "subject": &e.Subject}
	into := core[name]
	switch {
	case !ok && (into != nil || name == "time"):
		return tagout.Errorf(tagout.Invalid, "%s/%s must be a string.", at, name)
	case into != nil:
		*into = text
	case name == "time":
		var err error
		if e.Time, err = time.Parse(time.RFC3339, text); err != nil && text != "" {
			return tagout.Errorf(tagout.Invalid, "%s/time must be a time as in RFC 3339, such as 2026-11-21T09:30:00Z.", at)
		}
	case ok && name != "datacontenttype" && name != "dataschema":
		e.Extensions[name] = text
	}
	return nil
}

func (s *Source) alert(e event, at string) (tagout.Alert, error) {
	if err := e.check(at); err != nil {
		return tagout.Alert{}, err
	}
	var p payload
	if data := bytes.TrimSpace(e.Data); bytes.HasPrefix(data, []byte("{")) {
		if err := incoming.Read(data, &p, at+"/data"); err != nil {
			return tagout.Alert{}, err
		}
	}
	status := tagout.AlertStatus(incoming.Or(p.Status, e.Extensions["status"]))
	if status != tagout.Firing && status != tagout.Resolved && status != tagout.Momentary {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/data/status must be firing or resolved, or be left out.", at)
	}
	l := incoming.Labels(maps.Clone(e.Extensions))
	maps.Copy(l, p.Labels)
	l.Default("type", e.Type)
	l.Default("event_source", e.Source)
	l.Default("subject", e.Subject)
	a := tagout.Alert{
		Source: s.name, Name: incoming.Or(p.Name, e.Type), Summary: incoming.Or(p.Summary, incoming.Or(p.Message, e.Subject)),
		Labels: l, Annotations: p.Annotations, Value: p.Value, CorrelationID: incoming.Or(p.CorrelationID, e.Extensions["correlationid"]),
		Status: status, StartsAt: p.StartsAt, URL: p.URL, Raw: e.Raw,
	}
	if status == tagout.Momentary { // an event is told from others by source and ID
		a.Fingerprint = incoming.Fingerprint("event", e.Source, e.ID)
		if a.StartsAt.IsZero() {
			a.StartsAt = e.Time
		}
		return a, nil
	}
	a.Fingerprint = incoming.Or(p.Fingerprint, incoming.Or(e.Extensions["fingerprint"], incoming.Fingerprint("condition", e.Source, e.Type, e.Subject, l["agent"], l["channel"], l["region"], l["tool"])))
	return a, nil
}

// check returns Invalid if a required attribute is missing.
func (e *event) check(at string) error {
	if e.Spec != "1.0" {
		return tagout.Errorf(tagout.Invalid, "%s/specversion must be \"1.0\": send CloudEvents 1.0.", at)
	}
	required := map[string]string{"id": e.ID, "source": e.Source, "type": e.Type}
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if strings.TrimSpace(required[name]) == "" {
			return tagout.Errorf(tagout.Invalid, "%s/%s is missing: CloudEvents need it.", at, name)
		}
	}
	return nil
}
