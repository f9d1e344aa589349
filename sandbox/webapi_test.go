package sandbox_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	for _, tt := range []struct{ method, token, want string }{
		{"auth.test", "", "not_authed"},
		{"auth.test", "xoxb-wrong", "invalid_auth"},
		{"auth.test", "xoxb-sandbox", ""},
		{"api.test", "", ""},
		{"chat.postMessage", "xapp-sandbox", "not_allowed_token_type"},
		{"apps.connections.open", "xoxb-sandbox", "not_allowed_token_type"},
		{"apps.connections.open", "xapp-sandbox", ""},
		{"chat.makeCoffee", "xoxb-sandbox", "unknown_method"},
	} {
		_, out := w.call(t, tt.method, tt.token, nil)
		got, _ := out["error"].(string)
		if got != tt.want || out["ok"] != (tt.want == "") {
			t.Errorf("%s with %q: %v, want %q", tt.method, tt.token, out, tt.want)
		}
	}
}

func TestMissingScopeNamesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{Scopes: []string{"chat:write"}})
	_, out := w.call(t, "conversations.create", "xoxb-sandbox", map[string]string{"name": "x", "is_private": "true"})
	if out["error"] != "missing_scope" || out["needed"] != "groups:write" || out["provided"] != "chat:write" {
		t.Errorf("got %v", out)
	}
	_, _, err := w.API.PostMessageContext(soon(t), "C0SALES", slack.MsgOptionText("hi", false))
	wantError(t, err, "not_in_channel")
	w.SetScopes("chat:write", "chat:write.public")
	w.post(t, "C0SALES", slack.MsgOptionText("hi", false))
}

// section is the smallest valid block.
const section = `[{"type":"section","text":{"type":"mrkdwn","text":"hello"}}]`

