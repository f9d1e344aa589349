package story_test

import (
	"strings"
	"testing"
	"time"

	"tagout/sandbox"
)

// enters types into a field of the form that a person has open, without sending it.
func (w *world) enters(user, field, text string) {
	w.t.Helper()
	w.eventually(user+" sees a form", func() bool { return len(w.slack.Views(user)) > 0 })
	answers := map[string]any{field: map[string]any{"value": map[string]any{"type": "plain_text_input", "value": text}}}
	click := sandbox.Click{User: user, ViewID: w.slack.Views(user)[0].ID, BlockID: field, ActionID: "value", Value: text, State: answers}
	if err := w.slack.Click(w.ctx, click); err != nil {
		w.t.Fatalf("%s types into %s: %v\n%s", user, field, err, w.scene())
	}
}

// closes closes the form that a person has open.
func (w *world) closes(user string) {
	w.t.Helper()
	if err := w.slack.CloseView(w.ctx, user, w.slack.Views(user)[0].ID); err != nil {
		w.t.Fatal(err)
	}
}

// opensForm types a command and returns the form that it opens, as text.
func (w *world) opensForm(user, room, command string) string {
	w.t.Helper()
	w.types(user, room, command)
	w.eventually(user+" sees a form", func() bool { return len(w.slack.Views(user)) > 0 })
	return string(w.slack.Views(user)[0].Blocks)
}

func TestWhatWasTypedIntoTheResumeFormIsNotLost(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.opensForm("U0IC", room, "/resume")
		w.enters("U0IC", "cause", "Prompt v4")
		w.enters("U0IC", "cause", "Prompt v42 dropped")
		w.eventually("what was typed is kept", func() bool {
			w.closes("U0IC")
			return strings.Contains(w.opensForm("U0IC", room, "/resume"), "Prompt v42 dropped")
		})
		w.closes("U0IC")
		if other := w.opensForm("U0ENG", room, "/resume"); strings.Contains(other, "Prompt v42 dropped") {
			t.Errorf("somebody else's form is filled with it: %s", other)
		}
		w.stops()
		w.starts()

		form := w.opensForm("U0IC", room, "/resume")
		if !strings.Contains(form, "Prompt v42 dropped") || !strings.Contains(form, "did not send") {
			t.Errorf("after a restart the form is %s", form)
		}
		incomplete := map[string]any{"control_changes": "A filter", "verified": "Replayed", "verified_against": "That prompt", "review_scheduled": time.Now().Add(-time.Hour)}
		if problems := w.triesForm("U0IC", incomplete); !strings.Contains(problems["review_scheduled"], "a time to come") {
			t.Errorf("problems are %v", problems)
		}
		w.closes("U0IC")
		if form := w.opensForm("U0IC", room, "/resume"); !strings.Contains(form, "Prompt v42 dropped") || !strings.Contains(form, "A filter") {
			t.Errorf("after a refusal the form is %s", form)
		}
		w.fills("U0IC", deliverables)
		w.reads("U0IC", room, "GO.*NO-GO")
		if form := w.opensForm("U0IC", room, "/resume"); strings.Contains(form, "Prompt v42 dropped") || strings.Contains(form, "did not send") {
			t.Errorf("what was sent is still a draft: %s", form)
		}
	})
}
