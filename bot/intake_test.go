package bot_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

func TestACommandIsRunAndAnsweredInBothModes(t *testing.T) {
	t.Parallel()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			e := open(t, setup{http: http, commands: []tagout.Command{r.command("note", tagout.MayNot), r.command("kill", tagout.MayStop)}})
			if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "hello <!channel>"); err != nil {
				t.Fatal(err)
			}
			m := e.whispered("U0IC", "note was run with hello")
			if len(m.Mentions) != 0 {
				t.Errorf("the answer mentions %v", m.Mentions)
			}
			if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/tagout", "kill mailer/email"); err != nil {
				t.Fatal(err)
			}
			e.whispered("U0IC", "kill was run with mailer/email")
			in := r.ran()[0]
			if in.User.ID != "U0IC" || in.User.Guest || in.By.Kind != tagout.ByUser || in.Channel == "" || in.ID == "" || in.At.IsZero() {
				t.Errorf("the command was called with %+v", in)
			}
			e.wait("nothing unfinished", func() bool { return len(e.inbox.open()) == 0 })
		})
	}
}

func TestARepeatedDeliveryIsAcknowledgedAndNotRunAgain(t *testing.T) {
	t.Parallel()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			note := r.button(r.command("note", tagout.MayNot), "press")
			note.Run = func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.runs = append(r.runs, in)
				m := tagout.Say("here is a button")
				m.Buttons = []tagout.Button{{Action: "press", Label: "Press", Value: "1"}, {Action: "press", Label: "Press too", Value: "2"}}
				return tagout.Reply{Message: m, Public: true}, nil
			}
			e := open(t, setup{http: http, commands: []tagout.Command{note, r.command("kill", tagout.MayStop)}})
			e.slack.Duplicate(2)
			for _, command := range []string{"/note", "/kill"} {
				if err := e.slack.Command(soon(t), "U0IC", "#incidents", command, "x"); err != nil {
					t.Fatal(err)
				}
			}
			e.said("#incidents", "here is a button")
			e.whispered("U0IC", "kill was run")
			e.slack.Duplicate(1)
			if err := e.slack.Click(soon(t), sandbox.Click{User: "U0LEGAL", Channel: "#incidents", Label: "Press too"}); err != nil {
				t.Fatal(err)
			}
			e.whispered("U0LEGAL", "press was pressed with 2")
			if err := e.slack.Click(soon(t), sandbox.Click{User: "U0LEGAL", Channel: "#incidents", Label: "Press too"}); err != nil {
				t.Fatal(err)
			}
			e.wait("the second click", func() bool { return len(r.pressed()) == 2 })
			if runs, clicks := len(r.ran()), len(r.pressed()); runs != 2 || clicks != 2 {
				t.Errorf("%d runs, %d clicks", runs, clicks)
			}
		})
	}
}

func TestARepeatAfterARestartIsNotRunAgain(t *testing.T) {
	t.Parallel()
	var r recorder
	commands := []tagout.Command{r.command("note", tagout.MayNot)}
	first := open(t, setup{http: true, commands: commands})
	if err := first.slack.Command(soon(t), "U0IC", "#incidents", "/note", "once"); err != nil {
		t.Fatal(err)
	}
	first.whispered("U0IC", "note was run")
	second := open(t, setup{http: true, commands: commands, slack: first, inbox: first.inbox})
	if status, _, err := second.slack.Redeliver(soon(t), func(*sandbox.Delivery) {}); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	second.Drain(soon(t))
	if n := len(r.ran()); n != 1 {
		t.Errorf("it ran %d times", n)
	}
}

func TestTheEventURLIsVerified(t *testing.T) {
	t.Parallel()
	e := open(t, setup{http: true, commands: nil})
	if err := e.slack.VerifyEventURL(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func TestASlowHandlerIsAcknowledgedInTime(t *testing.T) {
	t.Parallel()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			var once sync.Once
			free := func() { once.Do(func() { close(release) }) }
			t.Cleanup(free)
			slow := func(right tagout.Right, name string) tagout.Command {
				return tagout.Command{Name: name, Right: right, Run: func(ctx context.Context, _ tagout.Invocation) (tagout.Reply, error) {
					select {
					case <-release:
					case <-ctx.Done():
					}
					return tagout.Reply{Message: tagout.Say(name + " is done at last")}, nil
				}}
			}
			e := open(t, setup{http: http, commands: []tagout.Command{slow(tagout.MayNot, "note"), slow(tagout.MayStop, "kill"), slow(tagout.MayRead, "status")}})
			for _, command := range []string{"/note", "/kill", "/status"} {
				if err := e.slack.Command(soon(t), "U0IC", "#incidents", command, "x"); err != nil {
					t.Errorf("%s: %v", command, err)
				}
			}
			free()
			for _, command := range []string{"note", "kill", "status"} {
				e.whispered("U0IC", command+" is done at last")
			}
		})
	}
}

