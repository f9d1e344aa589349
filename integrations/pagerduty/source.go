package pagerduty

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// ours begins the keys of the incidents that pagers of Tagout trigger in PagerDuty.
const ours = "tagout-"

// Source reads webhooks v3: an incident there opens or follows one here.
type Source struct {
	name     string
	secret   string
	services map[string]tagout.Scope // by ID or name, in lower case
}

// sourceSettings are the keys of the source beside kind and token.
type sourceSettings struct {
	Secret   string            `yaml:"secret"`
	Services map[string]string `yaml:"services"`
}

// NewSource makes a source. It returns Invalid, with the place, for a service that leads to
// no scope.
func NewSource(v tagout.Vendor) (*Source, error) {
	var s sourceSettings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	source := &Source{v.Name, s.Secret, map[string]tagout.Scope{}}
	for service, text := range s.Services {
		scope, err := tagout.ParseScope(text)
		if err != nil || scope.Agent == "" {
			return nil, tagout.Errorf(tagout.Invalid, "%s: The service %q of services does not lead to an agent. Fix: Write a scope, such as mailer or mailer/email.", v.Place, service)
		}
		source.services[strings.ToLower(service)] = scope
	}
	return source, nil
}

// Signs reports whether the secret of the webhook subscription is configured.
func (s *Source) Signs() bool { return s.secret != "" }

// Verify checks X-PagerDuty-Signature, and that the event, whose time is signed with it, is
// of the last hour. It returns Unauthorized.
func (s *Source) Verify(in tagout.Delivery) error {
	if err := verify(in, s.secret, "source's secret"); err != nil {
		return err
	}
	var w struct {
		Event struct {
			OccurredAt time.Time `json:"occurred_at"`
		} `json:"event"`
	}
	if json.Unmarshal(in.Body, &w) == nil && !w.Event.OccurredAt.IsZero() && in.At.Sub(w.Event.OccurredAt) > oldest {
		return tagout.Errorf(tagout.Unauthorized, "The event is more than an hour old, so it may be a recording.")
	}
	return nil
}

// incidentEvent is what of a webhook about an incident matters here.
type incidentEvent struct {
	Event *struct {
		ID         string    `json:"id"`
		Type       string    `json:"event_type"`
		OccurredAt time.Time `json:"occurred_at"`
		Data       incident  `json:"data"`
	} `json:"event"`
}

type incident struct {
	ID        string     `json:"id"`
	Type      string     `json:"type"`
	Title     string     `json:"title"`
	Key       *string    `json:"incident_key"`
	CreatedAt time.Time  `json:"created_at"`
	URL       string     `json:"html_url"`
	Urgency   string     `json:"urgency"`
	Service   *reference `json:"service"`
	Priority  *reference `json:"priority"`
}

type reference struct {
	ID      string `json:"id"`
	Summary string `json:"summary"`
}

// Decode reads one webhook. It returns Invalid if the body is not one of PagerDuty's. An
// incident there fires from its beginning until it is resolved, and again if it is reopened;
// another priority is an alert of its own, which may raise the severity. What a pager of Tagout
// triggered there is never an alert, and other events, such as notes, say nothing.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	var w incidentEvent
	if err := incoming.Read(in.Body, &w, ""); err != nil {
		return nil, err
	}
	if w.Event == nil || w.Event.Type == "" {
		return nil, tagout.Errorf(tagout.Invalid, "/event/event_type is missing: make a generic webhook (v3) in PagerDuty.")
	}
	e := w.Event
	status, speaks := map[string]tagout.AlertStatus{
		"incident.triggered": tagout.Firing, "incident.reopened": tagout.Firing, "incident.resolved": tagout.Resolved,
		"incident.priority_updated": tagout.Momentary,
	}[e.Type]
	if !speaks || e.Data.Key != nil && strings.HasPrefix(*e.Data.Key, ours) {
		return nil, nil
	}
	if e.Data.ID == "" {
		return nil, tagout.Errorf(tagout.Invalid, "/event/data/id is missing.")
	}
	a := s.alert(e.Data, in.Body)
	if a.Status = status; status == tagout.Momentary {
		a.Fingerprint += ":" + e.ID
		a.StartsAt = e.OccurredAt
	}
	return []tagout.Alert{a}, nil
}

func (s *Source) alert(d incident, raw []byte) tagout.Alert {
	l := incoming.Labels{}
	l.Words(d.Title)
	l.Default("urgency", d.Urgency)
	if d.Priority != nil {
		l.Default("priority", strings.ToLower(d.Priority.Summary))
	}
	if d.Service != nil {
		l.Default("service", d.Service.Summary)
		for _, name := range slices.Compact([]string{d.Service.ID, d.Service.Summary}) {
			if scope, ok := s.services[strings.ToLower(name)]; ok {
				l.Scope(scope)
				break
			}
		}
	}
	return tagout.Alert{
		Source: s.name, Name: incoming.Or(d.Title, "PagerDuty incident"), Summary: d.Title, Labels: l, Fingerprint: "incident:" + d.ID,
		StartsAt: d.CreatedAt, URL: d.URL, Raw: raw,
	}
}
