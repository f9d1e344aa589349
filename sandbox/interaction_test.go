package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

func text(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }

// approval is a card with two buttons.
func approval() slack.MsgOption {
	return slack.MsgOptionBlocks(slack.NewActionBlock("vote",
		slack.NewButtonBlockElement("go", "INC-1", text("GO")),
		slack.NewButtonBlockElement("no_go", "INC-1", text("NO-GO")),
	))
}

// interacting connects an app that passes on each interaction and answers with reply.
func interacting(t *testing.T, w workspace, reply func(slack.InteractionCallback) any) <-chan slack.InteractionCallback {
	t.Helper()
	got := make(chan slack.InteractionCallback, 20)
	w.answering(t, func(e socketmode.Event) any {
		callback, ok := e.Data.(slack.InteractionCallback)
		if !ok {
			return nil
		}
		got <- callback
		if reply == nil {
			return nil
		}
		return reply(callback)
	})
	return got
}

func TestClickCarriesWhoWhereAndWhat(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := interacting(t, w, nil)
	ts := w.post(t, "C0INCIDENTS", slack.MsgOptionText("Resume?", false), approval())
	for _, click := range []sandbox.Click{
		{User: "U0LEGAL", Channel: "incidents", TS: ts, ActionID: "no_go", Value: "INC-1"},
		{User: "U0LEGAL", Label: "NO-GO"},
		{User: "U0LEGAL", Channel: "C0INCIDENTS", BlockID: "vote", ActionID: "no_go"},
	} {
		if err := w.Click(soon(t), click); err != nil {
			t.Fatal(err)
		}
		p := wait(t, got)
		a := p.ActionCallback.BlockActions[0]
		if p.Type != slack.InteractionTypeBlockActions || p.User.ID != "U0LEGAL" || p.User.TeamID != sandbox.TeamID || p.Team.ID != sandbox.TeamID ||
			p.Channel.ID != "C0INCIDENTS" || p.Message.Timestamp != ts || p.Container.MessageTs != ts || p.APIAppID != sandbox.AppID ||
			p.ResponseURL == "" || p.TriggerID == "" || a.ActionID != "no_go" || a.BlockID != "vote" || a.Value != "INC-1" || a.Text.Text != "NO-GO" {
			t.Errorf("%+v brought %+v", click, p)
		}
	}
}

func TestClickOnWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	interacting(t, w, nil)
	ts := w.post(t, "C0INCIDENTS", slack.MsgOptionText("Resume?", false), approval())
	dm := w.post(t, "U0LEGAL", slack.MsgOptionText("Resume?", false), approval())
	if _, err := w.API.PostEphemeralContext(soon(t), "C0INCIDENTS", "U0LEGAL", approval(), slack.MsgOptionText("x", false)); err != nil {
		t.Fatal(err)
	}
	whisper := w.Ephemerals("U0LEGAL")[0].TS
	for name, c := range map[string]sandbox.Click{
		"unknown action":     {User: "U0LEGAL", Channel: "incidents", TS: ts, ActionID: "approve"},
		"unknown label":      {User: "U0LEGAL", Channel: "incidents", TS: ts, Label: "YES"},
		"other value":        {User: "U0LEGAL", Channel: "incidents", TS: ts, ActionID: "go", Value: "INC-2"},
		"other message":      {User: "U0LEGAL", Channel: "incidents", TS: "9.9", ActionID: "go"},
		"another's DM":       {User: "U0IC", Channel: w.DM("U0LEGAL"), TS: dm, ActionID: "go"},
		"another's whisper":  {User: "U0IC", Channel: "incidents", TS: whisper, ActionID: "go"},
		"unknown person":     {User: "U0NOBODY", Channel: "incidents", TS: ts, ActionID: "go"},
		"unknown view":       {User: "U0LEGAL", ViewID: "V1", ActionID: "go"},
		"nothing was chosen": {User: "U0LEGAL", Channel: "incidents", TS: ts},
	} {
		if err := w.Click(soon(t), c); err == nil {
			t.Errorf("%s: the click went through", name)
		}
	}
	if err := w.Click(soon(t), sandbox.Click{User: "U0LEGAL", TS: whisper, Label: "GO"}); err != nil {
		t.Errorf("own whisper: %v", err)
	}
	w.Archive("incidents")
	if err := w.Click(soon(t), sandbox.Click{User: "U0LEGAL", Channel: "incidents", TS: ts, Label: "GO"}); !errors.Is(err, sandbox.Error("is_archived")) {
		t.Errorf("archived channel: %v", err)
	}
}

