package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestAControlsProgressSaysNoMoreThanIsKnown(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 4, 5, 123e6, time.FixedZone("CET", 3600))
	webhook := tagout.ControlStatus{Agent: "mailer", Control: "webhook", RequestedAt: at}
	accepted := webhook
	accepted.AcceptedAt = at.Add(20 * time.Millisecond)
	observed := accepted
	observed.ObservedAt = at.Add(310 * time.Millisecond)
	failed := accepted
	failed.Error = "refused"
	lease := tagout.ControlStatus{Agent: "mailer", RequestedAt: at, LeaseUntil: at.Add(30 * time.Second)}
	over := lease
	over.ObservedAt = lease.LeaseUntil
	for want, status := range map[string]tagout.ControlStatus{
		"requested 09:04:05.123 UTC, no answer yet":                                                       webhook,
		"requested 09:04:05.123 UTC → accepted +0.02 s → being read back":                                 accepted,
		"requested 09:04:05.123 UTC → accepted +0.02 s → observed +0.31 s":                                observed,
		"requested 09:04:05.123 UTC → accepted +0.02 s, not confirmed: refused (tried again until it is)": failed,
		"by lease, not observed; the lease ends at 09:04:35 UTC":                                          lease,
		"by lease, not observed; the lease ended at 09:04:35 UTC":                                         over,
	} {
		if got := status.Progress(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	failed.Error = strings.Repeat("x", 1000)
	if got := failed.Progress(); len(got) > 400 {
		t.Errorf("a long error is not cut: %d bytes", len(got))
	}
}

func TestElapsedReadsAsPeopleSayIt(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 4 * time.Millisecond: "0.004 s", 310 * time.Millisecond: "0.31 s", 1500 * time.Millisecond: "1.5 s",
		12 * time.Second: "12 s", 3 * time.Minute: "3 min", 185 * time.Second: "3 min 5 s", 3 * time.Hour: "3 h 0 min",
	} {
		if got := tagout.Elapsed(d); got != want {
			t.Errorf("%v reads %q, want %q", d, got, want)
		}
	}
}

func TestAModeThatNobodyKnowsConfirmsNothing(t *testing.T) {
	for _, mode := range []tagout.Mode{"", "stopped", "HALTED"} {
		o := tagout.Observed{Agent: "mailer", Applied: []tagout.AppliedHold{{Scope: tagout.MustScope("mailer"), Mode: mode}}}
		if o.ConfirmsHold(hold("h1", "mailer", tagout.Capped, noon), testAgents["mailer"]) {
			t.Errorf("mode %q confirms a hold", mode)
		}
	}
}
