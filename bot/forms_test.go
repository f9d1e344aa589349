package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

// declare is a command that asks with a form.
func declare(r *recorder, right tagout.Right, submit func(context.Context, tagout.Submission) (tagout.Reply, error)) tagout.Command {
	form := tagout.Form{ID: "declare", Title: "Declare an incident", Submit: "Declare", State: "state-1", Fields: []tagout.Field{
		{Key: "scope", Label: "Scope", Kind: tagout.FieldLine},
		{Key: "severity", Label: "Severity", Kind: tagout.FieldChoice, Value: "sev2", Options: []tagout.Option{{Value: "sev1", Label: "SEV-1"}, {Value: "sev2", Label: "SEV-2"}}},
		{Key: "reason", Label: "Reason", Kind: tagout.FieldParagraph, Optional: true},
	}}
	return tagout.Command{
		Name: "incident", Right: right,
		Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) {
			return tagout.Reply{Form: &form, Message: tagout.Say("use the form")}, nil
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			"declare": func(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
				r.mu.Lock()
				r.forms = append(r.forms, s)
				r.mu.Unlock()
				return submit(ctx, s)
			},
		},
	}
}

func (e *edge) form(user string) sandbox.View {
	e.t.Helper()
	e.until("the form", func(s *sandbox.Sandbox) bool { return len(s.Views(user)) > 0 })
	return e.slack.Views(user)[0]
}

func TestAFormIsCheckedShownAgainAndAnswered(t *testing.T) {
	t.Parallel()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			e := open(t, setup{http: http, commands: []tagout.Command{declare(&r, tagout.MayNot, func(_ context.Context, s tagout.Submission) (tagout.Reply, error) {
				if s.Values["scope"] == "wrong" {
					return tagout.Reply{Outcome: tagout.Outcome{Problems: []tagout.FieldProblem{{Key: "scope", Message: "There is no such agent."}}}}, nil
				}
				return tagout.Reply{Message: tagout.Say("declared ", s.Values["scope"], " as ", s.Values["severity"])}, nil
			})}})
			if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/incident", ""); err != nil {
				t.Fatal(err)
			}
			e.form("U0IC")
			complaints, err := e.slack.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"scope": "wrong"}})
			if err != nil || complaints["scope"] != "There is no such agent." {
				t.Fatalf("got %v %v", complaints, err)
			}
			complaints, err = e.slack.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"scope": "mailer"}})
			if err != nil || len(complaints) != 0 {
				t.Fatalf("got %v %v", complaints, err)
			}
			e.whispered("U0IC", "declared mailer as sev2")
			if len(e.slack.Views("U0IC")) != 0 {
				t.Error("the form is still open")
			}
			s := r.submitted()[1]
			if s.State != "state-1" || s.User.ID != "U0IC" || s.Channel == "" || s.Form != "declare" || s.Values["reason"] != "" || s.ID == r.submitted()[0].ID {
				t.Errorf("the submission is %+v", s)
			}
		})
	}
}

func TestAFormThatFailsStaysOpenWithTheReason(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{commands: []tagout.Command{declare(&r, tagout.MayNot, func(context.Context, tagout.Submission) (tagout.Reply, error) {
		return tagout.Reply{}, tagout.Errorf(tagout.Conflict, "Somebody was faster.")
	})}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/incident", ""); err != nil {
		t.Fatal(err)
	}
	e.form("U0IC")
	complaints, err := e.slack.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"scope": "x"}})
	if err != nil || complaints["scope"] != "Somebody was faster." {
		t.Errorf("got %v %v", complaints, err)
	}
	e.inbox.fail(errDown)
	complaints, err = e.slack.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"scope": "x"}})
	if err != nil || !strings.Contains(complaints["scope"], "nothing was changed") {
		t.Errorf("got %v %v", complaints, err)
	}
}