func TestSelectReportsTheChosenOption(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := interacting(t, w, nil)
	option := func(v, label string) *slack.OptionBlockObject { return slack.NewOptionBlockObject(v, text(label), nil) }
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(slack.NewActionBlock("b",
		slack.NewOptionsSelectBlockElement("static_select", text("Severity"), "severity", option("sev1", "SEV-1"), option("sev2", "SEV-2")))))
	click := sandbox.Click{User: "U0IC", ActionID: "severity", Selected: &sandbox.Option{Text: "SEV-2"}}
	if err := w.Click(soon(t), click); err != nil {
		t.Fatal(err)
	}
	if a := wait(t, got).ActionCallback.BlockActions[0]; a.SelectedOption.Value != "sev2" {
		t.Errorf("action is %+v", a)
	}
	click.Selected = &sandbox.Option{Value: "sev9"}
	if err := w.Click(soon(t), click); err == nil {
		t.Error("an option that does not exist was chosen")
	}
}

// form is a modal with every kind of input that the app uses.
func form() slack.ModalViewRequest {
	cause := slack.NewInputBlock("cause", text("Cause"), nil, slack.NewPlainTextInputBlockElement(nil, "value").WithMinLength(5))
	severity := slack.NewInputBlock("severity", text("Severity"), nil, slack.NewRadioButtonsBlockElement("value",
		slack.NewOptionBlockObject("sev1", text("SEV-1"), nil), slack.NewOptionBlockObject("sev2", text("SEV-2"), nil)))
	checks := slack.NewInputBlock("checks", text("Checks"), nil, slack.NewCheckboxGroupsBlockElement("value",
		slack.NewOptionBlockObject("a", text("A"), nil), slack.NewOptionBlockObject("b", text("B"), nil)))
	checks.Optional = true
	owner := slack.NewInputBlock("owner", text("Owner"), nil, slack.NewOptionsSelectBlockElement("users_select", nil, "value"))
	owner.Optional = true
	due := slack.NewInputBlock("due", text("Due"), nil, slack.NewDatePickerBlockElement("value"))
	due.Optional = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: text("Resume"), Submit: text("Ask"), CallbackID: "resume", PrivateMetadata: "INC-1",
		Blocks: slack.Blocks{BlockSet: []slack.Block{cause, severity, checks, owner, due}}, NotifyOnClose: true,
	}
}

// opened is a workspace where U0IC has just got the form.
func opened(t *testing.T, o sandbox.Options, reply func(slack.InteractionCallback) any) (workspace, <-chan slack.InteractionCallback) {
	t.Helper()
	w := open(t, o)
	got := interacting(t, w, reply)
	if err := w.Shortcut(soon(t), "U0IC", "flag", "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.API.OpenViewContext(soon(t), wait(t, got).TriggerID, form()); err != nil {
		t.Fatal(err)
	}
	return w, got
}

func TestFormIsFilledSubmittedAndClosed(t *testing.T) {
	t.Parallel()
	w, got := opened(t, sandbox.Options{}, nil)
	problems, err := w.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{
		"cause": "a bad prompt", "severity": "SEV-2", "checks": []string{"a", "b"}, "owner": "U0ENG",
		"due": time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	}})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	p := wait(t, got)
	values := p.View.State.Values
	if p.Type != slack.InteractionTypeViewSubmission || p.View.CallbackID != "resume" || p.View.PrivateMetadata != "INC-1" ||
		values["cause"]["value"].Value != "a bad prompt" || values["severity"]["value"].SelectedOption.Value != "sev2" ||
		len(values["checks"]["value"].SelectedOptions) != 2 || values["owner"]["value"].SelectedUser != "U0ENG" ||
		values["due"]["value"].SelectedDate != "2026-12-01" {
		t.Errorf("submission is %+v", values)
	}
	if len(w.Views("U0IC")) != 0 {
		t.Error("the form is still open")
	}
}

func TestFormIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	w, got := opened(t, sandbox.Options{}, nil)
	problems, err := w.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"cause": "oh"}})
	if err != nil || problems["cause"] == "" || problems["severity"] == "" || len(problems) != 2 {
		t.Errorf("problems %v, %v", problems, err)
	}
	if len(got) != 0 || len(w.Views("U0IC")) != 1 {
		t.Error("an incomplete form was sent or closed")
	}
	for name, values := range map[string]map[string]any{
		"unknown block":  {"colour": "red"},
		"unknown option": {"severity": "sev9"},
	} {
		if _, err := w.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: values}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestAppsAnswerToAFormIsHonoured(t *testing.T) {
	t.Parallel()
	next := form()
	next.Title, next.CallbackID = text("Next"), "next"
	good := map[string]any{"cause": "a bad prompt", "severity": "sev1"}
	for _, tt := range []struct {
		name   string
		reply  any
		titles []string
		field  string
		err    string
	}{
		{"nothing closes it", nil, nil, "", ""},
		{"errors keep it open", slack.NewErrorsViewSubmissionResponse(map[string]string{"cause": "no"}), []string{"Resume"}, "no", ""},
		{"errors elsewhere are refused", slack.NewErrorsViewSubmissionResponse(map[string]string{"nowhere": "no"}), []string{"Resume"}, "", "invalid_response_action"},
		{"update replaces it", slack.NewUpdateViewSubmissionResponse(&next), []string{"Next"}, "", ""},
		{"push stacks another", slack.NewPushViewSubmissionResponse(&next), []string{"Resume", "Next"}, "", ""},
		{"clear closes all", slack.NewClearViewSubmissionResponse(), nil, "", ""},
		{"nonsense is refused", map[string]string{"response_action": "dance"}, []string{"Resume"}, "", "invalid_response_action"},
		{"a broken view is refused", map[string]any{"response_action": "update", "view": map[string]string{"type": "modal"}}, []string{"Resume"}, "", "invalid_arguments"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, _ := opened(t, sandbox.Options{}, func(p slack.InteractionCallback) any {
				if p.Type != slack.InteractionTypeViewSubmission {
					return nil
				}
				return tt.reply
			})
			problems, err := w.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: good})
			wantError(t, err, tt.err)
			if problems["cause"] != tt.field {
				t.Errorf("problems are %v", problems)
			}
			var titles []string
			for _, v := range w.Views("U0IC") {
				titles = append(titles, v.Title)
			}
			if fmt.Sprint(titles) != fmt.Sprint(tt.titles) {
				t.Errorf("open are %v, want %v", titles, tt.titles)
			}
		})
	}
}

func TestTriggersAreShortLivedAndUsedOnce(t *testing.T) {
	t.Parallel()
	clock := newHand()
	w := open(t, sandbox.Options{Now: clock.Now})
	got := interacting(t, w, nil)
	trigger := func() string {
		if err := w.Shortcut(soon(t), "U0IC", "flag", "", ""); err != nil {
			t.Fatal(err)
		}
		return wait(t, got).TriggerID
	}
	first := trigger()
	_, err := w.API.OpenViewContext(soon(t), first, form())
	wantError(t, err, "")
	_, err = w.API.OpenViewContext(soon(t), first, form())
	wantError(t, err, "exchanged_trigger_id")
	late := trigger()
	clock.Forward(3001 * time.Millisecond)
	_, err = w.API.OpenViewContext(soon(t), late, form())
	wantError(t, err, "expired_trigger_id")
	_, err = w.API.PushViewContext(soon(t), trigger(), form())
	wantError(t, err, "invalid_trigger_id") // it did not come from a modal
}

func TestViewsAreUpdatedWithHashesAndKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	w, got := opened(t, sandbox.Options{}, nil)
	v := w.Views("U0IC")[0]
	if _, err := w.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"cause": "typed already"}}); err != nil {
		t.Fatal(err)
	}
	changed := form()
	changed.Title = text("Changed")
	if _, err := w.API.UpdateViewContext(soon(t), changed, "", v.Hash, v.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.API.UpdateViewContext(soon(t), changed, "", v.Hash, v.ID)
	wantError(t, err, "hash_conflict")
	if problems, err := w.Submit(soon(t), sandbox.Submission{User: "U0IC", ViewID: v.ID, Values: map[string]any{"severity": "sev1"}}); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if p := wait(t, got); p.View.State.Values["cause"]["value"].Value != "typed already" || p.View.Title.Text != "Changed" {
		t.Errorf("submitted %+v", p.View.State.Values)
	}
}

func TestViewStackEndsAtThree(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	more := slack.ModalViewRequest{Type: slack.VTModal, Title: text("More"), NotifyOnClose: true, Blocks: slack.Blocks{BlockSet: []slack.Block{
		slack.NewActionBlock("b", slack.NewButtonBlockElement("more", "", text("More")))}}}
	got := interacting(t, w, nil)
	if err := w.Shortcut(soon(t), "U0IC", "flag", "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.API.OpenViewContext(soon(t), wait(t, got).TriggerID, more); err != nil {
		t.Fatal(err)
	}
	for depth := 2; depth <= 4; depth++ {
		views := w.Views("U0IC")
		top := views[len(views)-1]
		if err := w.Click(soon(t), sandbox.Click{User: "U0IC", ViewID: top.ID, ActionID: "more"}); err != nil {
			t.Fatal(err)
		}
		p := wait(t, got)
		if p.Container.ViewID != top.ID || p.View.RootViewID != views[0].ID {
			t.Errorf("click came from %+v", p.Container)
		}
		_, err := w.API.PushViewContext(soon(t), p.TriggerID, more)
		wantError(t, err, map[bool]string{true: "push_limit_reached"}[depth == 4])
	}
	views := w.Views("U0IC")
	if err := w.CloseView(soon(t), "U0IC", views[2].ID); err != nil {
		t.Fatal(err)
	}
	if p := wait(t, got); p.Type != slack.InteractionTypeViewClosed || p.View.ID != views[2].ID || len(w.Views("U0IC")) != 2 {
		t.Errorf("closing brought %s", p.Type)
	}
}

