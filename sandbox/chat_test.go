package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

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
