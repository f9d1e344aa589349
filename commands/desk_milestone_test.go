package commands_test

import (
	"context"

	"tagout"
)

func (d *desk) CorrectMilestone(ctx context.Context, id tagout.IncidentID, o tagout.MilestoneOrder) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	_, err = i.CorrectMilestone(o, inForce)
	return i, err
}
