package bot_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

// examined is what an examination of a workspace finds that is not as it should be.
func examined(t *testing.T, o sandbox.Options, change func(*sandbox.Sandbox, *bot.Examination)) (amiss []string, all string) {
	t.Helper()
	slack := sandbox.New(o)
	server := httptest.NewServer(slack.Handler())
	t.Cleanup(func() { slack.Close(); server.Close() })
	slack.SetBaseURL(server.URL)
	e := bot.Examination{
		APIURL: server.URL + "/api/", BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", Announce: "#incidents", HTTP: server.Client(), Now: time.Now,
		Groups: map[string]string{"Legal": "S0LEGAL"}, People: map[tagout.UserID]string{"U0LEGAL": "Legal", "U0ENG": "Engineering"},
	}
	if change != nil {
		change(slack, &e)
	}
	for _, one := range bot.Examine(soon(t), e) {
		text := string(one.Level) + " " + one.Part + ": " + one.Text
		all += text + " " + one.Fix + "\n"
		if one.Level != tagout.CheckOK {
			amiss = append(amiss, text)
		}
		if one.Level == tagout.CheckProblem && one.Fix == "" {
			t.Errorf("it is not said what to do about %s", text)
		}
	}
	if slices.ContainsFunc(slack.Calls(), func(c sandbox.Call) bool {
		return strings.HasPrefix(c.Method, "chat.") || c.Method == "conversations.join" || c.Method == "conversations.create"
	}) {
		t.Error("the examination posted or changed something")
	}
	return amiss, all
}

func TestAnExaminationOfASoundWorkspaceFindsNothing(t *testing.T) {
	t.Parallel()
	amiss, all := examined(t, sandbox.Options{}, nil)
	if len(amiss) != 0 {
		t.Errorf("it finds %q", amiss)
	}
	for _, part := range []string{"Connected to the workspace", "Clock", "every permission", "opens connections", "#incidents is there", "1 person in the user group S0LEGAL", "2 people of the configuration"} {
		if !strings.Contains(all, part) {
			t.Errorf("it does not say %q:\n%s", part, all)
		}
	}
}

func TestAnExaminationNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	without := func(scope string) []string {
		return slices.DeleteFunc(sandbox.DefaultScopes(), func(s string) bool { return s == scope })
	}
	private := append(sandbox.DefaultChannels(), sandbox.Channel{ID: "G0SECRET", Name: "secret", IsPrivate: true, Creator: "U0EXEC", Members: []string{"U0EXEC"}})
	for name, c := range map[string]struct {
		options sandbox.Options
		change  func(*sandbox.Sandbox, *bot.Examination)
		want    string // the start of the one that is not as it should be
	}{
		"a wrong token":           {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.BotToken = "xoxb-other" }, "problem Slack: The bot token is not accepted: invalid_auth."},
		"a missing scope":         {sandbox.Options{Scopes: without("bookmarks:write")}, nil, "problem Slack permissions: The token lacks bookmarks:write (put the incident's links"},
		"a wrong app token":       {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.AppToken = "xapp-other" }, "problem Slack Socket Mode: The app token is not accepted: invalid_auth."},
		"the wrong kind of token": {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.AppToken = e.BotToken }, "problem Slack Socket Mode: The app token is not accepted: not_allowed_token_type."},
		"no such channel":         {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.Announce = "#nowhere" }, "problem Announce channel: #nowhere does not exist"},
		"no such channel ID":      {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.Announce = "C0NOWHERE" }, "problem Announce channel: C0NOWHERE does not exist"},
		"an archived channel":     {sandbox.Options{}, func(s *sandbox.Sandbox, _ *bot.Examination) { s.Archive("incidents") }, "problem Announce channel: #incidents is archived."},
		"a private channel":       {sandbox.Options{Channels: private}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.Announce = "#secret" }, "problem Announce channel: #secret "},
		"no such group":           {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.Groups["Legal"] = "S0NOBODY" }, "problem Slack group of Legal: There is no user group S0NOBODY."},
		"a free plan":             {sandbox.Options{FreePlan: true}, nil, "problem Slack group of Legal: User groups need a paid plan"},
		"somebody who left":       {sandbox.Options{}, func(s *sandbox.Sandbox, _ *bot.Examination) { s.Deactivate("U0LEGAL") }, "problem People: U0LEGAL (Legal) is deactivated"},
		"nobody":                  {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.People["U0NOBODY"] = "Legal" }, "problem People: U0NOBODY (Legal) is nobody"},
		"a guest":                 {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.People["U0GUEST"] = "Legal" }, "warning People: U0GUEST (Legal) is a guest"},
		"a bot":                   {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) { e.People[sandbox.BotUserID] = "Legal" }, "problem People: U0TAGOUT (Legal) is a bot"},
		"a late clock": {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) {
			e.Now = func() time.Time { return time.Now().Add(-time.Minute) }
		}, "warning Clock: This machine's clock differs from Slack's by -"},
		"a wrong clock": {sandbox.Options{}, func(_ *sandbox.Sandbox, e *bot.Examination) {
			e.Now = func() time.Time { return time.Now().Add(time.Hour) }
		}, "problem Clock: "},
		"Slack is down": {sandbox.Options{}, func(s *sandbox.Sandbox, _ *bot.Examination) { s.Down(true) }, "problem Slack: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			amiss, all := examined(t, c.options, c.change)
			if len(amiss) != 1 || !strings.HasPrefix(amiss[0], c.want) || strings.Contains(all, "xoxb-") && !strings.Contains(all, "(xoxb-)") {
				t.Errorf("it finds %q, want %q:\n%s", amiss, c.want, all)
			}
		})
	}
}

func TestWhatIsNotSlackIsToldFromSlack(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>secret")) }))
	t.Cleanup(page.Close)
	found := bot.Examine(soon(t), bot.Examination{APIURL: page.URL, BotToken: "xoxb-secret", HTTP: page.Client(), Now: time.Now})
	if len(found) != 1 || found[0].Level != tagout.CheckProblem || !strings.Contains(found[0].Text, "not Slack") || strings.Contains(found[0].Text+found[0].Fix, "secret") {
		t.Errorf("it finds %+v", found)
	}
}
