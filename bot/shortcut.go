package bot

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

// messageBody is a message as the shortcut on it carries it.
type messageBody struct {
	TS       string `json:"ts"`
	User     string `json:"user,omitempty"`
	UserName string `json:"username,omitempty"`
	Bot      string `json:"bot_id,omitempty"`
	Text     string `json:"text"`
}

// reactionBody is a reaction_added event.
type reactionBody struct {
	Team  string `json:"team_id"`
	ID    string `json:"event_id"`
	Event struct {
		Type     string `json:"type"`
		User     string `json:"user"`
		Reaction string `json:"reaction"`
		Author   string `json:"item_user,omitempty"`
		Item     struct {
			Type    string `json:"type"`
			Channel string `json:"channel"`
			TS      string `json:"ts"`
		} `json:"item"`
	} `json:"event"`
}

// decodeReaction reads a reaction in JSON. It returns Invalid if it is not a reaction to a message.
func decodeReaction(body []byte, at time.Time) (*delivery, error) {
	d := &delivery{kind: kindReaction, at: at}
	e := &d.reaction.Event
	if err := json.Unmarshal(body, &d.reaction); err != nil || e.Type != "reaction_added" || e.Item.Type != "message" || !isID(e.User, "UW") || e.Item.Channel == "" || e.Item.TS == "" {
		return nil, tagout.Errorf(tagout.Invalid, "That is no reaction to a message.")
	}
	d.body, _ = json.Marshal(d.reaction)
	d.key = "slack:reaction:" + orText(d.reaction.ID, shortSum(d.body))
	return d, nil
}

// flagging is the delivery of an event that flags a message; nil for every other event.
func (b *Bot) flagging(body []byte) *delivery {
	d, err := decodeReaction(body, b.clock.Now())
	if err != nil || b.emoji == "" || b.reacted == nil || d.reaction.Event.Reaction != b.emoji {
		return nil
	}
	return d
}

// turnBack leaves it to Slack to deliver again what cannot be made durable now. It reports
// false where Slack would not.
func (d *delivery) turnBack() bool {
	if d.refuse == nil {
		return false
	}
	d.once.Do(d.refuse)
	return true
}

// quoted is the message that a shortcut is on; nil for one of the workspace's menu.
func (i interactionBody) quoted() *tagout.Quote {
	if i.Type != "message_action" {
		return nil
	}
	m := i.Message
	q := tagout.Quote{
		Channel: i.Channel.ID, TS: orText(i.MessageTS, m.TS), Text: unescaped(m.Text, false), Author: orText(m.User, orText(m.UserName, m.Bot)),
		Hidden: i.Channel.Name == "privategroup" || i.Channel.Name == "directmessage" || !isID(i.Channel.ID, "C"),
	}
	return &q
}

// runShortcut runs an entry of Slack's menus.
func (b *Bot) runShortcut(ctx context.Context, d *delivery) result {
	i := d.interaction
	user := b.person(ctx, i.User.ID, orText(i.User.UserName, i.User.Name), orText(i.User.Team, i.Team.ID), lookPatience)
	if err := b.admit(ctx, user, []string{i.Team.ID, i.User.Team}, false); err != nil {
		return result{err: err}
	}
	entry, known := b.menu[i.Callback]
	if !known {
		return result{err: tagout.Errorf(tagout.NotFound, "This shortcut belongs to another version of Tagout. Nothing was changed.")}
	}
	reply, err := entry.Run(ctx, tagout.Invocation{ID: d.key, By: user.Actor(), User: user, Channel: i.channel(), About: i.quoted(), At: d.at})
	return result{reply: reply, err: err}
}

// runReaction flags a message. Reactions of apps flag nothing, and nobody is told so.
func (b *Bot) runReaction(ctx context.Context, d *delivery) result {
	e := d.reaction.Event
	user := b.person(ctx, e.User, "", d.reaction.Team, lookPatience)
	if user.Bot || e.User == b.identity().User {
		return result{}
	}
	if err := b.admit(ctx, user, []string{d.reaction.Team}, false); err != nil {
		return result{err: err}
	}
	about := tagout.Quote{Channel: e.Item.Channel, TS: e.Item.TS, Author: e.Author, Hidden: !isID(e.Item.Channel, "C")}
	reply, err := b.reacted(ctx, tagout.Invocation{ID: d.key, By: user.Actor(), User: user, Channel: e.Item.Channel, About: &about, At: d.at})
	return result{reply: reply, err: err}
}
