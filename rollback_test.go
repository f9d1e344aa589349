package tagout_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"tagout"
)

// heldMailer is an open incident about the mailer.
func heldMailer(t *testing.T) *tagout.Incident {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	row := &tagout.SeverityPolicy{Severity: tagout.Sev2, Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}}}
	if _, err := i.Open(tagout.Opening{Scope: tagout.Scope{Agent: "mailer"}, Row: row}, day0); err != nil {
		t.Fatal(err)
	}
	return i
}

func ordered(id string, to ...string) tagout.Rollback {
	r := tagout.Rollback{ID: id, Agent: "mailer"}
	for n := 0; n < len(to); n += 2 {
		r.Components = append(r.Components, tagout.ComponentRollback{Component: to[n], To: to[n+1]})
	}
	return r
}

func begin(t *testing.T, i *tagout.Incident, r tagout.Rollback, at time.Time) {
	t.Helper()
	if _, err := i.BeginRollback(r, at); err != nil {
		t.Fatal(err)
	}
}

func TestThePinThatBeganLastCounts(t *testing.T) {
	t.Parallel()
	pin := func(incident tagout.IncidentID, component, version string, hour float64) tagout.Pin {
		return tagout.Pin{Incident: incident, Agent: "mailer", Component: component, Version: version, BegunAt: hours(hour)}
	}
	pins := []tagout.Pin{pin(1, "prompt", "v1", 1), pin(2, "prompt", "v2", 2), pin(1, "policy", "p1", 3), pin(3, "policy", "p3", 3), pin(2, "model", "m2", 0)}
	rand.Shuffle(len(pins), func(a, b int) { pins[a], pins[b] = pins[b], pins[a] })
	if got := tagout.Pairs(tagout.EffectivePins(pins)["mailer"]); got != "model m2, policy p3, prompt v2" {
		t.Errorf("pinned are %s", got)
	}
	counting := tagout.CountingPins(pins)
	if len(counting[1]) != 0 || len(counting[2]) != 2 || len(counting[3]) != 1 {
		t.Errorf("counting are %+v", counting)
	}
}

func TestARollbackIsDoneOnceEveryComponentIsReadBackAndNoneReadsOtherwise(t *testing.T) {
	t.Parallel()
	i := heldMailer(t)
	begin(t, i, ordered("a", "prompt", "v1", "policy", "p1"), day0)
	read := func(control string, versions map[string]string) {
		i.TakeVersionNews(tagout.ControlReport{Agent: "mailer", Control: control, Versions: versions}, day0.Add(time.Second))
	}
	read("two", map[string]string{"prompt": "v2"})
	read("one", map[string]string{"prompt": "v1", "policy": ""})
	if s := i.Rollback.Of("prompt").State; s != tagout.RollbackRequested {
		t.Errorf("with two controls that disagree the prompt is %s", s)
	}
	read("two", map[string]string{"prompt": "v1"})
	if i.Rollback.Of("prompt").State != tagout.RollbackConfirmed || !i.Rollback.DoneAt.IsZero() || i.Rollback.Of("policy").State != tagout.RollbackRequested {
		t.Errorf("half way it is %+v", i.Rollback)
	}
	read("one", map[string]string{"policy": "p1"})
	if i.Rollback.DoneAt.IsZero() || i.At(tagout.Mitigated).IsZero() {
		t.Errorf("all read back, it is %+v", i.Rollback)
	}
}

func TestALaterOrderLeavesWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	i := heldMailer(t)
	begin(t, i, ordered("a", "prompt", "v1", "policy", "p1"), day0)
	begin(t, i, ordered("b", "policy", "p0"), day0.Add(time.Second))
	begin(t, i, ordered("b", "policy", "p9"), day0.Add(2*time.Second)) // the same order again
	if got := tagout.Pairs(i.Rollback.To()); got != "policy p0, prompt v1" || tagout.Pairs(i.PinsOf("mailer")) != got {
		t.Errorf("wanted %s, pinned %v", got, i.PinsOf("mailer"))
	}
	i.MissRollback(day0, nil, nil, day0.Add(time.Minute)) // the first order's time is over
	if i.Rollback.Of("prompt").State != tagout.RollbackFailed || i.Rollback.Of("policy").State != tagout.RollbackRequested || !i.Rollback.FailedAt.IsZero() {
		t.Errorf("it is %+v", i.Rollback)
	}
}

func TestAnIncidentThatOnlyPinsCanBeResumed(t *testing.T) {
	t.Parallel()
	i := heldMailer(t)
	agents := tagout.Registry{"mailer": {Name: "mailer"}}
	draft := tagout.ResumeDraft{ID: "r1", By: tagout.User{ID: "U0IC", Team: "T"}, Target: tagout.Running}
	if _, err := i.RequestResume(draft, nil, agents, nil, day0); tagout.CodeOf(err) != tagout.Conflict {
		t.Fatalf("with nothing held or pinned: %v", err)
	}
	begin(t, i, ordered("a", "prompt", "v1"), day0)
	if _, err := i.RequestResume(draft, nil, agents, nil, day0); err != nil {
		t.Fatal(err)
	}
	press := tagout.Signing{User: tagout.User{ID: "U0LEGAL", Team: "T"}, HomeTeam: "T", Roles: []string{"legal"}, Verdict: tagout.Go, Request: "r1", Digest: i.Request.Digest}
	if _, _, err := i.Sign(press, agents, day0.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if i.State != tagout.StateResumed || len(i.Pins) != 0 {
		t.Errorf("after the GO it is %s and pins %v", i.State, i.Pins)
	}
	if _, err := i.BeginRollback(ordered("b", "prompt", "v1"), day0.Add(time.Minute)); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("a rollback in an incident that has ended: %v", err)
	}
}

func TestRollbacksOfTheFirstReleaseStayReadable(t *testing.T) {
	t.Parallel()
	var r tagout.Rollback
	old := `{"at":"2026-11-01T00:00:00Z","by":{"kind":"user","id":"U0IC"},"agent":"mailer","from":{"prompt":"v2"},"to":{"prompt":"v1"},"failed_at":"2026-11-01T00:01:00Z","failure":"late"}`
	if err := json.Unmarshal([]byte(old), &r); err != nil {
		t.Fatal(err)
	}
	if c := r.Of("prompt"); c == nil || c.Change() != "prompt v2 → v1" || c.State != tagout.RollbackFailed || c.Failure != "late" {
		t.Errorf("read %+v", r)
	}
	text, _ := json.Marshal(r)
	var again tagout.Rollback
	if err := json.Unmarshal(text, &again); err != nil || len(again.Components) != 1 {
		t.Errorf("written and read again it is %+v, %v", again, err)
	}
}
