package story_test

import (
	"slices"
	"testing"

	"tagout"
)

// TestWhoIsRemovedFromAPrivateIncidentReadsNoMoreOfIt: they opened it, so they were of
// its people; who has a role in it stays.
func TestWhoIsRemovedFromAPrivateIncidentReadsNoMoreOfIt(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.confides("U0MOPS")
		room := w.room("inc-1")
		w.eventually("U0MOPS is invited", func() bool { c, _ := w.slack.Channel(room); return slices.Contains(c.Members, "U0MOPS") })
		w.types("U0MOPS", "#general", "/status INC-1")
		w.reads("U0MOPS", "#general", "zanzibar complains")
		w.eventually("U0EXEC is invited", func() bool { c, _ := w.slack.Channel(room); return slices.Contains(c.Members, "U0EXEC") })
		for _, user := range []string{"U0MOPS", "U0EXEC"} {
			if err := w.slack.Remove(w.ctx, user, room); err != nil {
				t.Fatal(err)
			}
		}
		w.repeats("U0LEGAL", room, "/timeline", "U0MOPS left")
		w.types("U0MOPS", "#general", "/timeline INC-1")
		w.reads("U0MOPS", "#general", "INC-1 is private")
		w.types("U0EXEC", "#general", "/timeline INC-1")
		w.reads("U0EXEC", "#general", "opened it")
		if c, _ := w.slack.Channel(room); slices.Contains(c.Members, "U0MOPS") {
			t.Error("who was removed was invited again")
		}
		w.agentSees("mailer", emailEU(), tagout.Halted)
	})
}
