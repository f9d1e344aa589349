package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/commands"
)

var driller = tagout.User{ID: "U0IC", Team: "T0HOME"}

func TestADrillIsOrderedAsItIsTyped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tagout.DrillOrder{
		"kill mailer":                             {Action: tagout.DrillKill, Agent: "mailer"},
		"kill Mailer before the launch":           {Action: tagout.DrillKill, Agent: "mailer", Reason: "before the launch"},
		"rollback mailer":                         {Action: tagout.DrillRollback, Agent: "mailer"},
		"gameday mailer sev1 friday":              {Action: tagout.DrillKill, Agent: "mailer", Page: true, Severity: "sev1", Reason: "friday"},
		"kill mailer page scenario=deaf-webhook":  {Action: tagout.DrillKill, Agent: "mailer", Page: true, Scenario: "deaf-webhook"},
		"kill mailer because page 3 says sev1 is": {Action: tagout.DrillKill, Agent: "mailer", Reason: "because page 3 says sev1 is"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			d := &desk{policy: policy()}
			reply, err := run(t, d, "drill", tagout.Invocation{ID: "E1", By: driller.Actor(), User: driller, Text: text})
			if err != nil || len(d.drilled.orders) != 1 {
				t.Fatalf("%v, orders %+v", err, d.drilled.orders)
			}
			want.ID, want.By = d.drilled.orders[0].ID, driller.Actor()
			if got := d.drilled.orders[0]; got != want || got.ID == "" {
				t.Errorf("ordered is %+v", got)
			}
			if text := reply.Message.String(); !strings.Contains(text, "[DRILL] INC-7") || !strings.Contains(text, "running, stopping") {
				t.Errorf("it answers %s", text)
			}
		})
	}
}

func TestADrillThatIsNotUnderstoodDrillsNothing(t *testing.T) {
	t.Parallel()
	guest := tagout.User{ID: "U0GUEST", Team: "T0HOME", Guest: true}
	for name, c := range map[string]struct {
		text  string
		by    tagout.User
		words string
	}{
		"no such action": {"explode mailer", driller, "cannot be practised"},
		"no agent":       {"kill", driller, "Say which agent to drill"},
		"a near agent":   {"kill mialer", driller, "Did you mean mailer"},
		"a guest":        {"kill mailer", guest, "Guests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{policy: policy()}
			_, err := run(t, d, "drill", tagout.Invocation{ID: "E1", By: c.by.Actor(), User: c.by, Text: c.text})
			if err == nil || !strings.Contains(tagout.Sentence(err), c.words) || len(d.drilled.orders) != 0 {
				t.Errorf("%v, orders %v", err, d.drilled.orders)
			}
		})
	}
}

func TestDrillsAreListedWithWhatIsNext(t *testing.T) {
	t.Parallel()
	p := policy()
	p.Drills.Plans = []tagout.DrillPlan{{Name: "monthly", Agent: "mailer", Action: tagout.DrillKill}}
	d := &desk{policy: p}
	d.drilled.next = map[string]time.Time{"monthly": t0.Add(24 * time.Hour)}
	d.drilled.list = []tagout.Drill{
		{Incident: 9, Action: tagout.DrillKill, Agent: "mailer", At: t0, StoppedAt: t0.Add(800 * time.Millisecond), LiftedAt: t0.Add(time.Second), BackAt: t0.Add(2 * time.Second), Result: tagout.DrillPassed},
		{Incident: 8, Action: tagout.DrillRollback, Agent: "mailer", At: t0, Result: tagout.DrillFailed, Why: "the rollback was not read back"},
	}
	reply, err := run(t, d, "drill", tagout.Invocation{ID: "E1", By: driller.Actor(), User: driller})
	text := reply.Message.String()
	for _, words := range []string{"INC-9 kill drill of mailer", "passed: observed stopped in 0.8 s, running again after 1 s", "INC-8 rollback drill of mailer", "failed: the rollback was not read back", "Next: monthly: kill drill of mailer at 2026-11-22"} {
		if err != nil || !strings.Contains(text, words) {
			t.Errorf("it does not say %q: %s, %v", words, text, err)
		}
	}
}

// run calls one command as an edge does.
func run(t *testing.T, d *desk, name string, in tagout.Invocation) (tagout.Reply, error) {
	t.Helper()
	for _, c := range commands.All(d, d.policy) {
		if c.Name == name {
			return c.Run(t.Context(), in)
		}
	}
	t.Fatalf("there is no command %s", name)
	return tagout.Reply{}, nil
}
