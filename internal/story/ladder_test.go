package story_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

// TestAnIncidentIsHandedOver: the next one leads at once and is paged; the one who had
// acknowledged answers until they press the button.
func TestAnIncidentIsHandedOver(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("unsubscribed people get mail", critical)
		room := w.room("inc-" + number(id) + "-")
		w.types("U0LEGAL", room, "/ack")
		w.reads("U0IC", room, "@U0LEGAL acknowledged")

		w.types("U0LEGAL", room, "/handover <@U0ENG|enzo>")
		w.reads("U0IC", room, "@U0LEGAL hands "+id+" over to @U0ENG")
		w.reads("U0IC", room, "Incident commander: <@U0ENG>")
		w.reads("U0IC", room, "@U0ENG has not taken it over yet; @U0LEGAL answers for it until then")
		dm := w.slack.DM("U0ENG")
		w.presses("U0ENG", dm, "Acknowledge")
		w.happens(id, tagout.EventHandoverTaken, 1)
		w.reads("U0IC", room, "@U0ENG acknowledged")

		w.types("U0ENG", room, "/role comms <@U0PROGRAM|pia>")
		w.reads("U0IC", room, "Comms lead: <@U0PROGRAM>")
		w.reads("U0PROGRAM", w.slack.DM("U0PROGRAM"), "made you Comms lead of "+id)
	})
}

// TestAPageThatReachesNobodyIsRed: nobody of the severity can be reached by any pager, so
// that the next are paged at once, and the channel and the card say it loudly.
func TestAPageThatReachesNobodyIsRed(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.log.expect("user_disabled")
		w.slack.Fault(sandbox.Fault{Method: "chat.postMessage", Channel: "U", Kind: sandbox.APIError("user_disabled")})
		id := w.alarm("odd wording", harmless)
		room := w.room("inc-" + number(id) + "-")
		w.reads("U0IC", room, "This page reached nobody")
		w.happens(id, tagout.EventUnreached, 1)
		w.eventually("the platform owner is paged by mail at once", func() bool { return w.mails.count("platform@example.com", "reached nobody") > 0 })
		if status, text, err := w.try(http.MethodGet, "/metrics", "", nil); err != nil || status != http.StatusOK || !strings.Contains(string(text), `tagout_pages_unreached_total{severity="sev3"} 1`) {
			t.Errorf("the metrics do not count it (%d, %v)", status, err)
		}
	})
}

// TestQuietHoursHoldAPageBack: the program lead sleeps, so a SEV-2 waits for the morning and
// says so, while the others are paged.
func TestQuietHoursHoldAPageBack(t *testing.T) {
	sleeps := func(p *params) {
		now := time.Now().UTC()
		p.Quiet, p.QuietUntil = now.Add(-2*time.Hour).Format("15:04"), now.Add(2*time.Hour).Format("15:04")
	}
	tellWith(t, bothStores, sleeps, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer sev2 odd discounts")
		room := w.room("inc-1-")
		w.reads("U0IC", room, "U0PROGRAM is held back: quiet until "+w.params.QuietUntil)
		w.reads("U0IC", room, "U0PROGRAM is not paged yet: quiet until "+w.params.QuietUntil)
		w.reads("U0MOPS", w.slack.DM("U0MOPS"), "You are paged")
		w.happens("INC-1", tagout.EventPageHeld, 1)
		for _, m := range w.slack.Messages(w.slack.DM("U0PROGRAM")) {
			if strings.Contains(plain(m), "You are paged") {
				t.Errorf("they were woken: %s", plain(m))
			}
		}
	})
}

// TestEverybodyTriesTheirOwnPagers: a trial by Slack and e-mail, proved by button and link.
func TestEverybodyTriesTheirOwnPagers(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0LEGAL", "#general", "/page-test")
		dm := w.slack.DM("U0LEGAL")
		w.reads("U0LEGAL", dm, "TEST: this is no incident")
		w.presses("U0LEGAL", dm, "Acknowledge")
		w.eventually("the trial arrives by mail", func() bool { return len(w.mails.links("legal@example.com")) > 0 })
		link := w.mails.links("legal@example.com")[0]
		if page := w.browses(http.MethodPost, link); !strings.Contains(page, "Pages by email reach you") {
			t.Errorf("the link shows %s", page)
		}
		if n := len(w.incidents()); n != 0 {
			t.Errorf("%d incidents", n)
		}
	})
}

// TestALadderClimbsOverACrash: the binary is killed between the rounds of a ladder; after its
// start it goes on where it was.
func TestALadderClimbsOverACrash(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		for _, point := range []string{"page.round:2", "page.sending:6", "page.sent:6", "slack.paged:4"} {
			t.Run(point+"/"+database, func(t *testing.T) {
				t.Parallel()
				w := newMortalWorld(t, database)
				w.log.expect("")
				w.params.Repeat = "1s"
				s := &survivor{world: w, point: point, process: w.launches(point)}
				s.revive()
				s.does(func() error { return w.tries("U0IC", "#general", "/kill mailer sev1 wrong people") })
				s.settles("the rung is paged", func() bool { return s.paged("U0EXEC") })
				s.settles("the crash is over", func() bool { return s.crashed })
				s.settles("the room exists", func() bool { return s.roomName() != "" })
				s.settles("paging has ended", func() bool {
					if s.has(tagout.EventAcknowledged) == 0 {
						s.does(func() error { return w.tries("U0LEGAL", s.roomName(), "/ack") })
					}
					return s.has(tagout.EventAcknowledged) == 1
				})
				s.verifies()
			})
		}
	}
}
