package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

var member = tagout.User{ID: "U0ANY", Team: "T0HOME"}

// reviewed is a row that asks for a review; unreviewed is one that does not.
var (
	reviewedRow   = &tagout.SeverityPolicy{Severity: tagout.Sev2, Deadlines: tagout.Deadlines{Review: 72 * time.Hour}, Resume: sev1.Resume}
	unreviewedRow = &tagout.SeverityPolicy{Severity: tagout.Sev2, Resume: sev1.Resume}
)

func TestAFalseAlarmOfWhichNothingIsHeldIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	i := opened(t, reviewedRow)
	c, err := i.Cancel(" the load test ", member, noon)
	if err != nil || i.State != tagout.StateCancelled || kinds(c) != "incident.false_alarm incident.cancelled" {
		t.Fatalf("%s, %v: %s", i.State, err, kinds(c))
	}
	if next, _ := i.NextDeadline(noon); next != nil {
		t.Errorf("%s is still due", next.Name)
	}
	for name, again := range map[string]func() error{
		"cancel":   func() error { _, err := i.Cancel("x", member, noon); return err },
		"withdraw": func() error { _, err := i.Withdraw(member, noon); return err },
		"close":    func() error { _, err := i.Close("x", member, noon); return err },
	} {
		if err := again(); tagout.CodeOf(err) != tagout.Conflict {
			t.Errorf("%s after that: %v", name, err)
		}
	}
}

func TestAFalseAlarmThatHoldsIsCancelledBySignoffsAlone(t *testing.T) {
	t.Parallel()
	i := opened(t, reviewedRow)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	draft := tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}
	if _, err := i.RequestResume(draft, reviewedRow, testAgents, nil, noon); err != nil {
		t.Fatal(err)
	}
	c, err := i.Cancel("the load test", member, noon)
	if err != nil || i.State.Ended() || len(i.ActiveHolds()) != 1 || i.Request.State != tagout.RequestVoid || !strings.Contains(kinds(c), "resume.voided") {
		t.Fatalf("%s, request %s, %v: %s", i.State, i.Request.State, err, kinds(c))
	}
	draft.ID = "r2"
	if _, err := i.RequestResume(draft, reviewedRow, testAgents, nil, noon); err != nil || i.Request.FalseAlarm != "the load test" {
		t.Fatalf("%v: who signs does not read that it is a false alarm", err)
	}
	_, c, err = i.Sign(signing(i, legal, "legal"), testAgents, noon)
	if err != nil || i.State != tagout.StateCancelled || !strings.HasSuffix(kinds(c), "incident.resumed incident.cancelled") {
		t.Errorf("%s, %v: %s", i.State, err, kinds(c))
	}
}

func TestWhatComesNewTakesTheFalseAlarmBack(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(i *tagout.Incident) tagout.Change{
		"a stop": func(i *tagout.Incident) tagout.Change {
			return must(i.Hang(hold("h2", "mailer/sms", tagout.Paused, noon), testAgents, noon))
		},
		"an alert": func(i *tagout.Incident) tagout.Change {
			return i.TakeAlert(tagout.Incoming{Alert: tagout.Alert{Name: "n", Status: tagout.Firing}, Verdict: tagout.Verdict{Scope: tagout.MustScope("mailer/sms")}}, nil, noon)
		},
		"who said so": func(i *tagout.Incident) tagout.Change { return must(i.Withdraw(member, noon)) },
	} {
		i := opened(t, reviewedRow)
		hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
		must(i.Cancel("the load test", member, noon))
		must(i.RequestResume(tagout.ResumeDraft{ID: "r2", By: requester, Target: tagout.Running, Deliverables: complete}, reviewedRow, testAgents, nil, noon))
		c := disturb(i)
		if i.FalseAlarm != nil || i.Request.State != tagout.RequestVoid || !strings.Contains(kinds(c), "incident.false_alarm_withdrawn") {
			t.Errorf("%s: %+v, the request is %s: %s", name, i.FalseAlarm, i.Request.State, kinds(c))
		}
	}
	i := opened(t, reviewedRow)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	must(i.Cancel("the load test", member, noon))
	i.TakeAlert(tagout.Incoming{Alert: tagout.Alert{Name: "n", Status: tagout.Resolved}}, nil, noon)
	if i.FalseAlarm == nil {
		t.Error("the end of an alert took it back")
	}
}

func TestOnlyAPersonEndsAnIncidentAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, by := range []tagout.User{{}, {ID: "U", Guest: true}, {ID: "U", Bot: true}} {
		i := opened(t, unreviewedRow)
		_, cancel := i.Cancel("x", by, noon)
		_, end := i.Close("x", by, noon)
		must(i.Cancel("x", member, noon))
		_, withdraw := i.Withdraw(by, noon)
		for _, err := range []error{cancel, end, withdraw} {
			if tagout.CodeOf(err) != tagout.Forbidden {
				t.Errorf("%+v: %v", by, err)
			}
		}
	}
	i := opened(t, unreviewedRow)
	_, cancel := i.Cancel(" ", member, noon)
	_, end := i.Close("\n", member, noon)
	if tagout.CodeOf(cancel) != tagout.Invalid || tagout.CodeOf(end) != tagout.Invalid || i.State != tagout.StateOpen {
		t.Errorf("without words: %v, %v, %s", cancel, end, i.State)
	}
}

func TestClosingByHandWaitsForHoldsAndForAnOwedReview(t *testing.T) {
	t.Parallel()
	held := opened(t, unreviewedRow)
	hang(t, held, hold("h1", "mailer", tagout.Halted, noon))
	if _, err := held.Close("over", member, noon); tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "still holds mailer") || held.State.Ended() {
		t.Errorf("while it holds: %v", err)
	}
	free := opened(t, unreviewedRow)
	c, err := free.Close("the vendor mended it", member, noon.Add(time.Hour))
	if err != nil || free.State != tagout.StateClosed || kinds(c) != "incident.resumed incident.closed" || !free.At(tagout.Resumed).Equal(noon.Add(time.Hour)) {
		t.Errorf("without a review: %s %v %s", free.State, err, kinds(c))
	}
	owes := opened(t, reviewedRow)
	c, err = owes.Close("the vendor mended it", member, noon)
	if err != nil || owes.State != tagout.StateResumed || kinds(c) != "incident.resumed" {
		t.Errorf("with a review: %s %v %s", owes.State, err, kinds(c))
	}
	if _, err := owes.Close("again", member, noon); tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "/tagout review INC-7") {
		t.Errorf("a second time: %v", err)
	}
	if _, err := owes.Cancel("it was none", member, noon); tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "review") {
		t.Errorf("called a false alarm after its end: %v", err)
	}
	if due, owed := owes.ReviewDue(); !owed || !due.Waits() {
		t.Error("the review is not waited for any more")
	}
}

func TestPinnedVersionsKeepAnIncidentFromItsEnd(t *testing.T) {
	t.Parallel()
	i := opened(t, unreviewedRow)
	i.Pins = []tagout.Pin{{Agent: "mailer"}}
	if _, err := i.Close("over", member, noon); tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "versions of mailer") {
		t.Errorf("closed: %v", err)
	}
	if must(i.Cancel("none", member, noon)); i.State.Ended() || len(i.Pins) != 1 {
		t.Error("a false alarm let go of versions without sign-offs")
	}
}

func TestAnEndThatTheTimelineDoesNotTellOfIsFound(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*tagout.Incident){
		"calls it closed":    func(i *tagout.Incident) { i.State = tagout.StateClosed },
		"calls it cancelled": func(i *tagout.Incident) { i.State = tagout.StateCancelled },
		"calls it resumed":   func(i *tagout.Incident) { i.Milestones[tagout.Resumed] = noon },
	} {
		i, events := audited(t)
		if change(i); i.Audit(events) == nil || !strings.Contains(i.Audit(events).Error(), says) {
			t.Errorf("%s: %v", says, i.Audit(events))
		}
	}
	i := &tagout.Incident{ID: 7}
	var events []tagout.Event
	for _, c := range []tagout.Change{
		must(i.Open(tagout.Opening{Title: "x", Row: unreviewedRow}, noon)), must(i.Close("over", member, noon)),
	} {
		for _, e := range c.Events {
			i.Head = e.Seal(i.ID, i.Head)
			events = append(events, e)
		}
	}
	if err := i.Audit(events); err != nil {
		t.Errorf("an honest end: %v", err)
	}
	if i.State = tagout.StateResumed; i.Audit(events) == nil || !strings.Contains(i.Audit(events).Error(), "the record does not") {
		t.Error("what was closed is open again, and nobody notices")
	}
}

func TestAPlanThatWasSignedForAnIncidentEndsNoFalseAlarm(t *testing.T) {
	t.Parallel()
	l := approvedPlan(t, "review 2h\nrunning")
	_, err := l.incident.Cancel("no review, please", member, noon)
	if tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "in stages") || l.incident.FalseAlarm != nil {
		t.Errorf("nobody who signed read of it: %v", err)
	}
	l.at = noon.Add(2 * time.Hour)
	if err := l.advance(legal, "legal"); err != nil || l.incident.State != tagout.StateResumed {
		t.Errorf("%s, %v", l.incident.State, err)
	}
}
