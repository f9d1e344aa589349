package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/internal/browsertest"
	"tagout/sandbox"
)

var pageCommands = []sandbox.Command{
	{Command: "/kill", Description: "Stop an agent at once", UsageHint: "SCOPE [reason…]"},
	{Command: "/kindle", Description: "Another one", UsageHint: ""},
	{Command: "/status", Description: "What is stopped", UsageHint: "[AGENT]"},
}

// pageApp is an app that opens a form for /kill, whispers for /status, refuses a
// reason that is too short, and edits the message whose button was pressed.
type pageApp struct {
	w       workspace
	mu      sync.Mutex
	clicks  []slack.InteractionCallback
	filled  map[string]map[string]slack.BlockAction
	command []slack.SlashCommand
	form    slack.ModalViewRequest
}

func (a *pageApp) answer(e socketmode.Event) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch body := e.Data.(type) {
	case slack.SlashCommand:
		a.command = append(a.command, body)
		if body.Command == "/kill" && body.Text == "" {
			_, _ = a.w.API.OpenView(body.TriggerID, a.form)
		}
		if body.Command == "/status" {
			return map[string]any{"response_type": "ephemeral", "text": "■ halted `mailer`"}
		}
	case slack.InteractionCallback:
		switch body.Type {
		case slack.InteractionTypeViewSubmission:
			a.filled = body.View.State.Values
			if a.filled["reason"]["text"].Value == "bad" {
				return slack.NewErrorsViewSubmissionResponse(map[string]string{"reason": "Say more than that."})
			}
			if a.filled["reason"]["text"].Value == "more" {
				second := killForm()
				second.Title.Text = "Are you sure?"
				return slack.NewPushViewSubmissionResponse(&second)
			}
		case slack.InteractionTypeBlockActions:
			a.clicks = append(a.clicks, body)
			_, _, _, _ = a.w.API.UpdateMessage(body.Channel.ID, body.Message.Timestamp,
				slack.MsgOptionText("GO by <@"+body.User.ID+">, ● running", false), slack.MsgOptionBlocks())
		}
	}
	return nil
}

func killForm() slack.ModalViewRequest {
	text := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	reason := slack.NewInputBlock("reason", text("What is wrong?"), text("A sentence"), slack.NewPlainTextInputBlockElement(nil, "text"))
	agents := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, text("Choose"), "choice",
		slack.NewOptionBlockObject("mailer", text("Mailer"), nil), slack.NewOptionBlockObject("researcher", text("Researcher"), nil))
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "kill", Title: text("Stop an agent"), Submit: text("Stop it"), Close: text("Leave it"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock("agent", text("Agent"), nil, agents), reason}},
	}
}

func openPage(t *testing.T) (*pageApp, tab) {
	t.Helper()
	app := &pageApp{w: open(t, sandbox.Options{Commands: pageCommands}), form: killForm()}
	app.w.answering(t, app.answer)
	return app, newTab(t, app.w.URL+"/?user=U0IC&channel=incidents")
}

func TestAPersonRunsACommandByItsFirstLetters(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	p.types("/")
	p.sees("[role=option]", "/kill SCOPE [reason…]")
	p.sees("[role=option]", "/status")
	p.types("st")
	p.until("one match", `document.querySelectorAll('[role=option]').length === 1`)
	p.types("\t")
	p.until("the completed command", `document.querySelector('#composer-input').value === '/status '`)
	p.sees(".usage", "[AGENT]")
	p.types("mailer\r")
	p.sees(".message.ephemeral", "Only visible to you")
	p.sees(".message.ephemeral .mode-halted", "halted")
	app.mu.Lock()
	defer app.mu.Unlock()
	if len(app.command) != 1 || app.command[0].Text != "mailer" || app.command[0].UserID != "U0IC" || app.command[0].ChannelID != "C0INCIDENTS" {
		t.Errorf("the app received %+v, want /status mailer by U0IC in C0INCIDENTS", app.command)
	}
}

