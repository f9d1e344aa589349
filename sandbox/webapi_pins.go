package sandbox

import (
	"net/url"
	"slices"
	"unicode/utf8"
)

const maxPins = 100

func (s *Sandbox) pinsAdd(c *call) (obj, error) {
	ch, m, err := s.pinTargetLocked(c)
	if err != nil {
		return nil, err
	}
	if slices.Contains(ch.Pinned, m.TS) {
		return nil, fail("already_pinned")
	}
	if len(ch.Pinned) >= maxPins {
		return nil, fail("too_many_pins")
	}
	ch.Pinned = append(ch.Pinned, m.TS)
	s.emitChannelLocked(ch)
	return nil, nil
}

func (s *Sandbox) pinsRemove(c *call) (obj, error) {
	ch, m, err := s.pinTargetLocked(c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(ch.Pinned, m.TS) {
		return nil, fail("no_pin")
	}
	ch.Pinned = slices.DeleteFunc(ch.Pinned, func(ts string) bool { return ts == m.TS })
	s.emitChannelLocked(ch)
	return nil, nil
}

func (s *Sandbox) pinTargetLocked(c *call) (*Channel, *Message, error) {
	ch, err := s.joinedChannelLocked(c)
	if err != nil {
		return nil, nil, err
	}
	if c.arg("timestamp") == "" {
		return nil, nil, fail("no_item_specified")
	}
	m := s.messageLocked(ch.ID, c.arg("timestamp"))
	if m == nil {
		return nil, nil, fail("message_not_found")
	}
	return ch, m, nil
}

func (s *Sandbox) pinsList(c *call) (obj, error) {
	ch, err := s.readableLocked(c)
	if err != nil {
		return nil, err
	}
	items := []obj{}
	for _, ts := range ch.Pinned {
		if m := s.messageLocked(ch.ID, ts); m != nil {
			items = append(items, obj{"type": "message", "channel": ch.ID, "message": s.wireMessageLocked(m, false), "created_by": BotUserID})
		}
	}
	return obj{"items": items}, nil
}

// bookmarkChannelLocked finds the channel of a bookmarks call.
func (s *Sandbox) bookmarkChannelLocked(c *call) (*Channel, error) {
	return s.joinedChannelLocked(&call{args: map[string]string{"channel": c.arg("channel_id")}})
}

func checkLink(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fail("invalid_link")
	}
	return nil
}

func (s *Sandbox) bookmarksAdd(c *call) (obj, error) {
	ch, err := s.bookmarkChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if err := c.need("title", "type"); err != nil {
		return nil, err
	}
	if c.arg("type") != "link" {
		return nil, fail("invalid_bookmark_type")
	}
	if err := checkLink(c.arg("link")); err != nil {
		return nil, err
	}
	if len(ch.Bookmarks) >= 100 {
		return nil, fail("too_many_bookmarks")
	}
	b := Bookmark{ID: newID("Bk"), Title: c.arg("title"), Link: c.arg("link"), Emoji: c.arg("emoji")}
	ch.Bookmarks = append(ch.Bookmarks, b)
	s.emitChannelLocked(ch)
	return obj{"bookmark": wireBookmark(ch, b)}, nil
}

func wireBookmark(ch *Channel, b Bookmark) obj {
	return obj{"id": b.ID, "channel_id": ch.ID, "title": b.Title, "link": b.Link, "emoji": b.Emoji, "type": "link"}
}

func (s *Sandbox) bookmarksEdit(c *call) (obj, error) {
	ch, i, err := s.bookmarkLocked(c)
	if err != nil {
		return nil, err
	}
	b := ch.Bookmarks[i]
	if c.has("link") {
		if err := checkLink(c.arg("link")); err != nil {
			return nil, err
		}
		b.Link = c.arg("link")
	}
	if c.arg("title") != "" {
		b.Title = c.arg("title")
	}
	if c.has("emoji") {
		b.Emoji = c.arg("emoji")
	}
	ch.Bookmarks[i] = b
	s.emitChannelLocked(ch)
	return obj{"bookmark": wireBookmark(ch, b)}, nil
}

func (s *Sandbox) bookmarkLocked(c *call) (*Channel, int, error) {
	ch, err := s.bookmarkChannelLocked(c)
	if err != nil {
		return nil, 0, err
	}
	i := slices.IndexFunc(ch.Bookmarks, func(b Bookmark) bool { return b.ID == c.arg("bookmark_id") })
	if i < 0 {
		return nil, 0, fail("not_found")
	}
	return ch, i, nil
}

func (s *Sandbox) bookmarksRemove(c *call) (obj, error) {
	ch, i, err := s.bookmarkLocked(c)
	if err != nil {
		return nil, err
	}
	ch.Bookmarks = slices.Delete(ch.Bookmarks, i, i+1)
	s.emitChannelLocked(ch)
	return nil, nil
}

func (s *Sandbox) bookmarksList(c *call) (obj, error) {
	ch, err := s.bookmarkChannelLocked(c)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	for _, b := range ch.Bookmarks {
		out = append(out, wireBookmark(ch, b))
	}
	return obj{"bookmarks": out}, nil
}

func (s *Sandbox) reactionsAdd(c *call) (obj, error) {
	ch, m, err := s.pinTargetLocked(c)
	if err != nil {
		return nil, err
	}
	if name := c.arg("name"); name == "" || utf8.RuneCountInString(name) > 100 {
		return nil, fail("invalid_name")
	}
	if !s.reactLocked(ch, m, BotUserID, c.arg("name")) {
		return nil, fail("already_reacted")
	}
	return nil, nil
}

// reactLocked adds a reaction; false means that the user has already reacted so.
func (s *Sandbox) reactLocked(ch *Channel, m *Message, user, name string) bool {
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	switch {
	case i < 0:
		m.Reactions = append(m.Reactions, Reaction{Name: name, Users: []string{user}})
	case slices.Contains(m.Reactions[i].Users, user):
		return false
	default:
		m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	}
	s.emitLocked("message_changed", "", obj{"channel": ch.ID, "message": m.clone()})
	return true
}

func (s *Sandbox) reactionsRemove(c *call) (obj, error) {
	ch, m, err := s.pinTargetLocked(c)
	if err != nil {
		return nil, err
	}
	if s.unreactLocked(ch, m, BotUserID, c.arg("name")) {
		return nil, nil
	}
	return nil, fail("no_reaction")
}
