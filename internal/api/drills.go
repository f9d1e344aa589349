package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

type drillsInput struct {
	Agent  string    `query:"agent" example:"mailer"`
	Action string    `query:"action" enum:"kill,rollback"`
	Since  time.Time `query:"since" doc:"When they were asked for."`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type drillsOutput struct {
	Body struct {
		Drills []drillView `json:"drills" doc:"Newest first."`
	}
}

type drillInput struct {
	Incident string `path:"incident" example:"INC-7"`
}

type drillOutput struct {
	Body struct {
		Drill drillView `json:"drill"`
		Phase string    `json:"phase" doc:"How far it has got: stopping, releasing, rolling back, rolling forward, waiting for an answer, done."`
		Real  bool      `json:"real" doc:"It is an incident now, since it failed or something real came."`
		Held  []string  `json:"held" doc:"What its incident holds now."`
	}
}

// drillView is one exercise. The times are in milliseconds; what has not happened is left out.
type drillView struct {
	Incident  string             `json:"incident" example:"INC-7"`
	Name      string             `json:"name,omitempty" doc:"Of the schedule; left out: somebody asked for it."`
	Action    string             `json:"action" enum:"kill,rollback"`
	Agent     string             `json:"agent"`
	Scope     string             `json:"scope" example:"mailer/sms/us"`
	By        string             `json:"by" example:"user:U0IC"`
	Page      bool               `json:"page" doc:"A game day: people were paged for real."`
	Scenario  string             `json:"scenario,omitempty" doc:"What was broken on purpose."`
	At        time.Time          `json:"at"`
	Result    string             `json:"result" enum:"running,passed,failed,interrupted"`
	Why       string             `json:"why,omitempty"`
	Late      []string           `json:"late,omitempty"`
	Verdict   string             `json:"verdict" doc:"All of it in one line."`
	WithinMS  int64              `json:"within_ms" doc:"Until it must be observed."`
	Stopped   *int64             `json:"observed_ms,omitempty" doc:"Of a rollback: until it was read back."`
	Restored  *int64             `json:"restored_ms,omitempty" doc:"From there until it ran as before."`
	Answered  *int64             `json:"answered_ms,omitempty" doc:"Until somebody acknowledged."`
	Controls  []drillControlView `json:"controls"`
	EndedAt   *time.Time         `json:"ended_at,omitempty"`
	NoticedAs string             `json:"noticed,omitempty" doc:"How what was broken was told."`
}

type drillControlView struct {
	Control  string `json:"control" doc:"Empty: by lease, not observed."`
	Accepted int64  `json:"accepted_ms,omitempty"`
	Observed int64  `json:"observed_ms,omitempty"`
}

func viewOfDrill(d tagout.Drill) drillView {
	v := drillView{
		Incident: d.Incident.String(), Name: d.Name, Action: string(d.Action), Agent: d.Agent, Scope: d.Scope.String(), By: d.By.String(), Page: d.Page,
		At: d.At, Result: string(d.Result), Why: d.Why, Late: d.Late, Verdict: d.Verdict(), WithinMS: d.Within.Milliseconds(),
		Stopped: millis(d.StoppedAt, d.Stopped()), Restored: millis(d.BackAt, d.Back()), Answered: millis(d.Answered, d.AnsweredAfter()), Controls: []drillControlView{}, NoticedAs: d.Noticed,
	}
	if d.Scenario != nil {
		v.Scenario = d.Scenario.Name
	}
	if !d.EndedAt.IsZero() {
		v.EndedAt = &d.EndedAt
	}
	for _, c := range d.Controls {
		v.Controls = append(v.Controls, drillControlView{c.Control, c.Accepted.Milliseconds(), c.Observed.Milliseconds()})
	}
	return v
}

// millis is how long something took; nil if it has not happened.
func millis(happened time.Time, took time.Duration) *int64 {
	if happened.IsZero() {
		return nil
	}
	n := took.Milliseconds()
	return &n
}

func (e *edge) drillRoutes() {
	register(e, huma.Operation{
		OperationID: "list-drills", Method: http.MethodGet, Path: "/v1/drills", Summary: "List what was practised, with its measured times", Tags: []string{"read"},
	}, tagout.MayRead, e.drills)
	register(e, huma.Operation{
		OperationID: "get-drill", Method: http.MethodGet, Path: "/v1/drills/{incident}", Summary: "Tell how far one drill has got", Tags: []string{"read"},
	}, tagout.MayDrill, e.drill) // whoever may begin one may see what comes of it
}

func (e *edge) drill(ctx context.Context, in *drillInput) (*drillOutput, error) {
	id, err := tagout.ParseIncidentID(in.Incident)
	if err != nil {
		return nil, err
	}
	i, err := e.Desk.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	if i.Exercise == nil {
		return nil, tagout.Errorf(tagout.NotFound, "%s is no drill.", id)
	}
	out := &drillOutput{}
	out.Body.Drill, out.Body.Phase, out.Body.Real, out.Body.Held = viewOfDrill(*i.Exercise), string(i.Exercise.Phase), !i.Drill, []string{}
	for _, h := range i.ActiveHolds() {
		if scope := h.Scope.String(); !slices.Contains(out.Body.Held, scope) {
			out.Body.Held = append(out.Body.Held, scope)
		}
	}
	return out, nil
}

func (e *edge) drills(ctx context.Context, in *drillsInput) (*drillsOutput, error) {
	list, err := e.Desk.Drills(ctx, tagout.DrillQuery{Agent: in.Agent, Action: tagout.DrillAction(in.Action), Since: in.Since, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &drillsOutput{}
	out.Body.Drills = []drillView{}
	for _, d := range list {
		out.Body.Drills = append(out.Body.Drills, viewOfDrill(d))
	}
	return out, nil
}
