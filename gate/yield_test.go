package gate_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

func TestAReplicaThatIsCutOffLeavesWhatIsRecordedToTheLeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &fakeControl{name: "webhook"}
		var yields atomic.Bool
		r := start(t, gate.Options{Leader: func() bool { return false }, Yields: yields.Load, StaleAfter: 2 * time.Minute}, c)
		recorded := holdOn("h1", "mailer/email", tagout.Halted)
		recorded.Incident = 1
		r.load(recorded)
		after(time.Minute)
		if c.modes() != "mailer/email=halted" {
			t.Fatalf("enforced: %q", c.modes())
		}
		yields.Store(true)
		c.set(func(c *fakeControl) { c.state.Applied = nil }) // the leader loosens after a GO that this replica cannot know
		after(5 * time.Minute)
		if c.modes() != "" {
			t.Errorf("it fights the leader: %q", c.modes())
		}
		if modeOf(r.Gate, "mailer") != tagout.Halted {
			t.Error("its own clients run")
		}
		hang(t, r.Gate, stopOf("h2", "mailer/sms", tagout.Halted))
		after(time.Minute)
		if c.modes() != "mailer/sms=halted" {
			t.Errorf("its own stop is not enforced, or more is: %q", c.modes())
		}
		r.Belongs("h2", 2)
		c.set(func(c *fakeControl) { c.state.Applied = nil })
		after(time.Minute)
		if c.modes() != "" || r.Status().Pending != 1 {
			t.Errorf("recorded elsewhere it is the leader's: %q, %d pending", c.modes(), r.Status().Pending)
		}
		yields.Store(false) // nobody else leads any more
		after(time.Minute)
		if got := c.modes(); !strings.Contains(got, "mailer/sms=halted") || !strings.Contains(got, "mailer/email=halted") {
			t.Errorf("with nobody else to do it, it enforces only %q", got)
		}
	})
}
