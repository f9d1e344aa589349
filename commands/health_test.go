package commands_test

import (
	"context"
	"testing"
	"time"

	"tagout"
)

func (d *desk) Health(_ context.Context, q tagout.HealthQuery) (tagout.Health, error) {
	d.healthAsked = append(d.healthAsked, q)
	h := tagout.Health{At: t0, Readings: d.readings}
	if q.Agent != "" {
		h.Practised = "kill practised yesterday, stopped in 0.4 s; rollback never practised"
	}
	return h, d.err
}

// ailing has readings of every status.
func ailing(d *desk) {
	at99 := tagout.HealthTarget{Op: ">=", Value: 0.99}
	d.policy.Health.Metrics = []tagout.HealthMetric{{Name: "success"}}
	d.readings = []tagout.HealthReading{
		{Title: "Rollbacks that succeeded", Unit: tagout.UnitRatio, Target: tagout.HealthTarget{Op: ">=", Value: 1}, Status: tagout.HealthNothing, Detail: "no rollback in 90 days"},
		{Agent: "mailer", Title: "Sensitive actions that succeeded", Unit: tagout.UnitRatio, Target: at99, Status: tagout.HealthMet, Value: 0.994, Since: t0.Add(-24 * time.Hour), AtLeast: true},
		{Agent: "mailer", Title: "Sensitive actions that succeeded", Canary: true, Unit: tagout.UnitRatio, Target: at99, Status: tagout.HealthMissed, Value: 0.97, Since: t0.Add(-time.Hour)},
		{Agent: "mailer", Title: "Time to kill", Unit: tagout.UnitSeconds, Target: tagout.HealthTarget{Op: "<", Value: 60}, Status: tagout.HealthUnknown, Why: "Prometheus could not be reached: the connection was refused."},
		{Agent: "researcher", Title: "Sensitive actions that succeeded", Unit: tagout.UnitRatio, Target: at99, Status: tagout.HealthMet, Value: 1},
	}
}

func TestHealthIsAskedOfOneAgentOrOfAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tagout.HealthQuery{"": {}, "Mailer.": {Agent: "mailer", Since: true}, "`researcher`": {Agent: "researcher", Since: true}} {
		b := newBench(t)
		if _, err := b.typed(t, "/health "+text); err != nil || len(b.healthAsked) != 1 || b.healthAsked[0] != want {
			t.Errorf("%q: asked %+v, %v", text, b.healthAsked, err)
		}
	}
	b := newBench(t)
	_, err := b.typed(t, "/health mialer")
	wantCode(t, err, tagout.NotFound, "Did you mean mailer?")
}
