package sandbox_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

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
	clock.Pass(40 * time.Second)
	_, _, err := w.API.GetConversationsContext(soon(t), &slack.GetConversationsParameters{})
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 20*time.Second {
		t.Errorf("call 21: %v", err)
	}
	clock.Pass(20 * time.Second)
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
	clock.Pass(3 * time.Second)
	w.post(t, "C0SALES", slack.MsgOptionText("x", false))
}
