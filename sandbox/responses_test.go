package sandbox_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

// responding is a workspace where U0LEGAL has clicked, and the response URL of that.
func responding(t *testing.T, o sandbox.Options) (workspace, string, string) {
	t.Helper()
	w := open(t, o)
	got := interacting(t, w, nil)
	ts := w.post(t, "C0INCIDENTS", slack.MsgOptionText("Resume?", false), approval())
	if err := w.Click(soon(t), sandbox.Click{User: "U0LEGAL", Label: "GO"}); err != nil {
		t.Fatal(err)
	}
	return w, wait(t, got).ResponseURL, ts
}

func TestResponseURL(t *testing.T) {
	t.Parallel()
	message := func(m map[string]any) *slack.WebhookMessage {
		raw, _ := json.Marshal(m)
		var out slack.WebhookMessage
		_ = json.Unmarshal(raw, &out)
		return &out
	}
	for _, tt := range []struct {
		name           string
		say            map[string]any
		channel, quiet []string
	}{
		{"whispers by default", map[string]any{"text": "noted"}, []string{"Resume?"}, []string{"noted"}},
		{"speaks in the channel", map[string]any{"text": "noted", "response_type": "in_channel"}, []string{"Resume?", "noted"}, nil},
		{"replaces the original", map[string]any{"text": "done", "replace_original": true}, []string{"done"}, nil},
		{"deletes the original", map[string]any{"delete_original": true}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, address, _ := responding(t, sandbox.Options{})
			if err := slack.PostWebhookContext(soon(t), address, message(tt.say)); err != nil {
				t.Fatal(err)
			}
			texts := func(in []sandbox.Message) (out []string) {
				for _, m := range in {
					out = append(out, m.Text)
				}
				return out
			}
			if c, q := texts(w.Messages("incidents")), texts(w.Ephemerals("U0LEGAL")); fmt.Sprint(c, q) != fmt.Sprint(tt.channel, tt.quiet) {
				t.Errorf("channel %v, whispers %v", c, q)
			}
		})
	}
}

func TestResponseURLEndsAfterFiveUsesOrHalfAnHour(t *testing.T) {
	t.Parallel()
	clock := newHand()
	w, address, _ := responding(t, sandbox.Options{Now: clock.Now})
	send := func() error {
		return slack.PostWebhookContext(soon(t), address, &slack.WebhookMessage{Text: "x"})
	}
	for i := range 5 {
		if err := send(); err != nil {
			t.Fatalf("use %d: %v", i+1, err)
		}
	}
	if send() == nil {
		t.Error("a sixth use was accepted")
	}
	_, address, _ = responding(t, sandbox.Options{Now: clock.Now})
	clock.Pass(31 * time.Minute)
	if send() == nil {
		t.Error("it works after half an hour")
	}
	if n := len(w.Ephemerals("U0LEGAL")); n != 5 {
		t.Errorf("%d whispers", n)
	}
}

func TestResponseURLOfACommandHasNothingToReplace(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := make(chan string, 1)
	w.answering(t, func(e socketmode.Event) any {
		got <- e.Data.(slack.SlashCommand).ResponseURL
		return map[string]string{"text": "working"}
	})
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", "*"); err != nil {
		t.Fatal(err)
	}
	if err := slack.PostWebhookContext(soon(t), wait(t, got), &slack.WebhookMessage{Text: "done", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if m := w.Ephemerals("U0IC"); len(m) != 2 || m[0].Text != "working" || m[1].Text != "done" {
		t.Errorf("shown: %+v", m)
	}
}
