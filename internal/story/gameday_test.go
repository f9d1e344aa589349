package story_test

import (
	"net/http"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

// TestAGameDayIsPractisedBesideRealWork: the people of a severity are paged for a stop of the
// canary, marked as a drill, until one of them answers. A real alert elsewhere goes its own
// way meanwhile. Of the drill nothing is in the figures, and of what is real nothing is undone;
// a game day that something real comes into ends, and lets go of nothing.
func TestAGameDayIsPractisedBesideRealWork(t *testing.T) {
	tellWith(t, bothStores, drilling, func(t *testing.T, w *world) {
		w.opensHome("U0IC")
		w.seesHome("U0IC", "Drills.*Next: monthly.*kill drill of mailer.*Drill…")
		w.pressesAtHome("U0IC", "Drill…")
		w.fills("U0IC", map[string]any{"agent": "mailer", "action": "gameday", "reason": "before the launch"})
		w.isPaged("U0PROGRAM", `INC-1 SEV-2: \[DRILL\] game day of mailer`)
		room := w.room("drill-inc-1-")
		w.reads("U0PROGRAM", room, `Paging.*\[DRILL\] game day`)
		w.reads("U0IC", "#incidents", `\[DRILL\] INC-1 game day of mailer on mailer/sms/us — running, waiting for an answer: observed stopped in`)
		w.seesHome("U0IC", `Drills.*\[DRILL\] INC-1.*game day of mailer`)
		w.agentSees("mailer", smsCanary(), tagout.Running)
		w.types("U0IC", room, "/close it is only a drill")
		w.reads("U0IC", room, "INC-1 is a drill and ends by itself")

		if id := w.alarm("odd wording", harmless); id != "INC-2" {
			t.Fatalf("the alert is in %s", id)
		}
		w.agentSees("mailer", map[string]string{"channel": "email", "region": "us"}, tagout.Review)
		w.presses("U0PROGRAM", w.slack.DM("U0PROGRAM"), "Acknowledge")
		w.reads("U0IC", "#incidents", "INC-1 game day of mailer.*passed: observed stopped in .*running again after .*answered in")
		w.state("INC-1", tagout.StateClosed)
		w.state("INC-2", tagout.StateContained)
		w.agentSees("mailer", map[string]string{"channel": "email", "region": "us"}, tagout.Review)

		// In the next one something real comes: it ends, and what holds the agent is the incident's.
		w.types("U0IC", "#general", "/drill gameday mailer")
		w.reads("U0IC", "#incidents", "INC-3 game day.*waiting for an answer")
		if id := w.alarm("MailToUnsubscribed", critical); id != "INC-4" {
			t.Fatalf("the alert is in %s", id)
		}
		w.reads("U0IC", "#incidents", "INC-3 game day.*interrupted: ")
		w.agentSees("mailer", smsCanary(), tagout.Halted)
		w.isPaged("U0LEGAL", "INC-4")

		w.types("U0IC", "#general", "/drill")
		w.reads("U0IC", "#general", "INC-3 game day of mailer.*interrupted.*INC-1 game day of mailer.*passed.*answered in.*Next: monthly")
		w.types("U0IC", "#general", "/digest 2d")
		w.reads("U0IC", "#general", "2 incidents.*2 practised, 1 passed")
		var f struct {
			Now struct{ Incidents, Drills int }
		}
		if status := w.call(http.MethodGet, "/v1/metrics/incidents", "read-token", nil, &f); status != http.StatusOK || f.Now.Incidents != 2 || f.Now.Drills != 2 {
			t.Errorf("the figures are %d: %+v", status, f)
		}
		w.verifies()
	})
}

// TestAPagerThatIsDownIsMadeUpForByTheOthers: Slack delivers no page, as the drill wants it, and
// the mail to the platform owner says so; their answer from the mail ends the drill. Then a real
// incident finds Slack hanging, and the mails go out all the same.
func TestAPagerThatIsDownIsMadeUpForByTheOthers(t *testing.T) {
	tellWith(t, bothStores, drilling, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/drill kill mailer scenario=slack-is-down")
		room := w.room("drill-inc-1-")
		w.reads("U0IC", room, "U0PROGRAM could not be reached by slack: .*is down, as this drill wants it")
		w.reads("U0IC", room, "This page reached nobody.*The next are paged now")
		w.eventually("the platform owner learns of it by mail", func() bool {
			return w.mails.count("platform@example.com", "[DRILL]") > 0 && len(w.mails.links("platform@example.com")) > 0
		})
		for _, who := range []string{"U0PROGRAM", "U0MOPS", "U0PLATFORM"} {
			if w.says(w.slack.DM(who), "You are paged") {
				t.Errorf("%s was paged by what is down", who)
			}
		}
		w.reads("U0IC", "#incidents", "INC-1 game day.*waiting for an answer")
		w.browses(http.MethodPost, w.mails.links("platform@example.com")[0])
		w.reads("U0IC", "#incidents", "INC-1 game day of mailer, the pager slack is down.*passed: noticed: its page failed, and email paged instead")
		w.state("INC-1", tagout.StateClosed)

		// Slack really hangs: no page waits for another pager.
		w.log.expect("slack", "Slack", "page")
		up := w.hangs("U")
		w.alarm("MailToUnsubscribed", critical)
		w.eventually("Legal and the platform owner are paged by mail", func() bool {
			return w.mails.count("legal@example.com", "INC-2") > 0 && w.mails.count("platform@example.com", "INC-2") > 0
		})
		if strings.Contains(w.scene(), "DRILL] INC-2") {
			t.Error("what is real is called a drill")
		}
		up()
		w.isPaged("U0LEGAL", "INC-2")
		w.verifies()
	})
}

// hangs has Slack not answer whoever writes to such a channel, until the returned func is called.
func (w *world) hangs(channel string) (up func()) {
	return w.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Channel: channel, Kind: sandbox.Hang})
}
