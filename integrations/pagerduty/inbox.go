package pagerduty

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
	"tagout/integrations/outgoing"
)

// oldest is how old an acknowledgement may be. PagerDuty sends again for 20 minutes; what is
// older could be a recording that somebody plays back to silence a page.
const oldest = time.Hour

// maxName is how many characters of a person's name are kept.
const maxName = 100

// webhook is what of PagerDuty's webhook v3 matters here.
type webhook struct {
	Event *struct {
		Type       string    `json:"event_type"`
		OccurredAt time.Time `json:"occurred_at"`
		Agent      *struct {
			Type    string `json:"type"`
			Summary string `json:"summary"`
		} `json:"agent"`
		Data struct {
			IncidentKey *string `json:"incident_key"`
		} `json:"data"`
	} `json:"event"`
}

// Heard reads a webhook of PagerDuty. Only a person's acknowledgement says something: what
// Tagout itself or an automation did there is no answer to a page. It returns Unauthorized
// if no signature is of webhook_secret, or none is configured, and Invalid for what is not a
// webhook v3.
func (p *Pager) Heard(_ context.Context, in tagout.Delivery) ([]tagout.Acknowledgement, error) {
	if p.secret == "" { // an empty secret would verify
		return nil, tagout.Errorf(tagout.Unauthorized, "The pager %s has no webhook_secret, so nothing can be believed. Fix: Configure the secret of the webhook subscription.", p.name)
	}
	if err := verify(in, p.secret, "webhook_secret"); err != nil {
		return nil, err
	}
	var w webhook
	if err := json.Unmarshal(in.Body, &w); err != nil || w.Event == nil || w.Event.Type == "" {
		return nil, tagout.Errorf(tagout.Invalid, "This is not a webhook v3 of PagerDuty. Fix: Make a generic webhook (v3) there.")
	}
	e := w.Event
	if e.Type != "incident.acknowledged" || e.Data.IncidentKey == nil || *e.Data.IncidentKey == "" {
		return nil, nil
	}
	if e.Agent == nil || e.Agent.Type != "user_reference" && e.Agent.Type != "user" || in.At.Sub(e.OccurredAt) > oldest {
		return nil, nil
	}
	at := e.OccurredAt
	if at.After(in.At) {
		at = in.At
	}
	return []tagout.Acknowledgement{{Dedup: *e.Data.IncidentKey, By: outgoing.Line(e.Agent.Summary, maxName), At: at}}, nil
}
