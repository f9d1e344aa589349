package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Invocation is one use of a slash command.
type Invocation struct {
	User, Channel string // channel by ID or name
	Command, Text string
	Team          string // a foreign team ID, to see it refused; default the workspace's
}

// Command types a slash command. It returns once the app has acknowledged;
// otherwise DispatchFailed or OperationTimeout, which the person sees as a notice.
// Other errors: user_not_found, channel_not_found, is_archived, invalid_command.
func (s *Sandbox) Command(ctx context.Context, user, channel, command, text string) error {
	return s.CommandAs(ctx, Invocation{User: user, Channel: channel, Command: command, Text: text})
}

// CommandAs is Command with everything that can be said about it.
func (s *Sandbox) CommandAs(ctx context.Context, in Invocation) error {
	s.mu.Lock()
	u, ch, err := s.personLocked(in.User, in.Channel)
	switch {
	case err != nil:
	case ch == nil:
		err = Error("channel_not_found")
	case ch.IsArchived:
		err = Error("is_archived")
	case !s.registeredLocked(in.Command):
		err = Error("invalid_command")
	}
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("sandbox: %s by %s in %s: %w", in.Command, in.User, in.Channel, err)
	}
	payload := s.commandPayloadLocked(u, ch, in)
	s.mu.Unlock()

	answer, err := s.deliver(ctx, delivery{kind: kindCommand, payload: payload})
	if err != nil {
		s.notice(in.User, fmt.Sprintf("%s failed with the error %q", in.Command, err))
		return err
	}
	s.takeCommandAck(ch.ID, in.User, answer)
	return nil
}

func (s *Sandbox) registeredLocked(command string) bool {
	if !strings.HasPrefix(command, "/") {
		return false
	}
	return len(s.commands) == 0 || slices.ContainsFunc(s.commands, func(c Command) bool { return c.Command == command })
}

// notice shows a line to one person in the browser page.
func (s *Sandbox) notice(user, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitLocked("notice", user, obj{"user": user, "text": text})
}

// Say posts a message as a person and returns its timestamp once the app has seen
// the event, or failed to.
func (s *Sandbox) Say(ctx context.Context, user, channel, text string) (ts string, err error) {
	return s.Reply(ctx, user, channel, "", text)
}

// Reply is Say in a thread; an empty threadTS is no thread.
func (s *Sandbox) Reply(ctx context.Context, user, channel, threadTS, text string) (ts string, err error) {
	s.mu.Lock()
	_, ch, err := s.personLocked(user, channel)
	switch {
	case err != nil:
	case ch == nil:
		err = Error("channel_not_found")
	case ch.IsArchived:
		err = Error("is_archived")
	case strings.TrimSpace(text) == "":
		err = Error("no_text")
	case threadTS != "" && s.messageLocked(ch.ID, threadTS) == nil:
		err = Error("thread_not_found")
	}
	if err != nil {
		s.mu.Unlock()
		return "", fmt.Errorf("sandbox: %s speaks in %s: %w", user, channel, err)
	}
	m := &Message{Channel: ch.ID, TS: s.nextTSLocked(), User: user, Text: s.typedLocked(text), ThreadTS: threadTS}
	m.Mentions = s.mentionsLocked(m, false)
	if !slices.Contains(ch.Members, user) {
		ch.Members = append(ch.Members, user)
		s.emitChannelLocked(ch)
	}
	s.postLocked(m)
	events := s.messageEventsLocked(ch, m)
	s.mu.Unlock()
	for _, e := range events {
		s.event(ctx, e)
	}
	return m.TS, nil
}

// typedLocked is what Slack makes of typed text: everything escaped but mentions.
func (s *Sandbox) typedLocked(text string) string {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	for _, u := range s.users {
		escaped = strings.ReplaceAll(escaped, "&lt;@"+u.ID+"&gt;", "<@"+u.ID+">")
	}
	return escaped
}

