package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

type incidentsInput struct {
	Agent string `query:"agent" doc:"Only incidents of this agent."`
	Open  bool   `query:"open" doc:"Only incidents that are not resumed, closed or cancelled."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type incidentsOutput struct {
	Body struct {
		Incidents []incidentView `json:"incidents" doc:"Newest first."`
	}
}

type incidentInput struct {
	ID string `path:"id" example:"INC-7"`
}

type incidentOutput struct{ Body incidentView }

type timelineOutput struct {
	Body struct {
		Incident string      `json:"incident"`
		Events   []eventView `json:"events"`
	}
}

type evidenceInput struct {
	ID    string `path:"id" example:"INC-7"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type evidenceOutput struct {
	Body struct {
		Incident string      `json:"incident"`
		Alerts   []alertView `json:"alerts" doc:"Newest first."`
		Kept     []keptView  `json:"kept" doc:"What was kept as it was, such as what ran before a rollback. Oldest first."`
	}
}

func (e *edge) incidentRoutes() {
	read := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"read"}}
	}
	register(e, read("list-incidents", "/v1/incidents", "List incidents"), tagout.MayRead, e.incidents)
	register(e, read("get-incident", "/v1/incidents/{id}", "Read an incident"), tagout.MayRead, e.incident)
	register(e, read("get-timeline", "/v1/incidents/{id}/timeline", "Read an incident's timeline"), tagout.MayRead, e.timeline)
	register(e, read("get-evidence", "/v1/incidents/{id}/evidence", "Read an incident's alerts and reports as received, and list what was kept"), tagout.MayRead, e.evidence)
	e.evidenceRoutes()
	e.reviewRoutes()
}

func (e *edge) incidents(ctx context.Context, in *incidentsInput) (*incidentsOutput, error) {
	q := tagout.IncidentQuery{Open: in.Open, Limit: in.Limit}
	if in.Agent != "" {
		agent, err := tagout.CanonicalName(in.Agent)
		if err != nil {
			return nil, err
		}
		q.Agent = agent
	}
	found, err := e.Desk.Incidents(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &incidentsOutput{}
	out.Body.Incidents = make([]incidentView, 0, len(found))
	for _, i := range found {
		if q.Agent != "" && !visible(i) && len(i.ActiveHolds()) == 0 {
			continue // that it is about this agent is not to be told; a hold tells it anyway
		}
		out.Body.Incidents = append(out.Body.Incidents, viewOf(i))
	}
	return out, nil
}

func (e *edge) incident(ctx context.Context, in *incidentInput) (*incidentOutput, error) {
	i, err := e.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &incidentOutput{Body: viewOf(i)}
	if visible(i) {
		out.Body.Actions = viewsOfActions(i, e.Clock.Now())
		kind, err := e.Desk.Kind(ctx, i)
		if err != nil {
			return nil, err
		}
		out.Body.Kind = viewOfKind(kind)
	}
	return out, nil
}

func (e *edge) find(ctx context.Context, text string) (*tagout.Incident, error) {
	id, err := tagout.ParseIncidentID(text)
	if err != nil {
		return nil, err
	}
	return e.Desk.Incident(ctx, id)
}

// findPublic is find for what programs may not see of a private incident.
func (e *edge) findPublic(ctx context.Context, text string) (*tagout.Incident, error) {
	i, err := e.find(ctx, text)
	if err != nil {
		return nil, err
	}
	if !visible(i) {
		return nil, tagout.Errorf(tagout.Forbidden, "%s is private. Its timeline and evidence are shown to its people in Slack only.", i.ID)
	}
	return i, nil
}

func (e *edge) timeline(ctx context.Context, in *incidentInput) (*timelineOutput, error) {
	i, err := e.findPublic(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := e.Desk.Timeline(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	out := &timelineOutput{}
	out.Body.Incident = i.ID.String()
	out.Body.Events = make([]eventView, 0, len(events))
	for _, event := range events {
		out.Body.Events = append(out.Body.Events, viewOfEvent(event))
	}
	return out, nil
}

func (e *edge) evidence(ctx context.Context, in *evidenceInput) (*evidenceOutput, error) {
	i, err := e.findPublic(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	alerts, err := e.Store.Alerts(ctx, i.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &evidenceOutput{}
	out.Body.Incident = i.ID.String()
	out.Body.Alerts = make([]alertView, 0, len(alerts))
	for _, a := range alerts {
		out.Body.Alerts = append(out.Body.Alerts, viewOfAlert(a))
	}
	kept, err := e.Store.EvidenceOf(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	out.Body.Kept = make([]keptView, 0, len(kept))
	for _, k := range kept {
		out.Body.Kept = append(out.Body.Kept, viewOfKept(k))
	}
	return out, nil
}
