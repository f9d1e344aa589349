package sandbox_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

// ear is an app that remembers the reactions that it heard of.
type ear struct{ heard chan string }

func newEar() *ear { return &ear{make(chan string, 16)} }

func (e *ear) answer(event socketmode.Event) any {
	if body, ok := event.Data.(slackevents.EventsAPIEvent); ok {
		if added, ok := body.InnerEvent.Data.(*slackevents.ReactionAddedEvent); ok {
			e.heard <- added.User + " " + added.Reaction
		}
	}
	return nil
}

// hears waits for what the app hears next. People see a reaction before the app hears of it.
func (e *ear) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-e.heard:
		if got != want {
			t.Errorf("the app heard of %q, want %q", got, want)
		}
	case <-soon(t).Done():
		t.Errorf("the app never heard of %q", want)
	}
}

// hearsNoMore fails if the app has heard of more.
func (e *ear) hearsNoMore(t *testing.T) {
	t.Helper()
	select {
	case got := <-e.heard:
		t.Errorf("the app heard of %q", got)
	default:
	}
}

func TestAReactionIsHeardOnlyWithItsScopeAndTakenBack(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	e := newEar()
	w.answering(t, e.answer)
	ts := w.post(t, "C0INCIDENTS", slack.MsgOptionText("odd", false))
	react := func(user, name string) error { return w.React(soon(t), user, "incidents", ts, name) }
	for _, err := range []error{react("U0IC", "eyes"), react("U0LEGAL", "eyes")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := react("U0IC", "eyes"); err == nil {
		t.Error("somebody reacts twice in the same way")
	}
	if err := w.React(soon(t), "U0IC", "incidents", ts, ""); err == nil {
		t.Error("a reaction without a name is taken")
	}
	w.SetScopes("chat:write")
	if err := react("U0EXEC", "eyes"); err != nil {
		t.Fatal(err)
	}
	e.hears(t, "U0IC eyes")
	e.hears(t, "U0LEGAL eyes")
	e.hearsNoMore(t)
	if m := w.Messages("incidents")[0]; len(m.Reactions) != 1 || len(m.Reactions[0].Users) != 3 {
		t.Errorf("%+v", m.Reactions)
	}
	for _, user := range []string{"U0IC", "U0LEGAL", "U0EXEC"} {
		if err := w.Unreact(user, "incidents", ts, "eyes"); err != nil {
			t.Error(err)
		}
	}
	if err := w.Unreact("U0IC", "incidents", ts, "eyes"); err == nil {
		t.Error("a reaction is taken back twice")
	}
	if m := w.Messages("incidents")[0]; len(m.Reactions) != 0 {
		t.Errorf("%+v", m.Reactions)
	}
}

func TestAPersonReactsByMouseAndByKeyboardAndTakesItBack(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{Commands: pageCommands})
	e := newEar()
	w.answering(t, e.answer)
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("The mailer promised a refund", false))
	p := newTab(t, w.URL+"/?user=U0IC&channel=incidents")
	p.sees(".message", "promised a refund")
	p.do(chromedp.Focus(chromedp.CSS("[data-react]")))
	p.types("\r") // the menu
	p.sees("[role=menu] [data-emoji=octagonal_sign]", "🛑")
	p.click("[role=menu] [data-emoji=octagonal_sign]")
	p.sees(".reaction[aria-pressed=true]", "🛑1")
	e.hears(t, "U0IC octagonal_sign")
	p.becomes("U0LEGAL")
	p.sees(".reaction[aria-pressed=false]", "🛑1")
	p.click(".reaction") // the same too
	p.sees(".reaction[aria-pressed=true]", "🛑2")
	p.do(chromedp.Focus(chromedp.CSS(".reaction")))
	p.types("\r")
	p.sees(".reaction[aria-pressed=false]", "🛑1")
	p.until("the focus to stay", `document.activeElement.dataset.reaction === 'octagonal_sign'`)
	e.hears(t, "U0LEGAL octagonal_sign")
	e.hearsNoMore(t)
}
