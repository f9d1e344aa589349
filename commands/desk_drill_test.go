package commands_test

import (
	"context"
	"time"

	"tagout"
)

// drilled is what the fake desk was told about drills, and what it has.
type drilled struct {
	orders []tagout.DrillOrder
	list   []tagout.Drill
	next   map[string]time.Time
}

func (d *desk) Drill(_ context.Context, o tagout.DrillOrder) (*tagout.Incident, error) {
	d.drilled.orders = append(d.drilled.orders, o)
	if d.err != nil {
		return nil, d.err
	}
	i := incident7(tagout.Hold{ID: "h1", Scope: tagout.MustScope("mailer/sms/us"), Mode: tagout.Halted, Drill: "drill"})
	i.Drill = true
	i.Exercise = &tagout.Drill{Incident: 7, ID: o.ID, Action: o.Action, Agent: o.Agent, Scope: tagout.MustScope("mailer/sms/us"), By: o.By, Reason: o.Reason,
		Page: o.Page, Phase: tagout.DrillStopping, At: t0, Result: tagout.DrillRunning, Within: time.Minute}
	return i, nil
}

func (d *desk) Drills(context.Context, tagout.DrillQuery) ([]tagout.Drill, error) {
	return d.drilled.list, d.err
}

func (d *desk) DrillRecord(context.Context, string) string {
	return "kill practised 3 days ago, observed stopped in 0.8 s; rollback never practised"
}

func (d *desk) NextDrills(context.Context) (map[string]time.Time, error) {
	return d.drilled.next, d.err
}
