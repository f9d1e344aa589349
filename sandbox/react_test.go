package sandbox_test

import (
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

// ear is an app that remembers the reactions that it heard of.
type ear struct {
	mu    sync.Mutex
	heard []string
}

func (e *ear) answer(event socketmode.Event) any {
	if body, ok := event.Data.(slackevents.EventsAPIEvent); ok {
		if added, ok := body.InnerEvent.Data.(*slackevents.ReactionAddedEvent); ok {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.heard = append(e.heard, added.User+" "+added.Reaction)
		}
	}
	return nil
}

func (e *ear) list() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.heard...)
}

func TestAReactionIsHeardOnlyWithItsScopeAndTakenBack(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	e := &ear{}
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
	if got := e.list(); len(got) != 2 || got[0] != "U0IC eyes" || got[1] != "U0LEGAL eyes" {
		t.Errorf("the app heard %v", got)
	}
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
	e := &ear{}
	w.answering(t, e.answer)
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("The mailer promised a refund", false))
	p := newTab(t, w.URL+"/?user=U0IC&channel=incidents")
	p.sees(".message", "promised a refund")
	p.do(chromedp.Focus(chromedp.CSS("[data-react]")))
	p.types("\r") // the menu
	p.sees("[role=menu] [data-emoji=octagonal_sign]", "🛑")
	p.click("[role=menu] [data-emoji=octagonal_sign]")
	p.sees(".reaction[aria-pressed=true]", "🛑1")
	if got := e.list(); len(got) != 1 || got[0] != "U0IC octagonal_sign" {
		t.Errorf("the app heard %v", got)
	}
	p.becomes("U0LEGAL")
	p.sees(".reaction[aria-pressed=false]", "🛑1")
	p.click(".reaction") // the same too
	p.sees(".reaction[aria-pressed=true]", "🛑2")
	p.do(chromedp.Focus(chromedp.CSS(".reaction")))
	p.types("\r")
	p.sees(".reaction[aria-pressed=false]", "🛑1")
	p.until("the focus to stay", `document.activeElement.dataset.reaction === 'octagonal_sign'`)
	if len(e.list()) != 2 {
		t.Errorf("the app heard %v", e.list())
	}
}
