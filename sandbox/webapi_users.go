package sandbox

import (
	"slices"
	"strings"
)

func (s *Sandbox) usersInfo(c *call) (obj, error) {
	u, ok := s.userLocked(c.arg("user"))
	if !ok {
		return nil, fail("user_not_found")
	}
	return obj{"user": s.wireUserLocked(u)}, nil
}

func (s *Sandbox) usersList(c *call) (obj, error) {
	from, to, next, err := c.page(len(s.users), 0, 1000)
	if err != nil {
		return nil, err
	}
	members := []obj{}
	for _, u := range s.users[from:to] {
		members = append(members, s.wireUserLocked(u))
	}
	return withCursor(obj{"members": members, "cache_ts": s.opts.Now().Unix()}, next), nil
}

func (s *Sandbox) usersLookupByEmail(c *call) (obj, error) {
	for _, u := range s.users {
		if u.Email != "" && strings.EqualFold(u.Email, c.arg("email")) && !u.Deleted {
			return obj{"user": s.wireUserLocked(u)}, nil
		}
	}
	return nil, fail("users_not_found")
}

func (s *Sandbox) botsInfo(c *call) (obj, error) {
	if c.arg("bot") != BotID {
		return nil, fail("bot_not_found")
	}
	bot, _ := s.userLocked(BotUserID)
	return obj{"bot": obj{"id": BotID, "app_id": AppID, "user_id": BotUserID, "name": bot.Name, "deleted": false}}, nil
}

func (s *Sandbox) usergroupsList(c *call) (obj, error) {
	if s.opts.FreePlan {
		return nil, fail("paid_teams_only")
	}
	groups := []obj{}
	for _, g := range s.groups {
		out := obj{
			"id": g.ID, "team_id": TeamID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
			"description": "", "is_external": false, "date_delete": 0, "user_count": len(g.Users),
		}
		if c.flag("include_users") {
			out["users"] = g.Users
		}
		groups = append(groups, out)
	}
	return obj{"usergroups": groups}, nil
}

func (s *Sandbox) usergroupsUsersList(c *call) (obj, error) {
	if s.opts.FreePlan {
		return nil, fail("paid_teams_only")
	}
	for _, g := range s.groups {
		if g.ID == c.arg("usergroup") {
			return obj{"users": slices.Clone(g.Users)}, nil
		}
	}
	return nil, fail("no_such_subteam")
}
