package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var channelName = regexp.MustCompile(`^[a-z0-9_-]+$`)

// checkName returns Slack's error for a channel name that it refuses.
func (s *Sandbox) checkNameLocked(name string) error {
	switch {
	case name == "":
		return fail("invalid_name_required")
	case utf8.RuneCountInString(name) > 80:
		return fail("invalid_name_maxlength")
	case strings.Trim(name, "-_") == "":
		return fail("invalid_name_punctuation")
	case !channelName.MatchString(name):
		return fail("invalid_name_specials")
	}
	for _, c := range s.channels {
		if !c.IsIM && c.Name == name { // archived channels keep their names
			return fail("name_taken")
		}
	}
	return nil
}

func (s *Sandbox) conversationsCreate(c *call) (obj, error) {
	name := c.arg("name")
	if err := s.checkNameLocked(name); err != nil {
		return nil, err
	}
	ch := &Channel{
		ID: newID("C"), Name: name, IsPrivate: c.flag("is_private"), IsMember: true,
		Creator: BotUserID, Created: s.opts.Now().Unix(), Members: []string{BotUserID},
	}
	s.channels = append(s.channels, ch)
	s.emitChannelLocked(ch)
	return obj{"channel": wireChannel(ch)}, nil
}

// anyChannelLocked finds the channel that a call names, if the app can see it.
func (s *Sandbox) anyChannelLocked(c *call) (*Channel, error) {
	for _, ch := range s.channels {
		if ch.ID == c.arg("channel") && (!ch.IsPrivate || ch.IsMember) {
			return ch, nil
		}
	}
	return nil, fail("channel_not_found")
}

