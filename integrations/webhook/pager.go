package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"tagout"
)

// Pager posts pages as JSON. The header webhook-id is the page's ID, the same for every
// attempt, so that the receiver can drop repeats.
type Pager struct {
	name string
	to   *endpoint
}

// NewPager makes a pager from its settings: url and secret. It returns Invalid, with the
// place, if they cannot work.
func NewPager(v tagout.Vendor, client *http.Client, clock tagout.Clock) (*Pager, error) {
	to, err := newEndpoint(v, "pager "+v.Name, client, clock)
	if err != nil {
		return nil, err
	}
	return &Pager{v.Name, to}, nil
}

// Name is the configured name.
func (p *Pager) Name() string { return p.name }

// Reaches reports true for everybody: the receiver knows how to reach people.
func (p *Pager) Reaches(to tagout.Person) bool { return to.ID != "" }

// page is what is posted.
type page struct {
	ID       tagout.PageID   `json:"id"`
	Incident string          `json:"incident"`
	Severity tagout.Severity `json:"severity"`
	Round    int             `json:"round"`
	Why      string          `json:"why"`
	To       person          `json:"to"`
	Title    string          `json:"title"`
	Text     string          `json:"text"`
	URL      string          `json:"url,omitempty"`
	AckURL   string          `json:"ack_url,omitempty"`
	QueuedAt time.Time       `json:"queued_at"`
}

type person struct {
	ID    tagout.UserID `json:"slack_id"`
	Email string        `json:"email,omitempty"`
	Phone string        `json:"phone,omitempty"`
	Roles []string      `json:"roles"`
}

// Send posts the page. An error is final if the receiver refused it for good.
func (p *Pager) Send(ctx context.Context, in tagout.Page) error {
	roles := in.To.Roles
	if roles == nil {
		roles = []string{}
	}
	body, err := json.Marshal(page{
		ID: in.ID, Incident: in.Incident.String(), Severity: in.Severity, Round: in.Round, Why: in.Why,
		To:    person{in.To.ID, in.To.Email, in.To.Phone, roles},
		Title: in.Message.Title, Text: in.Message.String(), URL: in.URL, AckURL: in.AckURL, QueuedAt: in.QueuedAt.UTC(),
	})
	if err != nil {
		return tagout.Final(tagout.Errorf(tagout.Internal, "The page cannot be written."))
	}
	_, err = p.to.call(ctx, http.MethodPost, p.to.url.String(), string(in.ID), body)
	return err
}