func TestASlowFormIsClosedInTimeAndAnsweredLater(t *testing.T) {
	t.Parallel()
	var r recorder
	release := make(chan struct{})
	e := open(t, setup{commands: []tagout.Command{declare(&r, tagout.MayNot, func(ctx context.Context, _ tagout.Submission) (tagout.Reply, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return tagout.Reply{Outcome: tagout.Outcome{Problems: []tagout.FieldProblem{{Key: "scope", Message: "There is no such agent."}}}}, nil
	})}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/incident", ""); err != nil {
		t.Fatal(err)
	}
	e.form("U0IC")
	if complaints, err := e.slack.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"scope": "x"}}); err != nil || len(complaints) != 0 {
		t.Fatalf("got %v %v", complaints, err)
	}
	close(release)
	e.whispered("U0IC", "There is no such agent.")
}

func TestTheFormOfAStopWorksWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{commands: []tagout.Command{declare(&r, tagout.MayStop, func(_ context.Context, s tagout.Submission) (tagout.Reply, error) {
		return tagout.Reply{Message: tagout.Say("stopped ", s.Values["scope"])}, nil
	})}})
	e.inbox.fail(errDown)
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/incident", ""); err != nil {
		t.Fatal(err)
	}
	e.form("U0IC")
	if _, err := e.slack.Submit(soon(t), sandbox.Submission{User: "U0IC", Values: map[string]any{"scope": "mailer"}}); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "stopped mailer")
}

func TestAFormThatComesTooLateSaysSo(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{commands: []tagout.Command{declare(&r, tagout.MayNot, nil)}})
	e.slack.Fault(sandbox.Fault{Method: "views.open", Times: 1, Kind: sandbox.APIError("expired_trigger_id")})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/incident", ""); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "please run it again")
}

// story is a command whose answer develops as the test says.
func story(name string, chapters <-chan string, public bool) tagout.Command {
	return tagout.Command{Name: name, Right: tagout.MayStop, Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) {
		var updates iter.Seq[tagout.Message] = func(yield func(tagout.Message) bool) {
			for text := range chapters {
				if !yield(tagout.Say(text)) {
					return
				}
			}
		}
		return tagout.Reply{Message: tagout.Say("chapter 0"), Updates: updates, Public: public}, nil
	}}
}

func TestAnAnswerIsKeptUpToDateWithinItsUsesAndEndsWithTheLastState(t *testing.T) {
	t.Parallel()
	chapters := make(chan string)
	e := open(t, setup{commands: []tagout.Command{story("kill", chapters, false)}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/kill", "mailer"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "chapter 0")
	for i := range 500 {
		chapters <- fmt.Sprintf("chapter %d", i+1)
	}
	close(chapters)
	e.whispered("U0IC", "chapter 500")
	for _, c := range e.slack.Calls() {
		if c.Method == "response_url" && c.Error != "" {
			t.Errorf("a response_url was used in vain: %s", c.Error)
		}
	}
	if n := e.calls("response_url"); n > 5 {
		t.Errorf("%d uses", n)
	}
}

func TestAPublicAnswerIsOneMessageThatChanges(t *testing.T) {
	t.Parallel()
	chapters := make(chan string)
	e := open(t, setup{commands: []tagout.Command{story("kill", chapters, true)}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/kill", "mailer"); err != nil {
		t.Fatal(err)
	}
	e.said("#incidents", "chapter 0")
	for i := range 50 {
		chapters <- fmt.Sprintf("chapter %d", i+1)
	}
	close(chapters)
	e.said("#incidents", "chapter 50")
	if n := e.count("#incidents", "chapter"); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestAPublicAnswerReachesAChannelThatTheAppIsNotIn(t *testing.T) {
	t.Parallel()
	chapters := make(chan string)
	e := open(t, setup{commands: []tagout.Command{story("kill", chapters, true)}})
	e.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Kind: sandbox.APIError("channel_not_found")})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/kill", "mailer"); err != nil {
		t.Fatal(err)
	}
	e.said("#incidents", "chapter 0")
	chapters <- "chapter 1"
	close(chapters)
	e.said("#incidents", "chapter 1")
}

func TestAnAnswerFindsItsWayWithoutTheResponseURL(t *testing.T) {
	t.Parallel()
	chapters := make(chan string)
	e := open(t, setup{commands: []tagout.Command{story("kill", chapters, false)}})
	e.slack.Fault(sandbox.Fault{Method: "response_url", Kind: sandbox.APIError("used_url")})
	e.slack.Fault(sandbox.Fault{Method: "chat.postEphemeral", Kind: sandbox.APIError("not_in_channel")})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/kill", "mailer"); err != nil {
		t.Fatal(err)
	}
	dm := e.slack.DM("U0IC")
	e.until("a direct message", func(s *sandbox.Sandbox) bool { dm = s.DM("U0IC"); return dm != "" })
	e.said(dm, "chapter 0")
	chapters <- "chapter 1"
	close(chapters)
	e.said(dm, "chapter 1")
	if n := e.count(dm, "chapter"); n != 1 {
		t.Errorf("%d messages instead of one that is updated", n)
	}
}

