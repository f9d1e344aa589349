package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// maxVersion is the longest version, in bytes.
const maxVersion = 200

type versionsInput struct {
	Body struct {
		Agent    string            `json:"agent" example:"mailer"`
		Versions map[string]string `json:"versions" doc:"Version by component, such as prompt; the components are those that the agent declares."`
	}
}

type versionsOutput struct {
	Body struct {
		Agent    string            `json:"agent"`
		Versions map[string]string `json:"versions"`
	}
}

type changeInput struct {
	Key  string `header:"Idempotency-Key" doc:"The same key makes the same change: safe to repeat."`
	Body struct {
		ID        string    `json:"id,omitempty" maxLength:"200" doc:"Names the change in the system that made it; safe to repeat."`
		Agent     string    `json:"agent" example:"mailer"`
		Component string    `json:"component" example:"prompt" doc:"One of those that the agent declares."`
		From      string    `json:"from,omitempty" maxLength:"200"`
		To        string    `json:"to" minLength:"1" maxLength:"200" example:"v42"`
		By        string    `json:"by,omitempty" maxLength:"200" doc:"Who made it; the token's name if missing."`
		URL       string    `json:"url,omitempty" maxLength:"2000" doc:"Stored, never fetched."`
		At        time.Time `json:"at,omitzero" doc:"When it was made; now if missing."`
	}
}

type changeOutput struct {
	Body struct {
		ID    string    `json:"id"`
		Agent string    `json:"agent"`
		At    time.Time `json:"at"`
	}
}

func (e *edge) changeRoutes() {
	register(e, huma.Operation{
		OperationID: "post-versions", Method: http.MethodPost, Path: "/v1/versions", DefaultStatus: http.StatusAccepted,
		Summary: "Tell which versions an agent runs", Tags: []string{"report"},
	}, tagout.MayReport, e.versions)
	register(e, huma.Operation{
		OperationID: "post-change", Method: http.MethodPost, Path: "/v1/changes", DefaultStatus: http.StatusAccepted,
		Summary: "Record a deployment of prompt, policy, model or tools", Tags: []string{"report"},
		Description: "409 while an open incident pins the versions of the agent; the detail names it and who can lift it, and its timeline shows the attempt. " +
			"What was deployed before that incident is recorded in any case, and so is a deployment of the pinned version.",
	}, tagout.MayReport, e.change)
	e.handle(open("POST /v1/changes/{source}", "the service signs"), e.changed)
}

func (e *edge) versions(ctx context.Context, in *versionsInput) (*versionsOutput, error) {
	agent, err := e.declared(in.Body.Agent)
	if err != nil {
		return nil, err
	}
	components := e.Policy.Agents.ComponentsOf(agent.Name)
	if len(in.Body.Versions) == 0 {
		return nil, tagout.Errorf(tagout.Invalid, "versions is empty: name at least one of %s.", strings.Join(components, ", "))
	}
	for component, version := range in.Body.Versions {
		if !slices.Contains(components, component) {
			return nil, tagout.Errorf(tagout.Invalid, "versions names a component that %s does not have: use %s.", agent.Name, strings.Join(components, ", "))
		}
		if version == "" || len(version) > maxVersion {
			return nil, tagout.Errorf(tagout.Invalid, "The version of %s is empty or longer than %d bytes.", component, maxVersion)
		}
	}
	if err := e.Desk.SawVersions(ctx, agent.Name, in.Body.Versions, e.Clock.Now(), callerOf(ctx).actor()); err != nil {
		return nil, err
	}
	out := &versionsOutput{}
	out.Body.Agent, out.Body.Versions = agent.Name, in.Body.Versions
	return out, nil
}

func (e *edge) change(ctx context.Context, in *changeInput) (*changeOutput, error) {
	agent, err := e.declared(in.Body.Agent)
	if err != nil {
		return nil, err
	}
	if components := e.Policy.Agents.ComponentsOf(agent.Name); !slices.Contains(components, in.Body.Component) {
		return nil, tagout.Errorf(tagout.Invalid, "body.component is not one that %s has: use %s.", agent.Name, strings.Join(components, ", "))
	}
	by := callerOf(ctx).name
	d := tagout.Deployment{
		ID: changeID(in, by), Agent: agent.Name, Component: in.Body.Component, From: in.Body.From, To: in.Body.To,
		By: in.Body.By, URL: in.Body.URL, At: tagout.Moment(in.Body.At),
	}
	if in.Body.At.IsZero() {
		d.At = tagout.Moment(e.Clock.Now())
	}
	if d.By == "" {
		d.By = by
	}
	if err := e.Desk.RecordChange(ctx, d, callerOf(ctx).actor()); err != nil {
		return nil, err
	}
	out := &changeOutput{}
	out.Body.ID, out.Body.Agent, out.Body.At = d.ID, d.Agent, d.At
	return out, nil
}

// changeID names the change, so that a repeat is recognised: by its own ID or key, else by
// what it says if it says when, else it is one of its own.
func changeID(in *changeInput, token string) string {
	b := in.Body
	switch {
	case b.ID != "":
		return tagout.DeriveID("change", token, "id", b.ID)
	case in.Key != "":
		return tagout.DeriveID("change", token, "key", in.Key)
	case !b.At.IsZero():
		return tagout.DeriveID("change", token, b.Agent, b.Component, b.From, b.To, tagout.Moment(b.At).Format(time.RFC3339Nano))
	}
	return freshID()
}

// declared finds an agent by any spelling of its name. It returns NotFound with the
// nearest names.
func (e *edge) declared(name string) (*tagout.Agent, error) {
	canonical, err := tagout.CanonicalName(name)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "agent is not a name: use letters, digits, '.', '_' and '-'.")
	}
	if a := e.Policy.Agents[canonical]; a != nil {
		return a, nil
	}
	if near := e.Policy.Agents.Near(canonical); len(near) > 0 {
		return nil, tagout.Errorf(tagout.NotFound, "No agent of this name is declared. Near it: %s.", strings.Join(near, ", "))
	}
	return nil, tagout.Errorf(tagout.NotFound, "No agent of this name is declared. GET /v1/agents lists those that are.")
}
