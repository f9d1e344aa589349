package story_test

import (
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

// says reports whether anything in a channel contains these words.
func (w *world) says(channel, words string) bool {
	return slices.ContainsFunc(w.slack.Messages(channel), func(m sandbox.Message) bool { return strings.Contains(plain(m), words) })
}

// TestDuringMaintenanceNobodyIsWokenAndNothingRuns: who works on the CRM silences the mailer. What
// goes wrong meanwhile is held and recorded, and told when the silence ends. SEV-1 waits for nothing.
func TestDuringMaintenanceNobodyIsWokenAndNothingRuns(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0ENG", "#general", "/silence mailer 2h maintenance of the CRM")
		w.reads("U0ENG", "#general", "SIL-1 mailer is silenced")
		told := w.reads("U0IC", "#incidents", "SIL-1 · mailer is silenced.*@U0ENG silenced mailer: maintenance of the CRM.*It kept nothing quiet.*End now")

		// Three alerts reach their threshold: the shard is paused, and nobody hears of it.
		warning := map[string]string{"agent": "mailer", "severity": "warning", "channel": "email"}
		for _, name := range []string{"Spend", "SpendStill", "SpendAgain"} {
			w.alarm(name, warning, map[string]any{"status": "firing"})
		}
		w.agentSees("mailer", emailEU(), tagout.Paused)
		room := w.room("inc-1-mailer")
		w.reads("U0IC", room, "Silenced by @U0ENG until.*SIL-1: maintenance of the CRM.*Nobody is paged")
		w.eventually("the silence tells what it keeps quiet", func() bool {
			return strings.Contains(w.textOf("#incidents", told.TS), "3 alerts and 1 incident: INC-1")
		})
		w.types("U0IC", "#general", "/status mailer")
		w.reads("U0IC", "#general", "Silenced.*SIL-1")

		// SEV-1 is announced and paged as ever.
		w.alarm("MailToUnsubscribed", critical)
		w.agentSees("mailer", smsUS(), tagout.Halted)
		w.isPaged("U0LEGAL", "INC-2")
		w.reads("U0IC", "#incidents", "INC-2 SEV-1")
		w.stops()
		w.starts()
		if w.says("#incidents", "INC-1 SEV-2") || w.says(w.slack.DM("U0PROGRAM"), "INC-1") {
			t.Errorf("somebody was told of INC-1\n%s", w.scene())
		}

		// It lasts longer than thought, and then it is ended: now they hear of what went on.
		w.types("U0ENG", "#general", "/silence mailer 3h the vendor is slow")
		w.eventually("the announcement says that it lasts longer", func() bool { return strings.Contains(w.textOf("#incidents", told.TS), "Extended") })
		w.presses("U0IC", "#incidents", "End now")
		w.isPaged("U0PROGRAM", "INC-1.*silenced until now")
		w.reads("U0IC", "#incidents", "INC-1 SEV-2")
		w.reads("U0IC", room, "It was silenced by @U0ENG")
		w.isPaged("U0ENG", "SIL-1.* is over.*3 alerts and 1 incident: .*INC-1")
		w.eventually("its announcement says that it is over", func() bool {
			text := w.textOf("#incidents", told.TS)
			return strings.Contains(text, "is not silenced any more") && strings.Contains(text, "@U0IC")
		})
		w.happens("INC-1", tagout.EventHushed, 1)
		w.happens("INC-1", tagout.EventUnhushed, 1)
		w.verifies()
	})
}