// joinedChannelLocked finds a channel that the app is in and that is not archived.
func (s *Sandbox) joinedChannelLocked(c *call) (*Channel, error) {
	ch, err := s.anyChannelLocked(c)
	switch {
	case err != nil:
		return nil, err
	case ch.IsArchived:
		return nil, fail("is_archived")
	case !ch.IsMember:
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

func (s *Sandbox) conversationsInvite(c *call) (obj, error) {
	ch, err := s.joinedChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if ch.IsIM || ch.IsMPIM {
		return nil, fail("method_not_supported_for_channel_type")
	}
	if c.arg("users") == "" {
		return nil, fail("no_user")
	}
	ids := strings.Split(c.arg("users"), ",")
	if len(ids) > 1000 {
		return nil, fail("too_many_users")
	}
	var good []string
	var bad []obj
	for _, id := range ids {
		id = strings.TrimSpace(id)
		if code := s.inviteProblemLocked(ch, id); code != "" {
			bad = append(bad, obj{"ok": false, "error": code, "user": id})
			continue
		}
		good = append(good, id)
	}
	if len(bad) > 0 && (!c.flag("force") || len(good) == 0) {
		return nil, &apiError{code: str(bad[0], "error"), extra: obj{"errors": bad}}
	}
	ch.Members = append(ch.Members, good...)
	s.emitChannelLocked(ch)
	out := obj{"channel": wireChannel(ch)}
	if len(bad) > 0 {
		out["errors"] = bad
	}
	return out, nil
}

func (s *Sandbox) inviteProblemLocked(ch *Channel, id string) string {
	u, ok := s.userLocked(id)
	switch {
	case id == BotUserID:
		return "cant_invite_self"
	case !ok || u.Deleted:
		return "user_not_found"
	case u.IsUltraRestricted:
		return "ura_max_channels"
	case slices.Contains(ch.Members, id):
		return "already_in_channel"
	}
	return ""
}

func (s *Sandbox) conversationsKick(c *call) (obj, error) {
	ch, err := s.joinedChannelLocked(c)
	if err != nil {
		return nil, err
	}
	user := c.arg("user")
	switch {
	case user == BotUserID:
		return nil, fail("cant_kick_self")
	case !slices.Contains(ch.Members, user):
		return nil, fail("not_in_channel")
	}
	ch.Members = slices.DeleteFunc(ch.Members, func(id string) bool { return id == user })
	s.emitChannelLocked(ch)
	return nil, nil
}

func (s *Sandbox) conversationsLeave(c *call) (obj, error) {
	ch, err := s.anyChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if !ch.IsMember {
		return obj{"not_in_channel": true}, nil
	}
	ch.IsMember = false
	ch.Members = slices.DeleteFunc(ch.Members, func(id string) bool { return id == BotUserID })
	s.emitChannelLocked(ch)
	return nil, nil
}

func (s *Sandbox) conversationsJoin(c *call) (obj, error) {
	ch, err := s.anyChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if ch.IsPrivate {
		return nil, fail("method_not_supported_for_channel_type")
	}
	if ch.IsArchived {
		return nil, fail("is_archived")
	}
	out := obj{}
	if ch.IsMember {
		out["warning"] = "already_in_channel"
		out["response_metadata"] = obj{"warnings": []string{"already_in_channel"}}
	} else {
		ch.IsMember = true
		ch.Members = append(ch.Members, BotUserID)
		s.emitChannelLocked(ch)
	}
	out["channel"] = wireChannel(ch)
	return out, nil
}

func (s *Sandbox) conversationsOpen(c *call) (obj, error) {
	if c.arg("channel") != "" {
		ch, err := s.anyChannelLocked(c)
		if err != nil {
			return nil, err
		}
		return obj{"channel": wireChannel(ch), "already_open": true, "no_op": true}, nil
	}
	if c.arg("users") == "" {
		return nil, fail("users_list_not_supplied")
	}
	ids := strings.Split(c.arg("users"), ",")
	for _, id := range ids {
		u, ok := s.userLocked(id)
		switch {
		case !ok:
			return nil, fail("user_not_found")
		case u.Deleted:
			return nil, fail("user_disabled")
		case u.IsBot:
			return nil, fail("cannot_dm_bot")
		}
	}
	if len(ids) > 8 {
		return nil, fail("too_many_users")
	}
	ch := s.groupDMLocked(ids)
	if c.flag("return_im") {
		return obj{"channel": wireChannel(ch)}, nil
	}
	return obj{"channel": obj{"id": ch.ID}}, nil
}

// groupDMLocked returns the direct message between the app and these people.
func (s *Sandbox) groupDMLocked(ids []string) *Channel {
	if len(ids) == 1 {
		return s.imLocked(ids[0])
	}
	members := append(slices.Sorted(slices.Values(ids)), BotUserID)
	for _, ch := range s.channels {
		if ch.IsMPIM && slices.Equal(ch.Members, members) {
			return ch
		}
	}
	ch := &Channel{
		ID: newID("G"), Name: "mpdm-" + strings.ToLower(strings.Join(ids, "--")), IsPrivate: true,
		IsMPIM: true, IsMember: true, Created: s.opts.Now().Unix(), Members: members,
	}
	s.channels = append(s.channels, ch)
	s.emitChannelLocked(ch)
	return ch
}

func (s *Sandbox) conversationsSetTopic(c *call) (obj, error) {
	ch, err := s.joinedChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(c.arg("topic")) > 250 {
		return nil, fail("too_long")
	}
	ch.Topic = c.arg("topic")
	s.emitChannelLocked(ch)
	return obj{"channel": wireChannel(ch)}, nil
}

func (s *Sandbox) conversationsSetPurpose(c *call) (obj, error) {
	ch, err := s.joinedChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(c.arg("purpose")) > 250 {
		return nil, fail("too_long")
	}
	ch.Purpose = c.arg("purpose")
	s.emitChannelLocked(ch)
	return obj{"channel": wireChannel(ch)}, nil
}

func (s *Sandbox) conversationsArchive(c *call) (obj, error) {
	ch, err := s.anyChannelLocked(c)
	switch {
	case err != nil:
		return nil, err
	case ch.IsArchived:
		return nil, fail("already_archived")
	case ch.Name == "general":
		return nil, fail("cant_archive_general")
	case !ch.IsMember:
		return nil, fail("not_in_channel")
	}
	ch.IsArchived = true
	s.emitChannelLocked(ch)
	return nil, nil
}

// conversationsUnarchive refuses: a bot cannot bring a channel back.
func (s *Sandbox) conversationsUnarchive(c *call) (obj, error) {
	ch, err := s.anyChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if !ch.IsArchived {
		return nil, fail("not_archived")
	}
	return nil, fail("not_in_channel")
}

func (s *Sandbox) conversationsRename(c *call) (obj, error) {
	ch, err := s.joinedChannelLocked(c)
	if err != nil {
		return nil, err
	}
	if ch.Creator != BotUserID {
		return nil, fail("not_authorized")
	}
	if c.arg("name") != ch.Name {
		if err := s.checkNameLocked(c.arg("name")); err != nil {
			return nil, err
		}
	}
	ch.Name = c.arg("name")
	s.emitChannelLocked(ch)
	return obj{"channel": wireChannel(ch)}, nil
}
