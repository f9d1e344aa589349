package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
)

func (d *fakeDesk) Drills(_ context.Context, q tagout.DrillQuery) ([]tagout.Drill, error) {
	d.drillQuery = q
	return d.drills, d.err
}

func TestDrillsAreReadWithTheirTimes(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.drills = []tagout.Drill{{Incident: 7, ID: "d1", Action: tagout.DrillKill, Agent: "mailer", Scope: tagout.MustScope("mailer/sms/us"), By: tagout.Tagout, At: noon, Within: time.Minute,
		StoppedAt: noon.Add(800 * time.Millisecond), LiftedAt: noon.Add(time.Second), BackAt: noon.Add(2 * time.Second), EndedAt: noon.Add(2 * time.Second), Result: tagout.DrillPassed,
		Controls: []tagout.DrillControl{{Control: "webhook", Accepted: 100 * time.Millisecond, Observed: 800 * time.Millisecond}}}}
	got := b.do("GET", "/v1/drills?agent=mailer&action=kill&since=2026-11-01T00:00:00Z", "", bearing(readToken)).is(t, http.StatusOK)
	const want = `{"drills":[{"incident":"INC-7","action":"kill","agent":"mailer","scope":"mailer/sms/us","by":"system","page":false,"at":"2026-11-21T12:00:00Z","result":"passed",` +
		`"verdict":"passed: observed stopped in 0.8 s, running again after 1 s","within_ms":60000,"observed_ms":800,"restored_ms":1000,` +
		`"controls":[{"control":"webhook","accepted_ms":100,"observed_ms":800}],"ended_at":"2026-11-21T12:00:02Z"}]}` + "\n"
	if got.body != want {
		t.Errorf("answered %s", got.body)
	}
	if q := b.desk.drillQuery; q.Agent != "mailer" || q.Action != tagout.DrillKill || q.Since.IsZero() || q.Limit != 50 {
		t.Errorf("the desk was asked %+v", q)
	}
	b.do("GET", "/v1/drills?action=explode", "", bearing(readToken)).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("GET", "/v1/drills", "", bearing(stopToken)).isProblem(t, http.StatusForbidden, tagout.Forbidden)
}

// TestWhoMayBeginADrillMaySeeWhatComesOfIt: a token that may drill reads one drill, and no
// incident that never was one.
func TestWhoMayBeginADrillMaySeeWhatComesOfIt(t *testing.T) {
	t.Parallel()
	const drillToken = "drill-secret"
	b := newBench(func(o *Options) {
		o.Tokens = append(o.Tokens, Token{Name: "driller", Secret: drillToken, May: []tagout.Right{tagout.MayDrill}})
	})
	canary, i := tagout.MustScope("mailer/sms/us"), &tagout.Incident{ID: 7}
	b.desk.incidents[7] = i
	b.do("GET", "/v1/drills/INC-7", "", bearing(drillToken)).isProblem(t, http.StatusNotFound, tagout.NotFound)
	i.Drill, i.Holds = true, []tagout.Hold{{ID: "h", Scope: canary, Mode: tagout.Halted}}
	i.Exercise = &tagout.Drill{Incident: 7, ID: "d1", Action: tagout.DrillKill, Agent: "mailer", Scope: canary, By: tagout.Tagout, At: noon, Within: time.Minute,
		StoppedAt: noon.Add(100 * time.Microsecond), Phase: tagout.DrillReleasing, Result: tagout.DrillRunning}
	got := b.do("GET", "/v1/drills/INC-7", "", bearing(drillToken)).is(t, http.StatusOK)
	const want = `{"drill":{"incident":"INC-7","action":"kill","agent":"mailer","scope":"mailer/sms/us","by":"system","page":false,"at":"2026-11-21T12:00:00Z","result":"running",` +
		`"verdict":"running, releasing: observed stopped in 0 s","within_ms":60000,"observed_ms":0,"controls":[]},"phase":"releasing","real":false,"held":["mailer/sms/us"]}` + "\n"
	if got.body != want {
		t.Errorf("answered %s", got.body)
	}
	i.Drill = false
	if got := b.do("GET", "/v1/drills/INC-7", "", bearing(drillToken)); !strings.Contains(got.body, `"real":true`) {
		t.Errorf("what became real is shown as %s", got.body)
	}
	b.do("GET", "/v1/drills/7x", "", bearing(drillToken)).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("GET", "/v1/drills/INC-7", "", bearing(readToken)).isProblem(t, http.StatusForbidden, tagout.Forbidden)
	b.do("GET", "/v1/drills", "", bearing(drillToken)).isProblem(t, http.StatusForbidden, tagout.Forbidden)
}