func TestACommandThatFailsSaysSoBesideTheBox(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{Commands: pageCommands})
	p := newTab(t, w.URL+"/?user=U0IC&channel=incidents")
	p.types("/kill mailer\r")
	p.sees("[role=alert]", "/kill failed with the error “dispatch_failed”")
	p.misses(".toast", "/kill")
	p.until("the text to stay", `document.querySelector('#composer-input').value === '/kill mailer'`)
	p.types(" now")
	p.until("the error to go", `document.querySelector('#main .send-error').hidden`)
}

// What tells of a failure takes another way to the page than the answer, and may come after it.
func TestAFailureThatIsToldLateIsShownOnce(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{Commands: pageCommands})
	p := newTab(t, w.URL+"/?user=U0IC&channel=incidents")
	p.until("the first note to be left out, and the next one not", `(window.notes ??= (async () => {
		const { post, whenSettled } = await import(new URL('js/api.js', document.baseURI));
		await post('no/such/call', {});
		whenSettled(() => { window.shown = 'late' });
		whenSettled(() => { window.shown = (window.shown ?? '') + 'next' });
	})()) && window.shown === 'next'`)
}

func TestForeignTextIsInert(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	evil := `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	app.w.post(t, "C0INCIDENTS", slack.MsgOptionText(evil, false))
	app.w.post(t, "C0INCIDENTS", slack.MsgOptionText("evil", false), slack.MsgOptionBlocks(
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, evil, false, false)),
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, evil, false, false), nil, nil),
		slack.NewMarkdownBlock("", evil),
	))
	p.sees(".block-markdown", `<img src=x onerror="document.title='owned'">`)
	p.sees(".message-text", `<img src=x onerror="document.title='owned'">`)
	if n := js[int](p, `document.querySelectorAll('.message img, .message script').length`); n != 0 {
		t.Errorf("%d elements were made of foreign text", n)
	}
	if title := js[string](p, `document.title`); title != "#incidents · Sandbox" {
		t.Errorf("the title is %q", title)
	}
}

func TestADecisionIsMadeByButtonAsTheRightPerson(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	button := func(label, id string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement(id, "INC-1", slack.NewTextBlockObject(slack.PlainTextType, label, false, false))
	}
	app.w.post(t, "C0INCIDENTS", slack.MsgOptionText("Resume?", false), slack.MsgOptionBlocks(
		slack.NewActionBlock("decide", button("GO", "go").WithStyle(slack.StylePrimary), button("NO-GO", "no_go").WithStyle(slack.StyleDanger))))
	p.sees("[data-action-id=go]", "GO")
	p.becomes("U0LEGAL")
	p.click("[data-action-id=go]")
	p.sees(".message", "GO by @Lena (Legal)")
	p.sees(".mode-running", "running")
	p.sees(".edited", "(edited)")
	app.mu.Lock()
	defer app.mu.Unlock()
	if len(app.clicks) != 1 || app.clicks[0].User.ID != "U0LEGAL" || app.clicks[0].ActionCallback.BlockActions[0].Value != "INC-1" {
		t.Errorf("the app received %d clicks, want one by U0LEGAL with the value INC-1", len(app.clicks))
	}
}

func TestAClickThatFailsSaysSoAtTheButton(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(
		slack.NewActionBlock("", slack.NewButtonBlockElement("ack", "1", slack.NewTextBlockObject(slack.PlainTextType, "Acknowledge", false, false)))))
	p := newTab(t, w.URL+"/?user=U0IC&channel=incidents")
	p.click("[data-action-id=ack]")
	p.sees(".note-error", "dispatch_failed")
	p.until("the button to be usable again", `!document.querySelector('[data-action-id=ack]').disabled`)
}

func TestAFormIsFilledCorrectedAndSent(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	p.types("/kill\r")
	p.sees("dialog h2", "Stop an agent")
	p.until("the first field to have the focus", `document.activeElement.dataset.blockId === 'agent'`)
	p.click("[data-modal=submit]")
	p.sees(".field-error", "Please complete this required field.")
	p.do(chromedp.SetValue(chromedp.CSS(`dialog select`), "researcher"), chromedp.SendKeys(chromedp.CSS(`dialog [data-block-id=reason] input`), "bad"))
	p.click("[data-modal=submit]")
	p.sees(".field-error", "Say more than that.")
	p.until("the wrong field to have the focus", `document.activeElement.dataset.blockId === 'reason' && document.activeElement.getAttribute('aria-invalid') === 'true'`)
	p.types(", it wrote to people who opted out\r")
	p.until("the form to close", `document.querySelector('dialog') === null`)
	app.mu.Lock()
	defer app.mu.Unlock()
	if got := app.filled["agent"]["choice"].SelectedOption.Value; got != "researcher" {
		t.Errorf("agent = %q, want researcher", got)
	}
	if got := app.filled["reason"]["text"].Value; got != "bad, it wrote to people who opted out" {
		t.Errorf("reason = %q", got)
	}
}

// TestWhatIsTypedLastIsNoFailureOnceTheFormIsSent: an app may ask to hear of each letter, and the
// last one can come after the form.
func TestWhatIsTypedLastIsNoFailureOnceTheFormIsSent(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	form := killForm()
	reason := form.Blocks.BlockSet[1].(*slack.InputBlock)
	reason.DispatchAction = true
	reason.Element.(*slack.PlainTextInputBlockElement).DispatchActionConfig = &slack.DispatchActionConfig{TriggerActionsOn: []string{"on_character_entered"}}
	form.Blocks.BlockSet = []slack.Block{reason}
	app.mu.Lock()
	app.form = form
	app.mu.Unlock()
	js[bool](p, `(() => {
		const ask = window.fetch;
		window.fetch = async (path, how) => {
			if (path !== 'ui/click') return ask(path, how);
			await new Promise((go) => { window.letGo = go; });
			const answer = await ask(path, how);
			window.answered = (await answer.clone().json()).error;
			return answer;
		};
		return true;
	})()`)
	p.types("/kill\r")
	p.sees("dialog h2", "Stop an agent")
	p.do(chromedp.SendKeys(chromedp.CSS(`dialog [data-block-id=reason] input`), "spam"))
	p.click("[data-modal=submit]")
	p.until("the form to close", `document.querySelector('dialog') === null`)
	js[bool](p, `(window.letGo(), true)`)
	p.until("the answer", `window.answered === 'view_not_found'`)
	p.types("after it\r")
	p.sees("#messages .message", "after it")
	p.misses(".toast", "")
}

func TestEscapeClosesAForm(t *testing.T) {
	t.Parallel()
	const closed = `document.querySelector('dialog') === null && document.activeElement.id === 'composer-input'`
	_, p := openPage(t)
	p.types("/kill\r")
	p.sees("dialog h2", "Stop an agent")
	p.until("the first field to have the focus", `document.activeElement.dataset.blockId === 'agent'`)
	p.types("\u001b")
	if browsertest.Until(p.ctx, closed, 10*time.Second) != nil { // keys in the instant in which a form takes the focus reach nothing in the page
		p.types("\u001b")
	}
	p.until("the form to close and the focus to return", closed)
}

func TestAFormUponAFormGivesTheFirstBackAsItWas(t *testing.T) {
	t.Parallel()
	_, p := openPage(t)
	p.types("/kill\r")
	p.sees("dialog h2", "Stop an agent")
	p.do(chromedp.SetValue(chromedp.CSS(`dialog select`), "mailer"), chromedp.SendKeys(chromedp.CSS(`dialog [data-block-id=reason] input`), "more"))
	p.click("[data-modal=submit]")
	p.sees("dialog h2", "Are you sure?")
	p.until("empty fields", `document.querySelector('dialog [data-block-id=reason] input').value === ''`)
	p.types("\u001b")
	p.sees("dialog h2", "Stop an agent")
	p.until("the first form as it was", `document.querySelector('dialog [data-block-id=reason] input').value === 'more' && document.querySelector('dialog select').value === 'mailer'`)
	p.types("\u001b")
	p.until("no form", `document.querySelector('dialog') === null`)
}

func TestAPageInADirectMessageIsCountedAndAnnounced(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	app.w.post(t, "U0IC", slack.MsgOptionText("You are paged", false))
	p.sees("[data-channel-name=app-dm] .badge", "1")
	p.sees("[aria-live]", "New message from Tagout in your direct messages")
	p.until("the count in the title", `document.title === '(1) #incidents · Sandbox'`)
	p.click("[data-channel-name=app-dm]")
	p.sees(".message", "You are paged")
	p.until("the badge to go", `document.querySelector('[data-channel-name=app-dm] .badge') === null`)
	p.becomes("U0LEGAL")
	p.misses(".message", "You are paged")
}

func TestWhatAPersonSaysIsText(t *testing.T) {
	t.Parallel()
	_, p := openPage(t)
	p.types("*Hello* <b>you</b> & me\r")
	p.sees(".message-text", "Hello <b>you</b> & me")
	p.sees(".message-text strong", "Hello")
	p.until("the box to be empty", `document.querySelector('#composer-input').value === ''`)
}

func TestAThreadOpensBesideTheChannel(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	root := app.w.post(t, "C0INCIDENTS", slack.MsgOptionText("INC-1 opened", false))
	app.w.post(t, "C0INCIDENTS", slack.MsgOptionText("the cause", false), slack.MsgOptionTS(root))
	p.sees(".thread-mark", "1 reply")
	p.misses("#messages", "the cause")
	p.click(".thread-mark")
	p.sees("#drawer", "the cause")
	p.until("the reply box to have the focus", `document.activeElement.id === 'reply-input'`)
	p.types("I see\r")
	p.sees("#drawer .message", "I see")
	p.sees(".thread-mark", "2 replies")
}

func TestThePageCatchesUpAfterTheConnectionWasLost(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{})
	var cut atomic.Bool
	whole := s.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cut.Load() {
			http.Error(w, "the connection is cut", http.StatusServiceUnavailable)
			return
		}
		whole.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	elsewhere := httptest.NewServer(s.Handler()) // the app's own connections stay
	t.Cleanup(elsewhere.Close)
	w := workspace{Sandbox: s, URL: elsewhere.URL, API: client(elsewhere.URL, "xoxb-sandbox", "xapp-sandbox")}
	p := newTab(t, server.URL+"/?user=U0IC&channel=incidents")
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("before the gap", false))
	p.sees(".message", "before the gap")
	cut.Store(true) // until the page was seen to notice
	server.CloseClientConnections()
	p.sees("#banner", "Reconnecting")
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("in the gap", false))
	cut.Store(false)
	p.sees(".message", "in the gap")
	p.until("the banner to go", `document.querySelector('#banner').hidden`)
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("after the gap", false))
	p.sees(".message", "after the gap")
	if n := js[int](p, `document.querySelectorAll('.message').length`); n != 3 {
		t.Errorf("the page shows %d messages, want 3", n)
	}
}

func TestThePageFitsAPhone(t *testing.T) {
	t.Parallel()
	app, p := openPage(t)
	app.w.post(t, "C0INCIDENTS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "`"+fmt.Sprintf("%0200d", 0)+"` ■ halted", false, false), nil, nil)))
	p.sees(".mode-halted", "halted")
	p.do(chromedp.EmulateViewport(360, 740))
	p.until("no sideways scrolling", `document.documentElement.scrollWidth <= 360 && document.querySelector('#messages').scrollWidth <= 360`)
	p.click(".rail-open")
	p.click("[data-channel-name=general]")
	p.sees("h1", "general")
	p.until("the list of channels to be out of the way", `!document.querySelector('#app').classList.contains('rail-shown')`)
	browsertest.Screenshot(t, p.ctx, "sandbox-phone")
}