func TestHomeTabIsPublished(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	if _, ok := w.Home("U0IC"); ok {
		t.Error("a Home tab exists from the start")
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewHeaderBlock(text("Two agents are held"))}}}
	if _, err := w.API.PublishViewContext(soon(t), slack.PublishViewContextRequest{UserID: "U0IC", View: home}); err != nil {
		t.Fatal(err)
	}
	v, ok := w.Home("U0IC")
	if !ok || v.Type != "home" || !strings.Contains(v.Visible(), "Two agents are held") {
		t.Errorf("Home is %+v", v)
	}
}

func TestMessageShortcutBringsTheMessage(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := interacting(t, w, nil)
	ts, err := w.Say(soon(t), "U0OUTSIDER", "sales", "The bot wrote nonsense")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Shortcut(soon(t), "U0OUTSIDER", "flag", "sales", ts); err != nil {
		t.Fatal(err)
	}
	p := wait(t, got)
	if p.Type != slack.InteractionTypeMessageAction || p.CallbackID != "flag" || p.Message.Text != "The bot wrote nonsense" || p.Channel.ID != "C0SALES" || p.MessageTs != ts {
		t.Errorf("got %+v", p)
	}
}

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
	clock.Forward(31 * time.Minute)
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

func TestFaults(t *testing.T) {
	t.Parallel()
	limited := func(err error) bool {
		e, ok := errors.AsType[*slack.RateLimitedError](err)
		return ok && e.RetryAfter == 7*time.Second
	}
	status := func(err error) bool {
		e, ok := errors.AsType[slack.StatusCodeError](err)
		return ok && e.Code == 500
	}
	broken := func(err error) bool {
		_, slackError := errors.AsType[slack.SlackErrorResponse](err)
		return err != nil && !slackError
	}
	for _, tt := range []struct {
		kind   sandbox.FaultKind
		fits   func(error) bool
		posted int
	}{
		{sandbox.RateLimited(7 * time.Second), limited, 0},
		{sandbox.ServerError, status, 0},
		{sandbox.APIError("name_taken"), func(err error) bool { return err != nil && err.Error() == "name_taken" }, 0},
		{sandbox.DropConnection, broken, 0},
		{sandbox.LostReply, broken, 1},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			w := open(t, sandbox.Options{})
			w.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: tt.kind})
			if _, err := w.API.AuthTestContext(soon(t)); err != nil {
				t.Errorf("another method: %v", err)
			}
			_, _, err := w.API.PostMessageContext(soon(t), "C0SALES", slack.MsgOptionText("x", false))
			if !tt.fits(err) {
				t.Errorf("error is %v", err)
			}
			if n := len(w.Messages("sales")); n != tt.posted {
				t.Errorf("%d messages stand", n)
			}
			w.post(t, "C0SALES", slack.MsgOptionText("again", false))
		})
	}
}

func TestHangEndsWhenTheFaultIsRemovedOrTheCallerGivesUp(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	remove := w.Fault(sandbox.Fault{Method: "*", Kind: sandbox.Hang})
	ctx, cancel := context.WithCancel(soon(t))
	call := func(ctx context.Context) <-chan error {
		return background(func() error {
			_, err := w.API.AuthTestContext(ctx)
			return err
		})
	}
	first, second := call(ctx), call(soon(t))
	w.until(t, "both calls to hang", func(s *sandbox.Sandbox) bool { return len(s.Calls()) == 2 })
	cancel()
	if err := wait(t, first); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	remove()
	remove() // twice does no harm
	if wait(t, second) == nil {
		t.Error("a hung call was answered")
	}
	if _, err := w.API.AuthTestContext(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestWaitForNamesWhatDidNotHappen(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.WaitFor(ctx, "the pinned card", func(*sandbox.Sandbox) bool { return false })
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the pinned card") {
		t.Errorf("error is %v", err)
	}
	done := background(func() error {
		return w.WaitFor(soon(t), "a message", func(s *sandbox.Sandbox) bool { return len(s.Messages("sales")) == 1 })
	})
	w.post(t, "C0SALES", slack.MsgOptionText("x", false))
	wantError(t, wait(t, done), "")
}

func TestCallsRecordArgumentsWithoutTheToken(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.post(t, "C0SALES", slack.MsgOptionText("x", false))
	c := w.Calls()[0]
	if c.Method != "chat.postMessage" || c.Args["channel"] != "C0SALES" || c.Args["text"] != "x" || c.Error != "" {
		t.Errorf("call is %+v", c)
	}
	for v := range maps.Values(c.Args) {
		if strings.HasPrefix(v, "xox") {
			t.Error("the token is on record")
		}
	}
}
