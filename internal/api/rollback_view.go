package api

import (
	"time"

	"tagout"
)

// rollbackView is how far a rollback got.
type rollbackView struct {
	Agent      string          `json:"agent"`
	At         time.Time       `json:"at"`
	DoneAt     *time.Time      `json:"done_at,omitempty" doc:"When the last component was read back."`
	FailedAt   *time.Time      `json:"failed_at,omitempty"`
	Failure    string          `json:"failure,omitempty"`
	Components []componentView `json:"components"`
}

// componentView is how far one component got.
type componentView struct {
	Component   string     `json:"component"`
	From        string     `json:"from,omitempty"`
	To          string     `json:"to"`
	Basis       string     `json:"basis" doc:"Why this version." example:"last known good"`
	State       string     `json:"state" enum:"requested,accepted,confirmed,failed" doc:"confirmed: at least one control reads it back, and none reads another version."`
	ReadBackBy  []string   `json:"read_back_by,omitempty" doc:"Controls."`
	RequestedAt time.Time  `json:"requested_at"`
	AcceptedAt  *time.Time `json:"accepted_at,omitempty"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	FailedAt    *time.Time `json:"failed_at,omitempty"`
	Failure     string     `json:"failure,omitempty"`
}

// pinView is one version that must run.
type pinView struct {
	Agent     string      `json:"agent"`
	Component string      `json:"component"`
	Version   string      `json:"version"`
	BegunAt   time.Time   `json:"begun_at"`
	Drifts    []driftView `json:"drifts,omitempty" doc:"Who says that another version runs."`
}

type driftView struct {
	Control string    `json:"control" doc:"Empty: the agent itself."`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

func viewOfRollback(rb *tagout.Rollback) *rollbackView {
	if rb == nil {
		return nil
	}
	v := &rollbackView{Agent: rb.Agent, At: rb.At, DoneAt: optional(rb.DoneAt), FailedAt: optional(rb.FailedAt), Failure: rb.Failure, Components: []componentView{}}
	for _, c := range rb.Components {
		v.Components = append(v.Components, componentView{
			Component: c.Component, From: c.From, To: c.To, Basis: string(c.Basis), State: string(c.State), ReadBackBy: c.ReadBy(), RequestedAt: c.RequestedAt,
			AcceptedAt: optional(c.AcceptedAt), ConfirmedAt: optional(c.ConfirmedAt), FailedAt: optional(c.FailedAt), Failure: c.Failure,
		})
	}
	return v
}

func viewsOfPins(pins []tagout.Pin) []pinView {
	var views []pinView
	for _, p := range pins {
		v := pinView{Agent: p.Agent, Component: p.Component, Version: p.Version, BegunAt: p.BegunAt}
		for _, d := range p.Drifts {
			v.Drifts = append(v.Drifts, driftView{Control: d.By, Version: d.Version, At: d.At})
		}
		views = append(views, v)
	}
	return views
}
