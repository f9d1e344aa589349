package bot

import (
	"context"
	"slices"

	"tagout"
	"tagout/internal/crashpoint"
)

// ackAction is the button that acknowledges an incident.
const ackAction = "ack"

// slackPager pages by direct message.
type slackPager struct{ bot *Bot }

// Pager is the pager "slack": a direct message with the button Acknowledge.
func (b *Bot) Pager() tagout.Pager { return slackPager{b} }

// Name is "slack".
func (p slackPager) Name() string { return tagout.SlackPager }

// Reaches reports whether the person has a Slack ID.
func (p slackPager) Reaches(to tagout.Person) bool { return to.ID != "" }

// Send delivers the page ahead of everything else that waits for Slack. A page that was
// sent before under this ID is not sent again. It fails for good if there is no such
// person, or none who can be written to, and is postponed if so many pages wait for this
// person, or Slack wants so long a pause, that it would only be in the way of others'.
func (p slackPager) Send(ctx context.Context, page tagout.Page) error {
	needs := p.bot.needs("chat.postMessage", Place{Channel: string(page.To.ID)})
	if pause := p.bot.pacer.putOff(needs); pause > 0 {
		return tagout.Postpone(tagout.Errorf(tagout.TooMany, "Slack takes about one message a second for one person, and many wait; it is sent in its turn."), pause)
	}
	m := page.Message
	if !page.Test && !slices.ContainsFunc(m.Buttons, func(b tagout.Button) bool { return b.Action == ackAction }) {
		m.Buttons = append(slices.Clone(m.Buttons), tagout.Button{
			Action: ackAction, Label: "Acknowledge", Value: page.Incident.String(), Tone: tagout.ToneGood,
		})
	}
	err := p.bot.directlyAs(ctx, page.To.ID, outgoing{priority: pagesFirst, key: "page:" + string(page.ID), message: m, tried: triedAs(page.Again)})
	if err == nil {
		crashpoint.Here("slack.paged")
		return nil
	}
	switch slackName(err) {
	case "user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot", "invalid_user_id", "user_is_bot":
		return tagout.Final(err)
	}
	return err
}
