package sandbox

import (
	"slices"
	"unicode/utf8"
)

// postTargetLocked finds where a call may post: a channel, or a person's DM.
func (s *Sandbox) postTargetLocked(c *call) (*Channel, error) {
	if err := c.need("channel"); err != nil {
		return nil, fail("channel_not_found")
	}
	name := c.arg("channel")
	if u, ok := s.userLocked(name); ok {
		switch {
		case u.IsBot:
			return nil, fail("cannot_dm_bot")
		case u.Deleted:
			return nil, fail("channel_not_found")
		}
		return s.imLocked(u.ID), nil
	}
	ch := s.channelLocked(name)
	if ch == nil || (ch.IsPrivate && !ch.IsMember) {
		return nil, fail("channel_not_found")
	}
	if ch.IsArchived {
		return nil, fail("is_archived")
	}
	if !ch.IsMember && !s.hasScopeLocked("chat:write.public") {
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

func (s *Sandbox) chatPostMessage(c *call) (obj, error) {
	ch, err := s.postTargetLocked(c)
	if err != nil {
		return nil, err
	}
	in, err := s.contentOf(c)
	if err != nil {
		return nil, err
	}
	if in.empty() {
		return nil, fail("no_text")
	}
	thread := c.arg("thread_ts")
	if thread != "" && s.messageLocked(ch.ID, thread) == nil {
		return nil, fail("thread_not_found")
	}
	m := s.botMessageLocked(ch.ID, in)
	m.ThreadTS = thread
	if s.hasScopeLocked("chat:write.customize") {
		m.Username = c.arg("username")
	}
	s.postLocked(m)
	return obj{"channel": ch.ID, "ts": m.TS, "message": s.wireMessageLocked(m, true)}, nil
}

// botMessageLocked makes a message of the app that is not posted yet.
func (s *Sandbox) botMessageLocked(channel string, in content) *Message {
	m := &Message{Channel: channel, TS: s.nextTSLocked(), User: BotUserID, BotID: BotID}
	s.fillLocked(m, in)
	return m
}

// fillLocked puts content into a message; content that was not given stays.
func (s *Sandbox) fillLocked(m *Message, in content) {
	m.Text = cut(in.text)
	if in.blocks != nil {
		m.Blocks = in.blocks
		if string(in.blocks) == "[]" {
			m.Blocks = nil
		}
	}
	if in.attachments != nil {
		m.Attachments = in.attachments
	}
	if in.metadata != nil {
		m.Metadata = in.metadata
	}
	m.Mentions = s.mentionsLocked(m, in.linkNames)
}

// postLocked adds a message to its channel and counts it in its thread.
func (s *Sandbox) postLocked(m *Message) {
	s.messages[m.Channel] = append(s.messages[m.Channel], m)
	s.emitLocked("message", "", obj{"channel": m.Channel, "message": m.clone()})
	if parent := s.messageLocked(m.Channel, m.ThreadTS); parent != nil && parent != m {
		parent.ReplyCount++
		s.emitLocked("message_changed", "", obj{"channel": m.Channel, "message": parent.clone()})
	}
}

func (s *Sandbox) chatPostEphemeral(c *call) (obj, error) {
	ch, err := s.postTargetLocked(c)
	if err != nil {
		return nil, err
	}
	user := c.arg("user")
	if _, ok := s.userLocked(user); !ok {
		return nil, fail("user_not_found")
	}
	if !slices.Contains(ch.Members, user) {
		return nil, fail("user_not_in_channel")
	}
	in, err := s.contentOf(c)
	if err != nil {
		return nil, err
	}
	if in.empty() {
		return nil, fail("no_text")
	}
	m := s.botMessageLocked(ch.ID, in)
	m.ThreadTS = c.arg("thread_ts")
	s.whisperLocked(user, m)
	return obj{"message_ts": m.TS}, nil
}

// whisperLocked shows a message to one user only.
func (s *Sandbox) whisperLocked(user string, m *Message) {
	m.Ephemeral, m.EphemeralTo = true, user
	s.whispers[user] = append(s.whispers[user], m)
	s.emitLocked("ephemeral", user, obj{"channel": m.Channel, "user": user, "message": m.clone()})
}

// ownMessageLocked finds a message that the app may change.
func (s *Sandbox) ownMessageLocked(c *call, refused string) (*Message, error) {
	ch := s.channelLocked(c.arg("channel"))
	if ch == nil || (ch.IsPrivate && !ch.IsMember) {
		return nil, fail("channel_not_found")
	}
	m := s.messageLocked(ch.ID, c.arg("ts"))
	if m == nil {
		return nil, fail("message_not_found")
	}
	if m.BotID != BotID {
		return nil, fail(refused)
	}
	if ch.IsArchived {
		return nil, fail("is_archived")
	}
	return m, nil
}

func (s *Sandbox) chatUpdate(c *call) (obj, error) {
	m, err := s.ownMessageLocked(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	in, err := s.contentOf(c)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(in.text) > maxUpdatedText {
		return nil, fail("msg_too_long")
	}
	after := *m
	s.fillLocked(&after, in)
	if !c.has("text") {
		after.Text = m.Text
	}
	if c.arg("text") == "" && in.blocks == nil && in.attachments == nil && in.metadata == nil {
		return nil, fail("no_text")
	}
	if (content{text: after.Text, blocks: after.Blocks, attachments: after.Attachments}).empty() && len(after.Files) == 0 {
		return nil, fail("no_text")
	}
	after.Edited = &Edited{User: BotUserID, TS: s.nextTSLocked()}
	after.Mentions = s.mentionsLocked(&after, in.linkNames)
	*m = after
	s.emitLocked("message_changed", "", obj{"channel": m.Channel, "message": m.clone()})
	return obj{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.wireMessageLocked(m, true)}, nil
}

func (s *Sandbox) chatDelete(c *call) (obj, error) {
	m, err := s.ownMessageLocked(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	s.deleteLocked(m)
	return obj{"channel": m.Channel, "ts": m.TS}, nil
}

func (s *Sandbox) deleteLocked(m *Message) {
	s.messages[m.Channel] = slices.DeleteFunc(s.messages[m.Channel], func(x *Message) bool { return x == m })
	if ch := s.channelLocked(m.Channel); ch != nil {
		ch.Pinned = slices.DeleteFunc(ch.Pinned, func(ts string) bool { return ts == m.TS })
	}
	if parent := s.messageLocked(m.Channel, m.ThreadTS); parent != nil && parent != m {
		parent.ReplyCount--
	}
	s.emitLocked("message_deleted", "", obj{"channel": m.Channel, "ts": m.TS})
}

func (s *Sandbox) chatGetPermalink(c *call) (obj, error) {
	ch := s.channelLocked(c.arg("channel"))
	if ch == nil || (ch.IsPrivate && !ch.IsMember) {
		return nil, fail("channel_not_found")
	}
	ts := c.arg("message_ts")
	if s.messageLocked(ch.ID, ts) == nil {
		return nil, fail("message_not_found")
	}
	return obj{"channel": ch.ID, "permalink": permalink(ch.ID, ts)}, nil
}

// permalink is the address under which Slack shows a message.
func permalink(channel, ts string) string {
	digits := ""
	for _, r := range ts {
		if r != '.' {
			digits += string(r)
		}
	}
	return "https://" + TeamDomain + ".slack.com/archives/" + channel + "/p" + digits
}
