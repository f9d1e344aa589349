package bot

import (
	"context"
	"strings"

	"tagout"
	"tagout/internal/crashpoint"
)

// maxNames is how many names are tried for a channel.
const maxNames = 30

// maxTopic is Slack's limit of topics and purposes.
const maxTopic = 250

// openChannel is the effect that opens an incident's channel with its card. It may run
// again after a crash at any step and then goes on where it was.
func (b *Bot) openChannel(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	room := inc.Room
	if room.Channel == "" {
		made, err := b.makeRoom(ctx, inc)
		if err != nil {
			return b.noRoom(ctx, inc, err)
		}
		crashpoint.Here("room.created")
		overtaken := false
		room, err = b.desk.SetRoom(ctx, inc.ID, func(r *tagout.Room) {
			if overtaken = r.Moving && !inc.Private || r.Channel != ""; overtaken {
				return
			}
			r.Channel, r.Name, r.Private, r.Moving, r.Failure = made.ID, made.Name, inc.Private, false, ""
		})
		if err != nil {
			return err
		}
		if overtaken { // it became private meanwhile: this channel is not for it
			b.archive(ctx, inc.ID, made.ID)
			return tagout.Errorf(tagout.Unavailable, "%s changed while its channel was opened.", inc.ID)
		}
		b.settle(ctx, roomIntent(inc.ID, made.Name))
	}
	b.rooms.put(room.Channel, inc.ID)
	if err := b.furnish(ctx, inc, room); err != nil {
		return b.noRoom(ctx, inc, err)
	}
	b.Changed(inc.ID) // the announcement gets its link, the card whatever happened meanwhile
	return nil
}

// furnish gives the channel its topic, purpose, people and card.
func (b *Bot) furnish(ctx context.Context, inc *tagout.Incident, room tagout.Room) error {
	steps := []func() error{
		func() error { return b.setPurpose(ctx, inc, room.Channel) },
		func() error { return b.setTopic(ctx, inc, room) },
		func() error { return b.invite(ctx, inc, room) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			if !readFailure(err).refused() {
				return err
			}
			b.log.Warn("a step of opening a channel was refused", "incident", inc.ID.String(), "error", slackName(err))
		}
	}
	if room.Card == "" {
		return b.placeCard(ctx, inc.ID, room.Channel, "card:"+inc.ID.String())
	}
	return nil
}

// purposeMark starts the purpose of an incident's channel, so that it can be recognised.
func purposeMark(id tagout.IncidentID) string { return "Tagout incident " + id.String() + ":" }

func (b *Bot) setPurpose(ctx context.Context, inc *tagout.Incident, channel string) error {
	purpose := cutUnits(purposeMark(inc.ID)+" "+escape(clipText(oneLine(inc.Title), 150)), maxTopic)
	if inc.Private {
		purpose = purposeMark(inc.ID) + " private"
	}
	return b.do(ctx, call{method: "conversations.setPurpose", priority: postsThen}, func(ctx context.Context) error {
		return b.api.SetPurpose(ctx, channel, purpose)
	})
}

// inviteBatch invites several; if Slack refuses them together, each by itself.
func (b *Bot) inviteBatch(ctx context.Context, channel string, ids []string) error {
	err := b.do(ctx, call{method: "conversations.invite", priority: postsThen}, func(ctx context.Context) error {
		return b.api.Invite(ctx, channel, ids)
	})
	switch name := slackName(err); {
	case err == nil, name == "already_in_channel", name == "cant_invite_self":
		return nil
	case len(ids) == 1 || name == "" || name == "missing_scope" || name == "is_archived" || name == "channel_not_found":
		return err
	}
	for _, id := range ids {
		if err := b.inviteBatch(ctx, channel, []string{id}); err != nil {
			if !readFailure(err).refused() {
				return err
			}
			b.log.Warn("a person could not be invited", "user", id, "error", slackName(err))
		}
	}
	return nil
}

// placeCard posts the card and pins it.
func (b *Bot) placeCard(ctx context.Context, id tagout.IncidentID, channel, key string) error {
	card, err := b.desk.Card(ctx, id)
	if err != nil {
		return err
	}
	place, err := b.post(ctx, outgoing{channel: channel, priority: postsThen, key: key, message: card})
	if err != nil {
		return err
	}
	err = b.do(ctx, call{method: "pins.add", priority: postsThen}, func(ctx context.Context) error {
		return b.api.Pin(ctx, place)
	})
	if err != nil && slackName(err) != "already_pinned" {
		if !readFailure(err).refused() {
			return err
		}
		b.log.Warn("the card could not be pinned", "incident", id.String(), "error", slackName(err))
	}
	crashpoint.Here("card.pinned") // recorded last: whoever finds no record finds the card and pins it again
	return b.placed(ctx, id, channel, place, func(r *tagout.Room) { r.Card = place.TS })
}

