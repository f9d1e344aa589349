package sandbox_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/sandbox"
)

func text(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject("plain_text", s, false, false)
}

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

func TestCheckboxesReportEveryChoice(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := interacting(t, w, nil)
	option := func(v string) *slack.OptionBlockObject { return slack.NewOptionBlockObject(v, text(v), nil) }
	w.post(t, "C0INCIDENTS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(slack.NewActionBlock("b",
		slack.NewCheckboxGroupsBlockElement("checks", option("a"), option("b"), option("c")))))
	for _, several := range [][]string{{"a", "c"}, nil} {
		if err := w.Click(soon(t), sandbox.Click{User: "U0IC", ActionID: "checks", Several: several}); err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, o := range wait(t, got).ActionCallback.BlockActions[0].SelectedOptions {
			values = append(values, o.Value)
		}
		if !slices.Equal(values, several) {
			t.Errorf("chosen %v, reported %v", several, values)
		}
	}
}
