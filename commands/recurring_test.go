package commands_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tagout"
)

func (d *desk) Recurring(_ context.Context, q tagout.RecurrenceQuery, _ tagout.Viewer) ([]tagout.Recurring, int, error) {
	d.recurring.asked = append(d.recurring.asked, q)
	return d.recurring.pairs, d.recurring.more, d.err
}

// recurred is what the desk is asked and tells about what came back.
type recurred struct {
	asked []tagout.RecurrenceQuery
	pairs []tagout.Recurring
	more  int
}

// cameBack has the mailer's judgment errors come back.
func cameBack(d *desk) {
	learnt, missing := incident7(), incident7()
	acting(missing)
	learnt.ID, learnt.State, learnt.Milestones = 5, tagout.StateClosed, map[tagout.Milestone]time.Time{tagout.Detected: t0.Add(-480 * time.Hour)}
	learnt.Actions = []tagout.CorrectiveAction{{Number: 1, State: tagout.ActionDone, Test: "evals/optout"}}
	bare := incident7()
	bare.ID, bare.Actions, bare.Room = 3, nil, tagout.Room{}
	none := incident7()
	none.ID, none.Actions = 4, []tagout.CorrectiveAction{{Number: 1, State: tagout.ActionDone, NoTest: "It is a contract."}, {Number: 2, State: tagout.ActionOpen, Due: t0.Add(time.Hour)}}
	d.recurring = recurred{more: 2, pairs: []tagout.Recurring{
		{Agent: "mailer", Class: "judgment_error", Incidents: 4, Recurrences: 3, Known: []*tagout.Incident{missing, learnt, bare}},
		{Agent: "researcher", Class: "policy_violation", Incidents: 2, Recurrences: 1, Known: []*tagout.Incident{none}},
	}}
}

func TestRecurringTakesAnAgentAndAWindowInAnyOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tagout.RecurrenceQuery{
		"":                 {Since: 336 * time.Hour},
		"mailer":           {Agent: "mailer", Since: 336 * time.Hour},
		"30d":              {Since: 720 * time.Hour},
		"Mailer 30d.":      {Agent: "mailer", Since: 720 * time.Hour},
		"36h `researcher`": {Agent: "researcher", Since: 36 * time.Hour},
	} {
		b := newBench(t)
		b.policy.RecurWithin = 336 * time.Hour
		reply, err := b.typed(t, "/recurring "+text)
		if said := reply.Message.String(); !strings.Contains(said, "again within 14 days") {
			t.Errorf("%q: it does not say when something comes back: %s", text, said)
		}
		if err != nil || len(b.recurring.asked) != 1 || b.recurring.asked[0] != want {
			t.Errorf("%q: asked %+v, %v", text, b.recurring.asked, err)
		}
	}
	for text, says := range map[string]string{
		"mialer": "Did you mean mailer?", "1m": "from 1h to five years", "9999d": "five years", "mailer researcher": "One agent", "30d 60d": "One agent", "-3d": "no window",
	} {
		b := newBench(t)
		_, err := b.typed(t, "/recurring "+text)
		if code := tagout.CodeOf(err); code != tagout.NotFound && code != tagout.Invalid {
			t.Errorf("%q: %v", text, err)
		} else {
			wantCode(t, err, code, says)
		}
	}
}