func TestWebAPIRefusesAsSlackDoes(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("a", n) }
	type args = map[string]string
	for _, tt := range []struct {
		method string
		args   args
		want   string
	}{
		{"chat.postMessage", args{"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", args{"text": "x"}, "channel_not_found"},
		{"chat.postMessage", args{"channel": "C0SALES"}, "no_text"},
		{"chat.postMessage", args{"channel": "C0SALES", "blocks": "[]"}, "no_text"},
		{"chat.postMessage", args{"channel": "C0SALES", "blocks": "{"}, "invalid_blocks_format"},
		{"chat.postMessage", args{"channel": "C0SALES", "blocks": `[{"type":"header"}]`}, "invalid_blocks"},
		{"chat.postMessage", args{"channel": "C0SALES", "blocks": section}, ""},
		{"chat.postMessage", args{"channel": "#sales", "text": "by name"}, ""},
		{"chat.postMessage", args{"channel": "U0IC", "text": "a DM"}, ""},
		{"chat.postMessage", args{"channel": "U0TAGOUT", "text": "x"}, "cannot_dm_bot"},
		{"chat.postMessage", args{"channel": "C0OLD", "text": "x"}, "is_archived"},
		{"chat.postMessage", args{"channel": "C0SECRET", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", args{"channel": "C0SALES", "text": "x", "thread_ts": "1.2"}, "thread_not_found"},
		{"chat.postMessage", args{"channel": "C0SALES", "text": "x", "metadata": "{}"}, "invalid_metadata_format"},
		{"chat.postEphemeral", args{"channel": "C0SALES", "user": "U0IC", "text": "x"}, ""},
		{"chat.postEphemeral", args{"channel": "C0SALES", "user": "U0NOBODY", "text": "x"}, "user_not_found"},
		{"chat.postEphemeral", args{"channel": "C0SALES", "user": "U0GUEST", "text": "x"}, "user_not_in_channel"},
		{"chat.update", args{"channel": "C0SALES", "ts": "1.2", "text": "x"}, "message_not_found"},
		{"chat.update", args{"channel": "C0INCIDENTS", "ts": "SAID", "text": "x"}, "cant_update_message"},
		{"chat.update", args{"channel": "C0INCIDENTS", "ts": "POSTED", "text": long(4001)}, "msg_too_long"},
		{"chat.update", args{"channel": "C0INCIDENTS", "ts": "POSTED"}, "no_text"},
		{"chat.update", args{"channel": "C0INCIDENTS", "ts": "POSTED", "text": "x"}, ""},
		{"chat.delete", args{"channel": "C0INCIDENTS", "ts": "SAID"}, "cant_delete_message"},
		{"chat.delete", args{"channel": "C0INCIDENTS", "ts": "POSTED"}, ""},
		{"chat.getPermalink", args{"channel": "C0INCIDENTS", "message_ts": "POSTED"}, ""},
		{"chat.getPermalink", args{"channel": "C0INCIDENTS", "message_ts": "9.9"}, "message_not_found"},

		{"conversations.create", args{"name": ""}, "invalid_name_required"},
		{"conversations.create", args{"name": long(80)}, ""},
		{"conversations.create", args{"name": long(81)}, "invalid_name_maxlength"},
		{"conversations.create", args{"name": "Inc 7"}, "invalid_name_specials"},
		{"conversations.create", args{"name": "---"}, "invalid_name_punctuation"},
		{"conversations.create", args{"name": "sales"}, "name_taken"},
		{"conversations.create", args{"name": "old"}, "name_taken"},
		{"conversations.invite", args{"channel": "C0INCIDENTS", "users": "U0GUEST"}, ""},
		{"conversations.invite", args{"channel": "C0INCIDENTS", "users": ""}, "no_user"},
		{"conversations.invite", args{"channel": "C0INCIDENTS", "users": "U0GUEST,U0NOBODY"}, "user_not_found"},
		{"conversations.invite", args{"channel": "C0INCIDENTS", "users": "U0GUEST,U0NOBODY", "force": "true"}, ""},
		{"conversations.invite", args{"channel": "C0INCIDENTS", "users": "U0IC"}, "already_in_channel"},
		{"conversations.invite", args{"channel": "C0INCIDENTS", "users": "U0TAGOUT"}, "cant_invite_self"},
		{"conversations.invite", args{"channel": "C0SALES", "users": "U0GUEST"}, "not_in_channel"},
		{"conversations.invite", args{"channel": "C0OLD", "users": "U0GUEST"}, "is_archived"},
		{"conversations.info", args{"channel": "C0SALES"}, ""},
		{"conversations.info", args{"channel": "sales"}, "channel_not_found"},
		{"conversations.list", args{"types": "secret"}, "invalid_types"},
		{"conversations.list", args{"cursor": "nonsense"}, "invalid_cursor"},
		{"conversations.join", args{"channel": "C0SALES"}, ""},
		{"conversations.join", args{"channel": "C0OLD"}, "is_archived"},
		{"conversations.open", args{"users": "U0LEGAL"}, ""},
		{"conversations.open", args{"users": "U0NOBODY"}, "user_not_found"},
		{"conversations.setTopic", args{"channel": "C0INCIDENTS", "topic": long(250)}, ""},
		{"conversations.setTopic", args{"channel": "C0INCIDENTS", "topic": long(251)}, "too_long"},
		{"conversations.setPurpose", args{"channel": "C0SALES", "purpose": "x"}, "not_in_channel"},
		{"conversations.archive", args{"channel": "C0OLD"}, "already_archived"},
		{"conversations.archive", args{"channel": "C0INCIDENTS"}, ""},
		{"conversations.rename", args{"channel": "C0INCIDENTS", "name": "mine"}, "not_authorized"},
		{"conversations.history", args{"channel": "C0SALES"}, "not_in_channel"},
		{"conversations.history", args{"channel": "C0INCIDENTS"}, ""},
		{"conversations.replies", args{"channel": "C0INCIDENTS", "ts": "9.9"}, "thread_not_found"},
		{"conversations.members", args{"channel": "C0INCIDENTS"}, ""},

		{"users.info", args{"user": "U0GUEST"}, ""},
		{"users.info", args{"user": "U0NOBODY"}, "user_not_found"},
		{"users.lookupByEmail", args{"email": "LENA@example.com"}, ""},
		{"users.lookupByEmail", args{"email": "nobody@example.com"}, "users_not_found"},
		{"usergroups.users.list", args{"usergroup": "S0LEGAL"}, ""},
		{"usergroups.users.list", args{"usergroup": "S0NONE"}, "no_such_subteam"},

		{"pins.add", args{"channel": "C0INCIDENTS", "timestamp": "POSTED"}, ""},
		{"pins.add", args{"channel": "C0INCIDENTS", "timestamp": "PINNED"}, "already_pinned"},
		{"pins.add", args{"channel": "C0INCIDENTS", "timestamp": "9.9"}, "message_not_found"},
		{"pins.add", args{"channel": "C0SALES", "timestamp": "POSTED"}, "not_in_channel"},
		{"pins.remove", args{"channel": "C0INCIDENTS", "timestamp": "POSTED"}, "no_pin"},
		{"pins.remove", args{"channel": "C0INCIDENTS", "timestamp": "PINNED"}, ""},
		{"bookmarks.add", args{"channel_id": "C0INCIDENTS", "title": "x", "type": "link", "link": "javascript:1"}, "invalid_link"},
		{"bookmarks.add", args{"channel_id": "C0INCIDENTS", "title": "x", "type": "link", "link": "https://x.example"}, ""},
		{"bookmarks.edit", args{"channel_id": "C0INCIDENTS", "bookmark_id": "Bk1"}, "not_found"},
		{"reactions.add", args{"channel": "C0INCIDENTS", "timestamp": "POSTED", "name": "eyes"}, ""},
		{"reactions.add", args{"channel": "C0INCIDENTS", "timestamp": "POSTED", "name": ""}, "invalid_name"},
		{"views.open", args{"trigger_id": "1.2.3", "view": "{}"}, "invalid_trigger_id"},
		{"views.update", args{"view_id": "V1", "view": "{}"}, "not_found"},
		{"views.publish", args{"user_id": "U0IC", "view": `{"type":"home","blocks":` + section + `}`}, ""},
		{"views.publish", args{"user_id": "U0IC", "view": `{"type":"modal","blocks":[]}`}, "invalid_arguments"},
		{"files.completeUploadExternal", args{"files": `[{"id":"F1"}]`}, "file_not_found"},
		{"files.getUploadURLExternal", args{"filename": "a.png"}, "invalid_arguments"},
	} {
		t.Run(fmt.Sprintf("%s %s", tt.method, tt.want), func(t *testing.T) {
			t.Parallel()
			w, stamps := refusing(t)
			form := maps.Clone(tt.args)
			for k, v := range form {
				if ts := stamps[v]; ts != "" {
					form[k] = ts
				}
			}
			status, out := w.call(t, tt.method, "xoxb-sandbox", form)
			got, _ := out["error"].(string)
			if status != http.StatusOK || got != tt.want {
				t.Errorf("%v: %d %v, want %q", tt.args, status, out, tt.want)
			}
			calls := w.Calls()
			if last := calls[len(calls)-1]; last.Method != tt.method || last.Error != tt.want {
				t.Errorf("recorded as %+v", last)
			}
		})
	}
}

// refusing is a workspace with an archived and a private channel, and three messages.
func refusing(t *testing.T) (workspace, map[string]string) {
	t.Helper()
	channels := append(sandbox.DefaultChannels(),
		sandbox.Channel{ID: "C0OLD", Name: "old", IsArchived: true, Members: []string{sandbox.BotUserID}},
		sandbox.Channel{ID: "C0SECRET", Name: "secret", IsPrivate: true, Members: []string{"U0LEGAL"}},
	)
	w := open(t, sandbox.Options{Channels: channels})
	said, err := w.Say(soon(t), "U0IC", "incidents", "mine")
	if err != nil {
		t.Fatal(err)
	}
	stamps := map[string]string{
		"SAID":   said,
		"POSTED": w.post(t, "C0INCIDENTS", slack.MsgOptionText("posted", false)),
		"PINNED": w.post(t, "C0INCIDENTS", slack.MsgOptionText("pinned", false)),
	}
	if err := w.API.AddPinContext(soon(t), "C0INCIDENTS", slack.NewRefToMessage("C0INCIDENTS", stamps["PINNED"])); err != nil {
		t.Fatal(err)
	}
	return w, stamps
}

func TestInvalidBlocksNameThePlace(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	blocks := `[{"type":"divider"},{"type":"section","text":{"type":"mrkdwn","text":""}}]`
	_, out := w.call(t, "chat.postMessage", "xoxb-sandbox", map[string]string{"channel": "C0SALES", "blocks": blocks})
	messages := fmt.Sprint(out["response_metadata"])
	if out["error"] != "invalid_blocks" || !strings.Contains(messages, "[json-pointer:/blocks/1/text/text]") {
		t.Errorf("got %v", out)
	}
}

func TestInviteNamesTheBadOnesAndForceTakesTheRest(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	form := map[string]string{"channel": "C0INCIDENTS", "users": "U0GUEST,U0NOBODY"}
	_, out := w.call(t, "conversations.invite", "xoxb-sandbox", form)
	if fmt.Sprint(out["errors"]) != "[map[error:user_not_found ok:false user:U0NOBODY]]" {
		t.Errorf("errors are %v", out["errors"])
	}
	member := func() bool {
		c, _ := w.Channel("incidents")
		return slices.Contains(c.Members, "U0GUEST")
	}
	if member() {
		t.Error("a batch with a bad ID had an effect")
	}
	form["force"] = "true"
	w.call(t, "conversations.invite", "xoxb-sandbox", form)
	if !member() {
		t.Error("force did not invite the good ones")
	}
}

func TestUpdateKeepsBlocksUnlessTheyAreGiven(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	block := slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "body", false, false), nil, nil)
	ts := w.post(t, "C0SALES", slack.MsgOptionText("one", false), slack.MsgOptionBlocks(block),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"n": "7"}}))
	shown := func() sandbox.Message { return w.Messages("sales")[0] }
	if err := update(t, w, ts, slack.MsgOptionText("two", false)); err != nil {
		t.Fatal(err)
	}
	if m := shown(); m.Text != "two" || !strings.Contains(m.Visible(), "body") || m.Edited == nil || !strings.Contains(string(m.Metadata), `"n":"7"`) {
		t.Errorf("after a text update: %+v", m)
	}
	if err := update(t, w, ts, slack.MsgOptionText("three", false), slack.MsgOptionBlocks()); err != nil {
		t.Fatal(err)
	}
	if m := shown(); m.Text != "three" || len(m.Blocks) != 0 {
		t.Errorf("after clearing: %+v", m)
	}
}

