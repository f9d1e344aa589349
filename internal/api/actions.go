package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// maxTicket is how many bytes a tracker may post, before its signature is known: an issue of GitHub
// has 65,536 characters at most, a field of Jira 32,767.
const maxTicket = 1 << 20

// actionView is a corrective action as programs see it.
type actionView struct {
	ID       string      `json:"id" example:"INC-7/2"`
	Incident string      `json:"incident" example:"INC-7"`
	Title    string      `json:"title"`
	Detail   string      `json:"detail,omitempty"`
	Owner    string      `json:"owner" doc:"Slack user ID."`
	Due      time.Time   `json:"due"`
	Overdue  bool        `json:"overdue"`
	Layer    string      `json:"layer" enum:"tool_permissions,evaluation_coverage,acceptance_criteria,review_gate,prompt"`
	Test     string      `json:"regression_test,omitempty" doc:"The test that fails without it."`
	NoTest   string      `json:"no_regression_test,omitempty" doc:"Why there can be none."`
	State    string      `json:"state" enum:"open,done,dropped"`
	EndedAt  *time.Time  `json:"ended_at,omitempty"`
	EndedBy  string      `json:"ended_by,omitempty"`
	Why      string      `json:"why,omitempty" doc:"Why it was dropped."`
	Ticket   *ticketView `json:"ticket,omitempty"`
}

// ticketView is an action's ticket in a tracker.
type ticketView struct {
	Tracker string `json:"tracker"`
	Key     string `json:"key,omitempty" doc:"Left out until it is made."`
	URL     string `json:"url,omitempty"`
	Closed  bool   `json:"closed"`
	Gone    bool   `json:"gone" doc:"The tracker does not know it any more."`
	Problem string `json:"problem,omitempty" doc:"Why it could not be made, or cannot be read."`
}

func viewOfAction(a tagout.ActionOf, now time.Time) actionView {
	v := actionView{
		ID: a.Name(), Incident: a.Incident.ID.String(), Title: a.Title, Detail: a.Detail, Owner: string(a.Owner), Due: a.Due, Overdue: a.Overdue(now),
		Layer: string(a.Layer), Test: a.Test, NoTest: a.NoTest, State: string(a.State), EndedAt: unlessZero(a.EndedAt), Why: a.Why,
	}
	if a.State != tagout.ActionOpen {
		v.EndedBy = a.EndedBy.String()
	}
	if t := a.Ticket; t != nil {
		v.Ticket = &ticketView{Tracker: t.Tracker, Key: t.Key, URL: t.URL, Closed: t.Closed, Gone: t.Gone, Problem: t.Problem}
	}
	return v
}

func viewsOfActions(i *tagout.Incident, now time.Time) []actionView {
	var views []actionView
	for _, a := range i.Actions {
		views = append(views, viewOfAction(tagout.ActionOf{Incident: i, CorrectiveAction: a}, now))
	}
	return views
}

type actionsInput struct {
	Incident string `query:"incident" doc:"Only those of this incident." example:"INC-7"`
	Owner    string `query:"owner" doc:"Only those of this person, by Slack user ID."`
	Open     bool   `query:"open" doc:"Only those that are neither done nor dropped."`
	Overdue  bool   `query:"overdue" doc:"Only open ones whose time is over."`
	Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type actionsOutput struct {
	Body struct {
		Actions []actionView `json:"actions" doc:"What is due first first."`
	}
}

func (e *edge) actionRoutes() {
	register(e, huma.Operation{
		OperationID: "list-actions", Method: http.MethodGet, Path: "/v1/actions", Summary: "List corrective actions", Tags: []string{"read"},
		Description: "Those of private incidents are left out. They are added, changed and closed by people in Slack.",
	}, tagout.MayRead, e.actions)
	e.handle(open("POST /v1/trackers/{tracker}", "the tracker's service signs"), e.trackers)
}

func (e *edge) actions(ctx context.Context, in *actionsInput) (*actionsOutput, error) {
	now := e.Clock.Now()
	q := tagout.ActionQuery{Owner: tagout.UserID(in.Owner), Open: in.Open || in.Overdue, Limit: in.Limit}
	if in.Overdue {
		q.DueBefore = now
	}
	if in.Incident != "" {
		id, err := tagout.ParseIncidentID(in.Incident)
		if err != nil {
			return nil, err
		}
		q.Incident = id
	}
	found, err := e.Desk.Actions(ctx, q, tagout.Viewer{})
	if err != nil {
		return nil, err
	}
	out := &actionsOutput{}
	out.Body.Actions = make([]actionView, 0, len(found))
	for _, a := range found {
		out.Body.Actions = append(out.Body.Actions, viewOfAction(a, now))
	}
	return out, nil
}

// moved is the answer to what a tracker posted.
type moved struct {
	Actions int `json:"actions" doc:"How many corrective actions it concerns. 0 for tickets that are none of Tagout's."`
}

// trackers takes what a tracker posts about its tickets. The tracker itself authenticates it;
// nothing but a look at the ticket comes of it.
func (e *edge) trackers(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("tracker")
	inbox := e.Trackers[name]
	if inbox == nil {
		e.fail(w, r, tagout.Errorf(tagout.NotFound, "No tracker of this name is configured."))
		return
	}
	body, err := readJSON(w, r, maxTicket)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	keys, err := inbox.Moved(r.Context(), tagout.Delivery{Source: name, Header: r.Header, Body: body, At: e.Clock.Now()})
	if err != nil {
		e.fail(w, r, malformed(err, body))
		return
	}
	var answer moved
	for _, key := range keys {
		n, err := e.Desk.TicketMoved(r.Context(), name, key)
		if err != nil {
			e.fail(w, r, err)
			return
		}
		answer.Actions += n
	}
	writeJSON(w, http.StatusAccepted, answer)
}

// documentTrackers describes the operation, which is served without huma.
func (e *edge) documentTrackers(answer *huma.Schema) {
	op := &huma.Operation{
		OperationID: "post-tracker", Method: http.MethodPost, Path: "/v1/trackers/{tracker}", Summary: "Tell that a ticket has changed", Tags: []string{"report"},
		Description: "For webhooks of GitHub, signed with X-Hub-Signature-256, and Jira, with X-Hub-Signature; both as application/json. " +
			"At most " + strconv.Itoa(maxTicket) + " bytes. What it says is not believed: the ticket is read again. 503 means to send it again.",
		Parameters:  []*huma.Param{{Name: "tracker", In: "path", Required: true, Description: "The tracker, by its name in the configuration.", Schema: &huma.Schema{Type: huma.TypeString}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}},
		Responses: map[string]*huma.Response{
			"202": {Description: "Taken, durably", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}},
		},
	}
	e.annotate(op)
	op.Security = nil // the tracker's service signs
	e.huma.OpenAPI().AddOperation(op)
}
