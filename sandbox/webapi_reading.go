package sandbox

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// page cuts one page out of n items and returns its bounds and the next cursor.
func (c *call) page(n, fallback, most int) (from, to int, next string, err error) {
	limit, err := c.number("limit", fallback)
	if err != nil {
		return 0, 0, "", fail("invalid_limit")
	}
	if limit == 0 || limit > most {
		limit = most
	}
	if cursor := c.arg("cursor"); cursor != "" {
		raw, _ := base64.URLEncoding.DecodeString(cursor)
		from, err = strconv.Atoi(strings.TrimPrefix(string(raw), "next:"))
		if err != nil || from < 0 || from > n {
			return 0, 0, "", fail("invalid_cursor")
		}
	}
	to = min(n, from+limit)
	if to < n {
		next = base64.URLEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return from, to, next, nil
}

func withCursor(out obj, next string) obj {
	out["response_metadata"] = obj{"next_cursor": next}
	return out
}

func (s *Sandbox) conversationsInfo(c *call) (obj, error) {
	ch, err := s.anyChannelLocked(c)
	if err != nil {
		return nil, err
	}
	out := wireChannel(ch)
	if !c.flag("include_num_members") {
		delete(out, "num_members")
	}
	return obj{"channel": out}, nil
}

func (s *Sandbox) conversationsList(c *call) (obj, error) {
	return s.listChannelsLocked(c, func(*Channel) bool { return true })
}

func (s *Sandbox) usersConversations(c *call) (obj, error) {
	user := c.arg("user")
	orDefault(&user, BotUserID)
	return s.listChannelsLocked(c, func(ch *Channel) bool { return slices.Contains(ch.Members, user) })
}

func (s *Sandbox) listChannelsLocked(c *call, wanted func(*Channel) bool) (obj, error) {
	types := c.arg("types")
	orDefault(&types, "public_channel")
	kinds := strings.Split(strings.ReplaceAll(types, " ", ""), ",")
	for _, k := range kinds {
		if !slices.Contains([]string{"public_channel", "private_channel", "im", "mpim"}, k) {
			return nil, fail("invalid_types")
		}
	}
	found := []*Channel{}
	for _, ch := range s.channels {
		hidden := ch.IsPrivate && !ch.IsMember || ch.IsArchived && c.flag("exclude_archived")
		if !hidden && slices.Contains(kinds, kindOf(ch)) && wanted(ch) {
			found = append(found, ch)
		}
	}
	from, to, next, err := c.page(len(found), 100, 1000)
	if err != nil {
		return nil, err
	}
	channels := []obj{}
	for _, ch := range found[from:to] {
		channels = append(channels, wireChannel(ch))
	}
	return withCursor(obj{"channels": channels}, next), nil
}

func kindOf(ch *Channel) string {
	switch {
	case ch.IsIM:
		return "im"
	case ch.IsMPIM:
		return "mpim"
	case ch.IsPrivate:
		return "private_channel"
	}
	return "public_channel"
}

func (s *Sandbox) conversationsMembers(c *call) (obj, error) {
	ch, err := s.anyChannelLocked(c)
	if err != nil {
		return nil, err
	}
	from, to, next, err := c.page(len(ch.Members), 100, 1000)
	if err != nil {
		return nil, err
	}
	return withCursor(obj{"members": slices.Clone(ch.Members[from:to])}, next), nil
}

// readableLocked finds a channel whose messages the app may read.
func (s *Sandbox) readableLocked(c *call) (*Channel, error) {
	ch, err := s.anyChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if !ch.IsMember {
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

// between says whether a message lies in the call's oldest and latest bounds.
func (c *call) between(ts string) bool {
	oldest, latest, inclusive := c.arg("oldest"), c.arg("latest"), c.flag("inclusive")
	if oldest != "" && (laterTS(oldest, ts) || oldest == ts && !inclusive) {
		return false
	}
	return latest == "" || laterTS(latest, ts) || latest == ts && inclusive
}

// laterTS compares timestamps without losing microseconds to floating point.
func laterTS(a, b string) bool {
	aWhole, aPart, _ := strings.Cut(a, ".")
	bWhole, bPart, _ := strings.Cut(b, ".")
	if len(aWhole) != len(bWhole) {
		return len(aWhole) > len(bWhole)
	}
	if aWhole != bWhole {
		return aWhole > bWhole
	}
	return aPart > bPart
}

// conversationsHistory lists what stands in the channel itself, newest first.
func (s *Sandbox) conversationsHistory(c *call) (obj, error) {
	ch, err := s.readableLocked(c)
	if err != nil {
		return nil, err
	}
	var found []*Message
	for _, m := range s.messages[ch.ID] {
		if (m.ThreadTS == "" || m.ThreadTS == m.TS) && c.between(m.TS) {
			found = append(found, m)
		}
	}
	slices.Reverse(found)
	out, err := s.wirePageLocked(c, found, 100)
	if err != nil {
		return nil, err
	}
	out["pin_count"] = len(ch.Pinned)
	return out, nil
}

// conversationsReplies lists a thread, its first message included, oldest first.
func (s *Sandbox) conversationsReplies(c *call) (obj, error) {
	ch, err := s.readableLocked(c)
	if err != nil {
		return nil, err
	}
	root := s.messageLocked(ch.ID, c.arg("ts"))
	if root == nil {
		return nil, fail("thread_not_found")
	}
	if root.ThreadTS != "" {
		if root = s.messageLocked(ch.ID, root.ThreadTS); root == nil {
			return nil, fail("thread_not_found")
		}
	}
	found := []*Message{root}
	for _, m := range s.messages[ch.ID] {
		if m != root && m.ThreadTS == root.TS && c.between(m.TS) {
			found = append(found, m)
		}
	}
	return s.wirePageLocked(c, found, 1000)
}

func (s *Sandbox) wirePageLocked(c *call, found []*Message, fallback int) (obj, error) {
	from, to, next, err := c.page(len(found), fallback, 999)
	if err != nil {
		return nil, err
	}
	messages := []obj{}
	for _, m := range found[from:to] {
		messages = append(messages, s.wireMessageLocked(m, c.flag("include_all_metadata")))
	}
	return withCursor(obj{"messages": messages, "has_more": next != ""}, next), nil
}
