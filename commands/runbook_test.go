package commands_test

import (
	"context"
	"testing"
	"time"

	"tagout"
)

func (d *desk) RunbookList(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	return tagout.Message{Title: "Runbook " + i.Progress()}, nil
}

func (d *desk) TickStep(ctx context.Context, id tagout.IncidentID, step int, by tagout.Actor) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err == nil {
		_, err = i.TickStep(step, by, t0)
	}
	return i, err
}

func (d *desk) UntickStep(ctx context.Context, id tagout.IncidentID, step int, by tagout.Actor) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err == nil {
		_, err = i.UntickStep(step, by, t0.Add(time.Minute))
	}
	return i, err
}

// runbook7 gives INC-7 a runbook.
func runbook7(d *desk) {
	d.incidents[7] = incident7()
	d.incidents[7].Runbook = []tagout.RunbookStep{{Text: "Stop the channel"}, {Text: "List <!channel> *who* got it"}}
}

func TestAStepIsTickedByWordOrButtonAndTwiceIsOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	runbook7(b.desk)
	reply, err := b.typed(t, "/runbook INC-7")
	if m := must(t, reply, err).Message; m.Title != "Runbook 0/2" {
		t.Errorf("it shows %+v", m)
	}
	for range 2 {
		reply, err = b.typed(t, "/runbook INC-7 done 2")
		if m := must(t, reply, err).Message.String(); b.incidents[7].StepsDone() != 1 || m == "" {
			t.Errorf("ticked %d: %s", b.incidents[7].StepsDone(), m)
		}
	}
	for _, bad := range []string{"/runbook INC-7 done", "/runbook INC-7 done two", "/runbook INC-7 tick 1", "/runbook INC-7 done 1 2"} {
		_, err = b.typed(t, bad)
		wantCode(t, err, tagout.Invalid, "Nothing was ticked")
	}
	reply, err = b.pressed(t, ic, "runbook", "INC-7|2|undo")
	must(t, reply, err)
	for range 2 {
		reply, err = b.pressed(t, ic, "runbook", "INC-7|1|done")
		if m := must(t, reply, err).Message.String(); b.incidents[7].StepsDone() != 1 {
			t.Errorf("after the button %d are done: %s", b.incidents[7].StepsDone(), m)
		}
	}
	for _, value := range []string{"", "INC-7", "INC-7|x|done", "INC-7|1|toggle", "x|1|done"} {
		if _, err = b.pressed(t, ic, "runbook", value); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("a button with %q: %v", value, err)
		}
	}
	_, err = b.typed(t, "/runbook INC-7 done 3")
	wantCode(t, err, tagout.NotFound, "steps 1 to 2")
}
