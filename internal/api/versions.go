package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

type agentVersionsInput struct {
	Agent string `path:"agent" example:"mailer"`
}

type agentVersionsOutput struct {
	Body struct {
		Agent          string                 `json:"agent"`
		KnownGoodAfter string                 `json:"known_good_after" example:"24h0m0s" doc:"How long a version must be the current one without an incident to be known to be good."`
		Components     []componentVersionView `json:"components" doc:"In the order of the configuration."`
	}
}

// componentVersionView is what is known of one component. null is not known.
type componentVersionView struct {
	Component     string             `json:"component"`
	Current       *string            `json:"current" doc:"What was reported last, or read back after a rollback."`
	Since         *time.Time         `json:"since,omitempty" doc:"When the current one became that."`
	LastKnownGood *string            `json:"last_known_good" doc:"May be the current one."`
	Pinned        *string            `json:"pinned" doc:"What the controls are to run while an incident is open."`
	RollbackTo    *string            `json:"rollback_to" doc:"Where a rollback would go that names no version."`
	Versions      []knownVersionView `json:"versions" doc:"Newest first."`
}

type knownVersionView struct {
	Version   string    `json:"version"`
	Began     time.Time `json:"began" doc:"When it last became the current one."`
	KnownGood bool      `json:"known_good"`
}

func (e *edge) versionRoutes() {
	register(e, huma.Operation{
		OperationID: "get-versions", Method: http.MethodGet, Path: "/v1/agents/{agent}/versions", Summary: "Which versions of an agent are known, and which are good", Tags: []string{"read"},
	}, tagout.MayRead, e.agentVersions)
}

func (e *edge) agentVersions(ctx context.Context, in *agentVersionsInput) (*agentVersionsOutput, error) {
	agent, err := e.declared(in.Agent)
	if err != nil {
		return nil, err
	}
	known, err := e.Desk.AgentVersions(ctx, agent.Name)
	if err != nil {
		return nil, err
	}
	out := &agentVersionsOutput{}
	out.Body.Agent, out.Body.KnownGoodAfter = agent.Name, e.Policy.Agents.KnownGoodAfter(agent.Name).String()
	out.Body.Components = []componentVersionView{}
	for _, c := range known.Components {
		back, _ := c.Back()
		v := componentVersionView{
			Component: c.Component, Current: named(c.Current), Since: optional(c.Since), LastKnownGood: named(c.LastKnownGood),
			Pinned: named(known.Pinned[c.Component]), RollbackTo: named(back), Versions: []knownVersionView{},
		}
		for _, k := range c.Known {
			v.Versions = append(v.Versions, knownVersionView{Version: k.Version, Began: k.Began, KnownGood: k.Good})
		}
		out.Body.Components = append(out.Body.Components, v)
	}
	return out, nil
}

// named is a name, or null for none.
func named(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
