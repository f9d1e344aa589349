package story_test

import (
	"fmt"
	"maps"
	"testing"

	"tagout"
)

// fleet counts how many of a hundred mailers get each mode for what they are about to do.
func (w *world) fleet(attributes map[string]string) map[string]int {
	modes := map[string]int{}
	for n := range 100 {
		asked := maps.Clone(attributes)
		asked["targetingKey"] = fmt.Sprintf("mailer-%d", n)
		modes[w.mode("mailer", asked)]++
	}
	return modes
}

// readingCRM is what the mailer does with the only tool that was validated.
func readingCRM() map[string]string {
	return map[string]string{"channel": "email", "region": "us", "tool": "read_crm"}
}

// signsPlan has an alert stop the mailer and Legal sign its staged return.
func (w *world) signsPlan() (id, room string) {
	w.t.Helper()
	id = w.alarm("MailToUnsubscribed", critical)
	w.state(id, tagout.StateContained)
	room = w.room("inc-1-")
	w.asksToResume("U0IC", room, deliverables)
	w.presses("U0LEGAL", room, "GO")
	w.happens(id, tagout.EventStage, 1)
	w.eventually("every mailer is reviewed", func() bool { return w.fleet(emailUS())["review"] == 100 })
	return id, room
}

// goesOn presses until the time of the stage has passed. Each press is answered before the next: of
// two under way, the second might begin the stage after that.
func (w *world) goesOn(id, user, room string, stage int) {
	w.t.Helper()
	begun := func() bool { return w.events(id, tagout.EventStage) >= stage }
	w.eventually("the next stage begins", func() bool {
		had := len(w.slack.Ephemerals(user))
		w.types(user, room, "/stage advance")
		w.eventually("it begins or is refused", func() bool { return begun() || len(w.slack.Ephemerals(user)) > had })
		return begun()
	})
}

// TestAnAgentReturnsInStages: from review by a canary of a tenth to running, with a restart
// in the midst.
func TestAnAgentReturnsInStages(t *testing.T) {
	stages := "[{mode: review, for: 1s}, {mode: canary, share: 10%, for: 1s, validated: [read_crm]}, {mode: running}]"
	tellWith(t, bothStores, func(p *params) { p.Stages = stages }, func(t *testing.T, w *world) {
		id, room := w.signsPlan()
		w.types("U0EXEC", room, "/stage advance")
		w.reads("U0EXEC", room, "begun by a signer")
		w.stops()
		w.starts()
		w.goesOn(id, "U0LEGAL", room, 2)
		w.eventually("about a tenth may read", func() bool {
			n := w.fleet(readingCRM())["capped"]
			return n > 0 && n < 30
		})
		before := w.fleet(readingCRM())
		w.types("U0IC", room, "/stage")
		w.reads("U0IC", room, "(?s)stage 2 of 3: canary 10%.*running")
		w.stops()
		w.starts()
		w.eventually("the same mailers are the canaries", func() bool { return maps.Equal(w.fleet(readingCRM()), before) })
		if got := w.incident(id).State; got == string(tagout.StateResumed) {
			t.Error("a canary is called resumed")
		}
		w.goesOn(id, "U0LEGAL", room, 3)
		w.state(id, tagout.StateResumed)
		w.eventually("all run", func() bool { return w.fleet(emailUS())["running"] == 100 })
	})
}

// TestAnAlertInTheCanaryFallsBackAndPages: nobody has to press anything, and what was signed
// does not count any more.
func TestAnAlertInTheCanaryFallsBackAndPages(t *testing.T) {
	stages := "[{mode: review, for: 1s}, {mode: canary, share: 10%, for: 4h, validated: ['*']}, {mode: running}]"
	tellWith(t, bothStores, func(p *params) { p.Stages = stages }, func(t *testing.T, w *world) {
		id, room := w.signsPlan()
		w.goesOn(id, "U0LEGAL", room, 2)
		w.eventually("some run", func() bool { return w.fleet(emailUS())["running"] > 0 })
		w.types("U0LEGAL", room, "/stage advance")
		w.reads("U0LEGAL", room, "Not before")

		w.alarm("MailToUnsubscribedAgain", critical)
		w.eventually("all are reviewed again", func() bool { return w.fleet(emailUS())["review"] == 100 })
		w.happens(id, tagout.EventFellBack, 1)
		w.isPaged("U0LEGAL", "fell back")
		w.reads("U0IC", room, "Fell back")
		w.types("U0LEGAL", room, "/stage advance")
		w.reads("U0LEGAL", room, "void: a new alert came on its scope")

		w.alarm("MailToUnsubscribedOnceMore", critical)
		w.eventually("all are halted again", func() bool { return w.fleet(emailUS())["halted"] == 100 })
	})
}

// TestAskingAndDecidingByItselfPickTheSameCanaries with the real in-process provider.
func TestAskingAndDecidingByItselfPickTheSameCanaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{"sqlite", "http"})
	w.params.FlagdListen = keepPort(t)
	w.params.Stages = "[{mode: canary, share: 30%, for: 4h, validated: ['*']}, {mode: running}]"
	w.starts()
	agent := w.employsTo("flagd-agent.mjs", w.params.FlagdListen)
	id := w.alarm("MailToUnsubscribed", critical)
	w.state(id, tagout.StateContained)
	room := w.room("inc-1-")
	w.asksToResume("U0IC", room, deliverables)
	w.presses("U0LEGAL", room, "GO")
	w.happens(id, tagout.EventStage, 1)
	w.eventually("it hears of the canary", func() bool { return agent.reads(smsUS()).Metadata["canary_share"] == 0.3 })
	in := 0
	for n := range 200 {
		asked := smsUS()
		asked["targetingKey"] = fmt.Sprintf("mailer %d/%c", n, 'a'+n%26)
		asks, decides := w.mode("mailer", asked), agent.reads(asked).Value
		if asks != decides {
			t.Errorf("%s: asking says %s, deciding by itself %s", asked["targetingKey"], asks, decides)
		}
		if asks == "running" {
			in++
		}
	}
	if in < 30 || in > 90 {
		t.Errorf("%d of 200 run as canaries of 30%%", in)
	}
	if got := agent.reads(smsUS()).Value; got != "halted" {
		t.Errorf("who does not say who it is gets %s", got)
	}
}
