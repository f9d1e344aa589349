package escalation

import (
	"context"
	"time"

	"tagout"
)

// ShareRecord has the whole record of an incident packed and posted in Slack, and notes on the
// timeline who asked. It returns Forbidden for guests and bots.
func (d *Desk) ShareRecord(ctx context.Context, id tagout.IncidentID, o tagout.RecordOrder, by tagout.User) (*tagout.Incident, error) {
	i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.ShareRecord(o, by, now)
	})
	return i, err
}
