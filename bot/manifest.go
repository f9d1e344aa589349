package bot

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"tagout"
)

// Slack's limits of a manifest.
const (
	maxCommands           = 50
	maxCommandName        = 32
	maxCommandDescription = 2000
	maxUsageHint          = 1000
	maxAppName            = 35
	maxShortcuts          = 10
	maxShortcutName       = 24
	maxShortcutWords      = 150
)

// ManifestOptions say how the app will be reached.
type ManifestOptions struct {
	Name          string // of the app; default "Tagout"
	CommandPrefix string // as in the configuration
	Socket        bool   // Socket Mode; otherwise Slack calls PublicURL
	PublicURL     string // where HTTP mode is reached, such as https://tagout.example.com
}

// Scopes are the permissions that the bot uses, and what for.
func Scopes() map[string]string {
	return map[string]string{
		"commands":          "the slash commands and shortcuts",
		"reactions:read":    "hear of the reaction that flags a message",
		"chat:write":        "post, update and answer",
		"chat:write.public": "announce without being invited first",
		"channels:manage":   "open incident channels, set their topic, invite people, archive the one that a private incident leaves",
		"channels:read":     "find the channels it opened and the announce channel",
		"channels:join":     "read the announce channel when it must make sure not to post twice",
		"channels:history":  "make sure that a message whose fate is unknown is not posted twice",
		"groups:write":      "open the channels of private incidents, set their topic, invite their people",
		"groups:read":       "find the private channels it opened",
		"groups:history":    "the same check in private channels",
		"im:write":          "page by direct message",
		"im:history":        "the same check before a page is sent again",
		"users:read":        "tell guests and bots from members: guests may stop, never sign",
		"users:read.email":  "find the people of a PagerDuty or GoAlert schedule",
		"usergroups:read":   "page the members of a user group",
		"pins:write":        "pin the incident card",
		"files:write":       "post the record of an incident as a file",
		"bookmarks:read":    "see which links the channel has, so that none is added twice",
		"bookmarks:write":   "put the incident's links into the header of its channel",
	}
}

type manifest struct {
	Metadata struct {
		Major int `json:"major_version"`
		Minor int `json:"minor_version"`
	} `json:"_metadata"`
	Display struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Background  string `json:"background_color"`
	} `json:"display_information"`
	Features struct {
		Bot struct {
			Name   string `json:"display_name"`
			Online bool   `json:"always_online"`
		} `json:"bot_user"`
		Home      manifestHome       `json:"app_home"`
		Shortcuts []manifestShortcut `json:"shortcuts,omitempty"`
		Commands  []manifestCommand  `json:"slash_commands"`
	} `json:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `json:"bot"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings manifestSettings `json:"settings"`
}

type manifestHome struct {
	Home     bool `json:"home_tab_enabled"`
	Messages bool `json:"messages_tab_enabled"`
	ReadOnly bool `json:"messages_tab_read_only_enabled"`
}

type manifestShortcut struct {
	Name        string `json:"name"`
	Type        string `json:"type"` // message or global
	Callback    string `json:"callback_id"`
	Description string `json:"description"`
}

type manifestCommand struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint,omitempty"`
	Escape      bool   `json:"should_escape"`
}

type manifestSettings struct {
	Interactivity struct {
		Enabled bool   `json:"is_enabled"`
		URL     string `json:"request_url,omitempty"`
	} `json:"interactivity"`
	Events struct {
		URL string   `json:"request_url,omitempty"`
		Bot []string `json:"bot_events"`
	} `json:"event_subscriptions"`
	OrgDeploy bool `json:"org_deploy_enabled"`
	Socket    bool `json:"socket_mode_enabled"`
	Rotation  bool `json:"token_rotation_enabled"`
}

