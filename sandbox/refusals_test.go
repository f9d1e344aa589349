package sandbox_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

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
