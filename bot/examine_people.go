package bot

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tagout"
)

// foundChannel is a channel as conversations.list and conversations.info tell of it.
type foundChannel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Private  bool   `json:"is_private"`
	Archived bool   `json:"is_archived"`
	Member   bool   `json:"is_member"`
}

// announce looks whether the announce channel is there, and whether the bot may post in it.
func (x *examiner) announce(granted []string) {
	const part = "Announce channel"
	if x.Announce == "" {
		return
	}
	c, err := x.channel()
	switch {
	case err != nil:
		x.found = append(x.found, x.refused(part, "The channels cannot be read", err))
	case c == nil:
		x.found = append(x.found, tagout.Broken(part, x.Announce+" does not exist, or is private and the bot is not in it.", "Create it, or invite the app with /invite in the channel; or name another one under slack.announce."))
	case c.Archived:
		x.found = append(x.found, tagout.Broken(part, x.Announce+" is archived.", "Unarchive it, or name another one under slack.announce."))
	case c.Private && !c.Member:
		x.found = append(x.found, tagout.Broken(part, x.Announce+" is private, and the bot is not in it.", "Type /invite @tagout in the channel."))
	case !c.Member && granted != nil && !slices.Contains(granted, "chat:write.public"):
		x.found = append(x.found, tagout.Broken(part, "The bot is not in "+x.Announce+" and may not post without that.", "Type /invite @tagout in the channel, or grant chat:write.public. "+manifestFix))
	default:
		x.found = append(x.found, tagout.Fine(part, x.Announce+" is there, and the bot may post in it, unless the workspace restricts who posts there."))
	}
}

// channel finds the announce channel; nil if there is none.
func (x *examiner) channel() (*foundChannel, error) {
	name, byName := strings.CutPrefix(x.Announce, "#")
	if !byName {
		var answer struct{ Channel foundChannel }
		_, err := x.call(x.BotToken, "conversations.info", url.Values{"channel": {x.Announce}}, &answer)
		if err == slackError("channel_not_found") {
			return nil, nil
		}
		return &answer.Channel, err
	}
	args := url.Values{"limit": {"1000"}, "types": {"public_channel,private_channel"}}
	for range examinedPages {
		var answer struct {
			Channels []foundChannel
			Meta     struct {
				Next string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		if _, err := x.call(x.BotToken, "conversations.list", args, &answer); err != nil {
			return nil, err
		}
		if n := slices.IndexFunc(answer.Channels, func(c foundChannel) bool { return c.Name == name }); n >= 0 {
			return &answer.Channels[n], nil
		}
		if answer.Meta.Next == "" {
			break
		}
		args.Set("cursor", answer.Meta.Next)
	}
	return nil, nil
}

// groups reads the members of each user group that is paged.
func (x *examiner) groups() {
	for _, role := range slices.Sorted(maps.Keys(x.Groups)) {
		part, group := "Slack group of "+role, x.Groups[role]
		var answer struct{ Users []string }
		_, err := x.call(x.BotToken, "usergroups.users.list", url.Values{"usergroup": {group}}, &answer)
		switch {
		case err == slackError("no_such_subteam") || err == slackError("subteam_not_found"):
			x.found = append(x.found, tagout.Broken(part, "There is no user group "+group+".", "Copy its ID from Slack: People, User groups, …, Copy group ID."))
		case err == slackError("paid_teams_only") || err == slackError("paid_only"):
			x.found = append(x.found, tagout.Broken(part, "User groups need a paid plan of Slack, so "+group+" cannot be read and pages nobody.", "List the people as members of the role, or use a rotation."))
		case err != nil:
			x.found = append(x.found, x.refused(part, "The user group "+group+" cannot be read", err))
		case len(answer.Users) == 0:
			x.found = append(x.found, tagout.Doubtful(part, "Nobody is in the user group "+group+".", "Add people to it, or members to the role."))
		default:
			x.found = append(x.found, tagout.Fine(part, countOf(len(answer.Users), "person", "people")+" in the user group "+group+"."))
		}
	}
}

// people looks whether the people of the configuration are people who can be paged and sign.
func (x *examiner) people() {
	const part = "People"
	good, looked := 0, 0
	for _, id := range slices.Sorted(maps.Keys(x.People)) {
		if looked++; looked > examinedMost {
			x.found = append(x.found, tagout.Doubtful(part, "Only "+countOf(examinedMost, "person", "people")+" of the configuration were looked up.", ""))
			break
		}
		var answer struct {
			User struct {
				Deleted    bool
				Bot        bool `json:"is_bot"`
				Restricted bool `json:"is_restricted"`
			}
		}
		who := string(id) + " (" + x.People[id] + ")"
		_, err := x.call(x.BotToken, "users.info", url.Values{"user": {string(id)}}, &answer)
		switch {
		case err == slackError("user_not_found") || err == slackError("user_not_visible"):
			x.found = append(x.found, tagout.Broken(part, who+" is nobody in this workspace.", "Copy the member ID from the person's profile in Slack."))
		case err != nil:
			x.found = append(x.found, x.refused(part, who+" cannot be looked up", err))
			return
		case answer.User.Deleted:
			x.found = append(x.found, tagout.Broken(part, who+" is deactivated: they can neither be paged nor sign.", "Take them out of the configuration, and put somebody else in."))
		case answer.User.Bot:
			x.found = append(x.found, tagout.Broken(part, who+" is a bot: it can neither be paged nor sign.", "Name a person."))
		case answer.User.Restricted:
			x.found = append(x.found, tagout.Doubtful(part, who+" is a guest: they can be paged, but never sign.", "Name a full member where somebody must sign."))
		default:
			good++
		}
	}
	if good > 0 {
		x.found = append(x.found, tagout.Fine(part, countOf(good, "person", "people")+" of the configuration can be reached in Slack."))
	}
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