// Manifest is the Slack app manifest, as indented JSON, for these commands. It returns
// Invalid, naming the limit, for what Slack would refuse.
func Manifest(commands []tagout.Command, o ManifestOptions) ([]byte, error) {
	base, err := o.baseURL()
	if err != nil {
		return nil, err
	}
	var m manifest
	m.Metadata.Major, m.Metadata.Minor = 1, 1
	m.Display.Name = orText(o.Name, "Tagout")
	m.Display.Description = "Stops misbehaving AI agents, keeps them stopped, and asks before they restart."
	m.Display.Background = "#1f2933"
	m.Features.Bot.Name, m.Features.Bot.Online = strings.ToLower(m.Display.Name), true
	m.Features.Home = manifestHome{Home: true, Messages: true, ReadOnly: true}
	m.OAuth.Scopes.Bot = slices.Sorted(maps.Keys(Scopes()))
	m.Settings.Socket = o.Socket
	m.Settings.Interactivity.Enabled = true
	m.Settings.Events.Bot = slices.Sorted(maps.Keys(Events()))
	url := ""
	if !o.Socket {
		url = base + "/slack/commands"
		m.Settings.Interactivity.URL = base + "/slack/interactions"
		m.Settings.Events.URL = base + "/slack/events"
	}
	for _, c := range slashCommands(commands, o.CommandPrefix) {
		c.URL = url
		m.Features.Commands = append(m.Features.Commands, c)
	}
	m.Features.Shortcuts = menuEntries(commands)
	if err := m.check(); err != nil {
		return nil, err
	}
	return json.MarshalIndent(m, "", "  ")
}

func (o ManifestOptions) baseURL() (string, error) {
	base := strings.TrimRight(o.PublicURL, "/")
	if !o.Socket && !strings.HasPrefix(base, "https://") {
		return "", tagout.Errorf(tagout.Invalid, "HTTP mode needs public_url to be an https address that Slack can reach, or use slack.mode: socket.")
	}
	return base, nil
}

// slashCommands are the commands by name, the umbrella first.
func slashCommands(commands []tagout.Command, prefix string) []manifestCommand {
	list := []manifestCommand{{
		Command: "/" + umbrella, Description: "Every Tagout command under one name; alone, the help.", Hint: "VERB [arguments]", Escape: true,
	}}
	byName := map[string]tagout.Command{}
	for _, c := range commands {
		byName[c.Name] = c
	}
	for _, c := range commandsInOrder(byName) {
		if c.Name == umbrella {
			continue
		}
		list = append(list, manifestCommand{
			Command: "/" + prefix + c.Name, Description: clipText(orText(oneLine(c.Summary), c.Name), maxCommandDescription),
			Hint: clipText(oneLine(c.Usage), maxUsageHint), Escape: takesPeople(c),
		})
	}
	return list
}

// menuEntries are the shortcuts of the commands.
func menuEntries(commands []tagout.Command) (list []manifestShortcut) {
	for _, c := range commands {
		for _, s := range c.Shortcuts {
			kind := map[bool]string{true: "message", false: "global"}[s.OnMessage]
			list = append(list, manifestShortcut{Name: s.Name, Type: kind, Callback: s.ID, Description: clipText(oneLine(s.Summary), maxShortcutWords)})
		}
	}
	return list
}

func commandsInOrder(byName map[string]tagout.Command) []tagout.Command {
	var list []tagout.Command
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return list
}

// check returns Invalid for what Slack would refuse.
func (m manifest) check() error {
	if units(m.Display.Name) > maxAppName {
		return tagout.Errorf(tagout.Invalid, "The app's name has more than %d characters.", maxAppName)
	}
	if n := len(m.Features.Commands); n > maxCommands {
		return tagout.Errorf(tagout.Invalid, "Slack takes %d slash commands in one app, not %d.", maxCommands, n)
	}
	if n := len(m.Features.Shortcuts); n > maxShortcuts {
		return tagout.Errorf(tagout.Invalid, "Slack takes %d shortcuts in one app, not %d.", maxShortcuts, n)
	}
	for _, s := range m.Features.Shortcuts {
		if s.Name == "" || units(s.Name) > maxShortcutName {
			return tagout.Errorf(tagout.Invalid, "Slack does not take the shortcut %q: its name has 1 to %d characters.", s.Name, maxShortcutName)
		}
	}
	seen := map[string]bool{}
	for _, c := range m.Features.Commands {
		name := strings.TrimPrefix(c.Command, "/")
		legal := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
		if len(c.Command) > maxCommandName || name == "" || !legal {
			return tagout.Errorf(tagout.Invalid, "Slack does not take the slash command %q: at most %d lower-case letters, digits, - and _. Check slack.command_prefix.",
				clipText(c.Command, 60), maxCommandName)
		}
		if seen[name] {
			return tagout.Errorf(tagout.Invalid, "The slash command %q exists twice.", c.Command)
		}
		seen[name] = true
	}
	return nil
}
