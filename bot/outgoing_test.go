package bot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

func TestALostReplyMakesNothingTwice(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"conversations.create", "chat.postMessage", "conversations.invite", "pins.add", "conversations.setTopic", "chat.update"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			e := open(t, setup{idle: true})
			e.desk.add(tagout.Incident{ID: 7})
			e.desk.invitees = []tagout.UserID{"U0IC"}
			e.slack.Fault(sandbox.Fault{Method: method, Times: 2, Kind: sandbox.LostReply})
			for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel} {
				if err := e.effect(kind, 7, "", nil); err != nil {
					t.Fatal(kind, err)
				}
			}
			if err := e.effect(tagout.EffectPost, 7, "note-1", tagout.PostNote{Message: tagout.Say("note the first")}); err != nil {
				t.Fatal(err)
			}
			room := e.desk.room(7)
			e.said("#incidents", "Talk in")
			if a, c, n := e.count("#incidents", "INC-7 is open"), e.count(room.Channel, "Card of"), e.count(room.Channel, "note the first"); a != 1 || c != 1 || n != 1 {
				t.Errorf("%d lines, %d cards, %d notes", a, c, n)
			}
			created := 0
			for _, ch := range e.slack.Channels() {
				if strings.HasPrefix(ch.Name, "inc-7") {
					created++
				}
			}
			if created != 1 {
				t.Errorf("%d channels", created)
			}
		})
	}
}

func TestANoteWaitsForItsChannelButNotForLong(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	inc := e.desk.add(tagout.Incident{ID: 7})
	post := func() error {
		return e.Effects()[tagout.EffectPost](soon(t), tagout.NewEffect(tagout.EffectPost, 7, "n", tagout.PostNote{Message: tagout.Say("a note")}))
	}
	if err := post(); err == nil || tagout.IsFinal(err) {
		t.Errorf("got %v", err)
	}
	inc.Milestones[tagout.Detected] = time.Now().Add(-11 * time.Second)
	if err := post(); err != nil {
		t.Fatal(err)
	}
	e.said("#incidents", "a note")
}

func TestAPageArrivesOnceWithItsButton(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{commands: []tagout.Command{r.button(r.command("ack", tagout.MayNot), "ack")}})
	pager := e.Pager()
	page := tagout.Page{ID: "p-1", Incident: 7, To: tagout.Person{ID: "U0LEGAL"}, Message: tagout.Message{Title: "SEV-1 · INC-7"}}
	if pager.Name() != "slack" || !pager.Reaches(page.To) || pager.Reaches(tagout.Person{Email: "a@example.com"}) {
		t.Error("the pager does not know whom it reaches")
	}
	for n := range 3 {
		page.Again = n > 0
		if err := pager.Send(soon(t), page); err != nil {
			t.Fatal(err)
		}
	}
	dm := e.slack.DM("U0LEGAL")
	if n := e.count(dm, "SEV-1"); n != 1 {
		t.Errorf("%d pages", n)
	}
	if err := e.slack.Click(soon(t), sandbox.Click{User: "U0LEGAL", Channel: dm, Label: "Acknowledge"}); err != nil {
		t.Fatal(err)
	}
	e.wait("the click", func() bool { return len(r.pressed()) == 1 })
	if c := r.pressed()[0]; c.Value != "INC-7" || c.Action != "ack" || c.User.ID != "U0LEGAL" {
		t.Errorf("the click is %+v", c)
	}
}

func TestAPageIsSentOnceWhateverSlackDoesAndFinallyFailsForNobody(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.FaultKind{sandbox.LostReply, sandbox.ServerError, sandbox.DropConnection, sandbox.RateLimited(time.Second), sandbox.APIError("internal_error")} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			e := open(t, setup{idle: true})
			e.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Times: 1, Kind: fault})
			page := tagout.Page{ID: "p-1", Incident: 7, To: tagout.Person{ID: "U0LEGAL"}, Message: tagout.Say("wake up")}
			ctx := soon(t)
			for e.Pager().Send(ctx, page) != nil {
				if ctx.Err() != nil {
					t.Fatal("the page does not go out")
				}
			}
			if n := e.count(e.slack.DM("U0LEGAL"), "wake up"); n != 1 {
				t.Errorf("%d pages", n)
			}
		})
	}
	e := open(t, setup{idle: true})
	err := e.Pager().Send(soon(t), tagout.Page{ID: "p-2", To: tagout.Person{ID: "U0NOBODY"}, Message: tagout.Say("wake up")})
	if !tagout.IsFinal(err) || tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestManyChangesMakeFewUpdatesAndTheLastOneShows(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel} {
		if err := e.effect(kind, 7, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	before := e.calls("chat.update")
	for i := range 2000 {
		e.desk.say(7, fmt.Sprintf("change %d.", i))
		e.Changed(7)
	}
	e.said(e.desk.room(7).Channel, "change 1999.")
	e.said("#incidents", "change 1999.")
	if n := e.calls("chat.update") - before; n > 200 { // as many as the pace allows while they are made
		t.Errorf("2000 changes made %d updates", n)
	}
}

func TestADeletedCardComesBack(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, Room: tagout.Room{}})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	e.desk.mu.Lock()
	e.desk.incidents[7].Room.Card = "1.000001"
	e.desk.mu.Unlock()
	e.desk.say(7, "after the deletion")
	e.Changed(7)
	e.said(e.desk.room(7).Channel, "after the deletion")
}

