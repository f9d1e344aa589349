package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// dutyView is who is on call in one rotation.
type dutyView struct {
	Rotation  string         `json:"rotation"`
	Source    string         `json:"source,omitempty" doc:"The schedule of another service that says so." example:"PagerDuty schedule PABC123"`
	OnCall    []onCallView   `json:"on_call" doc:"Empty if nobody is known to be."`
	Until     *time.Time     `json:"until,omitempty" doc:"When somebody else is on call; left out if that is not known, or never."`
	Next      []personView   `json:"next" doc:"Who is on call then; empty if that is not known."`
	Overrides []overrideView `json:"overrides" doc:"Those that are in force or still to come."`
	Doubts    []doubtView    `json:"doubts" doc:"What could not be found out: the people may be too few, or not those of today."`
}

type personView struct {
	SlackID string `json:"slack_id,omitempty"`
	Name    string `json:"name,omitempty" doc:"Of somebody whom only the other service knows."`
}

type onCallView struct {
	personView
	Via  string     `json:"via" enum:"rotation,override,schedule"`
	AsOf *time.Time `json:"as_of,omitempty" doc:"When the schedule of the other service was read."`
}

type overrideView struct {
	SlackID string    `json:"slack_id"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	By      string    `json:"by" example:"user:U0IC"`
	At      time.Time `json:"at"`
	Why     string    `json:"why,omitempty"`
}

type doubtView struct {
	Problem string     `json:"problem"`
	AsOf    *time.Time `json:"as_of,omitempty" doc:"When what is used instead was read; left out if nothing is."`
	Blind   bool       `json:"blind" doc:"What is used instead is too old, or nobody: others are paged as well."`
}

type oncallOutput struct {
	Body struct {
		Rotations []dutyView `json:"rotations"`
	}
}

func (e *edge) oncallRoutes() {
	register(e, huma.Operation{
		OperationID: "list-on-call", Method: http.MethodGet, Path: "/v1/oncall", Summary: "Who is on call, until when, and who is next", Tags: []string{"read"},
		Description: "Being on call is for being paged; it makes nobody a signer. Overrides are set in Slack.",
	}, tagout.MayRead, e.oncall)
}

func (e *edge) oncall(ctx context.Context, _ *struct{}) (*oncallOutput, error) {
	duties, err := e.Desk.Duties(ctx)
	if err != nil {
		return nil, err
	}
	out := &oncallOutput{}
	out.Body.Rotations = make([]dutyView, 0, len(duties))
	for _, d := range duties {
		out.Body.Rotations = append(out.Body.Rotations, viewOfDuty(d))
	}
	return out, nil
}

func viewOfDuty(d tagout.Duty) dutyView {
	v := dutyView{Rotation: d.Rotation, Source: d.Source, Until: unlessZero(d.Until), OnCall: []onCallView{}, Next: []personView{}, Overrides: []overrideView{}, Doubts: []doubtView{}}
	for _, c := range d.People {
		why := c.Reasons[0]
		v.OnCall = append(v.OnCall, onCallView{personView{string(c.ID), c.Name}, string(why.Via), unlessZero(why.AsOf)})
	}
	for _, p := range d.Next {
		v.Next = append(v.Next, personView{string(p.ID), p.Name})
	}
	for _, o := range d.Overrides {
		v.Overrides = append(v.Overrides, overrideView{string(o.Person), o.From, o.Until, o.By.String(), o.At, o.Why})
	}
	for _, doubt := range d.Doubts {
		v.Doubts = append(v.Doubts, doubtView{doubt.Problem, unlessZero(doubt.AsOf), doubt.Blind})
	}
	return v
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