// noRoom notes that there is no channel. What Slack refused for good is given up: the
// announcement says where to talk. Everything else is tried again.
func (b *Bot) noRoom(ctx context.Context, inc *tagout.Incident, err error) error {
	if !readFailure(err).refused() {
		return err
	}
	b.log.Error("the incident has no channel of its own", "incident", inc.ID.String(), "error", tagout.Sentence(err))
	b.noteFailure(ctx, inc, err)
	return tagout.Final(err)
}

// noteFailure records why an incident has no usable channel, unless it has another one by
// now than the one that failed.
func (b *Bot) noteFailure(ctx context.Context, inc *tagout.Incident, err error) {
	_, setErr := b.desk.SetRoom(ctx, inc.ID, func(r *tagout.Room) {
		if r.Channel == inc.Room.Channel || inc.Room.Channel == "" {
			r.Failure, r.Moving = clipText(tagout.Sentence(err), 300), false
		}
	})
	if setErr != nil {
		b.log.Error("the failure of a channel could not be recorded", "incident", inc.ID.String(), "error", tagout.Sentence(setErr))
		return
	}
	b.Changed(inc.ID)
}

func roomIntent(id tagout.IncidentID, name string) string {
	return intentOf("room:" + id.String() + ":" + name)
}

// makeRoom creates the channel, or finds the one that an earlier attempt created without
// living to say so. A name that is taken gets a suffix; an old channel is never used.
func (b *Bot) makeRoom(ctx context.Context, inc *tagout.Incident) (Channel, error) {
	select {
	case b.creating <- struct{}{}:
		defer func() { <-b.creating }()
	case <-ctx.Done():
		return Channel{}, context.Cause(ctx)
	}
	name := b.channelName(inc)
	var err error
	for n := 1; n <= maxNames; n++ {
		var made Channel
		if made, err = b.tryRoom(ctx, inc, suffixed(name, n)); err == nil {
			return made, nil
		}
		switch refused := slackName(err); {
		case refused == "name_taken":
		case strings.HasPrefix(refused, "invalid_name") && name != plainName(inc.ID):
			name, n = plainName(inc.ID), 0
		default:
			return Channel{}, err
		}
	}
	return Channel{}, err
}

// tryRoom creates a channel of one name. The intent is stored first: whoever finds it
// stored looks for the channel before creating it.
func (b *Bot) tryRoom(ctx context.Context, inc *tagout.Incident, name string) (Channel, error) {
	fresh := b.intend(ctx, roomIntent(inc.ID, name))
	for try := 1; ; try++ {
		if !fresh {
			found, ok, err := b.findRoom(ctx, inc, name)
			if err != nil || ok {
				return found, err
			}
		}
		var made Channel
		err := b.do(ctx, call{method: "conversations.create", priority: postsThen, once: true}, func(ctx context.Context) (err error) {
			made, err = b.api.CreateChannel(ctx, NewChannel{Name: name, Private: inc.Private})
			return err
		})
		if err == nil || !readFailure(err).maybe || try == maxTries {
			return made, err
		}
		fresh = false
	}
}

// findRoom looks for a channel of this name that we created for this incident.
func (b *Bot) findRoom(ctx context.Context, inc *tagout.Incident, name string) (Channel, bool, error) {
	if err := b.identify(ctx); err != nil {
		return Channel{}, false, err
	}
	for cursor := ""; ; {
		var page []Channel
		err := b.do(ctx, call{method: "users.conversations", priority: postsThen}, func(ctx context.Context) (err error) {
			page, cursor, err = b.api.OwnChannels(ctx, cursor)
			return err
		})
		if err != nil {
			return Channel{}, false, err
		}
		for _, c := range page {
			ours := c.Name == name && c.Creator == b.identity().User && !c.Archived &&
				(c.Purpose == "" || strings.HasPrefix(c.Purpose, purposeMark(inc.ID)))
			if !ours {
				continue
			}
			if other, err := b.desk.IncidentOfChannel(ctx, c.ID); err != nil {
				return Channel{}, false, err
			} else if other == 0 || other == inc.ID {
				return c, true, nil
			}
		}
		if cursor == "" {
			return Channel{}, false, nil
		}
	}
}
