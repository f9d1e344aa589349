package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestANewVersionBeforeTheFailureIsASignOfARollback(t *testing.T) {
	t.Parallel()
	ran := func(component, version string, before time.Duration) tagout.VersionRun {
		return tagout.VersionRun{Component: component, Version: version, Began: failedAt.Add(-before)}
	}
	deployed := func(before time.Duration) []tagout.Deployment {
		return []tagout.Deployment{{Agent: "mailer", Component: "policy", To: "8", By: "ann", At: failedAt.Add(-before)}}
	}
	for name, c := range map[string]struct {
		runs    []tagout.VersionRun
		changes []tagout.Deployment
		want    string // part of the reason; "": none
	}{
		"nothing known":                {nil, nil, ""},
		"the first version ever seen":  {[]tagout.VersionRun{ran("prompt", "v1", time.Hour)}, nil, ""},
		"a new one an hour before":     {[]tagout.VersionRun{ran("prompt", "v1", 90*time.Hour), ran("prompt", "v2", time.Hour)}, nil, "prompt v2 has run since 2026-11-21 11:00 UTC, 60 min before it began; before that ran v1"},
		"a new one too long before":    {[]tagout.VersionRun{ran("prompt", "v1", 90*time.Hour), ran("prompt", "v2", 25*time.Hour)}, nil, ""},
		"a new one only afterwards":    {[]tagout.VersionRun{ran("prompt", "v1", 90*time.Hour), ran("prompt", "v2", -time.Minute)}, nil, ""},
		"of several the newest counts": {[]tagout.VersionRun{ran("prompt", "v1", 90*time.Hour), ran("prompt", "v2", 2*time.Hour), ran("model", "a", 90*time.Hour), ran("model", "b", time.Hour)}, nil, "model b"},
		"a deployment that was told":   {nil, deployed(2 * time.Hour), "policy 8 was deployed at 2026-11-21 10:00 UTC"},
		"a deployment too long before": {nil, deployed(25 * time.Hour), ""},
		"a deployment afterwards":      {nil, deployed(-time.Minute), ""},
	} {
		i, _ := failed(t, &tagout.FailureClass{Key: "x", RollbackWhen: tagout.WhenNewVersion}, "mailer/email")
		got := i.NewVersion(tagout.VersionHistory{Agent: "mailer", Runs: c.runs}, []string{"prompt", "policy", "model"}, c.changes, 24*time.Hour)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTheSameFailureAgainIsASignOfARollback(t *testing.T) {
	t.Parallel()
	earlier := func(change func(*tagout.Incident)) *tagout.Incident {
		e := &tagout.Incident{ID: 3, Class: "x", Scope: tagout.MustScope("mailer/sms"), Milestones: map[tagout.Milestone]time.Time{tagout.Detected: failedAt.Add(-time.Hour)}}
		change(e)
		return e
	}
	for name, c := range map[string]struct {
		change func(*tagout.Incident)
		want   bool
	}{
		"an hour before":    {func(*tagout.Incident) {}, true},
		"two days before":   {func(e *tagout.Incident) { e.Milestones[tagout.Detected] = failedAt.Add(-48 * time.Hour) }, false},
		"later":             {func(e *tagout.Incident) { e.Milestones[tagout.Detected] = failedAt.Add(time.Hour) }, false},
		"of another class":  {func(e *tagout.Incident) { e.Class = "y" }, false},
		"of another agent":  {func(e *tagout.Incident) { e.Scope = tagout.MustScope("researcher") }, false},
		"it is the same":    {func(e *tagout.Incident) { e.ID = 7 }, false},
		"it was a drill":    {func(e *tagout.Incident) { e.Drill = true }, false},
		"it was no failure": {func(e *tagout.Incident) { e.FalseAlarm = &tagout.FalseAlarm{} }, false},
	} {
		i, _ := failed(t, &tagout.FailureClass{Key: "x"}, "mailer")
		if got := i.Repeats([]*tagout.Incident{earlier(c.change)}, 24*time.Hour); strings.Contains(got, "INC-3") != c.want || (got != "") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestARollbackIsSuggestedOnceAndNeverDone(t *testing.T) {
	t.Parallel()
	s := tagout.Suggestion{Agent: "mailer", When: tagout.WhenRepeated, Reason: "it came again"}
	i, _ := failed(t, &tagout.FailureClass{Key: "x"}, "mailer")
	row := &tagout.SeverityPolicy{Severity: tagout.Sev2}
	if c := i.SuggestRollback(s, row, failedAt); kindsOf(c) != "rollback.suggested →post" || !i.OffersRollback() || i.Rollback != nil || len(i.Pins) > 0 {
		t.Errorf("%s, %+v", kindsOf(c), i.Rollback)
	}
	if c := i.SuggestRollback(s, row, failedAt); !c.IsEmpty() {
		t.Errorf("said twice: %s", kindsOf(c))
	}
	own, _ := failed(t, &tagout.FailureClass{Key: "x"}, "mailer")
	row.Contain.Rollback = true
	if c := own.SuggestRollback(s, row, failedAt); kindsOf(c) != "rollback.suggested" {
		t.Errorf("where the severity rolls back by itself: %s", kindsOf(c))
	}
	none, _ := failed(t, &tagout.FailureClass{Key: "x"}, "mailer")
	if c := none.SuggestRollback(tagout.Suggestion{Agent: "mailer"}, row, failedAt); !c.IsEmpty() || none.OffersRollback() {
		t.Error("without a reason there is nothing to suggest")
	}
}
