package sandbox

import (
	"context"
	"fmt"
	"slices"
)

// Remove takes a person out of a channel, as somebody else in it does, and tells the app if it
// is in the channel.
func (s *Sandbox) Remove(ctx context.Context, user, channel string) error {
	s.mu.Lock()
	ch := s.channelLocked(channel)
	if ch == nil || !slices.Contains(ch.Members, user) {
		s.mu.Unlock()
		return fmt.Errorf("sandbox: remove %s from %s: %w", user, channel, Error("not_in_channel"))
	}
	event, heard := s.leftLocked(ch, user), ch.IsMember
	s.mu.Unlock()
	if heard {
		s.event(ctx, event)
	}
	return nil
}

// leftLocked takes somebody out of a channel and returns what Slack tells of it.
func (s *Sandbox) leftLocked(ch *Channel, user string) obj {
	ch.Members = slices.DeleteFunc(ch.Members, func(id string) bool { return id == user })
	s.emitChannelLocked(ch)
	kind := "C"
	if ch.IsPrivate {
		kind = "G"
	}
	return obj{"type": "member_left_channel", "user": user, "channel": ch.ID, "channel_type": kind, "team": TeamID, "event_ts": s.nextTSLocked()}
}

// SetGroup sets the members of a user group, as an administrator does, and tells the app.
func (s *Sandbox) SetGroup(ctx context.Context, group string, members ...string) error {
	s.mu.Lock()
	n := slices.IndexFunc(s.groups, func(g UserGroup) bool { return g.ID == group })
	if n < 0 {
		s.mu.Unlock()
		return fmt.Errorf("sandbox: change the group %s: %w", group, Error("no_such_subteam"))
	}
	before := s.groups[n].Users
	s.groups[n].Users = slices.Clone(members)
	missing := func(from, in []string) []string {
		return slices.DeleteFunc(slices.Clone(from), func(id string) bool { return slices.Contains(in, id) })
	}
	added, removed := missing(members, before), missing(before, members)
	now := s.opts.Now().Unix()
	event := obj{"type": "subteam_members_changed", "subteam_id": group, "team_id": TeamID, "date_previous_update": now, "date_update": now,
		"added_users": added, "added_users_count": len(added), "removed_users": removed, "removed_users_count": len(removed), "event_ts": s.nextTSLocked()}
	s.mu.Unlock()
	s.event(ctx, event)
	return nil
}

// NewChannel makes a channel with the app and these people in it, and returns its ID.
func (s *Sandbox) NewChannel(name string, private bool, members ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := &Channel{ID: newID("C"), Name: name, IsPrivate: private, IsMember: true, Members: append([]string{BotUserID}, members...), Created: s.opts.Now().Unix()}
	s.channels = append(s.channels, ch)
	s.emitChannelLocked(ch)
	return ch.ID
}
