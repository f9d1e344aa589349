package sandbox_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

// ui posts to the page's API and returns the answer.
func (w workspace) ui(t *testing.T, path string, in any) map[string]any {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(soon(t), http.MethodPost, w.URL+"/ui/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatalf("%s answered %d: %v", path, response.StatusCode, err)
	}
	return out
}

// pushed is one server-sent event.
type pushed struct {
	id   int
	kind string
	data map[string]any
}

// stream reads the server-sent events of one user.
func (w workspace) stream(t *testing.T, user string) <-chan pushed {
	t.Helper()
	request, err := http.NewRequestWithContext(soon(t), http.MethodGet, w.URL+"/ui/stream?user="+user, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	out := make(chan pushed, 100)
	go func() {
		defer close(out)
		var e pushed
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			key, value, _ := strings.Cut(lines.Text(), ": ")
			switch key {
			case "id":
				e.id, _ = strconv.Atoi(value)
			case "event":
				e.kind = value
			case "data":
				e.data = nil
				_ = json.Unmarshal([]byte(value), &e.data)
			case "":
				out <- e
			}
		}
	}()
	return out
}

func TestStreamTellsEachUserWhatTheyMaySee(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	legal, ic := w.stream(t, "U0LEGAL"), w.stream(t, "U0IC")
	for _, s := range []<-chan pushed{legal, ic} {
		if e := wait(t, s); e.kind != "hello" {
			t.Errorf("first event is %s", e.kind)
		}
	}
	if _, err := w.API.PostEphemeralContext(soon(t), "C0INCIDENTS", "U0LEGAL", slack.MsgOptionText("psst", false)); err != nil {
		t.Fatal(err)
	}
	ts := w.post(t, "C0INCIDENTS", slack.MsgOptionText("hello", false))
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("reply", false), slack.MsgOptionTS(ts))
	if _, _, err := w.API.DeleteMessageContext(soon(t), "C0INCIDENTS", ts); err != nil {
		t.Fatal(err)
	}
	w.Archive("sales")
	if err := w.Command(soon(t), "U0LEGAL", "incidents", "/kill", ""); err == nil {
		t.Fatal("there is no app")
	}
	all := []string{"message", "message", "message_changed", "message_deleted", "channel"}
	for user, want := range map[<-chan pushed][]string{ic: all, legal: append(append([]string{"ephemeral"}, all...), "notice")} {
		last := 0
		for _, kind := range want {
			e := wait(t, user)
			if e.kind != kind || e.id <= last {
				t.Errorf("event %d %s after %d, want %s", e.id, e.kind, last, kind)
			}
			last = e.id
			if kind == "notice" && !strings.Contains(e.data["text"].(string), "dispatch_failed") {
				t.Errorf("notice is %v", e.data)
			}
		}
	}
}

func TestPageAPIPlaysAPerson(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{Commands: []sandbox.Command{{Command: "/kill", Description: "Stop an agent", UsageHint: "SCOPE"}}})
	triggers := make(chan string, 10)
	w.answering(t, func(e socketmode.Event) any {
		switch p := e.Data.(type) {
		case slack.SlashCommand:
			triggers <- p.TriggerID
			return map[string]string{"text": "stopped"}
		case slack.InteractionCallback:
			if p.Type == slack.InteractionTypeViewSubmission && p.View.State.Values["cause"]["value"].Value == "it was fine" {
				return slack.NewErrorsViewSubmissionResponse(map[string]string{"cause": "Say more."})
			}
		}
		return nil
	})
	type m = map[string]any
	if out := w.ui(t, "say", m{"user": "U0IC", "channel": "C0INCIDENTS", "text": "hi"}); out["ok"] != true {
		t.Error(out)
	}
	if out := w.ui(t, "command", m{"user": "U0IC", "channel": "C0INCIDENTS", "command": "/pause"}); out["ok"] != false || out["error"] != "invalid_command" {
		t.Error(out)
	}
	if out := w.ui(t, "command", m{"user": "U0IC", "channel": "C0INCIDENTS", "command": "/kill", "text": "*"}); out["ok"] != true {
		t.Error(out)
	}
	ts := w.post(t, "C0INCIDENTS", slack.MsgOptionText("Resume?", false), approval())
	if out := w.ui(t, "click", m{"user": "U0LEGAL", "channel": "C0INCIDENTS", "ts": ts, "block_id": "vote", "action_id": "go", "value": "INC-1"}); out["ok"] != true {
		t.Error(out)
	}
	if _, err := w.API.OpenViewContext(soon(t), wait(t, triggers), form()); err != nil {
		t.Fatal(err)
	}
	id := w.Views("U0IC")[0].ID
	answers := func(cause string) m {
		return m{"user": "U0IC", "view_id": id, "values": m{
			"cause":    m{"value": m{"type": "plain_text_input", "value": cause}},
			"severity": m{"value": m{"type": "radio_buttons", "selected_option": m{"value": "sev1", "text": m{"type": "plain_text", "text": "SEV-1"}}}},
			"checks":   m{"value": m{"type": "checkboxes", "selected_options": []m{{"value": "a"}}}},
			"owner":    m{"value": m{"type": "users_select", "selected_user": nil}},
		}}
	}
	if out := w.ui(t, "submit", answers("it was fine")); out["response_action"] != "errors" || out["errors"].(m)["cause"] != "Say more." {
		t.Error(out)
	}
	if out := w.ui(t, "submit", answers("a bad prompt")); out["ok"] != true || out["response_action"] != "" || len(out["errors"].(m)) != 0 {
		t.Error(out)
	}
	if out := w.ui(t, "open_dm", m{"user": "U0IC", "with": sandbox.BotUserID}); out["channel"] != w.DM("U0IC") {
		t.Error(out)
	}
	if out := w.ui(t, "home", m{"user": "U0IC"}); out["ok"] != true {
		t.Error(out)
	}
	checkState(t, w)
}

