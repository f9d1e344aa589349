package escalation

import (
	"context"
	"time"

	"tagout"
)

// Left takes somebody who left a Slack channel, or was removed from it, off the people of the
// private incident whose channel it is. Of any other channel it is none of its business.
func (d *Desk) Left(ctx context.Context, channel string, id tagout.UserID) error {
	incident, err := d.IncidentOfChannel(ctx, channel)
	if err != nil || incident == 0 {
		return err
	}
	_, err = d.store.Update(ctx, incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Leave(id, channel, now), nil
	})
	return err
}
