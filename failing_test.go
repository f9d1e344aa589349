package tagout_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// failed is an incident that was opened for a class.
func failed(t *testing.T, class *tagout.FailureClass, scope string) (*tagout.Incident, tagout.Change) {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	c, err := i.Open(tagout.Opening{Title: "t", Scope: tagout.MustScope(scope), Class: class.Key, By: tagout.Tagout, Row: &tagout.SeverityPolicy{Severity: tagout.Sev2}, Of: class}, failedAt)
	if err != nil {
		t.Fatal(err)
	}
	return i, c
}

var failedAt = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func kindsOf(c tagout.Change) string {
	var kinds []string
	for _, e := range c.Events {
		kinds = append(kinds, string(e.Kind))
	}
	for _, e := range c.Effects {
		kinds = append(kinds, "→"+string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

func TestARunbookStaysAsItWasWhenTheIncidentWasOpened(t *testing.T) {
	t.Parallel()
	class := &tagout.FailureClass{Key: "x", Runbook: []string{"one", "two\nlines", "three"}}
	i, c := failed(t, class, "mailer")
	class.Runbook[0] = "another"
	if i.Runbook[0].Text != "one" || i.Runbook[1].Text != "two lines" || i.Progress() != "0/3" || !strings.Contains(kindsOf(c), "→runbook") {
		t.Errorf("the runbook is %+v after %s", i.Runbook, kindsOf(c))
	}
}

func TestAStepIsTickedOnceAndBothATickAndItsEndStandOnTheTimeline(t *testing.T) {
	t.Parallel()
	ann, bob := tagout.Actor{Kind: tagout.ByUser, ID: "U0ANN"}, tagout.Actor{Kind: tagout.ByUser, ID: "U0BOB"}
	i, _ := failed(t, &tagout.FailureClass{Key: "x", Runbook: []string{"one", "two"}}, "mailer")
	for n, step := range []struct {
		do   func(int, tagout.Actor, time.Time) (tagout.Change, error)
		step int
		by   tagout.Actor
		want string
		code tagout.Code
		done int
	}{
		{i.TickStep, 2, ann, "runbook.done", "", 1},
		{i.TickStep, 2, bob, "", "", 1}, // a second click: it stays Ann's
		{i.UntickStep, 1, bob, "", "", 1},
		{i.TickStep, 1, bob, "runbook.done", "", 2},
		{i.UntickStep, 2, bob, "runbook.undone", "", 1},
		{i.TickStep, 0, ann, "", tagout.NotFound, 1},
		{i.TickStep, 3, ann, "", tagout.NotFound, 1},
	} {
		c, err := step.do(step.step, step.by, failedAt)
		if kindsOf(c) != step.want || err != nil && tagout.CodeOf(err) != step.code || err == nil && step.code != "" || i.StepsDone() != step.done {
			t.Errorf("step %d: %q, %v, %d done", n, kindsOf(c), err, i.StepsDone())
		}
		if n == 1 && i.Runbook[1].By != ann {
			t.Errorf("the second click took it from %v", i.Runbook[1].By)
		}
	}
	i.State = tagout.StateClosed
	if _, err := i.TickStep(2, ann, failedAt); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("after the end: %v", err)
	}
	none := &tagout.Incident{ID: 8}
	if _, err := none.TickStep(1, ann, failedAt); tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("without a runbook: %v", err)
	}
}

func TestEvidenceIsMissingUntilSomethingBringsIt(t *testing.T) {
	t.Parallel()
	report := func(f tagout.FailureReport) tagout.Alert { return tagout.Alert{Report: &f} }
	for name, c := range map[string]struct {
		keep  string
		alert tagout.Alert
		want  bool
	}{
		"evidence of that name":         {"inputs", report(tagout.FailureReport{Evidence: []tagout.ReportEvidence{{Name: "Inputs", URL: "https://x"}}}), true},
		"evidence without content":      {"inputs", report(tagout.FailureReport{Evidence: []tagout.ReportEvidence{{Name: "inputs"}}}), false},
		"another name":                  {"inputs", report(tagout.FailureReport{Evidence: []tagout.ReportEvidence{{Name: "outputs", Text: "x"}}}), false},
		"a key that the format lacks":   {"spend", report(tagout.FailureReport{Extra: map[string]any{"spend": 3.5}}), true},
		"such a key, empty":             {"spend", report(tagout.FailureReport{Extra: map[string]any{"spend": " "}}), false},
		"a version":                     {"policy_version", report(tagout.FailureReport{Versions: map[string]string{"policy": "7"}}), true},
		"spelled another way":           {"Policy version", report(tagout.FailureReport{Versions: map[string]string{"policy": "7"}}), true},
		"tool calls":                    {"tool_calls", report(tagout.FailureReport{ToolsCalled: []tagout.ToolCall{{Name: "a"}}}), true},
		"no tool calls":                 {"tool_calls", report(tagout.FailureReport{}), false},
		"the error":                     {"error", report(tagout.FailureReport{Error: "x"}), true},
		"who is affected":               {"recipients", report(tagout.FailureReport{Affected: []tagout.AffectedThing{{Type: "recipient", ID: "4"}}}), true},
		"an annotation of an alert":     {"recipients", tagout.Alert{Annotations: map[string]string{"recipients": "https://x"}}, true},
		"an annotation without content": {"recipients", tagout.Alert{Annotations: map[string]string{"recipients": ""}}, false},
	} {
		i, _ := failed(t, &tagout.FailureClass{Key: "x", Keep: []string{c.keep}}, "mailer")
		in := tagout.Incoming{Alert: c.alert}
		change := i.TakeAlert(in, nil, failedAt)
		if got := len(i.MissingEvidence()) == 0; got != c.want || strings.Contains(kindsOf(change), "evidence.arrived") != c.want {
			t.Errorf("%s: missing %v after %s", name, i.MissingEvidence(), kindsOf(change))
		}
		if again := i.TakeAlert(in, nil, failedAt); strings.Contains(kindsOf(again), "evidence.arrived") {
			t.Errorf("%s: it arrives twice", name)
		}
	}
}

func TestANoteThatNamesMissingEvidenceBringsIt(t *testing.T) {
	t.Parallel()
	by := tagout.Actor{Kind: tagout.ByUser, ID: "U0ANN"}
	i, _ := failed(t, &tagout.FailureClass{Key: "x", Keep: []string{"inputs", "recipients"}}, "mailer")
	for _, note := range []string{"recipients", "recipients: ", "we need the recipients: where are they", "others: https://x"} {
		if _, err := i.AddNote(note, by, failedAt); err != nil || len(i.MissingEvidence()) != 2 {
			t.Errorf("%q: missing %v, %v", note, i.MissingEvidence(), err)
		}
	}
	c, err := i.AddNote("Recipients: https://crm.example.com/list/4", by, failedAt)
	if err != nil || !slices.Equal(i.MissingEvidence(), []string{"inputs"}) || kindsOf(c) != "incident.note evidence.arrived" {
		t.Errorf("missing %v after %s, %v", i.MissingEvidence(), kindsOf(c), err)
	}
}

func TestTheReasonToStopSaysWhoseClassItIs(t *testing.T) {
	t.Parallel()
	p := tagout.Policy{Classes: map[string]*tagout.FailureClass{
		"integration_failure": {Retry: true, Retries: 3}, "judgment_error": {Title: "Judgment error"},
	}}
	for want, c := range map[string]struct {
		report tagout.FailureReport
		class  string
	}{
		"The failure class says stop.":                                              {tagout.FailureReport{Agent: "mailer", Class: "judgment_error"}, "judgment_error"},
		"The rules of Tagout take it for Judgment error, and that class says stop.": {tagout.FailureReport{Agent: "mailer", Class: "integration_failure"}, "judgment_error"},
		"The report could not be read in full: /model, /versions.":                  {tagout.FailureReport{Agent: "mailer", Class: "integration_failure", Unread: []string{"model", "versions"}}, "integration_failure"},
	} {
		if left, why := p.Retry(&c.report, c.class, 0); left != 0 || why != want {
			t.Errorf("%d retries are left: %q, want %q", left, why, want)
		}
	}
	if left, why := p.Retry(&tagout.FailureReport{Agent: "mailer", Class: "integration_failure"}, "", 0); left != 3 || why != "" {
		t.Errorf("%d retries are left: %q", left, why)
	}
}
