package bot_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

func TestTheManifestSaysWhatTheAppNeeds(t *testing.T) {
	t.Parallel()
	commands := []tagout.Command{{Name: "kill", Summary: "Stop an agent.", Usage: "SCOPE [reason…]"}, {Name: "oncall", Usage: "override @PERSON 4h"}}
	for name, tt := range map[string]struct {
		o    bot.ManifestOptions
		urls []string
	}{
		"socket": {bot.ManifestOptions{Socket: true, CommandPrefix: "ai-"}, []string{"", ""}},
		"http": {bot.ManifestOptions{PublicURL: "https://tagout.example.com/", CommandPrefix: "ai-"},
			[]string{"https://tagout.example.com/slack/commands", "https://tagout.example.com/slack/interactions"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := bot.Manifest(commands, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			var m slack.Manifest
			if err := json.Unmarshal(text, &m); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, c := range m.Features.SlashCommands {
				names = append(names, c.Command)
				if c.Description == "" || c.Url != tt.urls[0] || c.ShouldEscape != (c.Command != "/ai-kill") {
					t.Errorf("the command is %+v", c)
				}
			}
			if want := []string{"/tagout", "/ai-kill", "/ai-oncall"}; !slices.Equal(names, want) {
				t.Errorf("the commands are %v", names)
			}
			if m.Settings.SocketModeEnabled != tt.o.Socket || !m.Settings.Interactivity.IsEnabled || m.Settings.Interactivity.RequestUrl != tt.urls[1] {
				t.Errorf("the settings are %+v", m.Settings)
			}
			events := m.Settings.EventSubscriptions
			if events == nil || !slices.Equal(events.BotEvents, []string{"app_home_opened", "member_left_channel", "reaction_added", "subteam_members_changed", "subteam_updated"}) || (events.RequestUrl == "") != tt.o.Socket || !m.Features.AppHome.HomeTabEnabled {
				t.Errorf("the events are %+v, App Home %+v", events, m.Features.AppHome)
			}
			if !slices.Contains(m.OAuthConfig.Scopes.Bot, "commands") {
				t.Errorf("the scopes are %v", m.OAuthConfig.Scopes.Bot)
			}
		})
	}
}

func TestAManifestThatSlackWouldRefuseIsRefused(t *testing.T) {
	t.Parallel()
	var many []tagout.Command
	for i := range 50 {
		many = append(many, tagout.Command{Name: fmt.Sprintf("c%d", i)})
	}
	for name, tt := range map[string]struct {
		commands []tagout.Command
		o        bot.ManifestOptions
	}{
		"too many commands": {many, bot.ManifestOptions{Socket: true}},
		"a long prefix":     {many[:1], bot.ManifestOptions{Socket: true, CommandPrefix: strings.Repeat("x", 31)}},
		"an odd prefix":     {many[:1], bot.ManifestOptions{Socket: true, CommandPrefix: "AI "}},
		"a long name":       {many[:1], bot.ManifestOptions{Socket: true, Name: strings.Repeat("x", 36)}},
		"no https":          {many[:1], bot.ManifestOptions{PublicURL: "http://tagout.example.com"}},
	} {
		if _, err := bot.Manifest(tt.commands, tt.o); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := bot.Manifest(many[:49], bot.ManifestOptions{Socket: true}); err != nil {
		t.Error(err)
	}
}

func TestTheScopesOfTheManifestAreEnough(t *testing.T) {
	t.Parallel()
	var scopes []string
	for scope := range bot.Scopes() {
		scopes = append(scopes, scope)
	}
	e := open(t, setup{idle: true, sandbox: sandbox.Options{Scopes: scopes}})
	for id, private := range map[tagout.IncidentID]bool{7: false, 8: true} {
		e.desk.add(tagout.Incident{ID: id, Private: private})
		e.slack.Fault(sandbox.Fault{Method: "conversations.create", Times: 1, Kind: sandbox.LostReply})
		e.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: sandbox.LostReply})
		for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel} {
			if err := e.effect(kind, id, "", nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: sandbox.LostReply})
	if err := e.Pager().Send(soon(t), tagout.Page{ID: "p", To: tagout.Person{ID: "U0IC"}, Message: tagout.Say("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.GroupMembers(soon(t), "S0ONCALL"); err != nil {
		t.Fatal(err)
	}
	if id, err := e.UserByEmail(soon(t), "enzo@example.com"); err != nil || id != "U0ENG" {
		t.Fatal(id, err)
	}
	for _, c := range e.slack.Calls() {
		if c.Error == "missing_scope" {
			t.Errorf("%s lacks a scope", c.Method)
		}
	}
}

func TestTheGuideNamesEveryScope(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/connect-slack.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, hit := range regexp.MustCompile("(?m)^\\| `([a-z:.]+)` \\|").FindAllStringSubmatch(string(guide), -1) {
		named = append(named, hit[1])
	}
	for scope := range bot.Scopes() {
		if !slices.Contains(named, scope) {
			t.Errorf("docs/connect-slack.md does not explain the scope %s", scope)
		}
	}
}