func checkState(t *testing.T, w workspace) {
	t.Helper()
	var state struct {
		Team     struct{ ID, Name, Domain string }
		Me       string
		Users    []sandbox.User
		Channels []sandbox.Channel
		Messages map[string][]sandbox.Message
		Commands []sandbox.Command
		Home     map[string]any
		Whispers []sandbox.Message `json:"ephemerals"`
		Views    []map[string]any
	}
	if err := json.Unmarshal([]byte(download(t, w.URL+"/ui/state?user=U0IC")), &state); err != nil {
		t.Fatal(err)
	}
	if state.Team.ID != sandbox.TeamID || state.Me != sandbox.BotUserID || len(state.Users) != 13 || len(state.Channels) < 4 ||
		len(state.Messages["C0INCIDENTS"]) != 2 || state.Commands[0].UsageHint != "SCOPE" || len(state.Whispers) != 1 || len(state.Views) != 0 {
		t.Errorf("state is %+v", state)
	}
	if _, ok := state.Home["U0IC"]; !ok {
		t.Error("the state has no place for Home tabs")
	}
}

func TestFaultsFromAnotherProcess(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	if out := w.ui(t, "fault", map[string]any{"method": "chat.postMessage", "kind": "api_error", "code": "is_archived", "times": 1}); out["ok"] != true {
		t.Fatal(out)
	}
	_, _, err := w.API.PostMessageContext(soon(t), "C0SALES", slack.MsgOptionText("x", false))
	wantError(t, err, "is_archived")
	if out := w.ui(t, "fault", map[string]any{"kind": "earthquake"}); out["error"] != "invalid_kind" {
		t.Error(out)
	}
	w.ui(t, "fault", map[string]any{"down": true})
	if _, err := w.API.AuthTestContext(soon(t)); err == nil {
		t.Error("Slack is not down")
	}
	w.ui(t, "fault", map[string]any{"down": false, "archive": "sales"})
	_, _, err = w.API.PostMessageContext(soon(t), "C0SALES", slack.MsgOptionText("x", false))
	wantError(t, err, "is_archived")
	var calls []sandbox.Call
	if err := json.Unmarshal([]byte(download(t, w.URL+"/ui/calls")), &calls); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 3 || calls[1].Error != "service_unavailable" {
		t.Errorf("calls are %+v", calls)
	}
}

func TestWorkspaceCanBeMountedUnderAPrefix(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(http.StripPrefix("/slack", s.Handler()))
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	w := workspace{Sandbox: s, URL: server.URL + "/slack", API: client(server.URL+"/slack", "xoxb-sandbox", "xapp-sandbox")}
	got := make(chan string, 1)
	w.answering(t, func(e socketmode.Event) any {
		got <- e.Data.(slack.SlashCommand).ResponseURL
		return nil
	})
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); err != nil {
		t.Fatal(err)
	}
	if err := slack.PostWebhookContext(soon(t), wait(t, got), &slack.WebhookMessage{Text: "x"}); err != nil {
		t.Errorf("the response URL lacks the prefix: %v", err)
	}
}

func TestMessagesOfPeopleReachTheAppWhereItIs(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	l := w.dial(t)
	say := func(channel, text string) <-chan error {
		return background(func() error {
			_, err := w.Say(soon(t), "U0IC", channel, text)
			return err
		})
	}
	type event struct {
		Event struct{ Type, Text, Channel, ChannelType string }
	}
	read := func() (out event) {
		f := l.read()
		if err := json.Unmarshal(f.Payload, &out); err != nil {
			t.Fatal(err)
		}
		l.ack(f.EnvelopeID, nil)
		return out
	}
	wantError(t, wait(t, say("sales", "unheard")), "") // the app is not in #sales
	done := say("incidents", "<@U0TAGOUT> status")
	for _, want := range []string{"message", "app_mention"} {
		if e := read(); e.Event.Type != want || e.Event.Text != "<@U0TAGOUT> status" {
			t.Errorf("got %+v, want %s", e, want)
		}
	}
	wantError(t, wait(t, done), "")
	done = say(w.DM("U0IC"), "hello")
	if e := read(); e.Event.Channel != w.DM("U0IC") {
		t.Errorf("got %+v", e)
	}
	wantError(t, wait(t, done), "")
	done = background(func() error {
		return w.React(soon(t), "U0IC", "incidents", w.Messages("incidents")[0].TS, "eyes")
	})
	if e := read(); e.Event.Type != "reaction_added" {
		t.Errorf("got %+v", e)
	}
	wantError(t, wait(t, done), "")
}
