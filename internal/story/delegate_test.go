package story_test

import (
	"testing"

	"tagout"
)

func TestADelegateSignsForAMemberAndNobodyElseDoes(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.types("U0ENG", room, "/delegate legal <@U0ENG|eng> 24h")
		w.reads("U0ENG", room, "Only a member of Legal named in the configuration delegates it")
		w.types("U0LEGAL", room, "/delegate legal <@U0GUEST|guest> 24h")
		w.reads("U0LEGAL", room, "Guests and bots never sign")
		w.types("U0LEGAL", room, "/delegate legal <@U0ENG|eng> 30d")
		w.reads("U0LEGAL", room, "A delegation lasts at most")
		w.types("U0LEGAL", room, "/delegate legal <@U0ENG|eng> 24h on leave")
		w.reads("U0IC", room, "@U0LEGAL lets @U0ENG sign for Legal until")
		w.isPaged("U0ENG", "@U0LEGAL lets you sign for Legal until.*on leave")
		w.happens(id, tagout.EventDelegated, 1)
		w.types("U0ENG", room, "/delegate legal <@U0MOPS|mops> 1h") // not theirs to pass on
		w.reads("U0ENG", room, "cannot be passed on")

		w.asksToResume("U0IC", room, deliverables)
		w.reads("U0IC", room, "Still needed.*U0ENG> .delegated by <@U0LEGAL> until")
		w.isPaged("U0ENG", "GO or NO-GO is asked for")
		w.stops()
		w.starts()
		w.types("U0OUTSIDER", "#general", "/delegate")
		w.reads("U0OUTSIDER", "#general", "@U0ENG for Legal, delegated by @U0LEGAL until.*on leave")
		w.types("U0LEGAL", room, "/delegate revoke legal")
		w.reads("U0IC", room, "@U0LEGAL ended that @U0ENG signs for Legal")
		w.presses("U0ENG", room, "GO")
		w.reads("U0ENG", room, "not a signer")
		w.agentSees("mailer", emailEU(), tagout.Halted)

		w.types("U0LEGAL", room, "/delegate legal <@U0ENG|eng> 2h")
		w.happens(id, tagout.EventDelegated, 2)
		w.presses("U0ENG", room, "GO")
		w.state(id, tagout.StateResumed)
		w.reads("U0IC", room, "Signed.*GO. <@U0ENG> for Legal, delegated by <@U0LEGAL> until")
		w.verifies()
	})
}

func TestWhoMadeTheChangeCannotSignThatItResumes(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		change := map[string]any{"agent": "mailer", "component": "prompt", "from": "v41", "to": "v42", "by": "legal@example.com"}
		if status := w.call("POST", "/v1/changes", "report-token", change, nil); status >= 300 {
			t.Fatalf("the change was answered with %d", status)
		}
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateMitigated) // it went back to v41
		w.asksToResume("U0IC", room, deliverables)
		w.reads("U0IC", room, "You asked to resume.*Too few are left who can sign for Legal: @U0LEGAL .made the change mailer prompt v41 → v42.*delegate legal @PERSON")
		w.presses("U0LEGAL", room, "GO")
		w.reads("U0LEGAL", room, "You changed the agent .mailer prompt v41 → v42., so somebody else has to sign")
		w.agentSees("mailer", emailEU(), tagout.Halted)

		w.types("U0LEGAL", room, "/delegate legal <@U0ENG|eng> 2h I made the change") // the way out, for all to see
		w.happens(id, tagout.EventDelegated, 1)
		w.presses("U0ENG", room, "GO")
		w.state(id, tagout.StateResumed)
		w.verifies()
	})
}