func TestAStopRunsWhileTheDatabaseIsDownAndTheRestSaysSo(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]func(*memory){
		"down":  func(m *memory) { m.down = errDown },
		"hangs": func(m *memory) { m.hang = make(chan struct{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			e := open(t, setup{commands: []tagout.Command{
				r.command("kill", tagout.MayStop), r.command("note", tagout.MayNot), r.command("status", tagout.MayRead)}})
			e.inbox.mu.Lock()
			break_(e.inbox)
			e.inbox.mu.Unlock()
			for _, command := range []string{"/kill", "/note", "/status"} {
				if err := e.slack.Command(soon(t), "U0IC", "#incidents", command, "mailer"); err != nil {
					t.Fatalf("%s: %v", command, err)
				}
			}
			e.whispered("U0IC", "kill was run with mailer")
			e.whispered("U0IC", "status was run with mailer")
			e.whispered("U0IC", "nothing was changed")
			for _, in := range r.ran() {
				if strings.Contains(in.ID, "note") || len(r.ran()) != 2 {
					t.Errorf("these ran: %+v", r.ran())
				}
			}
		})
	}
}

func TestAPanicIsAnsweredAndTheNextCommandWorks(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{workers: 1, commands: []tagout.Command{r.command("note", tagout.MayNot), {
		Name: "boom", Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) { panic("very private") },
	}}})
	for range 3 {
		if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/boom", "x"); err != nil {
			t.Fatal(err)
		}
	}
	m := e.whispered("U0IC", "Something went wrong")
	if strings.Contains(m.Visible(), "private") {
		t.Errorf("the answer says %q", m.Visible())
	}
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "x"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "note was run")
	if !strings.Contains(e.log.String(), "intake_test.go") {
		t.Errorf("the log has no stack: %s", e.log)
	}
}

func TestWhenThereIsNoRoomThePersonIsToldAndStopsStillRun(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	t.Cleanup(free)
	var started atomic.Int64
	var r recorder
	e := open(t, setup{workers: 1, commands: []tagout.Command{r.command("kill", tagout.MayStop), {
		Name: "slow", Right: tagout.MayRead, Run: func(ctx context.Context, _ tagout.Invocation) (tagout.Reply, error) {
			started.Add(1)
			select {
			case <-release:
			case <-ctx.Done():
			}
			return tagout.Reply{Message: tagout.Say("slow is done")}, nil
		},
	}}})
	var sent sync.WaitGroup
	for range 12 { // one runs, eight wait
		sent.Go(func() { _ = e.slack.Command(soon(t), "U0IC", "#incidents", "/slow", "x") })
	}
	e.whispered("U0IC", "too much to do")
	if err := e.slack.Command(soon(t), "U0LEGAL", "#incidents", "/kill", "mailer"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0LEGAL", "kill was run with mailer")
	free()
	sent.Wait()
	if n := started.Load(); n >= 12 {
		t.Errorf("%d ran, though somebody was told that there is no room", n)
	}
}

func TestThePrefixTheUmbrellaAndUnknownVerbs(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{prefix: "ai-", commands: []tagout.Command{r.command("kill", tagout.MayStop), r.command("help", tagout.MayRead)}})
	for i, c := range []struct{ command, text, want string }{
		{"/ai-kill", "a", "kill was run with a"},
		{"/tagout", "KILL b", "kill was run with b"},
		{"/tagout", "", "help was run with"},
		{"/tagout", "resurrect all", "help was run with resurrect"},
	} {
		if err := e.slack.Command(soon(t), "U0IC", "#incidents", c.command, c.text); err != nil {
			t.Fatal(err)
		}
		e.whispered("U0IC", c.want)
		if n := len(r.ran()); n != i+1 {
			t.Errorf("%s %s: %d ran", c.command, c.text, n)
		}
	}
}

