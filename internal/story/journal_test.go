package story_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"tagout"
)

func TestTheJournalOfAnotherDatabaseStopsTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{"sqlite", "socket"})
	w.starts()
	w.types("U0IC", "#general", "/kill mailer")
	w.room("inc-1-")
	w.stops()
	w.params.Database = "sqlite://" + filepath.ToSlash(filepath.Join(w.dir, "other.db"))
	out, code := w.runs("serve", "--config", w.configuration())
	if code != 1 || !strings.Contains(out, "journal") || !strings.Contains(out, "another database") {
		t.Errorf("exit %d, want 1 and the reason\n%s", code, out)
	}
}

func TestTheGateHoldsAgainAfterARestart(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer")
		w.room("inc-1-")
		w.stops()
		w.starts()
		if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
			t.Errorf("after the restart the mailer is %s", got)
		}
		if status := w.get("/v1/incidents/INC-1", nil); status != http.StatusOK {
			t.Errorf("after the restart INC-1 is answered with %d", status)
		}
	})
}
