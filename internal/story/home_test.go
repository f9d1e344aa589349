package story_test

import (
	"regexp"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

// opensHome opens somebody's App Home.
func (w *world) opensHome(user string) {
	w.t.Helper()
	if err := w.slack.OpenHome(w.ctx, user); err != nil {
		w.t.Fatal(err)
	}
}

// seesHome waits until somebody's App Home matches, and returns it.
func (w *world) seesHome(user, pattern string) sandbox.View {
	w.t.Helper()
	want := regexp.MustCompile(`(?s)` + pattern)
	var view sandbox.View
	w.eventually(user+" sees "+pattern+" at home", func() bool {
		var ok bool
		view, ok = w.slack.Home(user)
		return ok && want.MatchString(view.Visible())
	})
	return view
}

// pressesAtHome clicks a button of somebody's App Home.
func (w *world) pressesAtHome(user, label string) {
	w.t.Helper()
	view, _ := w.slack.Home(user)
	if err := w.slack.Click(w.ctx, sandbox.Click{User: user, ViewID: view.ID, Label: label}); err != nil {
		w.t.Fatalf("%s presses %s at home: %v", user, label, err)
	}
}

func TestEverybodyFindsTheirOwnWorkAtHome(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.opensHome("U0LEGAL")
		w.opensHome("U0OUTSIDER")
		w.seesHome("U0LEGAL", "You are paged for.*Nothing.*Waits for your signature.*Nothing.*mailer\\W+🟢 ● running")

		w.seesHome("U0OUTSIDER", "Agents.*Stop…")
		w.pressesAtHome("U0OUTSIDER", "Stop…")
		w.fills("U0OUTSIDER", map[string]any{"scope": "mailer", "severity": "sev1", "reason": "complaint spike"})
		w.agentSees("mailer", emailEU(), tagout.Halted)
		room := w.room("inc-1-mailer")
		w.seesHome("U0LEGAL", "You are paged for.*INC-1 SEV-1.*complaint spike.*🔴 ■ halted.*Acknowledge.*mailer\\W+🔴 ■ halted")
		w.seesHome("U0OUTSIDER", "You are paged for.*Nothing.*Open incidents.*INC-1")

		w.pressesAtHome("U0LEGAL", "Acknowledge")
		w.isPaged("U0LEGAL", "You acknowledged INC-1") // answered directly, as there is no channel
		w.seesHome("U0LEGAL", "You are paged for.*Nothing.*Waits for your signature")

		w.asksToResume("U0IC", room, deliverables)
		w.seesHome("U0LEGAL", "Waits for your signature.*INC-1.*to 🟢 ● running, asked by")
		c, _ := w.slack.Channel(room)
		var view sandbox.View
		w.eventually("there is a link to what is signed", func() bool {
			view, _ = w.slack.Home("U0LEGAL")
			return strings.Contains(string(view.Blocks), "https://"+sandbox.TeamDomain+".slack.com/archives/"+c.ID+"/p")
		})
		for _, b := range view.Buttons() {
			if b.Label == "GO" || b.Label == "NO-GO" {
				t.Errorf("it can be signed where not all of it is shown")
			}
		}
		w.seesHome("U0OUTSIDER", "Waits for your signature.*Nothing")

		w.presses("U0LEGAL", room, "GO")
		w.seesHome("U0LEGAL", "Waits for your signature.*Nothing.*🟢 ● running.*Open incidents.*None that you can see")
	})
}