func update(t *testing.T, w workspace, ts string, options ...slack.MsgOption) error {
	t.Helper()
	_, _, _, err := w.API.UpdateMessageContext(soon(t), "C0SALES", ts, options...)
	return err
}

func TestTextIsStoredRawAndCutAtFortyThousand(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.post(t, "C0SALES", slack.MsgOptionText("<b> & é", false))
	w.post(t, "C0SALES", slack.MsgOptionText(strings.Repeat("é", 50_000), false))
	m := w.Messages("sales")
	if m[0].Text != "<b> & é" || len([]rune(m[1].Text)) != 40_000 {
		t.Errorf("stored %q and %d characters", m[0].Text, len([]rune(m[1].Text)))
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, blocks string
		want               []string
	}{
		{"of a user and a broadcast", "<@U0LEGAL> <!here|here>", "", []string{"!here", "U0LEGAL"}},
		{"of a group brings its members", "<!subteam^S0ONCALL>", "", []string{"!subteam^S0ONCALL", "U0ENG", "U0IC"}},
		{"of strangers call nobody", "<@U0NOBODY> <!subteam^S0NONE>", "", nil},
		{"that are escaped call nobody", "&lt;!channel&gt; @channel", "", nil},
		{"in mrkdwn blocks", "x", `[{"type":"section","text":{"type":"mrkdwn","text":"<!channel>"}}]`, []string{"!channel"}},
		{"in fields", "x", `[{"type":"section","fields":[{"type":"mrkdwn","text":"<@U0IC>"}]}]`, []string{"U0IC"}},
		{"in plain text call nobody", "x", `[{"type":"header","text":{"type":"plain_text","text":"<!channel>"}}]`, nil},
		{"in rich text", "x", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"<!channel>"},{"type":"user","user_id":"U0IC"},{"type":"broadcast","range":"here"}]}]}]`, []string{"!here", "U0IC"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, sandbox.Options{})
			form := map[string]string{"channel": "C0SALES", "text": tt.text}
			if tt.blocks != "" {
				form["blocks"] = tt.blocks
			}
			if _, out := w.call(t, "chat.postMessage", "xoxb-sandbox", form); out["ok"] != true {
				t.Fatal(out)
			}
			if got := w.Messages("sales")[0].Mentions; !slices.Equal(got, tt.want) {
				t.Errorf("mentions are %v, want %v", got, tt.want)
			}
		})
	}
}

func TestHistoryPagesNewestFirstAndHidesMetadataUnlessAsked(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	meta := slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"n": "7"}})
	root := w.post(t, "C0INCIDENTS", slack.MsgOptionText("root", false), meta)
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("reply", false), slack.MsgOptionTS(root))
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("last", false))
	var texts []string
	cursor := ""
	for {
		page, err := w.API.GetConversationHistoryContext(soon(t), &slack.GetConversationHistoryParameters{ChannelID: "C0INCIDENTS", Limit: 1, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Messages {
			texts = append(texts, m.Text)
			if m.Metadata.EventType != "" {
				t.Error("metadata came without being asked for")
			}
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	if !slices.Equal(texts, []string{"last", "root"}) {
		t.Errorf("history is %v", texts)
	}
	replies, _, _, err := w.API.GetConversationRepliesContext(soon(t), &slack.GetConversationRepliesParameters{ChannelID: "C0INCIDENTS", Timestamp: root, IncludeAllMetadata: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(replies) != 2 || replies[0].Metadata.EventType != "card" || replies[0].ReplyCount != 1 || replies[1].Text != "reply" {
		t.Errorf("thread is %+v", replies)
	}
}

func TestChannelLifeWithARealClient(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	ctx := soon(t)
	ch, err := w.API.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: "inc-1-mailer", IsPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.API.SetTopicOfConversationContext(ctx, ch.ID, "SEV-1"); err != nil {
		t.Error(err)
	}
	if _, err := w.API.SetPurposeOfConversationContext(ctx, ch.ID, "stop it"); err != nil {
		t.Error(err)
	}
	if _, err := w.API.InviteUsersToConversationContext(ctx, ch.ID, "U0IC", "U0LEGAL"); err != nil {
		t.Error(err)
	}
	mark, err := w.API.AddBookmarkContext(ctx, ch.ID, slack.AddBookmarkParameters{Title: "Console", Type: "link", Link: "https://x.example"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.API.EditBookmarkContext(ctx, ch.ID, mark.ID, slack.EditBookmarkParameters{Link: "https://y.example"}); err != nil {
		t.Error(err)
	}
	got, _ := w.Channel("inc-1-mailer")
	if got.Topic != "SEV-1" || got.Purpose != "stop it" || !got.IsPrivate || got.Bookmarks[0].Link != "https://y.example" ||
		!slices.Equal(got.Members, []string{sandbox.BotUserID, "U0IC", "U0LEGAL"}) {
		t.Errorf("channel is %+v", got)
	}
	if err := w.API.ArchiveConversationContext(ctx, ch.ID); err != nil {
		t.Error(err)
	}
	_, _, err = w.API.PostMessageContext(ctx, ch.ID, slack.MsgOptionText("x", false))
	wantError(t, err, "is_archived")
	_, err = w.API.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: "inc-1-mailer"})
	wantError(t, err, "name_taken")
}

func TestPeopleAndGroupsWithARealClient(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	users, err := w.API.GetUsersContext(soon(t))
	if err != nil || len(users) != len(sandbox.DefaultUsers()) {
		t.Fatalf("%d users, %v", len(users), err)
	}
	guest, err := w.API.GetUserInfoContext(soon(t), "U0GUEST")
	if err != nil || !guest.IsRestricted || guest.TeamID != sandbox.TeamID {
		t.Errorf("guest is %+v, %v", guest, err)
	}
	groups, err := w.API.GetUserGroupsContext(soon(t), slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 2 || !slices.Equal(groups[1].Users, []string{"U0ENG", "U0IC"}) {
		t.Errorf("groups are %+v, %v", groups, err)
	}
	free := open(t, sandbox.Options{FreePlan: true})
	_, err = free.API.GetUserGroupMembersContext(soon(t), "S0LEGAL")
	wantError(t, err, "paid_teams_only")
}

func TestUploadIsSharedAndCanBeShownInABlock(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	file, err := w.API.UploadFileContext(soon(t), slack.UploadFileParameters{
		Filename: "mtta.png", FileSize: 5, Content: "chart", Title: "MTTA", Channel: "C0INCIDENTS", InitialComment: "Digest",
	})
	if err != nil {
		t.Fatal(err)
	}
	m := w.Messages("incidents")[0]
	if m.Text != "Digest" || len(m.Files) != 1 || m.Files[0].ID != file.ID || m.Files[0].Title != "MTTA" {
		t.Errorf("message is %+v", m)
	}
	if body := download(t, m.Files[0].URL); body != "chart" {
		t.Errorf("file holds %q", body)
	}
	for id, want := range map[string]string{file.ID: "", "F0NONE": "invalid_blocks"} {
		blocks := fmt.Sprintf(`[{"type":"image","alt_text":"a chart","slack_file":{"id":%q}}]`, id)
		_, out := w.call(t, "chat.postMessage", "xoxb-sandbox", map[string]string{"channel": "C0INCIDENTS", "blocks": blocks})
		if got, _ := out["error"].(string); got != want {
			t.Errorf("image of %s: %v", id, out)
		}
	}
}

func TestStrictWorkspaceLimitsRates(t *testing.T) {
	t.Parallel()
	clock := newHand()
	w := open(t, sandbox.Options{Strict: true, Now: clock.Now})
	for i := range 20 {
		if _, _, err := w.API.GetConversationsContext(soon(t), &slack.GetConversationsParameters{}); err != nil {
			t.Fatalf("call %d: %v", i+1, err)
		}
	}
	clock.Forward(40 * time.Second)
	_, _, err := w.API.GetConversationsContext(soon(t), &slack.GetConversationsParameters{})
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 20*time.Second {
		t.Errorf("call 21: %v", err)
	}
	clock.Forward(20 * time.Second)
	if _, _, err := w.API.GetConversationsContext(soon(t), &slack.GetConversationsParameters{}); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestStrictWorkspacePacesPostsPerChannel(t *testing.T) {
	t.Parallel()
	clock := newHand()
	w := open(t, sandbox.Options{Strict: true, Now: clock.Now})
	for range 3 {
		w.post(t, "C0SALES", slack.MsgOptionText("x", false))
	}
	_, _, err := w.API.PostMessageContext(soon(t), "#sales", slack.MsgOptionText("x", false))
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) {
		t.Errorf("fourth post: %v", err)
	}
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("another channel", false))
	clock.Forward(3 * time.Second)
	w.post(t, "C0SALES", slack.MsgOptionText("x", false))
}
