package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

// homeOf greets a person and shows how often something happened.
func homeOf(times *int) func(tagout.User) tagout.Home {
	return func(u tagout.User) tagout.Home {
		return tagout.Home{Sections: []tagout.HomeSection{{Title: "Hello " + string(u.ID), Items: []tagout.Message{
			tagout.Say(fmt.Sprintf("It happened %d times; guest: %v.", *times, u.Guest)),
		}}}}
	}
}

// seesHome waits until a person's App Home shows a text.
func (e *edge) seesHome(user, text string) {
	e.t.Helper()
	e.until(user+" sees "+text+" at home", func(s *sandbox.Sandbox) bool {
		view, ok := s.Home(user)
		return ok && strings.Contains(view.Visible(), text)
	})
}

func TestAppHomeIsShownWhenItIsOpenedAndKeptFresh(t *testing.T) {
	t.Parallel()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t, setup{http: http})
			times := 1
			e.desk.home = homeOf(&times)
			e.Changed(7) // nobody looks: nothing is published
			if err := e.slack.OpenHome(soon(t), "U0IC"); err != nil {
				t.Fatal(err)
			}
			e.seesHome("U0IC", "Hello U0IC")
			e.seesHome("U0IC", "happened 1 times; guest: false")
			e.desk.mu.Lock()
			times = 2
			e.desk.mu.Unlock()
			published := func(n int) { // a call is counted once it was answered
				e.until("it is published", func(*sandbox.Sandbox) bool { return e.calls("views.publish") >= n })
			}
			published(1)
			before := e.calls("views.publish")
			for range 500 {
				e.Changed(7)
			}
			e.seesHome("U0IC", "happened 2 times")
			published(before + 1)
			if n := e.calls("views.publish") - before; n != 1 {
				t.Errorf("it was published %d times", n)
			}
			if _, looks := e.slack.Home("U0LEGAL"); looks {
				t.Error("somebody who never looked has an App Home")
			}
			if err := e.slack.OpenHome(soon(t), "U0GUEST"); err != nil {
				t.Fatal(err)
			}
			e.seesHome("U0GUEST", "guest: true")
		})
	}
}

func TestAButtonOfAppHomeIsAnsweredDirectly(t *testing.T) {
	t.Parallel()
	var r recorder
	command := r.command("ack", tagout.MayNot)
	command.Clicks = map[string]func(context.Context, tagout.Click) (tagout.Reply, error){"ack": func(_ context.Context, c tagout.Click) (tagout.Reply, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.press = append(r.press, c)
		return tagout.Reply{Message: tagout.Say("pressed " + c.Value)}, nil
	}}
	e := open(t, setup{commands: []tagout.Command{command}})
	e.desk.home = func(tagout.User) tagout.Home {
		button := func(id string) tagout.Message {
			m := tagout.Say("About " + id)
			m.Buttons = []tagout.Button{{Action: "ack", Label: "Take " + id, Value: id}}
			return m
		}
		return tagout.Home{Sections: []tagout.HomeSection{{Title: "Paged", Items: []tagout.Message{button("INC-1"), button("INC-2")}}}}
	}
	if err := e.slack.OpenHome(soon(t), "U0IC"); err != nil {
		t.Fatal(err)
	}
	e.seesHome("U0IC", "About INC-2")
	view, _ := e.slack.Home("U0IC")
	if err := e.slack.Click(soon(t), sandbox.Click{User: "U0IC", ViewID: view.ID, Label: "Take INC-2"}); err != nil {
		t.Fatal(err)
	}
	e.said(e.slack.DM("U0IC"), "pressed INC-2")
	if got := r.pressed(); len(got) != 1 || got[0].Action != "ack" || got[0].Value != "INC-2" || got[0].Channel != "" {
		t.Errorf("pressed %+v", got)
	}
}
