package bot

import (
	"context"
	"time"

	"tagout"
)

const (
	memberTTL = 5 * time.Minute
	emailTTL  = time.Hour
)

// person is who did something. Whether somebody is a guest is asked of Slack for at most
// patience; who cannot be looked up counts as a guest, who may stop but never sign.
func (b *Bot) person(ctx context.Context, id, name, team string, patience time.Duration) tagout.User {
	user := tagout.User{ID: tagout.UserID(id), Name: name, Team: team, Guest: true}
	member, known := b.members.get(id)
	if !known && patience > 0 {
		member, known = b.lookUp(ctx, id, patience)
	}
	if known {
		user.Guest, user.Bot = member.Guest || member.Gone, member.Bot
		if user.Name == "" {
			user.Name = member.Name
		}
	}
	return user
}

func (b *Bot) lookUp(ctx context.Context, id string, patience time.Duration) (Member, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var member Member
	err := b.do(ctx, call{method: "users.info", priority: answersNext}, func(ctx context.Context) (err error) {
		member, err = b.api.User(ctx, id)
		return err
	})
	if err != nil {
		b.log.Warn("a person could not be looked up and counts as a guest", "user", id, "error", tagout.Sentence(err))
		return Member{}, false
	}
	b.members.put(id, member)
	return member, true
}

// admit checks that somebody belongs to our workspace and is not a bot. A stop does not
// wait for Slack to say which workspace is ours.
func (b *Bot) admit(ctx context.Context, user tagout.User, teams []string, stop bool) error {
	ours := b.identity().Team
	if ours == "" && !stop {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := b.identify(ctx); err != nil {
			return tagout.Errorf(tagout.Unavailable, "Slack has not told yet which workspace is ours, so nothing was changed. Stops work. Please try again in a moment.")
		}
		ours = b.identity().Team
	}
	for _, team := range teams {
		if ours != "" && team != "" && team != ours {
			return tagout.Errorf(tagout.Forbidden, "Only members of the workspace in which Tagout is installed may do this. Nothing was changed.")
		}
	}
	if ours != "" && len(teams) > 0 && teams[0] == "" {
		return tagout.Errorf(tagout.Forbidden, "Slack did not say which workspace this comes from. Nothing was changed.")
	}
	if user.Bot {
		return tagout.Errorf(tagout.Forbidden, "Bots may not do this; use an API token for stops. Nothing was changed.")
	}
	return nil
}

// incidentOf is the incident whose channel that is; 0 if none. unsure says that this could
// not be told within patience.
func (b *Bot) incidentOf(ctx context.Context, channel string, patience time.Duration) (id tagout.IncidentID, unsure bool) {
	if channel == "" {
		return 0, false
	}
	if id, ok := b.rooms.get(channel); ok {
		return id, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type answer struct {
		id  tagout.IncidentID
		err error
	}
	found := make(chan answer, 1)
	go b.guarded("incident of a channel", func() {
		id, err := b.desk.IncidentOfChannel(ctx, channel)
		if err == nil && id != 0 {
			b.rooms.put(channel, id)
		}
		found <- answer{id, err}
	})
	select {
	case a := <-found:
		return a.id, a.err != nil
	case <-ctx.Done():
		return 0, true
	}
}

// GroupMembers lists the members of a Slack user group as Slack says now; nothing older is
// ever told. It returns Forbidden, NotFound, TooMany or Unavailable.
func (b *Bot) GroupMembers(ctx context.Context, group string) ([]tagout.UserID, error) {
	var members []tagout.UserID
	err := b.do(ctx, call{method: "usergroups.users.list", priority: pagesFirst}, func(ctx context.Context) error {
		ids, err := b.api.GroupMembers(ctx, group)
		if err != nil {
			return err
		}
		members = make([]tagout.UserID, 0, len(ids))
		for _, id := range ids {
			members = append(members, tagout.UserID(id))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// Account is what Slack says of a person now. It returns NotFound if there is nobody.
func (b *Bot) Account(ctx context.Context, id tagout.UserID) (tagout.Account, error) {
	var member Member
	err := b.do(ctx, call{method: "users.info", priority: answersNext}, func(ctx context.Context) (err error) {
		member, err = b.api.User(ctx, string(id))
		return err
	})
	if err != nil {
		return tagout.Account{}, err
	}
	b.members.put(string(id), member)
	return tagout.Account{Name: member.Name, Guest: member.Guest, Bot: member.Bot, Gone: member.Gone}, nil
}

// UserByEmail finds who has an e-mail address. It returns NotFound if there is nobody.
func (b *Bot) UserByEmail(ctx context.Context, email string) (tagout.UserID, error) {
	if id, ok := b.emails.get(email); ok {
		return id, nil
	}
	var member Member
	err := b.do(ctx, call{method: "users.lookupByEmail", priority: answersNext}, func(ctx context.Context) (err error) {
		member, err = b.api.UserByEmail(ctx, email)
		return err
	})
	if err != nil {
		return "", err
	}
	b.emails.put(email, tagout.UserID(member.ID))
	return tagout.UserID(member.ID), nil
}

// Team is the ID of the workspace that the bot belongs to, or "" while Slack has not said.
func (b *Bot) Team() string { return b.identity().Team }