func TestWhatACrashLeftUnfinishedIsWorkedAtTheNextStart(t *testing.T) {
	t.Parallel()
	var r recorder
	note := r.button(r.command("note", tagout.MayNot), "press")
	inbox := newMemory()
	claim := func(kind, key string, at time.Time, body map[string]any) {
		payload, _ := json.Marshal(map[string]any{"kind": kind, "at": at, "body": body})
		inbox.claims[key], inbox.at[key] = payload, at
	}
	command := map[string]any{"team_id": sandbox.TeamID, "user_id": "U0IC", "channel_id": "C0X", "command": "/note", "text": "left over", "trigger_id": "1.2.3"}
	claim("command", "slack:command:1.2.3", time.Now().Add(-10*time.Second), command)
	claim("command", "slack:command:old", time.Now().Add(-time.Hour), command)
	claim("click", "slack:click:4.5.6", time.Now().Add(-10*time.Second), map[string]any{
		"type": "block_actions", "team": map[string]any{"id": sandbox.TeamID}, "user": map[string]any{"id": "U0LEGAL", "team_id": sandbox.TeamID},
		"actions": []any{map[string]any{"action_id": "press:2", "value": "9"}}})
	inbox.claims["alerts:other"] = []byte("not ours")
	e := open(t, setup{idle: true, inbox: inbox, commands: []tagout.Command{note}})
	e.wait("both to be worked", func() bool { return len(r.ran()) == 1 && len(r.pressed()) == 1 })
	e.wait("all to be finished", func() bool { return len(inbox.open()) == 1 })
	if in := r.ran()[0]; in.Text != "left over" || in.ID != "slack:command:1.2.3" {
		t.Errorf("it ran with %+v", in)
	}
	if c := r.pressed()[0]; c.Value != "9" || c.Action != "press" || c.ID != "slack:click:4.5.6" {
		t.Errorf("the click was %+v", c)
	}
	e.said(e.slack.DM("U0IC"), "It was not done")
}

func TestADrainFinishesWhatIsUnderWayAndTurnsAwayTheRest(t *testing.T) {
	t.Parallel()
	var r recorder
	started, release := make(chan struct{}), make(chan struct{})
	e := open(t, setup{commands: []tagout.Command{r.command("note", tagout.MayNot), {
		Name: "slow", Right: tagout.MayNot, Run: func(context.Context, tagout.Invocation) (tagout.Reply, error) {
			close(started)
			<-release
			return tagout.Reply{Message: tagout.Say("slow is done")}, nil
		},
	}}})
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/slow", ""); err != nil {
		t.Fatal(err)
	}
	<-started
	var draining sync.WaitGroup
	draining.Go(func() { e.Drain(soon(t)) })
	e.wait("the drain to begin", func() bool { ok, why := e.Ready(); return !ok && why == "draining" })
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "x"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "too much to do")
	close(release)
	draining.Wait()
	e.whispered("U0IC", "slow is done")
	if len(r.ran()) != 0 || len(e.inbox.open()) != 0 {
		t.Errorf("%d ran, open: %v", len(r.ran()), e.inbox.open())
	}
}

func TestALostSocketIsReplacedAndNothingIsMissed(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"refresh_requested", "warning", "link_disabled"} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			var r recorder
			e := open(t, setup{commands: []tagout.Command{r.command("note", tagout.MayNot)}})
			e.slack.Disconnect(reason)
			e.until("two sockets again", func(s *sandbox.Sandbox) bool { return s.Connections() >= 2 })
			e.wait("the command to arrive", func() bool {
				return e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "x") == nil
			})
			e.whispered("U0IC", "note was run")
			if ok, why := e.Ready(); !ok {
				t.Errorf("not ready: %s", why)
			}
		})
	}
}
