package sandbox

// wireMessageLocked is a message as the Web API and payloads carry it.
func (s *Sandbox) wireMessageLocked(m *Message, withMetadata bool) obj {
	out := obj{"type": "message", "ts": m.TS, "user": m.User, "text": m.Text, "team": TeamID}
	if m.BotID != "" {
		bot, _ := s.userLocked(BotUserID)
		out["bot_id"], out["app_id"] = m.BotID, AppID
		out["bot_profile"] = obj{"id": BotID, "app_id": AppID, "name": bot.Name, "team_id": TeamID, "deleted": false}
	}
	if m.Username != "" {
		out["username"] = m.Username
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if len(m.Attachments) > 0 {
		out["attachments"] = m.Attachments
	}
	if withMetadata && len(m.Metadata) > 0 {
		out["metadata"] = m.Metadata
	}
	if m.Edited != nil {
		out["edited"] = m.Edited
	}
	if len(m.Files) > 0 {
		out["files"] = m.Files
	}
	if m.Ephemeral {
		out["is_ephemeral"] = true
	}
	s.addThreadLocked(out, m)
	addReactions(out, m)
	return out
}

func (s *Sandbox) addThreadLocked(out obj, m *Message) {
	switch {
	case m.ThreadTS != "":
		out["thread_ts"] = m.ThreadTS
		if parent := s.messageLocked(m.Channel, m.ThreadTS); parent != nil {
			out["parent_user_id"] = parent.User
		}
	case m.ReplyCount > 0:
		out["thread_ts"], out["reply_count"] = m.TS, m.ReplyCount
	}
}

func addReactions(out obj, m *Message) {
	var reactions []obj
	for _, r := range m.Reactions {
		reactions = append(reactions, obj{"name": r.Name, "users": r.Users, "count": len(r.Users)})
	}
	if reactions != nil {
		out["reactions"] = reactions
	}
}

// wireChannel is a channel as the Web API shows it to the app.
func wireChannel(c *Channel) obj {
	out := obj{
		"id": c.ID, "created": c.Created, "is_im": c.IsIM, "is_mpim": c.IsMPIM,
		"is_archived": c.IsArchived, "is_private": c.IsPrivate,
	}
	if c.IsIM {
		out["user"], out["is_open"] = c.User, true
		return out
	}
	out["name"], out["name_normalized"] = c.Name, c.Name
	out["is_channel"], out["is_group"] = !c.IsPrivate, c.IsPrivate
	out["is_member"], out["num_members"] = c.IsMember, len(c.Members)
	out["is_general"] = c.Name == "general"
	out["creator"], out["context_team_id"] = c.Creator, TeamID
	out["topic"] = obj{"value": c.Topic, "creator": "", "last_set": 0}
	out["purpose"] = obj{"value": c.Purpose, "creator": "", "last_set": 0}
	return out
}

// wireUser is a user as the Web API shows it; the e-mail needs its own scope.
func (s *Sandbox) wireUserLocked(u User) obj {
	zone := u.TZ
	orDefault(&zone, "Etc/UTC")
	profile := obj{
		"real_name": u.RealName, "display_name": u.Name, "title": u.Title, "team": TeamID,
		"real_name_normalized": u.RealName, "display_name_normalized": u.Name,
	}
	if u.Email != "" && s.hasScopeLocked("users:read.email") {
		profile["email"] = u.Email
	}
	if u.ID == BotUserID {
		profile["bot_id"], profile["api_app_id"] = BotID, AppID
	}
	return obj{
		"id": u.ID, "team_id": TeamID, "name": u.Name, "real_name": u.RealName, "color": u.Color,
		"deleted": u.Deleted, "tz": zone, "is_bot": u.IsBot, "is_app_user": false,
		"is_admin": false, "is_owner": false, "is_restricted": u.IsRestricted || u.IsUltraRestricted,
		"is_ultra_restricted": u.IsUltraRestricted, "profile": profile,
	}
}