func TestAButtonThatNobodyKnowsIsAnswered(t *testing.T) {
	t.Parallel()
	var r recorder
	note := r.command("note", tagout.MayNot)
	note.Run = func(context.Context, tagout.Invocation) (tagout.Reply, error) {
		m := tagout.Say("an old message")
		m.Buttons = []tagout.Button{{Action: "gone", Label: "Gone", Value: "1"}}
		return tagout.Reply{Message: m, Public: true}, nil
	}
	e := open(t, setup{commands: []tagout.Command{note}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", ""); err != nil {
		t.Fatal(err)
	}
	e.said("#incidents", "an old message")
	if err := e.slack.Click(soon(t), sandbox.Click{User: "U0IC", Channel: "#incidents", Label: "Gone"}); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "another version of Tagout")
	if m := e.said("#incidents", "an old message"); m.Edited != nil {
		t.Errorf("the message with the button was replaced")
	}
}

func TestAButtonWorksOnAMessageWithEveryKindOfText(t *testing.T) {
	t.Parallel()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			rich := tagout.Message{Title: "Everything", Lines: []string{"03:00 a line"}, Footer: tagout.T("small print")}.
				Para("plain ", tagout.Bold("bold"), tagout.Fixed("code"), tagout.Mention("U0IC"), tagout.Span{Kind: tagout.SpanGroup, Text: "S0LEGAL"}).
				Para(tagout.ChannelLink("C0X"), time.Now(), tagout.Span{Kind: tagout.SpanLink, Text: "link", URL: "https://example.com/a"}).
				Fact("When", time.Now()).Fact("Who", tagout.Mention("U0IC"))
			rich.Buttons = []tagout.Button{{Action: "press", Label: "Press", Value: "1", Confirm: "Really?", Tone: tagout.ToneDanger}}
			note := r.button(r.command("note", tagout.MayNot), "press")
			note.Run = func(context.Context, tagout.Invocation) (tagout.Reply, error) {
				return tagout.Reply{Message: rich, Public: true}, nil
			}
			e := open(t, setup{http: http, commands: []tagout.Command{note}})
			if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", ""); err != nil {
				t.Fatal(err)
			}
			if m := e.said("#incidents", "small print"); !strings.Contains(strings.Join(m.Mentions, " "), "U0IC") {
				t.Errorf("it mentions %v", m.Mentions)
			}
			if err := e.slack.Click(soon(t), sandbox.Click{User: "U0LEGAL", Channel: "#incidents", Label: "Press"}); err != nil {
				t.Fatal(err)
			}
			e.whispered("U0LEGAL", "press was pressed with 1")
		})
	}
}

func TestAButtonCanOpenAFormAndItsAnswerLeavesTheMessageAlone(t *testing.T) {
	t.Parallel()
	var r recorder
	c := declare(&r, tagout.MayStop, func(_ context.Context, s tagout.Submission) (tagout.Reply, error) {
		return tagout.Reply{Message: tagout.Say("stopped ", s.Values["scope"])}, nil
	})
	open_ := c.Run
	c.Run = func(context.Context, tagout.Invocation) (tagout.Reply, error) {
		m := tagout.Say("a card")
		m.Buttons = []tagout.Button{{Action: "kill", Label: "Stop more", Value: "INC-7", Tone: tagout.ToneDanger}}
		return tagout.Reply{Message: m, Public: true}, nil
	}
	c.Clicks = map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
		"kill": func(ctx context.Context, _ tagout.Click) (tagout.Reply, error) {
			return open_(ctx, tagout.Invocation{})
		},
	}
	e := open(t, setup{commands: []tagout.Command{c}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/incident", "card"); err != nil {
		t.Fatal(err)
	}
	e.said("#incidents", "a card")
	if err := e.slack.Click(soon(t), sandbox.Click{User: "U0LEGAL", Channel: "#incidents", Label: "Stop more"}); err != nil {
		t.Fatal(err)
	}
	e.form("U0LEGAL")
	if _, err := e.slack.Submit(soon(t), sandbox.Submission{User: "U0LEGAL", Values: map[string]any{"scope": "mailer"}}); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0LEGAL", "stopped mailer")
	if m := e.said("#incidents", "a card"); m.Edited != nil {
		t.Error("the card was replaced")
	}
}
