package bot

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

// Events are what the app subscribes to, and what for.
func Events() map[string]string {
	return map[string]string{
		"reaction_added":          "somebody flags a message with the emoji of `slack.flag_emoji`",
		"app_home_opened":         "somebody looks at the app's Home tab",
		"member_left_channel":     "who leaves a private incident's channel, or is removed from it, is no longer one of its people",
		"subteam_members_changed": "a user group is read anew",
		"subteam_updated":         "a user group is read anew",
	}
}

// eventBody is an event as Slack sends it, as far as it is read.
type eventBody struct {
	Team  string `json:"team_id"`
	Event struct {
		Type    string `json:"type"`
		User    string `json:"user"`
		Tab     string `json:"tab"`
		Channel string `json:"channel"`
		Group   string `json:"subteam_id"`
		Subteam struct {
			ID string `json:"id"`
		} `json:"subteam"`
	} `json:"event"`
}

// takeEvent takes an event that was acknowledged. It never waits; a repeat does no harm.
func (b *Bot) takeEvent(body []byte) {
	var e eventBody
	work := func(context.Context) {}
	err := json.Unmarshal(body, &e)
	switch user := tagout.UserID(e.Event.User); {
	case err == nil && e.Event.Type == "app_home_opened" && e.Event.Tab == "home" && isID(e.Event.User, "UW"):
		work = func(ctx context.Context) { b.openHome(ctx, user, e.Team) }
	case err == nil && e.Event.Type == "member_left_channel" && isID(e.Event.User, "UW") && isID(e.Event.Channel, "CG"):
		work = func(ctx context.Context) { b.left(ctx, e.Event.Channel, user) }
	case err == nil && (e.Event.Type == "subteam_members_changed" || e.Event.Type == "subteam_updated") && isID(orText(e.Event.Group, e.Event.Subteam.ID), "S"):
		b.desk.Reread(orText(e.Event.Group, e.Event.Subteam.ID))
	default:
		b.metrics.deliveries.WithLabelValues("event", "ignored").Inc()
		return
	}
	taken := b.work.submit(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, workBudget)
		defer cancel()
		work(ctx)
	})
	b.metrics.deliveries.WithLabelValues("event", map[bool]string{true: "done", false: "busy"}[taken]).Inc()
}

// leftAgain is how long it waits before it tries again to record who left.
const leftAgain = time.Second

// left records that somebody left a channel. It goes on trying while it works: who was removed
// from a private incident must not read of it any longer.
func (b *Bot) left(ctx context.Context, channel string, user tagout.UserID) {
	for {
		err := b.desk.Left(ctx, channel, user)
		if err == nil {
			return
		}
		if sleep(ctx, leftAgain) != nil {
			b.log.Error("somebody left the channel of a private incident, which could not be recorded: they may still read of it",
				"user", user, "channel", channel, "error", tagout.Sentence(err))
			return
		}
	}
}
