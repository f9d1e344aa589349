package config

import (
	"strings"
	"text/template/parse"
)

type slackSection struct {
	Mode          string `yaml:"mode" allow:"socket,http" doc:"How Slack reaches Tagout: over a socket that Tagout opens, or by HTTP."`
	BotToken      string `yaml:"bot_token" need:"true" doc:"The bot token (xoxb-…)."`
	AppToken      string `yaml:"app_token" doc:"The app-level token (xapp-…), for socket mode."`
	SigningSecret string `yaml:"signing_secret" doc:"The signing secret, for http mode."`
	APIURL        string `yaml:"api_url" doc:"Where Slack's Web API is."`
	Announce      string `yaml:"announce" doc:"The channel in which every incident is announced: #name or its ID."`
	CommandPrefix string `yaml:"command_prefix" doc:"Put before the slash commands: \"ai-\" makes /ai-kill. /tagout VERB always works."`
	FlagEmoji     string `yaml:"flag_emoji" doc:"The emoji whose reaction on a message flags it, without colons; \"\": none. Tagout hears it in channels that it is in."`
	ChannelName   string `yaml:"channel_name" doc:"Name of an incident's channel, from {{.Number}}, {{.Agent}} and {{.Class}}; cut to 80, made legal, made unique."`
}

// Slack is how Tagout talks to Slack.
type Slack struct {
	Mode          string // "socket" or "http"
	BotToken      string
	AppToken      string // socket mode
	SigningSecret string // http mode
	APIURL        string // with a trailing slash
	Announce      string // "#name" or a channel ID
	CommandPrefix string
	FlagEmoji     string // without colons; "": none
	ChannelName   string // a text/template over Number, Agent and Class
}

func (b *builder) slack() {
	p, s := path{}.key("slack"), b.doc.Slack
	if b.nodes[p.name] == nil || !b.ok(p) {
		return
	}
	b.cfg.Slack = Slack(s)
	b.slackSecrets(p, s)
	if url, problem := webURL(s.APIURL); problem != "" {
		if b.ok(p.key("api_url")) {
			b.fail(p.key("api_url"), "Write https://slack.com/api/, or leave it out.", "The URL %s.", problem)
		}
	} else {
		b.cfg.Slack.APIURL = strings.TrimRight(s.APIURL, "/") + "/"
		if url.Scheme == "http" && !loopbackHost(url.Hostname()) {
			b.notice(p.key("api_url"), "", "not encrypted, so that others on the way can read the tokens")
		}
	}
	b.channel(p.key("announce"), s.Announce)
	if s.CommandPrefix != "" && (!legal(s.CommandPrefix, "-_") || len(s.CommandPrefix) > 16) {
		b.fail(p.key("command_prefix"), "Use up to 16 lower-case letters, digits, - and _.",
			"Slack does not take %s as the start of a command.", b.shown(p.key("command_prefix")))
	}
	if s.FlagEmoji != "" && (!legal(s.FlagEmoji, "-_+'") || len(s.FlagEmoji) > 100) && b.ok(p.key("flag_emoji")) {
		b.fail(p.key("flag_emoji"), "Write the emoji's name without colons, such as octagonal_sign.",
			"%s is not the name of an emoji.", sentence(b.shown(p.key("flag_emoji"))))
	}
	b.channelName(p.key("channel_name"), s.ChannelName)
}

// slackSecrets checks that the secrets of the mode are there, and are not swapped.
func (b *builder) slackSecrets(p path, s slackSection) {
	if s.BotToken == "" && b.nodes[p.key("bot_token").name] != nil && b.ok(p.key("bot_token")) {
		b.fail(p.key("bot_token"), "Set it to the bot token of the Slack app (xoxb-…).", "`slack.bot_token` is empty.")
	}
	if s.Mode == "socket" && s.AppToken == "" && b.ok(p.key("app_token")) {
		b.fail(p.key("app_token"), "Set it to the app-level token (xapp-…), or use `mode: http`.", "`slack.app_token` is empty, but socket mode needs it.")
	}
	if s.Mode == "http" && s.SigningSecret == "" && b.ok(p.key("signing_secret")) {
		b.fail(p.key("signing_secret"), "Set it to the signing secret of the Slack app, or use `mode: socket`.",
			"`slack.signing_secret` is empty, but http mode needs it.")
	}
	if strings.HasPrefix(s.BotToken, "xapp-") {
		b.fail(p.key("bot_token"), "Put the token that starts with xoxb- here.", "This is an app-level token, not a bot token.")
	}
	if strings.HasPrefix(s.AppToken, "xoxb-") {
		b.fail(p.key("app_token"), "Put the token that starts with xapp- here.", "This is a bot token, not an app-level token.")
	}
}

// channel checks a Slack channel by #name or ID.
func (b *builder) channel(p path, value string) {
	if !b.ok(p) {
		return
	}
	name, named := strings.CutPrefix(value, "#")
	if named && legal(name, "-_") && len(name) <= 80 || !named && slackID(value, "CG") {
		return
	}
	b.fail(p, "Write \"#incidents\" in quotes, or a channel ID such as C0123456789.", "%s is not a Slack channel.", sentence(b.shown(p)))
}

// channelName checks the template of channel names: plain text and the three fields.
func (b *builder) channelName(p path, value string) {
	if !b.ok(p) {
		return
	}
	const fix = "Use plain text with {{.Number}}, {{.Agent}} and {{.Class}}."
	trees, err := parse.Parse("name", value, "", "", map[string]any{})
	if err != nil || trees["name"] == nil || len(trees) > 1 {
		b.fail(p, fix, "The channel name is not a template that can be read.")
		return
	}
	number := false
	for _, part := range trees["name"].Root.Nodes {
		switch name := templateField(part); {
		case part.Type() == parse.NodeText:
		case name == "Number":
			number = true
		case name == "Agent" || name == "Class":
		default:
			b.fail(p, fix, "The channel name holds something that is not known there.")
			return
		}
	}
	if !number {
		b.fail(p, "Add {{.Number}}.", "The channel name does not hold the incident's number, so that channels would be mixed up.")
	}
}

// templateField is the name in {{.Name}}, or "" for any other part of a template.
func templateField(part parse.Node) string {
	action, ok := part.(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || len(action.Pipe.Cmds[0].Args) != 1 {
		return ""
	}
	field, ok := action.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok || len(field.Ident) != 1 {
		return ""
	}
	return field.Ident[0]
}

// slackID reports whether s is an ID that starts with one of the letters.
func slackID(s, first string) bool {
	return len(s) > 1 && len(s) <= 32 && strings.ContainsRune(first, rune(s[0])) && s == strings.ToUpper(s) && legal(strings.ToLower(s), "")
}
