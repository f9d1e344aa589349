package story_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tagout"
)

// TestAnUpgradeOneReplicaAfterTheOther: senders who come back with what was not taken lose
// nothing, the agent stays stopped at every moment, and everything happens once.
func TestAnUpgradeOneReplicaAfterTheOther(t *testing.T) {
	t.Parallel()
	all := newReplicas(t, nil)
	all[0].orders("kill", "mailer/email sev1 class=policy_violation wrong people")
	all.see("mailer", emailEU(), tagout.Halted)

	var senders sync.WaitGroup
	for turn, r := range all {
		for n := range 10 {
			senders.Go(func() { all.sendsUntilTaken(10*turn + n) })
		}
		if err := r.command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		r.eventually("the process ends", r.dead)
		if code := r.command.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the process ended with %d, want 0", code)
		}
		for _, other := range all.others(r) {
			if got := other.mode("mailer", emailEU()); got != string(tagout.Halted) {
				t.Errorf("meanwhile the mailer is %s", got)
			}
		}
		r.process = r.launches("")
		if got := r.mode("mailer", emailEU()); got != string(tagout.Halted) {
			t.Errorf("started again, the replica answers %s", got)
		}
	}
	senders.Wait()
	all.meet()
	all[0].isReached()
	all[0].state("INC-1", tagout.StateContained)
	_, timeline, err := all[1].try(http.MethodGet, "/v1/incidents/INC-1/timeline", "breakglass-token", nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		if name := fmt.Sprintf("alert-%d.", n); strings.Count(string(timeline), name) == 0 {
			t.Errorf("%s was taken and is lost", name)
		}
	}
	if got := len(all[1].incidents()); got != 1 {
		t.Errorf("%d incidents, want 1", got)
	}
	if got := all[0].mails.count("legal@example.com", "INC-1"); got != 1 {
		t.Errorf("Legal got %d mails, want 1", got)
	}
	all[0].verifies()
}

// sendsUntilTaken posts one alert to one replica after the other until it is answered 202.
func (all replicas) sendsUntilTaken(n int) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	body := map[string]any{"name": fmt.Sprintf("alert-%d.", n), "labels": critical, "fingerprint": fmt.Sprint(n), "correlation_id": ""}
	for try := n; all[0].ctx.Err() == nil; try++ {
		status, _, err := all[try%len(all)].try(http.MethodPost, "/v1/alerts/generic", "generic-token", body)
		if err == nil && status == http.StatusAccepted {
			return
		}
		<-tick.C
	}
}
