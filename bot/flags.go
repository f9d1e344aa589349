package bot

import (
	"context"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// Flags is what the edge needs to know of flags.
type Flags interface {
	// Flag reads one flag. Returns NotFound if it does not exist.
	Flag(ctx context.Context, id tagout.FlagID) (*tagout.Flag, error)
	// FlagMessage is the message by which people decide about it.
	FlagMessage(f *tagout.Flag) tagout.Message
	// QuoteFlag records what Slack says of the flagged message.
	QuoteFlag(ctx context.Context, id tagout.FlagID, q tagout.Quote) (*tagout.Flag, error)
	// PlaceFlag records where the triage message stands.
	PlaceFlag(ctx context.Context, id tagout.FlagID, channel, ts string) (*tagout.Flag, error)
}

// triage posts the message by which people decide about a flag, or brings it up to date.
func (b *Bot) triage(ctx context.Context, e tagout.Effect) error {
	var ref tagout.FlagRef
	if err := e.Decode(&ref); err != nil {
		return err
	}
	f, err := b.desk.Flag(ctx, ref.Flag)
	if tagout.CodeOf(err) == tagout.NotFound {
		return tagout.Final(err)
	}
	if err != nil {
		return err
	}
	if f.Quote != nil && !f.Quote.Looked {
		q, err := b.quote(ctx, *f.Quote)
		if err != nil {
			return err
		}
		if f, err = b.desk.QuoteFlag(ctx, f.ID, q); err != nil {
			return err
		}
	}
	if f.TS == "" && !ref.First {
		return tagout.Postpone(tagout.Errorf(tagout.Unavailable, "The message about %s is still being posted.", f.ID), max(time.Second, b.clock.Now().Sub(f.At)/4))
	}
	if f.TS == "" {
		place, err := b.post(ctx, outgoing{channel: b.announce, priority: postsThen, key: "flag:" + f.ID.String(), message: b.desk.FlagMessage(f)})
		if err != nil {
			b.unannounced(ctx, err, "a flag", "flag", f.ID.String())
			return err
		}
		crashpoint.Here("flag.posted")
		_, err = b.desk.PlaceFlag(ctx, f.ID, place.Channel, place.TS)
		return err
	}
	return b.retell(ctx, f)
}

// retell updates the triage message, again if the flag changed meanwhile: of two that do, the
// older text must not come last.
func (b *Bot) retell(ctx context.Context, f *tagout.Flag) error {
	for {
		if err := b.update(ctx, Place{Channel: f.Channel, TS: f.TS}, updatesLast, b.desk.FlagMessage(f)); err != nil {
			return settled(err)
		}
		now, err := b.desk.Flag(ctx, f.ID)
		if err != nil || now.Version == f.Version {
			return err
		}
		f = now
	}
}

// quote asks Slack for what is not known of a flagged message. What Slack refuses is said in
// the quote, and the flag goes on without it.
func (b *Bot) quote(ctx context.Context, q tagout.Quote) (tagout.Quote, error) {
	at, missing := Place{Channel: q.Channel, TS: q.TS}, ""
	ask := func(method string, question func(ctx context.Context) error) error {
		err := b.do(ctx, call{method: method, priority: postsThen}, question)
		if f := readFailure(err); err != nil && f.refused() && (!refusedUs(f.name) || f.name == "missing_scope") {
			missing = "Slack says " + f.name + "."
			return nil
		}
		return err
	}
	err := ask("conversations.info", func(ctx context.Context) error {
		hidden, err := b.api.Hidden(ctx, q.Channel)
		q.Hidden = q.Hidden || hidden
		return err
	})
	if missing != "" {
		q.Hidden = true // what cannot be told apart is not shown
	}
	if err == nil && q.Text == "" {
		err = ask("conversations.replies", func(ctx context.Context) error {
			said, err := b.api.Message(ctx, at)
			q.Text, q.Author = unescaped(said.Text, false), orText(q.Author, said.Author)
			return err
		})
	}
	if err == nil {
		err = ask("chat.getPermalink", func(ctx context.Context) (err error) {
			q.Permalink, err = b.api.Permalink(ctx, at)
			return err
		})
	}
	q.Looked, q.Missing = true, missing
	return q, err
}
