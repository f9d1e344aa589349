package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

type releaseInput struct {
	Agent string   `query:"agent" required:"true" example:"mailer"`
	Class string   `query:"class" doc:"Only incidents of this failure class, beside what holds the agent and private ones." example:"policy_violation"`
	Fixes []string `query:"fixes" doc:"Incidents of which the release is the fix: that they are open or held does not count." example:"INC-7"`
}

type releaseOutput struct {
	Body tagout.ReleaseReport
}

func (e *edge) releaseRoutes() {
	register(e, huma.Operation{
		OperationID: "check-release", Method: http.MethodGet, Path: "/v1/release-check", Summary: "Tell what stands against a release of an agent", Tags: []string{"read"},
		Description: "`pass` says whether it may go out. Private incidents are named by their ID alone. Any other answer than 200 means that it is not known, hence no.",
	}, tagout.MayRead, e.releaseCheck)
}

func (e *edge) releaseCheck(ctx context.Context, in *releaseInput) (*releaseOutput, error) {
	q := tagout.ReleaseQuery{Agent: in.Agent, Class: in.Class}
	for _, text := range in.Fixes {
		id, err := tagout.ParseIncidentID(text)
		if err != nil {
			return nil, err
		}
		q.Fixes = append(q.Fixes, id)
	}
	report, err := e.Desk.CheckRelease(ctx, q)
	if err != nil {
		return nil, err
	}
	return &releaseOutput{report}, nil
}
