// Package goalert pages whoever GoAlert has on call, by the generic API of one of its
// services, and hears when somebody acknowledges there.
package goalert

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"tagout"
	"tagout/integrations/outgoing"
)

// What GoAlert takes, in characters; it cuts what is longer.
const (
	maxSummary = 118
	maxDetails = 6 * 1024
)

// intake is the path of the generic API, unless the URL has one.
const intake = "/api/v2/generic/incoming"

// Pager makes alerts. All pages of an incident are one alert there, by its dedup key.
type Pager struct {
	name    string
	url     string
	token   string
	roles   outgoing.Roles
	http    *http.Client
	webhook string // the password of GoAlert's webhook; empty: nothing is heard
	alerts  *alerts
}

// pagerSettings are the keys of the pager.
type pagerSettings struct {
	URL          string   `yaml:"url" need:"true"`
	Token        string   `yaml:"token" need:"true"`
	Roles        []string `yaml:"roles"`
	WebhookToken string   `yaml:"webhook_token"`
}

// NewPager makes a pager from its settings. It returns Invalid, with the place, if they
// cannot work.
func NewPager(v tagout.Vendor, client *http.Client) (*Pager, error) {
	var s pagerSettings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	url, err := outgoing.Address(v.Place, "url", s.URL)
	if err != nil {
		return nil, err
	}
	if s.Token == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The token is empty. Fix: Copy it from the service's integration key \"Generic API\", after token= in its URL.", v.Place)
	}
	if url.Path == "" {
		url.Path = intake
	}
	return &Pager{v.Name, url.String(), s.Token, s.Roles, client, s.WebhookToken, newAlerts()}, nil
}

// Name is the configured name.
func (p *Pager) Name() string { return p.name }

// Roles are those that it is limited to; none: it serves all.
func (p *Pager) Roles() []string { return p.roles }

// PagesRoles reports whether it serves any of these roles.
func (p *Pager) PagesRoles(roles []string) bool { return p.roles.Pages(roles) }

// Reaches reports whether the page is for whoever is on call: GoAlert has no address of a
// single person here.
func (p *Pager) Reaches(to tagout.Person) bool { return to.ID == "" }

// alert is what the generic API takes.
type alert struct {
	Summary string            `json:"summary"`
	Details string            `json:"details,omitempty"`
	Action  string            `json:"action,omitempty"`
	Dedup   string            `json:"dedup"`
	Meta    map[string]string `json:"meta,omitempty"`
}

// made is what it answers: AlertID, or _id in older versions.
type made struct {
	AlertID int `json:"AlertID"`
	ID      int `json:"_id"`
}

// Send makes an alert, or adds to it. An error is final if GoAlert refused it for good.
func (p *Pager) Send(ctx context.Context, in tagout.Page) error {
	key := outgoing.Key(in)
	answer, err := p.post(ctx, alert{
		Summary: outgoing.Headline(in, maxSummary), Details: p.details(in, key), Dedup: key, Meta: map[string]string{"tagout_incident": in.Incident.String()},
	})
	if err != nil {
		return err
	}
	var m made
	if json.Unmarshal(answer, &m) == nil {
		p.alerts.learn(max(m.AlertID, m.ID), key)
	}
	return nil
}

// details end with the reference by which GoAlert's own webhook is understood.
func (p *Pager) details(in tagout.Page, key string) string {
	if p.webhook == "" {
		return outgoing.Text(in, maxDetails)
	}
	last := "\n\n" + p.reference(key)
	return outgoing.Text(in, maxDetails-len([]rune(last))) + last
}

// Follow closes the alert once our incident is acknowledged or over: the generic API cannot
// acknowledge, and an alert that stands unacknowledged goes on calling people. One that was
// acknowledged in GoAlert itself stays there until the incident is over.
func (p *Pager) Follow(ctx context.Context, n tagout.PageNews) error {
	switch {
	case n.Status == tagout.PageAcknowledged && p.alerts.acknowledged(n.Dedup):
		return nil
	case n.Status != tagout.PageAcknowledged && n.Status != tagout.PageResolved:
		return nil
	}
	_, err := p.post(ctx, alert{Summary: n.Incident.String() + " is " + string(n.Status), Action: "close", Dedup: n.Dedup})
	return err
}

func (p *Pager) post(ctx context.Context, a alert) ([]byte, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return nil, tagout.Final(tagout.Errorf(tagout.Internal, "The page cannot be written."))
	}
	call, client, stop := outgoing.NewCall(ctx, "GoAlert (pager "+p.name+")", p.http)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, tagout.Final(tagout.Errorf(tagout.Internal, "The page cannot be written."))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("User-Agent", "tagout")
	if a.Action != "close" { // closing what is not there has nothing to answer
		req.Header.Set("Accept", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, call.Outcome(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return answer, call.Outcome(err)
}
