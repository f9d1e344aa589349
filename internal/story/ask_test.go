package story_test

import (
	"testing"
	"time"

	"tagout"
)

func TestASignerIsToldByDirectMessageAsksAndSigns(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.asksToResume("U0IC", room, deliverables)
		w.isPaged("U0LEGAL", "GO or NO-GO is asked for: @U0IC wants to resume mailer after INC-1.*Read the request and sign it there")
		w.reads("U0LEGAL", room, "Still needed.*Legal: <@U0LEGAL>.*Cannot sign.*<@U0IC> asked.*Changed in the 24 h before.*Recent alerts.*MailToUnsubscribed came.*kill never practised; rollback never practised.*GO.*NO-GO.*ASK")

		w.presses("U0OUTSIDER", room, "ASK")
		if problems := w.triesForm("U0OUTSIDER", map[string]any{"question": "Is it safe?"}); len(problems) == 0 {
			t.Errorf("somebody who does not sign has asked\n%s", w.scene())
		}
		w.closes("U0OUTSIDER")
		w.presses("U0LEGAL", room, "ASK")
		w.fills("U0LEGAL", map[string]any{"question": "Who got the mail?"})
		w.isPaged("U0IC", "@U0LEGAL asks about your request to resume INC-1: Who got the mail")
		asked := w.reads("U0IC", room, "@U0LEGAL asks @U0IC: Who got the mail.*Answered")
		if asked.ThreadTS == "" {
			t.Errorf("the question opens no thread: %+v", asked)
		}
		w.reads("U0IC", room, "Resume mailer.*Open question of @U0LEGAL: Who got the mail.*1 open, 0 answered")
		w.stops()
		w.starts()
		w.presses("U0GUEST", room, "Answered")
		w.reads("U0GUEST", room, "Guests can stop")
		w.presses("U0ENG", room, "Answered")
		w.fills("U0ENG", map[string]any{"answer": "212 people, listed in the thread"})
		w.isPaged("U0LEGAL", "is answered by @U0ENG: 212 people")
		w.reads("U0IC", room, "Resume mailer.*0 open, 1 answered")

		w.presses("U0LEGAL", room, "GO")
		w.state(id, tagout.StateResumed)
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.happens(id, tagout.EventAsked, 1)
		w.happens(id, tagout.EventAnswered, 1)
		w.verifies()
	})
}

func TestSignersAreRemindedAndATimeThatStandsStillDoesNotRunOut(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Expires = "8s" }, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.asksToResume("U0IC", room, deliverables)
		made := time.Now()
		w.isPaged("U0LEGAL", "Your GO or NO-GO is asked for")
		w.isPaged("U0LEGAL", "Reminder, your GO or NO-GO is still asked for") // at half of the time, or at nine tenths
		w.presses("U0LEGAL", room, "ASK")
		w.fills("U0LEGAL", map[string]any{"question": "Who got the mail?"})
		w.stops() // beyond the time that it was to have
		w.eventually("its first time is over", func() bool { return time.Since(made) > 9*time.Second })
		w.starts()
		if n := w.events(id, tagout.EventVoided); n > 0 {
			t.Errorf("it ran out while a question waited\n%s", w.scene())
		}
		w.reads("U0IC", room, "Expired.*Everything stays held") // but it cannot wait for ever
		w.agentSees("mailer", emailEU(), tagout.Halted)
	})
}
