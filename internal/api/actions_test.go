package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// fakeTickets hears a body that names keys, if the signature is right.
type fakeTickets struct{ tagout.Tracker }

func (fakeTickets) Moved(_ context.Context, in tagout.Delivery) (keys []string, err error) {
	if http.Header(in.Header).Get("X-Signature") != "right" {
		return nil, tagout.Errorf(tagout.Unauthorized, "The signature is wrong.")
	}
	if json.Unmarshal(in.Body, &keys) != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is not what the service posts.")
	}
	return keys, nil
}

// openTickets believes everybody, and hears nothing.
type openTickets struct{ tagout.Tracker }

func (openTickets) Moved(context.Context, tagout.Delivery) ([]string, error) { return nil, nil }

func trackerBench() *bench {
	return newBench(func(o *Options) { o.Trackers = map[string]tagout.TicketInbox{"github": fakeTickets{}} })
}

func TestWhatATrackerTellsReachesTheDesk(t *testing.T) {
	t.Parallel()
	b := trackerBench()
	got := b.do("POST", "/v1/trackers/github", `["41","42"]`, signed).is(t, http.StatusAccepted)
	if strings.TrimSpace(got.body) != `{"actions":2}` || !slices.Equal(b.desk.tickets, []string{"github 41", "github 42"}) {
		t.Errorf("answered %s, the desk heard %q", got.body, b.desk.tickets)
	}
	b.do("POST", "/v1/trackers/jira", `[]`, signed).isProblem(t, http.StatusNotFound, tagout.NotFound)
	b.do("POST", "/v1/trackers/github", `["1"]`).isProblem(t, http.StatusUnauthorized, tagout.Unauthorized)
	b.do("POST", "/v1/trackers/github", `["1"]`, bearing(allToken)).isProblem(t, http.StatusUnauthorized, tagout.Unauthorized)
	b.do("POST", "/v1/trackers/github", `{"a"`, signed).isProblem(t, http.StatusBadRequest, tagout.Invalid)
	b.do("POST", "/v1/trackers/github", `payload=x`, signed, header("Content-Type", "application/x-www-form-urlencoded")).isProblem(t, http.StatusUnsupportedMediaType, tagout.Invalid)
	if len(b.desk.tickets) != 2 {
		t.Errorf("the desk heard %q", b.desk.tickets)
	}
	b.desk.err = tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	b.do("POST", "/v1/trackers/github", `["41"]`, signed).isProblem(t, http.StatusServiceUnavailable, tagout.Unavailable)
}

func TestProgramsReadCorrectiveActionsButNotThoseOfPrivateIncidents(t *testing.T) {
	t.Parallel()
	b := trackerBench()
	i := anIncident(7)
	i.Actions = []tagout.CorrectiveAction{{Number: 2, Title: "Narrow the tool", Owner: "U0ENG", Due: noon.Add(-time.Hour), Layer: tagout.LayerTools, State: tagout.ActionOpen,
		Test: "TestOptOut", Ticket: &tagout.ActionTicket{Tracker: "github", Key: "42", URL: "https://x.example/42"}}}
	hidden := anIncident(8)
	hidden.Private, hidden.Actions = true, []tagout.CorrectiveAction{{Number: 1, Title: "Of the private one"}}
	b.desk.incidents[7], b.desk.incidents[8] = i, hidden
	got := b.do("GET", "/v1/actions?overdue=true&incident=INC-7&owner=U0ENG", "", bearing(readToken)).is(t, http.StatusOK)
	var list struct{ Actions []map[string]any }
	got.into(t, &list)
	if len(list.Actions) != 1 || list.Actions[0]["id"] != "INC-7/2" || list.Actions[0]["overdue"] != true || list.Actions[0]["regression_test"] != "TestOptOut" {
		t.Errorf("the list is %s", got.body)
	}
	if q := b.desk.queries[0]; q.Incident != 7 || q.Owner != "U0ENG" || !q.Open || !q.DueBefore.Equal(noon) {
		t.Errorf("the desk was asked for %+v", q)
	}
	if got := b.do("GET", "/v1/incidents/INC-7", "", bearing(readToken)).is(t, http.StatusOK); !strings.Contains(got.body, `"INC-7/2"`) {
		t.Errorf("the incident is %s", got.body)
	}
	if got := b.do("GET", "/v1/incidents/INC-8", "", bearing(readToken)).is(t, http.StatusOK); strings.Contains(got.body, "private one") {
		t.Errorf("the private incident is %s", got.body)
	}
	b.do("GET", "/v1/actions?incident=x", "", bearing(readToken)).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("GET", "/v1/actions", "", bearing(reportToken)).isProblem(t, http.StatusForbidden, tagout.Forbidden)
}
