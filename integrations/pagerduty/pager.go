// Package pagerduty pages whoever PagerDuty has on call (Events API v2), and hears when
// somebody acknowledges in its app (webhooks v3).
package pagerduty

import (
	"context"
	"net/http"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"tagout"
	"tagout/integrations/outgoing"
)

// What PagerDuty takes, in characters.
const (
	maxSummary = 1024
	maxDetail  = 4000
	keyLength  = 32 // of an integration key
)

// service is where events go unless the configuration says otherwise.
const service = "https://events.pagerduty.com"

// Pager sends events. All pages of an incident are one incident there, by its dedup key, so
// that a page that was sent twice calls nobody twice.
type Pager struct {
	name   string
	key    string
	url    string
	secret string // of the webhook; empty: nothing is heard
	roles  outgoing.Roles
	http   *http.Client
}

// pagerSettings are the keys of the pager.
type pagerSettings struct {
	RoutingKey    string   `yaml:"routing_key" need:"true"`
	Roles         []string `yaml:"roles"`
	APIURL        string   `yaml:"api_url"`
	WebhookSecret string   `yaml:"webhook_secret"`
}

// NewPager makes a pager from its settings. It returns Invalid, with the place, if they
// cannot work.
func NewPager(v tagout.Vendor, client *http.Client) (*Pager, error) {
	s := pagerSettings{APIURL: service}
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	plain := func(r rune) bool { return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' }
	if len(s.RoutingKey) != keyLength || strings.ContainsFunc(s.RoutingKey, plain) {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The routing_key is not an integration key of PagerDuty. Fix: Copy the 32 letters and digits from the service's integration \"Events API v2\".", v.Place)
	}
	url, err := outgoing.Address(v.Place, "api_url", s.APIURL)
	if err != nil {
		return nil, err
	}
	return &Pager{v.Name, s.RoutingKey, url.String(), s.WebhookSecret, s.Roles, client}, nil
}

// Name is the configured name.
func (p *Pager) Name() string { return p.name }

// Roles are those that it is limited to; none: it serves all.
func (p *Pager) Roles() []string { return p.roles }

// PagesRoles reports whether it serves any of these roles.
func (p *Pager) PagesRoles(roles []string) bool { return p.roles.Pages(roles) }

// Reaches reports whether the page is for whoever is on call: PagerDuty has no address of a
// single person here.
func (p *Pager) Reaches(to tagout.Person) bool { return to.ID == "" }

// Send triggers the incident in PagerDuty, or adds to it. An error is final if PagerDuty
// refused the event for good.
func (p *Pager) Send(ctx context.Context, in tagout.Page) error {
	event := &pd.V2Event{
		RoutingKey: p.key, Action: "trigger", DedupKey: outgoing.Key(in), Client: "Tagout", ClientURL: in.URL,
		Payload: &pd.V2Payload{
			Summary: outgoing.Headline(in, maxSummary), Source: "tagout", Severity: severity(in.Severity), Details: details(in),
		},
	}
	if !in.QueuedAt.IsZero() {
		event.Payload.Timestamp = in.QueuedAt.UTC().Format(time.RFC3339)
	}
	if in.URL != "" {
		event.Links = append(event.Links, link{in.URL, in.Incident.String() + " in Tagout"})
	}
	if in.AckURL != "" {
		event.Links = append(event.Links, link{in.AckURL, "Acknowledge"})
	}
	return p.enqueue(ctx, event)
}

// Follow acknowledges or resolves the incident there. PagerDuty ignores what it knows.
func (p *Pager) Follow(ctx context.Context, n tagout.PageNews) error {
	switch n.Status {
	case tagout.PageAcknowledged:
		return p.enqueue(ctx, &pd.V2Event{RoutingKey: p.key, Action: "acknowledge", DedupKey: n.Dedup})
	case tagout.PageResolved:
		return p.enqueue(ctx, &pd.V2Event{RoutingKey: p.key, Action: "resolve", DedupKey: n.Dedup})
	}
	return nil
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func (p *Pager) enqueue(ctx context.Context, event *pd.V2Event) error {
	call, client, stop := outgoing.NewCall(ctx, "PagerDuty (pager "+p.name+")", p.http)
	defer stop()
	api := pd.NewClient("", pd.WithV2EventsAPIEndpoint(p.url))
	api.HTTPClient = client
	_, err := api.ManageEventWithContext(ctx, event)
	return call.Outcome(err)
}

// severity is ours in PagerDuty's words.
func severity(s tagout.Severity) string {
	switch s {
	case tagout.Sev1:
		return "critical"
	case tagout.Sev2:
		return "error"
	case tagout.Sev3:
		return "warning"
	}
	return "info"
}

// details are what a responder reads below the summary.
func details(in tagout.Page) map[string]any {
	d := map[string]any{
		"Incident": in.Incident.String(), "Severity": in.Severity.Label(), "Round": in.Round,
		"Message": outgoing.Text(in, maxDetail),
	}
	if in.Why != "" {
		d["Why"] = outgoing.Line(in.Why, maxDetail)
	}
	for _, f := range in.Message.Facts {
		d[outgoing.Line(f.Label, 100)] = outgoing.Lines(f.Value.String(), maxDetail)
	}
	return d
}
