package bot

import (
	"context"

	"tagout"
)

// retire takes leave of the public channel of an incident that was made private: its card
// and its decision are emptied, the channel is told and archived. The record stays, and so
// does what people wrote there.
func (b *Bot) retire(ctx context.Context, e tagout.Effect) error {
	var old tagout.RetiredRoom
	if err := e.Decode(&old); err != nil {
		return err
	}
	b.rooms.drop(old.Channel)
	for _, at := range []Place{{old.Channel, old.Card}, {old.Channel, old.Decision}, {old.Announce, old.Decision}, {old.Channel, old.Review}, {old.Announce, old.Review}, {old.Channel, old.Runbook}, {old.Announce, old.Runbook}} {
		if at.Channel == "" || at.TS == "" {
			continue
		}
		b.shown.drop(at)
		if err := b.update(ctx, at, postsThen, moved(e.Incident)); err != nil && !readFailure(err).refused() {
			return err
		}
	}
	note := tagout.Say(tagout.Bold(e.Incident.String()), " is private now. Its people go on in a channel of their own, and this one is archived.").
		Para("What was written here before can still be read. Whoever should be part of it asks one of its people.")
	_, err := b.post(ctx, outgoing{channel: old.Channel, priority: postsThen, key: e.Key, message: note})
	if err != nil && !readFailure(err).refused() {
		return err
	}
	return b.archive(ctx, e.Incident, old.Channel)
}

// placed records where a message of an incident stands that was posted while its channel was
// this one. If it moved meanwhile the message is emptied, and it is posted again where the
// incident is now.
func (b *Bot) placed(ctx context.Context, id tagout.IncidentID, channel string, at Place, change func(*tagout.Room)) error {
	overtaken := false
	_, err := b.desk.SetRoom(ctx, id, func(r *tagout.Room) {
		if overtaken = r.Channel != channel; !overtaken {
			change(r)
		}
	})
	if err != nil || !overtaken {
		return err
	}
	if err := b.update(ctx, at, postsThen, moved(id)); err != nil && !readFailure(err).refused() {
		return err
	}
	return tagout.Errorf(tagout.Unavailable, "%s has moved to another channel meanwhile.", id)
}

// moved is what is left of a message that stands where the incident was.
func moved(id tagout.IncidentID) tagout.Message {
	return tagout.Say(tagout.Bold(id.String()), ": this message has moved.")
}

// archive closes a channel. That Slack refuses it is logged and left: nothing of the
// incident is posted there any more.
func (b *Bot) archive(ctx context.Context, id tagout.IncidentID, channel string) error {
	err := b.do(ctx, call{method: "conversations.archive", priority: postsThen}, func(ctx context.Context) error {
		return b.api.Archive(ctx, channel)
	})
	if slackName(err) == "already_archived" {
		return nil
	}
	return b.leaveRefused(id, "channel that it left", err)
}
