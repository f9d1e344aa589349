package story_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/config"
)

// TestNamesOfCustomersStayOutOfSlackAndOnTheRecord: what an alert brings along is masked
// wherever Slack shows it, kept whole on the record, and old evidence ends as a tombstone.
func TestNamesOfCustomersStayOutOfSlackAndOnTheRecord(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		const secret, card = "ann.customer@mail.example", "4111 1111 1111 1111"
		id := w.alarm("MailToUnsubscribed", critical, map[string]any{"summary": secret + " paid with " + card + " and wrote Bearer abcdefghijklmnopqrstuv"})
		w.state(id, tagout.StateContained)
		room := w.room("inc-1-")
		w.types("U0IC", room, "/note "+secret+" called, help@example.com answered")
		w.reads("U0IC", room, "‹e-mail› called, help@example.com answered")
		w.types("U0IC", room, "/timeline")
		w.reads("U0IC", room, "‹e-mail›")
		w.isPaged("U0LEGAL", id)
		for _, c := range w.slack.Channels() {
			for _, m := range w.slack.Messages(c.ID) {
				if text := string(m.Blocks) + m.Text; strings.Contains(text, secret) || strings.Contains(text, card) || strings.Contains(text, "abcdefghijklmnop") {
					t.Errorf("#%s shows %s", c.Name, text)
				}
			}
		}
		_, kept, err := w.try(http.MethodGet, "/v1/incidents/INC-1/evidence", "read-token", nil)
		if err != nil || !strings.Contains(string(kept), secret) || !strings.Contains(string(kept), card) {
			t.Errorf("the record does not hold it whole: %s %v", kept, err)
		}
		w.verifies()
	})
}

// TestOldEvidenceEndsAsATombstone: the incident ended long ago; a start with evidence.keep
// takes the content away, and whoever checks the record finds it sound.
func TestOldEvidenceEndsAsATombstone(t *testing.T) {
	tell(t, []setting{{"sqlite", "socket"}, {"postgres", "socket"}}, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer odd answers")
		room := w.room("inc-1-")
		w.types("U0IC", room, "/rollback mailer prompt=v41")
		w.happens("INC-1", tagout.EventEvidence, 1)
		w.asksToResume("U0IC", room, map[string]any{"fix": "Prompt v41 again"})
		w.presses("U0PROGRAM", room, "GO")
		w.state("INC-1", tagout.StateResumed)
		w.stops()
		w.clock, w.tune = later{100 * 24 * time.Hour}, func(c *config.Config) { c.Policy.KeepEvidence = 90 * 24 * time.Hour }
		w.starts()
		w.happens("INC-1", tagout.EventRedacted, 1)
		w.types("U0IC", room, "/timeline")
		w.reads("U0IC", room, "redacted.*evidence.keep")
		w.stops()
		w.verifies()
	})
}

// later is the machine's clock, so far ahead.
type later struct{ ahead time.Duration }

// Now is the time there.
func (l later) Now() time.Time { return time.Now().Add(l.ahead) }
