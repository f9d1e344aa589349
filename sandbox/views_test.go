package sandbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

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
	clock.Pass(3001 * time.Millisecond)
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

func TestNobodyElseCanUseAPersonsForm(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	got := interacting(t, w, nil)
	if err := w.Shortcut(soon(t), "U0IC", "flag", "", ""); err != nil {
		t.Fatal(err)
	}
	button := slack.NewActionBlock("b", slack.NewButtonBlockElement("more", "", text("More")))
	view := slack.ModalViewRequest{Type: slack.VTModal, Title: text("Mine"), Submit: text("OK"), Blocks: slack.Blocks{BlockSet: []slack.Block{button}}}
	opened, err := w.API.OpenViewContext(soon(t), wait(t, got).TriggerID, view)
	if err != nil {
		t.Fatal(err)
	}
	missing := sandbox.Error("view_not_found")
	if err := w.Click(soon(t), sandbox.Click{User: "U0LEGAL", ViewID: opened.ID, ActionID: "more"}); !errors.Is(err, missing) {
		t.Errorf("click: %v", err)
	}
	if _, err := w.Submit(soon(t), sandbox.Submission{User: "U0LEGAL", ViewID: opened.ID}); !errors.Is(err, missing) {
		t.Errorf("submit: %v", err)
	}
	if err := w.CloseView(soon(t), "U0LEGAL", opened.ID); !errors.Is(err, missing) {
		t.Errorf("close: %v", err)
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
