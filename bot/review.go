package bot

import (
	"context"

	"tagout"
)

// Reviews is what the edge needs to know of reviews.
type Reviews interface {
	// ReviewDocument is the document of a review, with what can be done about it. It returns
	// NotFound while nobody has written one.
	ReviewDocument(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
}

// review posts the document of an incident's review, or brings it up to date.
func (b *Bot) review(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil || inc.Review == nil {
		return err
	}
	if inc.Room.Review != "" {
		b.Changed(inc.ID)
		return nil
	}
	m, err := b.desk.ReviewDocument(ctx, inc.ID)
	if err != nil {
		return err
	}
	place, err := b.postTo(ctx, inc, "review:"+inc.ID.String(), m)
	if err != nil {
		return settled(err)
	}
	err = b.placed(ctx, inc.ID, inc.Room.Channel, place, func(r *tagout.Room) { r.Review = place.TS })
	b.Changed(inc.ID)
	return err
}

// refreshReview brings the document of a review up to date: it lives as long as anything of
// the incident changes.
func (b *Bot) refreshReview(ctx context.Context, inc *tagout.Incident) error {
	room := inc.Room
	if inc.Review == nil || room.Review == "" {
		return nil
	}
	draw := func(ctx context.Context) (tagout.Message, error) { return b.desk.ReviewDocument(ctx, inc.ID) }
	if room.Channel == "" {
		return b.leaveRefused(inc.ID, "review", b.show(ctx, Place{room.AnnounceIn, room.Review}, draw))
	}
	err := b.showIn(ctx, inc, room.Review, draw)
	if name := slackName(err); name == "message_not_found" || lostChannel(name) { // it stands where it fell back to
		err = b.show(ctx, Place{room.AnnounceIn, room.Review}, draw)
	}
	return b.leaveRefused(inc.ID, "review", err)
}
