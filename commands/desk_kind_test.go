package commands_test

import (
	"context"

	"tagout"
)

func (d *desk) Kind(_ context.Context, i *tagout.Incident) (tagout.KindView, error) {
	if i.Kind != nil {
		return *i.Kind, d.err
	}
	return tagout.KindView{Kind: tagout.KindRollout, Why: "mailer prompt v42 went out 12 min before the onset"}, d.err
}

func (d *desk) CorrectKind(ctx context.Context, id tagout.IncidentID, to tagout.Kind, reason string, by tagout.Actor) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	now, _ := d.Kind(ctx, i)
	_, err = i.CorrectKind(to, reason, now, by, inForce)
	return i, err
}

func (d *desk) Changes(_ context.Context, agent string) ([]tagout.Deployment, error) {
	var list []tagout.Deployment
	for _, c := range d.deployed {
		if agent == "" || c.Agent == agent {
			list = append(list, c)
		}
	}
	return list, d.err
}

func (d *desk) ChangesOf(ctx context.Context, i *tagout.Incident) ([]tagout.Deployment, error) {
	return d.Changes(ctx, i.Scope.Agent)
}
