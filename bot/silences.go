package bot

import (
	"context"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// Silences is what the edge needs to know of silences.
type Silences interface {
	// SilenceMessage is the message about one in the announce channel, and the silence. Returns
	// NotFound if there is none of that number.
	SilenceMessage(ctx context.Context, id tagout.SilenceID) (tagout.Message, *tagout.Silence, error)
	// PlaceSilence records where that message stands.
	PlaceSilence(ctx context.Context, id tagout.SilenceID, channel, ts string) error
}

// tellSilence posts the message about a silence, or brings it up to date.
func (b *Bot) tellSilence(ctx context.Context, e tagout.Effect) error {
	var ref tagout.SilenceRef
	if err := e.Decode(&ref); err != nil {
		return err
	}
	m, s, err := b.desk.SilenceMessage(ctx, ref.Silence)
	if tagout.CodeOf(err) == tagout.NotFound {
		return tagout.Final(err)
	}
	if err != nil {
		return err
	}
	if s.TS == "" && !ref.First {
		return tagout.Postpone(tagout.Errorf(tagout.Unavailable, "The message about %s is still being posted.", s.ID), max(time.Second, b.clock.Now().Sub(s.At)/4))
	}
	if s.TS == "" {
		place, err := b.post(ctx, outgoing{channel: b.announce, priority: postsThen, key: "silence:" + s.ID.String(), message: m})
		if err != nil {
			b.unannounced(ctx, err, "a silence", "silence", s.ID.String())
			return settled(err)
		}
		crashpoint.Here("silence.posted")
		return b.desk.PlaceSilence(ctx, s.ID, place.Channel, place.TS)
	}
	for {
		if err := b.update(ctx, Place{Channel: s.Channel, TS: s.TS}, updatesLast, m); err != nil {
			return settled(err)
		}
		was := s.Version
		if m, s, err = b.desk.SilenceMessage(ctx, ref.Silence); err != nil || s.Version == was {
			return err
		}
	}
}
