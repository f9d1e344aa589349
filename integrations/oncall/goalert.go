package oncall

import (
	"context"
	"net/http"
	"time"

	"tagout"
)

// GoAlertQuery is what GoAlert is asked. A GraphQL API key of GoAlert is made for exactly
// one query text: this one.
const GoAlertQuery = `query TagoutOnCall($id: ID!, $start: ISOTimestamp!, $end: ISOTimestamp!) { schedule(id: $id) { shifts(start: $start, end: $end) { start end truncated user { id name email } } } }`

// horizon is how far ahead the end of a shift is looked for.
const horizon = 14 * 24 * time.Hour

// GoAlert is one schedule of GoAlert, read through its GraphQL API.
type GoAlert struct {
	schedule string
	service  *service
}

type goAlertSettings struct {
	URL      string `yaml:"url" need:"true"`
	Schedule string `yaml:"schedule" need:"true"`
	Token    string `yaml:"token" need:"true"`
}

// NewGoAlert makes a schedule from its settings: url (of GoAlert), schedule (its ID) and
// token (a GraphQL API key made for [GoAlertQuery]). It returns Invalid, with the place, if
// they cannot work.
func NewGoAlert(v tagout.Vendor, client *http.Client) (*GoAlert, error) {
	var s goAlertSettings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	if s.Schedule == "" || s.Token == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: A GoAlert schedule needs its ID and a token. Fix: Write {url: https://goalert.example.com, schedule: …, token: \"${GOALERT_TOKEN}\"}.", v.Place)
	}
	service, err := newService(v, "GoAlert", s.URL, http.Header{"Authorization": {"Bearer " + s.Token}}, client)
	if err != nil {
		return nil, err
	}
	return &GoAlert{s.Schedule, service}, nil
}

// Name is "GoAlert schedule" with its ID.
func (g *GoAlert) Name() string { return "GoAlert schedule " + g.schedule }

type goAlertAnswer struct {
	Data struct {
		Schedule *struct {
			Shifts []struct {
				Start time.Time `json:"start"`
				End   time.Time `json:"end"`
				Cut   bool      `json:"truncated"`
				User  *struct {
					ID    string `json:"id"`
					Name  string `json:"name"`
					Email string `json:"email"`
				} `json:"user"`
			} `json:"shifts"`
		} `json:"schedule"`
	} `json:"data"`
	Errors []struct {
		Extensions struct {
			Code string `json:"code"`
		} `json:"extensions"`
	} `json:"errors"`
}

// OnCall lists who is on call at a time, over all assignments of the schedule.
func (g *GoAlert) OnCall(ctx context.Context, at time.Time) ([]tagout.OnCallPerson, error) {
	question := map[string]any{"query": GoAlertQuery, "operationName": "TagoutOnCall", "variables": map[string]string{
		"id": g.schedule, "start": at.UTC().Format(time.RFC3339), "end": at.UTC().Add(horizon).Format(time.RFC3339)}}
	var answer goAlertAnswer
	if err := g.service.ask(ctx, http.MethodPost, "/api/graphql", nil, question, &answer); err != nil {
		return nil, err
	}
	for _, e := range answer.Errors {
		if e.Extensions.Code == "invalid_query" {
			return nil, tagout.Final(tagout.Errorf(tagout.Forbidden, "GoAlert's API key was made for another query. Make one for the query in docs/paging.md."))
		}
	}
	switch {
	case len(answer.Errors) > 0:
		return nil, tagout.Errorf(tagout.Unavailable, "GoAlert could not answer the question. Check that the schedule exists and that the API key may read it.")
	case answer.Data.Schedule == nil:
		return nil, tagout.Final(tagout.Errorf(tagout.NotFound, "GoAlert knows no such schedule. Check its ID in the configuration."))
	}
	var shifts []shift
	for _, s := range answer.Data.Schedule.Shifts {
		if s.Cut && !s.End.Before(at.Add(horizon).Truncate(time.Second)) {
			s.End = time.Time{} // it goes on beyond what was asked for
		}
		if s.User != nil {
			shifts = append(shifts, shift{s.User.ID, s.User.Name, s.User.Email, s.Start, s.End})
		}
	}
	return peopleAt(shifts, at), nil
}
