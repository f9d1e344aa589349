package story_test

import (
	"path/filepath"
	"strings"
	"testing"

	"tagout"
)

// TestAReleaseWaitsUntilTheAgentWasLearntFrom: a pipeline may release the mailer until it is
// stopped; its fix may go out once it names its regression test, everything else once the agent
// runs again; and what comes back is listed.
func TestAReleaseWaitsUntilTheAgentWasLearntFrom(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		check := func(want int, says string, args ...string) {
			t.Helper()
			code, out, errs := w.breaksGlass("read-token", append([]string{"release-check", "--agent", "mailer"}, args...)...)
			if code != want || !strings.Contains(out+errs, says) {
				t.Errorf("%q: exit %d, want %d and %q:\n%s%s", args, code, want, says, out, errs)
			}
		}
		database := []string{"--config", filepath.Join(w.dir, "tagout.yaml")}
		check(0, "mailer may be released")
		w.types("U0IC", "#general", "/kill mailer sev1 class=policy_violation wrong people")
		room := w.room("inc-1-")
		w.state("INC-1", tagout.StateContained)
		check(1, "It still holds the agent: mailer ■ halted")
		check(1, "It names no regression test", "--fixes", "INC-1")
		check(1, "It still holds the agent: mailer ■ halted", database...)
		if code, _, errs := w.breaksGlass("stop-token", "release-check", "--agent", "mailer"); code != 3 || !strings.Contains(errs, "so it may not") {
			t.Errorf("with a token that may not read: exit %d: %s", code, errs)
		}

		w.types("U0IC", room, "/action narrow the mail tool")
		w.fills("U0IC", map[string]any{"owner": "U0ENG", "layer": "tool_permissions", "test": "evals/optout_test.py"})
		w.happens("INC-1", tagout.EventActionAdded, 1)
		check(0, "mailer may be released", "--fixes", "INC-1")
		check(1, "--fixes INC-1")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.state("INC-1", tagout.StateResumed)
		check(0, "mailer may be released")
		check(0, "mailer may be released", database...)

		w.types("U0IC", "#general", "/recurring")
		w.reads("U0IC", "#general", "Nothing: no agent had the same failure class again")
		w.types("U0IC", "#general", "/kill mailer sev1 class=policy_violation wrong people again")
		w.room("inc-2-")
		w.types("U0OUTSIDER", "#general", "/recurring mailer 30d")
		w.reads("U0OUTSIDER", "#general", "mailer · Policy violation.*came back once in 2 incidents.*INC-2.*no regression test.*INC-1.*regression test named")
		w.stops()
		check(3, "so it may not")
		check(1, "INC-2", database...)
	})
}