// messageEventsLocked are the events that a person's message causes for the app.
func (s *Sandbox) messageEventsLocked(ch *Channel, m *Message) []obj {
	if !ch.IsMember {
		return nil
	}
	kind := map[string]string{"im": "im", "mpim": "mpim", "private_channel": "group"}[kindOf(ch)]
	orDefault(&kind, "channel")
	base := func(name string) obj {
		e := obj{
			"type": name, "user": m.User, "text": m.Text, "ts": m.TS, "event_ts": m.TS,
			"channel": ch.ID, "team": TeamID, "client_msg_id": newUUID(),
		}
		if m.ThreadTS != "" {
			e["thread_ts"] = m.ThreadTS
		}
		return e
	}
	message := base("message")
	message["channel_type"] = kind
	events := []obj{message}
	if slices.Contains(m.Mentions, BotUserID) && !ch.IsIM {
		events = append(events, base("app_mention"))
	}
	return events
}

// OpenHome opens the app's Home tab as a person.
func (s *Sandbox) OpenHome(ctx context.Context, user string) error {
	s.mu.Lock()
	if _, _, err := s.personLocked(user, ""); err != nil {
		s.mu.Unlock()
		return fmt.Errorf("sandbox: %s opens the Home tab: %w", user, err)
	}
	event := obj{
		"type": "app_home_opened", "user": user, "tab": "home",
		"channel": s.imLocked(user).ID, "event_ts": s.nextTSLocked(),
	}
	if v := s.homes[user]; v != nil {
		event["view"] = encode(v.raw)
	}
	s.mu.Unlock()
	s.event(ctx, event)
	return nil
}

// Shortcut runs a message shortcut, or a global one if ts is empty.
func (s *Sandbox) Shortcut(ctx context.Context, user, callbackID, channel, ts string) error {
	s.mu.Lock()
	u, ch, err := s.personLocked(user, channel)
	var payload obj
	switch {
	case err != nil:
	case ts == "":
		payload = s.interactionLocked("shortcut", u, "", false)
		payload["action_ts"], payload["callback_id"] = s.nextTSLocked(), callbackID
	case ch == nil || s.messageLocked(ch.ID, ts) == nil:
		err = Error("message_not_found")
	default:
		payload = s.interactionLocked("message_action", u, "", false)
		payload["action_ts"], payload["callback_id"] = s.nextTSLocked(), callbackID
		payload["message_ts"] = ts
		payload["message"] = s.wireMessageLocked(s.messageLocked(ch.ID, ts), true)
		payload["channel"] = obj{"id": ch.ID, "name": channelLabel(ch)}
		payload["response_url"] = s.grantLocked(&responseGrant{channel: ch.ID, user: user})
	}
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("sandbox: shortcut %s by %s: %w", callbackID, user, err)
	}
	if _, err := s.deliver(ctx, delivery{kind: kindInteraction, payload: payload}); err != nil {
		s.notice(user, fmt.Sprintf("The shortcut failed with the error %q", err))
		return err
	}
	return nil
}

// OpenDM opens the direct message between a person and another one; with the app's
// bot it is DM.
func (s *Sandbox) OpenDM(user, with string) (channel string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range []string{user, with} {
		if _, ok := s.userLocked(id); !ok {
			return "", Error("user_not_found")
		}
	}
	if with == BotUserID || user == BotUserID {
		if user == BotUserID {
			user = with
		}
		return s.imLocked(user).ID, nil
	}
	pair := slices.Sorted(slices.Values([]string{user, with}))
	id := "D" + strings.TrimPrefix(pair[0], "U") + strings.TrimPrefix(pair[1], "U")
	if s.channelLocked(id) == nil {
		ch := &Channel{ID: id, IsIM: true, IsPrivate: true, User: with, Members: pair, Created: s.opts.Now().Unix()}
		s.channels = append(s.channels, ch)
		s.emitChannelLocked(ch)
	}
	return id, nil
}
