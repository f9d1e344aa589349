package bot_test

import (
	"context"
	"testing"

	"tagout"
)

// RunbookList is what the fake desk shows of a runbook.
func (d *desk) RunbookList(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	return tagout.Say("runbook of " + id.String() + ": " + i.Progress()), nil
}

func TestARunbookIsPostedOnceAndItsTicksAreShown(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, Failing: tagout.Failing{Runbook: []tagout.RunbookStep{{Text: "a"}, {Text: "b"}}}})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.effect(tagout.EffectRunbook, 7, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	room := e.desk.room(7)
	e.said(room.Channel, "runbook of INC-7: 0/2")
	e.desk.mu.Lock()
	e.desk.incidents[7].Runbook[1].At = e.desk.incidents[7].At(tagout.Detected)
	e.desk.mu.Unlock()
	e.Changed(7)
	e.said(room.Channel, "runbook of INC-7: 1/2")
	if n := e.count(room.Channel, "runbook of INC-7"); n != 1 {
		t.Errorf("%d checklists", n)
	}
}
