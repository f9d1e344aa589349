package story_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"tagout"
)

// isDeployed is what GitHub posts when somebody has deployed a version of the mailer's prompt.
func (w *world) isDeployed(version, login, secret string, at time.Time) int {
	w.t.Helper()
	body := fmt.Appendf(nil, `{"deployment_status":{"state":"success","created_at":%q},"repository":{"full_name":"acme/mailer"},"sender":{"login":"github-actions[bot]","type":"Bot"},
		"deployment":{"id":%d,"sha":"0a1b2c","ref":%q,"environment":"production","creator":{"login":%q,"type":"User"}}}`, at.UTC().Format(time.RFC3339), len(version+login), version, login)
	return w.hearsFromGitHub("/v1/changes/github", "deployment_status", secret, body)
}

// TestAnIncidentShowsWhatWentOutBeforeAndItsDeployerCannotSign: GitHub tells of a deployment;
// the incident that follows shows it and looks rollout-related; somebody corrects that; and
// whoever deployed presses GO in vain.
func TestAnIncidentShowsWhatWentOutBeforeAndItsDeployerCannotSign(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		before := time.Now().Add(-12*time.Minute - 10*time.Second)
		if status := w.isDeployed("v42", "Pat-Codes", "guessed", before); status != http.StatusUnauthorized {
			t.Errorf("somebody else's signature was answered with %d", status)
		}
		for range 2 { // GitHub may deliver it again
			if status := w.isDeployed("v42", "Pat-Codes", "secret-of-changes", before); status != http.StatusAccepted {
				t.Errorf("GitHub's webhook was answered with %d", status)
			}
		}
		w.types("U0IC", "#general", "/kill mailer sev2 wrong people")
		room := w.room("inc-1-")
		w.reads("U0IC", room, "rollout-related.*mailer prompt v42 went out 12 min before it was detected")
		w.reads("U0IC", room, "mailer prompt v42 by github:pat-codes")

		w.isDeployed("v43", "stranger", "secret-of-changes", time.Now())
		w.happens("INC-1", tagout.EventChange, 1)
		w.types("U0OUTSIDER", "#general", "/changes mailer")
		w.reads("U0OUTSIDER", "#general", "mailer prompt v43.*github:stranger.*nobody whom the configuration knows.*mailer prompt v42")

		w.types("U0GUEST", room, "/kind local only here")
		w.reads("U0GUEST", room, "Guests can stop an agent")
		w.types("U0IC", room, "/kind systemic the tool fails for every agent")
		w.reads("U0ENG", room, "calls this .*systemic.*the tool fails for every agent.*Before: rollout-related")
		w.happens("INC-1", tagout.EventKindCorrected, 1)

		w.asksToResume("U0IC", room, map[string]any{"fix": "took the tool away"})
		w.reads("U0REVOPS", room, "changed it: mailer prompt v42")
		w.reads("U0REVOPS", room, "github:stranger changed it too")
		w.presses("U0REVOPS", room, "GO")
		w.reads("U0REVOPS", room, "You changed the agent .mailer prompt")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.presses("U0PROGRAM", room, "GO")
		w.state("INC-1", tagout.StateResumed)
	})
}
