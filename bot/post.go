package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tagout"
)

// outgoing is one message on its way to a channel.
type outgoing struct {
	channel  string // an ID, also a person's, or "#name"
	priority priority
	key      string // names the message for good, so that it is never posted twice
	message  tagout.Message
	thread   string // the timestamp of the message that it answers; "": none
	tried    tried
}

// tried tells whether a message may have been posted before.
type tried int

const (
	triedByIntent tried = iota // if its intent is on record, which is stored before each first try
	triedNever                 // certainly not
	triedBefore                // it may have been
)

// triedAs is for what only one effect posts: the effect knows whether it was begun before.
func triedAs(again bool) tried {
	if again {
		return triedBefore
	}
	return triedNever
}

// post sends a message, in parts if it must, and returns where its first part stands. A
// message whose key was tried before is looked for first.
func (b *Bot) post(ctx context.Context, o outgoing) (Place, error) {
	var first Place
	for i, part := range b.render.parts(o.message) {
		content := b.render.content(part)
		content.Key, content.Thread = o.key, o.thread
		if i > 0 {
			content.Key = fmt.Sprintf("%s#%d", o.key, i+1)
		}
		place, err := b.postOnce(ctx, o, content)
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = place
		}
	}
	return first, nil
}

// postOnce posts one message under its key. Unless its effect knows better the intent is
// stored first: whoever finds it stored looks for the message before posting it again.
func (b *Bot) postOnce(ctx context.Context, o outgoing, content Content) (Place, error) {
	if o.tried != triedByIntent {
		place, _, err := b.postAfter(ctx, o, content, o.tried == triedNever)
		return place, err
	}
	intent := intentOf("post:" + content.Key)
	place, over, err := b.postAfter(ctx, o, content, b.intend(ctx, intent))
	if over {
		b.settle(ctx, intent)
	}
	return place, err
}

// postAfter posts a message that is fresh, or looks for it first. It is over once nobody
// need look for it any more: it stands, or Slack refused it.
func (b *Bot) postAfter(ctx context.Context, o outgoing, content Content, fresh bool) (place Place, over bool, err error) {
	for try := 1; ; try++ {
		if !fresh {
			place, found, err := b.find(ctx, o, content.Key)
			if err != nil {
				return Place{}, false, err
			}
			if found {
				return place, true, nil
			}
		}
		err = b.do(ctx, call{method: "chat.postMessage", priority: o.priority, at: Place{Channel: o.channel}, once: true},
			func(ctx context.Context) (err error) {
				place, err = b.api.Post(ctx, o.channel, content)
				return err
			})
		if err == nil {
			return place, true, nil
		}
		if f := readFailure(err); !f.maybe || try == maxTries || sleep(ctx, jitter(300*time.Millisecond)) != nil {
			return Place{}, f.refused(), err
		}
		fresh = false
	}
}

// intentOf names an intent in the inbox.
func intentOf(what string) string { return "slack:intent:" + what }

// intend stores that something is about to be done, and reports whether it is new. If
// that cannot be known, it is not.
func (b *Bot) intend(ctx context.Context, intent string) bool {
	payload, _ := json.Marshal(parcel{Kind: kindIntent, At: b.clock.Now()})
	fresh, err := b.inbox.Claim(ctx, intent, payload, b.clock.Now())
	return err == nil && fresh
}

// settle ends an intent. If it fails, a repeat looks for the message in vain or finds it;
// both are harmless.
func (b *Bot) settle(ctx context.Context, intent string) {
	if err := b.inbox.Finish(ctx, intent); err != nil {
		b.log.Warn("an intent could not be settled", "intent", intent, "error", tagout.Sentence(err))
	}
}

// find looks for a message of ours by its key. When Slack will not show the history it
// says that there is none: a message twice is better than a message lost.
func (b *Bot) find(ctx context.Context, o outgoing, key string) (Place, bool, error) {
	if err := b.identify(ctx); err != nil {
		return Place{}, false, err
	}
	channel, err := b.channelID(ctx, o.channel)
	if isID(o.channel, "UW") {
		channel, err = b.dm(ctx, tagout.UserID(o.channel), o.priority)
	}
	if err != nil {
		return Place{}, false, err
	}
	if channel == "" {
		return Place{}, false, nil
	}
	posted, err := b.history(ctx, channel, o.priority)
	if slackName(err) == "not_in_channel" {
		if b.do(ctx, call{method: "conversations.join", priority: o.priority}, func(ctx context.Context) error {
			return b.api.Join(ctx, channel)
		}) == nil {
			posted, err = b.history(ctx, channel, o.priority)
		}
	}
	if err != nil {
		if readFailure(err).refused() {
			b.log.Warn("the history cannot be read, so a message may appear twice", "error", slackName(err))
			return Place{}, false, nil
		}
		return Place{}, false, err
	}
	for _, p := range posted {
		if p.Key == key && p.Bot == b.identity().Bot {
			return Place{Channel: channel, TS: p.TS}, true, nil
		}
	}
	return Place{}, false, nil
}

func (b *Bot) history(ctx context.Context, channel string, urgency priority) (posted []Posted, err error) {
	err = b.do(ctx, call{method: "conversations.history", priority: urgency}, func(ctx context.Context) error {
		posted, err = b.api.History(ctx, channel, time.Time{})
		return err
	})
	return posted, err
}

// update brings a posted message up to date.
func (b *Bot) update(ctx context.Context, at Place, urgency priority, m tagout.Message) error {
	content := b.render.content(b.render.parts(m)[0])
	return b.do(ctx, call{method: "chat.update", priority: urgency, at: at}, func(ctx context.Context) error {
		return b.api.Update(ctx, at, content)
	})
}

// dm is the direct-message channel with a person.
func (b *Bot) dm(ctx context.Context, user tagout.UserID, urgency priority) (string, error) {
	if channel, ok := b.dms.get(user); ok {
		return channel, nil
	}
	var channel string
	err := b.do(ctx, call{method: "conversations.open", priority: urgency}, func(ctx context.Context) (err error) {
		channel, err = b.api.OpenDM(ctx, string(user))
		return err
	})
	if err == nil {
		b.dms.put(user, channel)
	}
	return channel, err
}
