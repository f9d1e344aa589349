package commands_test

import (
	"context"
	"strings"
	"testing"

	"tagout"
	"tagout/commands"
)

// drillCommand is the drill command of a desk.
func drillCommand(t *testing.T, d *desk) tagout.Command {
	t.Helper()
	for _, c := range commands.All(d, d.policy) {
		if c.Name == "drill" {
			return c
		}
	}
	t.Fatal("there is no drill")
	return tagout.Command{}
}

func TestADrillIsBegunByItsForm(t *testing.T) {
	t.Parallel()
	p := policy()
	p.Agents["mailer"].Canary = tagout.MustScope("mailer/sms/us")
	p.Drills.Scenarios = []tagout.Scenario{{Name: "deaf", Agent: "mailer", Break: tagout.ControlHangs, What: "webhook"}}
	d := &desk{policy: p}
	c := drillCommand(t, d)
	click := tagout.Click{ID: "c1", User: driller, Action: "drill"}
	opened, err := c.Clicks["drill"](t.Context(), click)
	if err != nil || opened.Form == nil || len(opened.Form.Fields) != 4 || len(opened.Form.Fields[0].Options) != 1 || opened.Form.Fields[0].Options[0].Label != "mailer, on mailer/sms/us" {
		t.Fatalf("%+v, %v", opened.Form, err)
	}
	fills := func(by tagout.User, values map[string]string) (tagout.Reply, error) {
		return c.Forms["drill"](context.Background(), tagout.Submission{ID: "s1", User: by, Form: "drill", Values: values})
	}
	reply, err := fills(driller, map[string]string{"agent": "mailer", "action": "gameday", "scenario": "deaf", "reason": " before the launch "})
	if err != nil || len(d.drilled.orders) != 1 || reply.Updates == nil || !strings.Contains(reply.Message.String(), "[DRILL] INC-7") {
		t.Fatalf("%v, %v: %s", err, d.drilled.orders, reply.Message)
	}
	want := tagout.DrillOrder{ID: d.drilled.orders[0].ID, Action: tagout.DrillKill, Agent: "mailer", By: driller.Actor(), Page: true, Scenario: "deaf", Reason: "before the launch"}
	if got := d.drilled.orders[0]; got != want || got.ID == "" {
		t.Errorf("ordered is %+v", got)
	}
	for name, values := range map[string]map[string]string{"nothing chosen": {}, "no such action": {"agent": "mailer", "action": "explode"}, "no such agent": {"agent": "x", "action": "kill"}} {
		if reply, err := fills(driller, values); err != nil || len(reply.Outcome.Problems) != 1 || len(d.drilled.orders) != 1 {
			t.Errorf("%s: %+v, %v", name, reply.Outcome, err)
		}
	}
	guest := tagout.User{ID: "U0GUEST", Team: "T0HOME", Guest: true}
	if _, err := fills(guest, map[string]string{"agent": "mailer", "action": "kill"}); tagout.CodeOf(err) != tagout.Forbidden || len(d.drilled.orders) != 1 {
		t.Errorf("a guest: %v", err)
	}
	d.err = tagout.Errorf(tagout.Conflict, "INC-3 concerns mailer/sms/us. Nothing is drilled there now.")
	if _, err := fills(driller, map[string]string{"agent": "mailer", "action": "kill"}); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("while something goes on: %v", err)
	}
	p.Agents["mailer"].Canary = tagout.Scope{}
	if _, err := c.Clicks["drill"](t.Context(), click); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("without a canary: %v", err)
	}
}
