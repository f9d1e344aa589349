package oncall

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tagout"
)

const (
	pageSize = 100 // of PagerDuty's lists
	maxPages = 20
)

// PagerDuty is one schedule of PagerDuty, read through its REST API. The schedule must be
// used by an escalation policy, or PagerDuty has nobody on call by it.
type PagerDuty struct {
	schedule string
	service  *service
}

type pagerDutySettings struct {
	Schedule string `yaml:"schedule" need:"true"`
	Token    string `yaml:"token" need:"true"`
	APIURL   string `yaml:"api_url"`
}

// NewPagerDuty makes a schedule from its settings: schedule (its ID), token (a REST API key
// that may read) and api_url (for accounts in the EU, and for tests). It returns Invalid,
// with the place, if they cannot work.
func NewPagerDuty(v tagout.Vendor, client *http.Client) (*PagerDuty, error) {
	var s pagerDutySettings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	if s.Schedule == "" || s.Token == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: A PagerDuty schedule needs its ID and a token. Fix: Write {schedule: PABC123, token: \"${PD_TOKEN}\"}.", v.Place)
	}
	if s.APIURL == "" {
		s.APIURL = "https://api.pagerduty.com"
	}
	header := http.Header{"Authorization": {"Token token=" + s.Token}, "Accept": {"application/vnd.pagerduty+json;version=2"}}
	service, err := newService(v, "PagerDuty", s.APIURL, header, client)
	if err != nil {
		return nil, err
	}
	return &PagerDuty{s.Schedule, service}, nil
}

// Name is "PagerDuty schedule" with its ID.
func (p *PagerDuty) Name() string { return "PagerDuty schedule " + p.schedule }

type pagerDutyPage struct {
	Oncalls []struct {
		Start *time.Time `json:"start"`
		End   *time.Time `json:"end"`
		User  struct {
			ID      string `json:"id"`
			Name    string `json:"name"`
			Summary string `json:"summary"`
			Email   string `json:"email"`
		} `json:"user"`
		Schedule *struct {
			ID string `json:"id"`
		} `json:"schedule"`
	} `json:"oncalls"`
	More bool `json:"more"`
}

// OnCall lists who is on call at a time, over all layers of the schedule.
func (p *PagerDuty) OnCall(ctx context.Context, at time.Time) ([]tagout.OnCallPerson, error) {
	var shifts []shift
	for n := range maxPages {
		query := url.Values{
			"schedule_ids[]": {p.schedule}, "include[]": {"users"}, "limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(n * pageSize)},
			"since": {at.UTC().Format(time.RFC3339)}, "until": {at.UTC().Add(time.Minute).Format(time.RFC3339)}, "time_zone": {"UTC"},
		}
		var page pagerDutyPage
		if err := p.service.ask(ctx, http.MethodGet, "/oncalls", query, nil, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Oncalls {
			if o.Schedule == nil || o.Schedule.ID != p.schedule {
				continue
			}
			s := shift{id: o.User.ID, name: o.User.Name, email: o.User.Email}
			if s.name == "" {
				s.name = o.User.Summary
			}
			if o.Start != nil {
				s.start = *o.Start
			}
			if o.End != nil {
				s.end = *o.End
			}
			shifts = append(shifts, s)
		}
		if !page.More {
			return peopleAt(shifts, at), nil
		}
	}
	return nil, tagout.Errorf(tagout.Unavailable, "PagerDuty's answer has no end: more than %d pages.", maxPages)
}