func TestADecisionIsPostedOnceAndKeptUpToDate(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, Request: &tagout.ResumeRequest{ID: "r1", State: tagout.RequestPending}})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.effect(tagout.EffectDecision, 7, "r1", nil); err != nil {
			t.Fatal(err)
		}
	}
	room := e.desk.room(7)
	if m := e.said(room.Channel, "r1 is pending"); len(m.Buttons()) != 2 || m.Buttons()[0].Label != "GO" || m.Buttons()[1].Label != "NO-GO" {
		t.Errorf("the buttons are %+v", m.Buttons())
	}
	e.desk.mu.Lock()
	e.desk.incidents[7].Request = &tagout.ResumeRequest{ID: "r1", State: tagout.RequestApproved}
	e.desk.mu.Unlock()
	if err := e.effect(tagout.EffectDecision, 7, "r1:legal", nil); err != nil {
		t.Fatal(err)
	}
	if m := e.said(room.Channel, "r1 is approved"); len(m.Buttons()) != 0 {
		t.Errorf("the buttons are %+v", m.Buttons())
	}
	if n := e.count(room.Channel, "Resume request r1"); n != 1 {
		t.Errorf("%d decisions", n)
	}
}

func TestADirectMessageArrivesOnce(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	for range 2 {
		if err := e.effect(tagout.EffectDirect, 7, "d", tagout.DirectNote{To: "U0IC", Message: tagout.Say("for you")}); err != nil {
			t.Fatal(err)
		}
	}
	if n := e.count(e.slack.DM("U0IC"), "for you"); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestGroupMembersAreReadOrTheReasonIsToldAndNeverGuessed(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	members, err := e.GroupMembers(soon(t), "S0ONCALL")
	if err != nil || !slices.Contains(members, "U0ENG") {
		t.Errorf("got %v %v", members, err)
	}
	if _, err = e.GroupMembers(soon(t), "S0NOBODY"); tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("got %v", err)
	}
	free := open(t, setup{idle: true, sandbox: sandbox.Options{FreePlan: true}})
	if _, err = free.GroupMembers(soon(t), "S0ONCALL"); tagout.CodeOf(err) != tagout.Forbidden || !strings.Contains(err.Error(), "paid plan") {
		t.Errorf("got %v", err)
	}
}

func TestAStrictWorkspaceIsNeverAskedTooFast(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true, sandbox: sandbox.Options{Strict: true}})
	e.desk.add(tagout.Incident{ID: 7, Room: tagout.Room{Failure: "none"}})
	var posting sync.WaitGroup
	for i := range 5 {
		posting.Go(func() {
			err := e.Effects()[tagout.EffectPost](context.Background(),
				tagout.NewEffect(tagout.EffectPost, 7, fmt.Sprint(i), tagout.PostNote{Message: tagout.Say(fmt.Sprintf("note %d", i))}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	posting.Wait()
	for _, c := range e.slack.Calls() {
		if c.Error == "ratelimited" {
			t.Errorf("%s was called too fast", c.Method)
		}
	}
	if e.count("#incidents", "note") != 5 {
		t.Error("a note is missing")
	}
}

func TestSlackMayBeDownAtTheStart(t *testing.T) {
	t.Parallel()
	var r recorder
	e := open(t, setup{down: true, commands: []tagout.Command{r.command("note", tagout.MayNot)}})
	if ok, why := e.Ready(); ok || why == "" {
		t.Errorf("ready: %v %q", ok, why)
	}
	e.slack.Down(false)
	e.until("the sockets", func(s *sandbox.Sandbox) bool { return s.Connections() == 2 })
	e.wait("readiness", func() bool { ok, _ := e.Ready(); return ok })
	if err := e.slack.Command(soon(t), "U0IC", "#incidents", "/note", "x"); err != nil {
		t.Fatal(err)
	}
	e.whispered("U0IC", "note was run")
}

func TestErrorsNeverHoldTheTokenOrAnAddress(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.slack.Fault(sandbox.Fault{Method: "*", Kind: sandbox.DropConnection})
	err := e.Pager().Send(soon(t), tagout.Page{ID: "p", To: tagout.Person{ID: "U0IC"}, Message: tagout.Say("x")})
	for at := err; at != nil; at = errors.Unwrap(at) {
		if text := at.Error(); strings.Contains(text, "xoxb") || strings.Contains(text, "/api/") {
			t.Errorf("the error says %q", text)
		}
	}
	if tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) {
		t.Errorf("got %v", err)
	}
}
