package story_test

import (
	"fmt"
	"strings"
	"testing"

	"tagout"
)

// TestOneFailureIsOneIncidentHoweverManyAlertsTellOfIt: a storm over two agents that one correlation
// joins, with an alert that flaps, is one incident, one channel, one line that is brought up to date.
func TestOneFailureIsOneIncidentHoweverManyAlertsTellOfIt(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		correlated := map[string]any{"correlation_id": "trace-4711", "status": "firing"}
		crm := map[string]string{"agent": "researcher", "severity": "critical"}
		w.alarm("MailToUnsubscribed", critical, correlated)
		for n := range 30 { // each about one agent or the other
			labels := critical
			if n%2 == 0 {
				labels = crm
			}
			if id := w.alarm(fmt.Sprint("Storm", n), labels, correlated); id != "INC-1" {
				t.Fatalf("alert %d went into %q", n, id)
			}
		}
		w.agentSees("mailer", smsUS(), tagout.Halted)
		w.agentSees("researcher", nil, tagout.Halted)
		flaps := map[string]any{"correlation_id": "trace-4711", "fingerprint": "flaps"}
		for range 4 {
			for _, status := range []string{"firing", "resolved"} {
				flaps["status"] = status
				w.alarm("Flaps", crm, flaps)
			}
		}
		room := w.room("inc-1-mailer")
		w.reads("U0IC", room, "mailer\\W+halted.*researcher\\W+halted.*32 alerts.*Flapping\\W+Flaps\\W+began again 3 times.*mailer, researcher are concerned, by one correlation")
		if all := w.incidents(); len(all) != 1 || len(all[0].Holds) != 2 {
			t.Errorf("incidents %+v", all)
		}
		w.presses("U0IC", room, "Acknowledge")
		lines := 0
		w.reads("U0IC", "#incidents", "INC-1 SEV-1.*acknowledged|INC-1 SEV-1.*contained")
		for _, m := range w.slack.Messages("#incidents") {
			if strings.Contains(plain(m), "INC-1") {
				lines++
			}
		}
		if lines != 1 {
			t.Errorf("%d lines tell of it\n%s", lines, w.scene())
		}
		w.isPaged("U0LEGAL", "INC-1")
		w.verifies()
	})
}
