package bot

import (
	"context"

	"tagout"
)

// Runbooks is what the edge needs to know of runbooks.
type Runbooks interface {
	// RunbookList is the checklist of an incident, with its ticks. It returns NotFound if the
	// incident has no runbook.
	RunbookList(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
}

// runbook posts the checklist of an incident, or brings it up to date.
func (b *Bot) runbook(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil || len(inc.Runbook) == 0 {
		return err
	}
	if inc.Room.Runbook != "" {
		b.Changed(inc.ID)
		return nil
	}
	if err := b.roomFirst(inc); err != nil {
		return err
	}
	m, err := b.desk.RunbookList(ctx, inc.ID)
	if err != nil {
		return err
	}
	place, err := b.postTo(ctx, inc, "runbook:"+inc.ID.String()+":"+e.Key, m)
	if err != nil {
		return settled(err)
	}
	err = b.placed(ctx, inc.ID, inc.Room.Channel, place, func(r *tagout.Room) { r.Runbook = place.TS })
	b.Changed(inc.ID)
	return err
}

// refreshRunbook brings the checklist up to date.
func (b *Bot) refreshRunbook(ctx context.Context, inc *tagout.Incident) error {
	room := inc.Room
	if len(inc.Runbook) == 0 || room.Runbook == "" {
		return nil
	}
	draw := func(ctx context.Context) (tagout.Message, error) { return b.desk.RunbookList(ctx, inc.ID) }
	if room.Channel == "" {
		return b.leaveRefused(inc.ID, "runbook", b.show(ctx, Place{room.AnnounceIn, room.Runbook}, draw))
	}
	err := b.showIn(ctx, inc, room.Runbook, draw)
	if name := slackName(err); name == "message_not_found" || lostChannel(name) { // it stands where it fell back to
		err = b.show(ctx, Place{room.AnnounceIn, room.Runbook}, draw)
	}
	return b.leaveRefused(inc.ID, "runbook", err)
}
