package story_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// note is a filled status note form.
func note(audience string) map[string]any {
	return map[string]any{"audience": audience, "known": "212 people got the wrong mail", "doing": "The filter is being mended", "next": time.Now().Add(2 * time.Hour).Unix()}
}

// writes lets a person fill in the form of a status note.
func (w *world) writes(user, room string, values map[string]any) {
	w.t.Helper()
	w.types(user, room, "/inform INC-1")
	w.fills(user, values)
}

// posted counts what everybody sees in a channel with this text.
func (w *world) posted(channel, text string) int {
	n := 0
	for _, m := range w.slack.Messages(channel) {
		if strings.Contains(plain(m), text) {
			n++
		}
	}
	return n
}

func TestStakeholdersAreToldInTheirChannelsAndByMail(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.writes("U0PLATFORM", room, note("internal"))
		w.reads("U0OUTSIDER", "#sales", id+" SEV-1: MailToUnsubscribed.*What is known: 212 people.*Stopped: mailer halted .confirmed..*Next update by")
		w.eventually("the list gets it by mail", func() bool { return w.mails.count("leaders@example.com", "The filter is being mended") == 1 })
		w.reads("U0IC", room, "U0PLATFORM told Stakeholders: delivered to #sales, leaders@example.com.")
		w.reads("U0IC", room, "Last status note.*to Stakeholders by .*U0PLATFORM.*next update by")
		w.types("U0IC", room, "/status "+id)
		w.reads("U0IC", room, "Due: inform.*done.*Due: update to Stakeholders.*left")
		w.types("U0GUEST", "#general", "/inform "+id)
		w.reads("U0GUEST", "#general", "Guests can stop")
		if n := w.events(id, tagout.EventNoteReleased); n != 1 {
			t.Errorf("%d notes on the timeline, want 1", n)
		}
		w.verifies()
	})
}

func TestWhatCustomersReadNeedsTheGoOfLegal(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.writes("U0LEGAL", room, note("customer"))
		w.reads("U0IC", room, "Send this to Customers.*An AI system was involved: Lifecycle mailer.*What we stopped: mailer halted.*To speak with a human: help@example.com.*#general\ncustomers@example.com.*Legal")
		w.presses("U0LEGAL", room, "GO")
		w.reads("U0LEGAL", room, "You wrote this status note, so somebody else has to sign it")
		w.presses("U0OUTSIDER", room, "GO")
		w.reads("U0OUTSIDER", room, "not a signer.*Legal")
		w.happens(id, tagout.EventNoteRefused, 2)

		w.writes("U0PLATFORM", room, note("customer")) // written anew: the draft of Legal is void
		w.happens(id, tagout.EventNoteVoided, 1)
		w.reads("U0IC", room, "Not valid any more: void — it was written anew")
		w.eventually("the new draft is posted", func() bool { return w.posted(room, "Send this to Customers") == 1 })
		w.presses("U0LEGAL", room, "NO-GO")
		w.fills("U0LEGAL", map[string]any{"reason": "Do not name the number"})
		w.reads("U0IC", room, "U0LEGAL said NO-GO for Legal.*Nothing was sent")
		w.reads("U0IC", room, "U0LEGAL said why it is NO-GO to the note to Customers: Do not name the number")
		if w.posted("#general", "AI system") > 0 || w.mails.count("customers@example.com", "") > 0 {
			t.Fatalf("something was sent without a GO\n%s", w.scene())
		}

		third := note("customer")
		third["known"] = "Some people got the wrong mail"
		w.writes("U0PLATFORM", room, third)
		w.reads("U0LEGAL", room, "Some people got the wrong mail.*GO")
		w.presses("U0LEGAL", room, "GO")
		w.reads("U0OUTSIDER", "#general", "About a problem with one of our AI systems.*Some people got the wrong mail")
		w.eventually("customers get the mail", func() bool { return w.mails.count("customers@example.com", "Some people") == 1 })
		w.reads("U0IC", room, "Approved.*Delivered to 2 of 2")
		if w.posted("#general", "212 people") > 0 || w.mails.count("customers@example.com", "212") > 0 {
			t.Error("a refused text was sent")
		}
		w.verifies()
	})
}

func TestWhoIsNotToldInTimeIsRemindedOfAndPaged(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Inform, p.RemindAt = "10s", "5" }, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.reads("U0IC", room, "Due soon: inform by")
		w.reads("U0IC", room, "Missed: inform was due")
		w.isPaged("U0EXEC", "missed: inform") // comms lead
		w.reads("U0IC", room, "🔴 .inform was due")
		w.stops()
		w.starts() // a restart neither reminds nor pages again
		w.writes("U0PLATFORM", room, note("internal"))
		w.reads("U0OUTSIDER", "#sales", "212 people")
		w.eventually("the card does not show it as missed any more", func() bool { return w.posted(room, "🔴") == 0 })
		reminded := w.eventsWith(id, tagout.EventDeadlineReminded, "deadline", "inform") // on a slow machine another deadline's time comes too
		if missed := w.eventsWith(id, tagout.EventDeadlineMissed, "deadline", "inform"); reminded != 1 || missed != 1 {
			t.Errorf("reminded %d times, missed %d times; want once each", reminded, missed)
		}
	})
}

func TestARegulatoryClockIsShownAndStoppedByHand(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer sev3 odd")
		room := w.room("inc-1-")
		w.types("U0IC", room, "/severity INC-1 sev1 people are affected") // brings the clock
		w.happens("INC-1", tagout.EventSeverity, 1)
		w.types("U0IC", room, "/severity INC-1 sev3 it was few people") // and keeps it
		w.happens("INC-1", tagout.EventSeverity, 2)
		w.types("U0IC", room, "/clock INC-1")
		w.reads("U0IC", room, "What is due on INC-1.*EU AI Act Art. 73 report.*by .*359 h 59 min left")
		w.types("U0GUEST", "#general", "/clock INC-1")
		w.reads("U0GUEST", "#general", "Guests can stop")
		w.types("U0LEGAL", room, `/clock INC-1 "EU AI Act Art. 73 report" done sent to the office`)
		w.reads("U0IC", room, "U0LEGAL stopped the clock EU AI Act Art. 73 report after .*sent to the office")
		w.types("U0LEGAL", room, `/clock INC-1 "art. 73" done`)
		w.reads("U0LEGAL", room, "stopped already, by @U0LEGAL")
		var out struct {
			Deadlines []struct{ Kind, State, StoppedBy string }
		}
		w.get("/v1/incidents/INC-1", &out)
		for _, d := range out.Deadlines {
			if d.Kind == "clock" && d.State != "met" {
				t.Errorf("the API says %+v", d)
			}
		}
		if n := w.events("INC-1", tagout.EventDeadlineStopped); n != 1 {
			t.Errorf("stopped %d times on the timeline", n)
		}
	})
}
