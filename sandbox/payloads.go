package sandbox

import (
	"regexp"
	"slices"
	"strings"
)

// verificationToken is the legacy token in payloads; apps must not rely on it.
const verificationToken = "sandbox-verification"

// team is the workspace of a payload; tests can claim to come from elsewhere.
func team(foreign string) (id, domain string) {
	if foreign != "" && foreign != TeamID {
		return foreign, "elsewhere"
	}
	return TeamID, TeamDomain
}

func wirePerson(u User, teamID string) obj {
	return obj{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": teamID}
}

// channelLabel is how payloads name a channel.
func channelLabel(ch *Channel) string {
	switch {
	case ch.IsIM:
		return "directmessage"
	case ch.IsPrivate:
		return "privategroup"
	}
	return ch.Name
}

func (s *Sandbox) commandPayloadLocked(u User, ch *Channel, in Invocation) obj {
	teamID, domain := team(in.Team)
	return obj{
		"token": verificationToken, "team_id": teamID, "team_domain": domain,
		"channel_id": ch.ID, "channel_name": channelLabel(ch),
		"user_id": u.ID, "user_name": u.Name,
		"command": in.Command, "text": s.escapedLocked(in),
		"api_app_id": AppID, "is_enterprise_install": "false",
		"response_url": s.grantLocked(&responseGrant{channel: ch.ID, user: u.ID}),
		"trigger_id":   s.newTriggerLocked(u.ID, false),
	}
}

var typedHandle = regexp.MustCompile(`(^|[\s(])@([a-z0-9][a-z0-9._-]*)`)

// escapedLocked is the text of a command as its app asked for it: with people as tokens and
// the rest escaped, or as typed.
func (s *Sandbox) escapedLocked(in Invocation) string {
	if !slices.ContainsFunc(s.commands, func(c Command) bool { return c.Command == in.Command && c.Escape }) {
		return in.Text
	}
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(in.Text)
	return typedHandle.ReplaceAllStringFunc(text, func(hit string) string {
		part := typedHandle.FindStringSubmatch(hit)
		for _, u := range s.users {
			if u.Name == part[2] {
				return part[1] + "<@" + u.ID + "|" + u.Name + ">"
			}
		}
		return hit
	})
}

// interactionLocked is what all interactive payloads have in common.
func (s *Sandbox) interactionLocked(kind string, u User, foreign string, inModal bool) obj {
	teamID, domain := team(foreign)
	return obj{
		"type": kind, "token": verificationToken, "api_app_id": AppID,
		"team": obj{"id": teamID, "domain": domain}, "user": wirePerson(u, teamID),
		"enterprise": nil, "is_enterprise_install": false,
		"trigger_id": s.newTriggerLocked(u.ID, inModal),
	}
}

// messageClickLocked is the payload of a click in a message.
func (s *Sandbox) messageClickLocked(u User, ch *Channel, m *Message, c Click, action obj) obj {
	p := s.interactionLocked("block_actions", u, c.Team, false)
	container := obj{"type": "message", "message_ts": m.TS, "channel_id": ch.ID, "is_ephemeral": m.Ephemeral}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	p["container"] = container
	p["channel"] = obj{"id": ch.ID, "name": channelLabel(ch)}
	if m.Ephemeral {
		p["message"] = obj{"type": "message", "ts": m.TS, "user": BotUserID, "text": m.Text}
	} else {
		p["message"] = s.wireMessageLocked(m, true)
	}
	values := initialState(decodeBlocks(m.Blocks))
	keepState(values, c.State)
	p["state"] = obj{"values": values}
	p["response_url"] = s.grantLocked(&responseGrant{channel: ch.ID, user: u.ID, ts: m.TS, thread: m.ThreadTS})
	p["actions"] = []obj{action}
	return p
}

// viewClickLocked is the payload of a click in a modal or Home tab.
func (s *Sandbox) viewClickLocked(u User, v *view, c Click, action obj) obj {
	p := s.interactionLocked("block_actions", u, c.Team, str(v.raw, "type") == "modal")
	keepState(sub(sub(v.raw, "state"), "values"), c.State)
	p["container"] = obj{"type": "view", "view_id": v.id()}
	p["view"] = encode(v.raw)
	p["actions"] = []obj{action}
	return p
}

// eventPayload wraps an event as the Events API does.
func (s *Sandbox) eventPayload(event obj) obj {
	return obj{
		"token": verificationToken, "team_id": TeamID, "api_app_id": AppID, "event": event,
		"type": "event_callback", "event_id": newID("Ev"), "event_time": s.opts.Now().Unix(),
		"authorizations": []obj{{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": false,
	}
}

// personLocked finds a person who can act, and the channel as that person sees it.
func (s *Sandbox) personLocked(user, channel string) (User, *Channel, error) {
	u, ok := s.userLocked(user)
	if !ok {
		return u, nil, Error("user_not_found")
	}
	if channel == "" {
		return u, nil, nil
	}
	ch := s.channelLocked(channel)
	if ch == nil || ch.IsPrivate && !slices.Contains(ch.Members, user) {
		return u, nil, Error("channel_not_found")
	}
	return u, ch, nil
}
