package bot

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

const (
	homeTTL     = 30 * time.Minute // how long an App Home that was opened is kept fresh
	homeTick    = 30 * time.Second // how soon what no incident tells of shows, such as a new turn on call
	homeWorkers = 2
)

// openHome shows somebody their page, and keeps it fresh for a while.
func (b *Bot) openHome(ctx context.Context, user tagout.UserID, team string) {
	if err := b.admit(ctx, tagout.User{ID: user, Team: team}, []string{team}, false); err != nil {
		b.log.Warn("an App Home was not shown", "user", user, "error", tagout.Sentence(err))
		return
	}
	b.lookers.put(user, team)
	b.looks.drop(user)
	b.homes.mark(user)
}

// homesChanged tells that the App Home of everybody who opened theirs lately is stale.
func (b *Bot) homesChanged() {
	for _, user := range b.lookers.keys() {
		b.homes.mark(user)
	}
}

// keepHomes looks now and then for what changes without an incident.
func (b *Bot) keepHomes() {
	for sleep(b.base, homeTick) == nil {
		b.homesChanged()
	}
}

// publishHome brings somebody's page up to date, if it would show something else. It is
// drawn when its turn has come, so that the newest state is what is sent.
func (b *Bot) publishHome(ctx context.Context, user tagout.UserID) error {
	team, looks := b.lookers.get(user)
	if !looks {
		return nil
	}
	urgency := updatesLast
	if _, shown := b.looks.get(user); !shown {
		urgency = answersNext // somebody waits for it
	}
	who := b.person(ctx, string(user), "", team, lookPatience)
	err := b.do(ctx, call{method: "views.publish", priority: urgency, at: Place{Channel: string(user)}}, func(ctx context.Context) error {
		home, err := b.desk.Home(ctx, who)
		if err != nil {
			return err
		}
		view := b.render.home(home)
		text, _ := json.Marshal(view.Blocks)
		sum := shortSum(text)
		if was, ok := b.looks.get(user); ok && was == sum {
			return nil
		}
		if err := b.api.PublishHome(ctx, string(user), view); err != nil {
			return err
		}
		b.looks.put(user, sum)
		return nil
	})
	if err != nil && readFailure(err).refused() {
		b.log.Warn("an App Home cannot be shown", "user", user, "error", slackName(err))
		b.lookers.drop(user)
		return nil
	}
	return err
}
