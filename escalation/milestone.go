package escalation

import (
	"context"
	"time"

	"tagout"
)

// CorrectMilestone says that a milestone of an incident was at another time than the facts set.
// Its errors are those of [tagout.Incident.CorrectMilestone].
func (d *Desk) CorrectMilestone(ctx context.Context, id tagout.IncidentID, o tagout.MilestoneOrder) (*tagout.Incident, error) {
	o.Platform = d.policy.PlatformOwners()
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.CorrectMilestone(o, now)
	})
}
