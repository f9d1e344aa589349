package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// privacyTimeout bounds finding out which incidents are private before telling the
// reasons of their holds. The gate's answer itself needs no database.
const privacyTimeout = 500 * time.Millisecond

type agentView struct {
	Agent    string            `json:"agent"`
	Title    string            `json:"title,omitempty"`
	Owner    string            `json:"owner,omitempty"`
	Channels []string          `json:"channels"`
	Regions  []string          `json:"regions"`
	Tools    map[string]string `json:"tools" doc:"Risk by tool: low, medium or high."`
	Lease    string            `json:"lease" example:"30s"`
	Canary   string            `json:"canary,omitempty"`
	Controls []string          `json:"controls"`
	Mode     string            `json:"mode" enum:"halted,paused,review,capped,running" doc:"The strictest of all its holds."`
}

type agentsOutput struct {
	Body struct {
		Agents []agentView `json:"agents"`
	}
}

type gateInput struct {
	Agent   string `path:"agent" example:"mailer"`
	Channel string `query:"channel"`
	Region  string `query:"region"`
	Tool    string `query:"tool"`
	For     string `query:"for" enum:"action,change" default:"action" doc:"change: may its configuration be changed? Then frozen counts, and channel, region and tool do not."`
}

// gateView is the gate's answer for one action of one agent.
type gateView struct {
	Agent         string            `json:"agent"`
	Mode          string            `json:"mode" enum:"halted,paused,review,capped,running"`
	Allowed       bool              `json:"allowed" doc:"running, or capped with the tool enabled."`
	Known         bool              `json:"known" doc:"false: neither declared nor held, hence halted."`
	Frozen        bool              `json:"frozen" doc:"A part of the agent is held, or its versions are pinned: do not change its configuration but to repair it."`
	FrozenBy      []string          `json:"frozen_by,omitempty" doc:"The open incidents that refuse version changes; told for=change." example:"[\"INC-7\"]"`
	Versions      map[string]string `json:"versions,omitempty" doc:"Those that should run, by component, while they are pinned."`
	Reason        string            `json:"reason,omitempty"`
	Fallback      string            `json:"fallback,omitempty" doc:"What to do instead while held."`
	SpendCap      *float64          `json:"spend_cap,omitempty"`
	SpendCapPer   string            `json:"spend_cap_per,omitempty" enum:"hour,day,week,month"`
	DisabledTools []string          `json:"disabled_tools,omitempty"`
	Holds         []holdView        `json:"holds" doc:"Those that apply, strictest first."`
	Instances     []instanceView    `json:"instances" doc:"Those that asked any replica lately and say who they are."`
	HeardBy       string            `json:"heard_by,omitempty" example:"12 of 12 instances, slowest 0.31 s" doc:"The instances in words."`
	Silent        []string          `json:"silent_replicas,omitempty" doc:"Replicas that did not say which instances asked them."`
}

// instanceView is one running copy of an agent.
type instanceView struct {
	Name      string     `json:"name"`
	Version   string     `json:"version,omitempty"`
	Via       string     `json:"via" enum:"ofrep,flagd"`
	AskedAt   time.Time  `json:"asked_at"`
	StoppedAt *time.Time `json:"stopped_at,omitempty" doc:"When the newest stop of the agent came into force."`
	HeardAt   *time.Time `json:"heard_at,omitempty" doc:"When the instance was first answered after that."`
}

func viewOfInstance(i tagout.Instance) instanceView {
	v := instanceView{Name: i.Name, Version: i.Version, Via: i.Via, AskedAt: i.AskedAt}
	if !i.StoppedAt.IsZero() {
		v.StoppedAt = &i.StoppedAt
	}
	if !i.HeardAt.IsZero() {
		v.HeardAt = &i.HeardAt
	}
	return v
}

type gateOutput struct{ Body gateView }

func (e *edge) agentRoutes() {
	register(e, huma.Operation{
		OperationID: "list-agents", Method: http.MethodGet, Path: "/v1/agents", Summary: "List the declared agents", Tags: []string{"read"},
	}, tagout.MayRead, e.agents)
	register(e, huma.Operation{
		OperationID: "ask-gate", Method: http.MethodGet, Path: "/v1/agents/{agent}/gate", Summary: "May this agent act?", Tags: []string{"read"},
		Description: "Whatever is not said of channel, region and tool gets the strictest of the holds that could apply. Agents ask per action through OFREP.",
	}, tagout.MayRead, e.askGate)
}

