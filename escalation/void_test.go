package escalation_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"tagout"
)

// TestOnlyAGoOfASignerHasAlertsWait: a NO-GO is never late, and who signs nothing cannot hold alerts up.
func TestOnlyAGoOfASignerHasAlertsWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		by      tagout.UserID
		verdict string
		waits   bool
	}{{"U0PROGRAM", tagout.Go, true}, {"U0PROGRAM", tagout.NoGo, false}, {"U0NOBODY", tagout.Go, false}} {
		w := newWorld(t)
		w.stop(t, "h1", "mailer/email", tagout.Halted)
		i := w.ask(t, 1)
		var got []string
		w.store.before = func(_ context.Context, op string) error { got = append(got, op); return nil }
		if _, err := w.press(c.by, i, c.verdict); (err != nil) != (c.by == "U0NOBODY") {
			t.Errorf("%s of %s: %v", c.verdict, c.by, err)
		}
		if slices.Contains(got, "decide") != c.waits || !c.waits && !slices.Contains(got, "update") {
			t.Errorf("%s of %s: %q", c.verdict, c.by, got)
		}
	}
}

func TestAGoIsRefusedAfterAnAlertOnItsScopeThatMadeNothingVoid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alert   tagout.Alert
		verdict string
		refused string // "" if the press counts
	}{
		"in another incident":              {alert("A", "mailer/email/eu", "critical"), tagout.Go, "a new alert came on its scope (INC-2)"},
		"below its threshold":              {alert("A", "mailer/email/eu", "storm"), tagout.Go, "a new alert came on its scope."},
		"elsewhere":                        {alert("A", "researcher", "critical"), tagout.Go, ""},
		"on another channel of it":         {alert("A", "mailer/sms/eu", "critical"), tagout.Go, ""},
		"in another incident, for a NO-GO": {alert("A", "mailer/email/eu", "critical"), tagout.NoGo, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy.Severities["sev1"].Contain.Mode = tagout.Running // a stop is found otherwise, too
			w.stop(t, "h1", "mailer/email", tagout.Halted)
			w.clock.Pass(time.Hour)
			i := w.ask(t, 1)
			w.clock.Pass(time.Second)
			w.store.before = func(_ context.Context, op string) error {
				if op == "incidents" { // nobody looks whose request is void now
					return tagout.Errorf(tagout.Unavailable, "The database does not answer.")
				}
				return nil
			}
			w.accept(c.alert)
			w.store.before = nil
			if got := w.incident(1).Request; got.State != tagout.RequestPending {
				t.Fatalf("the request is %s before anybody presses: this tells nothing", got.State)
			}
			w.clock.Pass(time.Hour) // the scope is quiet again
			i, err := w.press("U0PROGRAM", i, c.verdict)
			if c.refused == "" {
				if err != nil || i.Request.State == tagout.RequestVoid {
					t.Errorf("%v", err)
				}
				return
			}
			refused(t, err, tagout.Conflict, c.refused)
			if got := w.incident(1).Request; got.State != tagout.RequestVoid || w.count(1, tagout.EventVoided) != 1 {
				t.Errorf("the request is %s", got.State)
			}
			if w.gate.mode("mailer", "email", "eu") == tagout.Running {
				t.Error("the agent runs")
			}
		})
	}
}
