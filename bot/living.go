package bot

import (
	"context"

	"tagout"
)

// living is a message of an incident that is posted once and then kept up to date, wherever it
// stands: the decision about a request, the document of a review, the checklist of a runbook.
type living struct {
	name string // in logs
	at   func(r *tagout.Room) *string
	draw func(ctx context.Context) (tagout.Message, error)
}

// put posts it, or brings it up to date if it is there.
func (b *Bot) put(ctx context.Context, inc *tagout.Incident, key string, l living) error {
	if *l.at(&inc.Room) != "" {
		b.Changed(inc.ID)
		return nil
	}
	m, err := l.draw(ctx)
	if err != nil {
		return err
	}
	place, err := b.postTo(ctx, inc, key, m)
	if err != nil {
		return settled(err)
	}
	err = b.placed(ctx, inc.ID, inc.Room.Channel, place, func(r *tagout.Room) { *l.at(r) = place.TS })
	b.Changed(inc.ID)
	return err
}

// bringUpToDate draws it anew where it was posted.
func (b *Bot) bringUpToDate(ctx context.Context, inc *tagout.Incident, l living) error {
	room := inc.Room
	ts := *l.at(&room)
	if ts == "" {
		return nil
	}
	fallen := Place{room.AnnounceIn, ts} // where it went if there was no channel to take it
	if room.Channel == "" {
		return b.leaveRefused(inc.ID, l.name, b.show(ctx, fallen, l.draw))
	}
	err := b.showIn(ctx, inc, ts, l.draw)
	if name := slackName(err); name == "message_not_found" || lostChannel(name) {
		err = b.show(ctx, fallen, l.draw)
	}
	return b.leaveRefused(inc.ID, l.name, err)
}
