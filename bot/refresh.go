package bot

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

const (
	refreshers   = 4
	refreshRest  = 100 * time.Millisecond // between two looks at one incident's messages
	fittingRest  = 500 * time.Millisecond // and at its channel's topic and bookmarks
	refreshLimit = 2 * time.Minute
)

// Committed tells of a committed change of an incident. It never waits.
func (b *Bot) Committed(i *tagout.Incident) {
	if !i.Shown() {
		b.homesChanged() // nothing else does yet: a storm of new incidents is not read for nothing
		return
	}
	b.Changed(i.ID)
}

// Changed tells that the messages of an incident are stale, the fittings of its channel, and
// the App Home of whoever looks at theirs. It never waits.
func (b *Bot) Changed(id tagout.IncidentID) {
	if id == 0 {
		return
	}
	b.refresh.mark(id)
	b.fittings.mark(id)
	b.homesChanged()
}

// RefreshOpen tells that the messages of these incidents may show anything, as after a
// start or when another replica has edited them.
func (b *Bot) RefreshOpen(ids []tagout.IncidentID) {
	b.shown.clear()
	for _, id := range ids {
		b.Changed(id)
	}
}

// refreshIncident brings the messages of one incident up to date. What Slack refuses is
// logged and left; other failures are returned.
func (b *Bot) refreshIncident(ctx context.Context, id tagout.IncidentID) error {
	inc, err := b.desk.Incident(ctx, id)
	if err != nil {
		return ignoreMissing(err)
	}
	if !inc.State.Ended() && !b.leads() {
		return nil // the leader learns of the change and edits; so none overwrites the newest
	}
	room := inc.Room
	if room.Channel != "" && room.Card != "" {
		err := b.showIn(ctx, inc, room.Card, func(ctx context.Context) (tagout.Message, error) { return b.desk.Card(ctx, id) })
		if err := b.cardFailed(ctx, inc, err); err != nil {
			return err
		}
	}
	if room.AnnounceIn != "" && room.Announced != "" {
		err := b.show(ctx, Place{room.AnnounceIn, room.Announced}, func(ctx context.Context) (tagout.Message, error) { return b.desk.Announcement(ctx, id) })
		if err := b.leaveRefused(id, "announcement", err); err != nil {
			return err
		}
	}
	if err := b.refreshNotes(ctx, inc); err != nil {
		return err
	}
	if err := b.refreshReview(ctx, inc); err != nil {
		return err
	}
	if err := b.refreshRunbook(ctx, inc); err != nil {
		return err
	}
	if inc.Request == nil || room.Decision == "" || room.DecisionOf != inc.Request.ID {
		return nil
	}
	return b.bringUpToDate(ctx, inc, living{"decision", func(r *tagout.Room) *string { return &r.Decision },
		func(ctx context.Context) (tagout.Message, error) { return b.desk.Decision(ctx, id) }})
}

func ignoreMissing(err error) error {
	if tagout.CodeOf(err) == tagout.NotFound {
		return nil
	}
	return err
}

func (b *Bot) leaveRefused(id tagout.IncidentID, what string, err error) error {
	if err != nil && readFailure(err).refused() {
		b.log.Warn("a message cannot be brought up to date", "incident", id.String(), "message", what, "error", slackName(err))
		return nil
	}
	return err
}

// cardFailed posts a new card in the place of a deleted one, and notes a lost channel.
func (b *Bot) cardFailed(ctx context.Context, inc *tagout.Incident, err error) error {
	switch name := slackName(err); {
	case err == nil:
		return nil
	case name == "message_not_found":
		return b.leaveRefused(inc.ID, "card", b.placeCard(ctx, inc.ID, inc.Room.Channel, "card:"+inc.ID.String()+":"+inc.Room.Card))
	case lostChannel(name) && inc.Room.Failure == "":
		b.noteFailure(ctx, inc, err)
	}
	return b.leaveRefused(inc.ID, "card", err)
}

// showIn is show for a message in the incident's own channel. If the incident leaves that
// meanwhile, since it became private, nothing more of it stays in the message.
func (b *Bot) showIn(ctx context.Context, inc *tagout.Incident, ts string, draw func(ctx context.Context) (tagout.Message, error)) error {
	at := Place{inc.Room.Channel, ts}
	err := b.show(ctx, at, func(ctx context.Context) (tagout.Message, error) {
		if left, err := b.hasLeft(ctx, inc); err != nil || left {
			return moved(inc.ID), err
		}
		return draw(ctx)
	})
	if err != nil {
		return err
	}
	left, err := b.hasLeft(ctx, inc)
	if err != nil || !left {
		return err
	}
	b.shown.drop(at)
	return b.leaveRefused(inc.ID, "message in the channel that it left", b.update(ctx, at, postsThen, moved(inc.ID)))
}

// hasLeft reports whether an incident has another channel by now. A private one stays.
func (b *Bot) hasLeft(ctx context.Context, inc *tagout.Incident) (bool, error) {
	if inc.Private {
		return false, nil
	}
	now, err := b.desk.Incident(ctx, inc.ID)
	if err != nil {
		return false, err
	}
	return now.Room.Channel != inc.Room.Channel, nil
}

// show updates one message if it would show something else. It is rendered when its turn
// has come, so that the newest state is what is sent.
func (b *Bot) show(ctx context.Context, at Place, draw func(ctx context.Context) (tagout.Message, error)) error {
	m, err := draw(ctx)
	if err != nil {
		return err
	}
	if was, ok := b.shown.get(at); ok && was == b.sumOf(m) {
		return nil
	}
	return b.do(ctx, call{method: "chat.update", priority: updatesLast, at: at}, func(ctx context.Context) error {
		m, err := draw(ctx)
		if err != nil {
			return err
		}
		content := b.render.content(b.render.parts(m)[0])
		if err := b.api.Update(ctx, at, content); err != nil {
			return err
		}
		b.shown.put(at, b.sumOf(m))
		return nil
	})
}

// sumOf names what a message shows.
func (b *Bot) sumOf(m tagout.Message) string {
	text, _ := json.Marshal(b.render.content(b.render.parts(m)[0]).Blocks)
	return shortSum(text)
}