func (e *edge) agents(context.Context, *struct{}) (*agentsOutput, error) {
	out := &agentsOutput{}
	registry := e.Policy.Agents
	out.Body.Agents = make([]agentView, 0, len(registry))
	for _, name := range registry.Names() {
		a := registry[name]
		v := agentView{
			Agent: name, Title: a.Title, Owner: a.Owner, Channels: listed(a.Channels), Regions: listed(a.Regions),
			Tools: map[string]string{}, Lease: registry.LeaseOf(name).String(), Controls: listed(a.Controls),
			Mode: string(e.Desk.Decide(name, tagout.Attributes{}).Mode),
		}
		if a.Canary != tagout.Everything {
			v.Canary = a.Canary.String()
		}
		for tool, risk := range a.Tools {
			v.Tools[tool] = string(risk)
		}
		out.Body.Agents = append(out.Body.Agents, v)
	}
	return out, nil
}

// listed is values, never null.
func listed(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

func (e *edge) askGate(ctx context.Context, in *gateInput) (*gateOutput, error) {
	agent, err := tagout.CanonicalName(in.Agent)
	if err != nil {
		return nil, err
	}
	asked := tagout.Attributes{Channel: in.Channel, Region: in.Region, Tool: in.Tool}
	if in.For == "change" {
		asked = tagout.Attributes{} // whatever is held of the agent counts
	}
	d := e.Desk.Decide(agent, asked)
	frozen := d.Mode != tagout.Running || len(d.Versions) > 0 || e.Desk.Decide(agent, tagout.Attributes{}).Mode != tagout.Running
	v := gateView{
		Agent: agent, Mode: string(d.Mode), Allowed: d.Allowed, Known: d.Known, Frozen: frozen,
		Fallback: d.Fallback, DisabledTools: d.DisabledTools, SpendCapPer: d.Cap.Per, Holds: []holdView{}, Instances: []instanceView{}, Versions: d.Versions,
	}
	if in.For == "change" {
		v.refuseChanges(e.frozenBy(ctx, agent))
	}
	fleet := e.Desk.Fleet(ctx, agent)
	for _, i := range fleet.Instances {
		v.Instances = append(v.Instances, viewOfInstance(i))
	}
	v.HeardBy = fleet.HeardBy(e.Clock.Now())
	v.Silent = fleet.Silent
	if !d.Cap.IsZero() {
		v.SpendCap = &d.Cap.Amount
	}
	silent := e.silent(ctx, d.Holds)
	for n, h := range d.Holds {
		hold := viewOfHold(h)
		if silent[h.Incident] {
			hold.By, hold.Reason = "", ""
		}
		if n == 0 {
			v.Reason = hold.Reason
		}
		v.Holds = append(v.Holds, hold)
	}
	if len(d.Holds) == 0 {
		v.Reason = d.Reason
	}
	return &gateOutput{Body: v}, nil
}

// frozenBy lists the incidents that refuse version changes of an agent. It reports false if
// they cannot be read now: then nobody knows.
func (e *edge) frozenBy(ctx context.Context, agent string) ([]*tagout.Incident, bool) {
	ctx, cancel := context.WithTimeout(ctx, privacyTimeout)
	defer cancel()
	frozen, err := e.Desk.FrozenBy(ctx, agent)
	return frozen, err == nil
}

// refuseChanges makes the answer no if an incident refuses changes, or if nobody knows.
func (v *gateView) refuseChanges(by []*tagout.Incident, known bool) {
	v.Frozen = v.Frozen || !known || len(by) > 0
	for _, i := range by {
		v.FrozenBy = append(v.FrozenBy, i.ID.String())
	}
}

// silent tells of which incidents nothing but the ID may be told: the private ones, and
// those that cannot be read now. Holds that are not recorded yet belong to no incident.
func (e *edge) silent(ctx context.Context, holds []tagout.Hold) map[tagout.IncidentID]bool {
	ctx, cancel := context.WithTimeout(ctx, privacyTimeout)
	defer cancel()
	silent := map[tagout.IncidentID]bool{}
	for _, h := range holds {
		if _, asked := silent[h.Incident]; asked || h.Incident == 0 {
			continue
		}
		i, err := e.Desk.Incident(ctx, h.Incident)
		silent[h.Incident] = err != nil || !visible(i)
	}
	return silent
}
