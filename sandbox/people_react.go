package sandbox

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"
)

// React adds a reaction as a person; name is without colons. The app hears of it where it is a
// member, if its token has the scope reactions:read.
func (s *Sandbox) React(ctx context.Context, user, channel, ts, name string) error {
	s.mu.Lock()
	ch, m, err := s.reactedLocked(user, channel, ts, name)
	if err == nil && !s.reactLocked(ch, m, user, name) {
		err = Error("already_reacted")
	}
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("sandbox: %s reacts in %s: %w", user, channel, err)
	}
	event := obj{
		"type": "reaction_added", "user": user, "reaction": name, "item_user": m.User, "event_ts": s.nextTSLocked(),
		"item": obj{"type": "message", "channel": ch.ID, "ts": ts},
	}
	heard := ch.IsMember && s.hasScopeLocked("reactions:read")
	s.mu.Unlock()
	if heard {
		s.event(ctx, event)
	}
	return nil
}

// Unreact takes a reaction of a person back. Of that the app is told nothing: it would have to
// subscribe to another event.
func (s *Sandbox) Unreact(user, channel, ts, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.reactedLocked(user, channel, ts, name)
	if err == nil && !s.unreactLocked(ch, m, user, name) {
		err = Error("no_reaction")
	}
	if err != nil {
		return fmt.Errorf("sandbox: %s takes a reaction back in %s: %w", user, channel, err)
	}
	return nil
}

// reactedLocked finds the message that a person reacts to.
func (s *Sandbox) reactedLocked(user, channel, ts, name string) (*Channel, *Message, error) {
	_, ch, err := s.personLocked(user, channel)
	switch {
	case err != nil:
		return nil, nil, err
	case ch == nil:
		return nil, nil, Error("channel_not_found")
	case ch.IsArchived:
		return nil, nil, Error("is_archived")
	case name == "" || utf8.RuneCountInString(name) > 100:
		return nil, nil, Error("invalid_name")
	}
	m := s.messageLocked(ch.ID, ts)
	if m == nil {
		return nil, nil, Error("message_not_found")
	}
	return ch, m, nil
}

// unreactLocked takes a reaction back; false means that there was none.
func (s *Sandbox) unreactLocked(ch *Channel, m *Message, user, name string) bool {
	for i := range m.Reactions {
		r := &m.Reactions[i]
		if at := slices.Index(r.Users, user); r.Name == name && at >= 0 {
			r.Users = slices.Delete(r.Users, at, at+1)
			if len(r.Users) == 0 {
				m.Reactions = slices.Delete(m.Reactions, i, i+1)
			}
			s.emitLocked("message_changed", "", obj{"channel": ch.ID, "message": m.clone()})
			return true
		}
	}
	return false
}
