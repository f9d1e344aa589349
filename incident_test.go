package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var testAgents = tagout.Registry{
	"mailer": {Name: "mailer", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"}, Lease: 30 * time.Second,
		Tools: map[string]tagout.Risk{"send_email": tagout.HighRisk, "read_crm": tagout.LowRisk}, Controls: []string{"webhook"}},
	"researcher": {Name: "researcher", Channels: []string{"crm"}, Regions: []string{"us"}},
}

var sev1 = &tagout.SeverityPolicy{Severity: tagout.Sev1, Page: []string{"legal"},
	Escalate: []tagout.Rung{{After: 5 * time.Minute, To: []string{"exec"}}}, Deadlines: tagout.Deadlines{Contain: time.Minute},
	Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}, Require: []string{"cause", "verified"}, Expires: 4 * time.Hour}}

var sev3 = &tagout.SeverityPolicy{Severity: tagout.Sev3,
	Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"mops", "engineering"}}}, Expires: time.Hour}}

func opened(t *testing.T, row *tagout.SeverityPolicy) *tagout.Incident {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	c, err := i.Open(tagout.Opening{Title: "wrong people", Scope: tagout.MustScope("mailer"), Class: "policy_violation",
		By: tagout.Actor{Kind: tagout.BySource, ID: "generic"}, Onset: noon.Add(-time.Minute), Row: row, Page: row.Page}, noon)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	return i
}

// seal does what a store does with the events, so that heads are real.
func seal(t *testing.T, i *tagout.Incident, c tagout.Change) {
	t.Helper()
	for _, e := range c.Events {
		i.Head = e.Seal(i.ID, i.Head)
	}
}

func hold(id, scope string, mode tagout.Mode, at time.Time) tagout.Hold {
	return tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope(scope), Mode: mode, By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, At: at}
}

func hang(t *testing.T, i *tagout.Incident, h tagout.Hold) tagout.Change {
	t.Helper()
	c, err := i.Hang(h, testAgents, h.At)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	return c
}

func kinds(c tagout.Change) string {
	var all []string
	for _, e := range c.Events {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

func observed(at time.Time, holds ...tagout.HoldID) tagout.ControlReport {
	return tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: holds, At: at, Accepted: true, Observed: true}
}

func TestOpeningPagesAtOnceAndSetsTheLadder(t *testing.T) {
	i := &tagout.Incident{ID: 7}
	c, err := i.Open(tagout.Opening{Title: "x", Row: sev1, Page: []string{"legal"}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var now, later int
	for _, e := range c.Effects {
		if e.Due.IsZero() {
			now++
		} else {
			later++
		}
	}
	if now != 3 || later != 2 { // channel, announcement, page; rung, containment deadline
		t.Errorf("%d effects at once and %d later, want 3 and 2", now, later)
	}
	if _, err := i.Open(tagout.Opening{Row: sev1}, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("opening twice: %v, want a conflict", err)
	}
}

func TestContainedOnlyWhenEveryControlWasObserved(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	accepted := observed(noon.Add(time.Second), "h1")
	accepted.Observed = false
	i.TakeReport(accepted)
	if i.State != tagout.StateOpen {
		t.Fatalf("accepted is not observed, but the state is %s", i.State)
	}
	c := i.TakeReport(observed(noon.Add(2*time.Second), "h1"))
	if i.State != tagout.StateContained || i.At(tagout.Contained) != noon.Add(2*time.Second) {
		t.Errorf("state %s at %s after it was observed", i.State, i.At(tagout.Contained))
	}
	if got := kinds(c); got != "control.observed incident.contained" {
		t.Errorf("events %q", got)
	}
	hang(t, i, hold("h2", "mailer/email", tagout.Halted, noon.Add(3*time.Second)))
	if i.State == tagout.StateContained {
		t.Error("a new stop is not observed yet, but the incident says contained")
	}
	if i.TakeReport(observed(noon.Add(4*time.Second), "h1")); i.State == tagout.StateContained {
		t.Error("news from before the newest stop counted for it")
	}
	if i.TakeReport(observed(noon.Add(5*time.Second), "h2")); i.State != tagout.StateContained {
		t.Errorf("state %s although each hold was observed", i.State)
	}
}

func TestDriftEndsContainment(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	i.TakeReport(observed(noon.Add(time.Second), "h1"))
	c := i.TakeReport(tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{"h1"}, At: noon.Add(time.Minute), Drift: true})
	if i.State != tagout.StateOpen || !strings.Contains(kinds(c), "control.drift") {
		t.Errorf("state %s, events %q", i.State, kinds(c))
	}
}

func TestAnAgentWithoutControlsIsContainedByLease(t *testing.T) {
	i := opened(t, sev3)
	hang(t, i, hold("h1", "researcher", tagout.Halted, noon))
	if c := i.PassLeases(noon.Add(29 * time.Second)); !c.IsEmpty() || i.State != tagout.StateOpen {
		t.Error("the lease counted before it ended")
	}
	i.PassLeases(noon.Add(30 * time.Second))
	if i.State != tagout.StateContained {
		t.Errorf("state %s after the lease", i.State)
	}
}

func TestAMissedContainmentDeadlinePages(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	c := i.MissContainment([]string{"platform"}, noon.Add(time.Minute))
	if got := kinds(c); got != "control.unconfirmed" {
		t.Errorf("events %q", got)
	}
	i.TakeReport(observed(noon.Add(2*time.Minute), "h1"))
	if c := i.MissContainment([]string{"platform"}, noon.Add(3*time.Minute)); !c.IsEmpty() {
		t.Error("a confirmed stop was reported as missed")
	}
}

func TestARepeatedStopIsOneHold(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	if c := hang(t, i, hold("h1", "mailer", tagout.Halted, noon.Add(time.Second))); !c.IsEmpty() || len(i.Holds) != 1 {
		t.Error("the same stop was hung twice")
	}
}

func TestAcknowledgingTwiceNamesTheFirst(t *testing.T) {
	i := opened(t, sev1)
	first := tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}
	if _, err := i.Acknowledge(first, noon); err != nil {
		t.Fatal(err)
	}
	_, err := i.Acknowledge(tagout.Actor{Kind: tagout.ByUser, ID: "U0ENG"}, noon)
	if tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "U0IC") {
		t.Errorf("second acknowledgement: %v", err)
	}
}

func TestAnAcknowledgementSaysWhoLeads(t *testing.T) {
	for name, c := range map[string]struct {
		lead tagout.UserID
		by   tagout.Actor
		want string
	}{
		"the first person":        {"", tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, "They lead until somebody else does."},
		"beside who leads":        {"U0ENG", tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, "@U0ENG leads."},
		"in a pager's app":        {"", tagout.Actor{Kind: tagout.ByPager, ID: "Jane in duty"}, "Nobody leads yet"},
		"there, beside who leads": {"U0ENG", tagout.Actor{Kind: tagout.ByPager, ID: "Jane in duty"}, "@U0ENG leads."},
	} {
		i := opened(t, sev1)
		i.Roles[tagout.IncidentCommander] = c.lead
		change, err := i.Acknowledge(c.by, noon)
		if err != nil {
			t.Fatal(err)
		}
		var said string
		for _, e := range change.Effects {
			var note tagout.PostNote
			if e.Kind == tagout.EffectPost && e.Decode(&note) == nil {
				said += note.Message.String()
			}
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: it says %q, want %q", name, said, c.want)
		}
	}
}

func TestAFalseAlarmPagesNobodyWhateverIsOwed(t *testing.T) {
	i := opened(t, sev1)
	i.State = tagout.StateCancelled
	round := tagout.PageRound{Key: "deadline:review", Roles: []string{"legal"}, Even: true, Always: true, Rung: true}
	if c := i.PageOut(tagout.Paging{Round: round, Pages: []tagout.Page{{ID: "p1", To: tagout.Person{ID: "U0LEGAL"}}}}, noon); !c.IsEmpty() {
		t.Errorf("it pages: %+v", c.Pages)
	}
	if _, needless := i.Needless(tagout.SendPage{}); !needless {
		t.Error("a page that was on the way still goes out")
	}
}

func TestARoundIsPagedOnceAndStopsWhenAcknowledged(t *testing.T) {
	i := opened(t, sev1)
	round := tagout.PageRound{Key: "sev1", Roles: []string{"legal"}, Why: "test"}
	pages := []tagout.Page{{ID: "p1", Incident: 7, To: tagout.Person{ID: "U0LEGAL"}, Pager: "slack"}}
	c := i.PageOut(tagout.Paging{Round: round, Pages: pages, Repeat: time.Minute}, noon)
	if len(c.Pages) != 1 || !hasEffect(c, tagout.EffectSend) || !hasEffect(c, tagout.EffectPage) {
		t.Fatalf("the round did not page and go on: %+v", c.Effects)
	}
	if again := i.PageOut(tagout.Paging{Round: round, Pages: pages, Repeat: time.Minute}, noon); !again.IsEmpty() {
		t.Error("a repeat of the effect paged again")
	}
	if _, err := i.Acknowledge(tagout.Actor{Kind: tagout.ByUser, ID: "U0LEGAL"}, noon); err != nil {
		t.Fatal(err)
	}
	round.Round = 1
	if after := i.PageOut(tagout.Paging{Round: round, Pages: pages, Repeat: time.Minute}, noon); !after.IsEmpty() {
		t.Error("paging went on after the acknowledgement")
	}
	round.Even = true
	if after := i.PageOut(tagout.Paging{Round: round, Pages: pages}, noon); len(after.Pages) != 1 {
		t.Error("a page about an unconfirmed stop must go out even so")
	}
}

func hasEffect(c tagout.Change, kind tagout.EffectKind) bool {
	for _, e := range c.Effects {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

func TestARoundWithNobodySaysSoLoudly(t *testing.T) {
	i := opened(t, sev1)
	c := i.PageOut(tagout.Paging{Round: tagout.PageRound{Key: "sev1", Roles: []string{"ghosts"}}, Repeat: time.Minute}, noon)
	if kinds(c) != "page.unreached" || !hasEffect(c, tagout.EffectPost) {
		t.Errorf("events %q", kinds(c))
	}
}

func TestLoweringTheSeverityKeepsTheSignoffs(t *testing.T) {
	i := opened(t, sev1)
	if _, err := i.ChangeSeverity(sev3, nil, "calmer", tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, noon); err != nil {
		t.Fatal(err)
	}
	if i.Severity != tagout.Sev3 || i.HighestSeverity != tagout.Sev1 || i.Rule[0].AnyOf[0] != "legal" {
		t.Errorf("severity %s, highest %s, rule %v", i.Severity, i.HighestSeverity, i.Rule)
	}
}

func TestRaisingTheSeverityAsksForItsSignoffs(t *testing.T) {
	i := opened(t, sev3)
	c, err := i.ChangeSeverity(sev1, []string{"legal"}, "", tagout.Tagout, noon)
	if err != nil {
		t.Fatal(err)
	}
	if i.Rule[0].AnyOf[0] != "legal" || !hasEffect(c, tagout.EffectPage) {
		t.Errorf("rule %v, effects %v", i.Rule, c.Effects)
	}
}

func TestAlertsAreTallied(t *testing.T) {
	i := opened(t, sev1)
	in := tagout.Incoming{ID: "a", Alert: tagout.Alert{Source: "generic", Name: "n", Status: tagout.Firing}, Verdict: tagout.Verdict{Scope: tagout.MustScope("mailer")}}
	i.TakeAlert(in, testAgents["mailer"], noon)
	in.Alert.Status, in.WasFiring = tagout.Resolved, true
	c := i.TakeAlert(in, testAgents["mailer"], noon.Add(time.Minute))
	if i.Alerts.Distinct != 1 || i.Alerts.Firing != 0 || kinds(c) != "alert.resolved" {
		t.Errorf("tally %+v, events %q", i.Alerts, kinds(c))
	}
}

func TestTheChainFindsEveryTampering(t *testing.T) {
	var events []tagout.Event
	var head tagout.Head
	for n := range 4 {
		e := tagout.NewEvent(tagout.EventNote, tagout.Tagout, noon.Add(time.Duration(n)*time.Second), map[string]int{"n": n})
		head = e.Seal(7, head)
		events = append(events, e)
	}
	if seq, err := tagout.VerifyChain(7, events, head); err != nil {
		t.Fatalf("an untouched chain is bad at %d: %v", seq, err)
	}
	clone := func() []tagout.Event { return append([]tagout.Event(nil), events...) }
	edited, swapped, holed := clone(), clone(), append(clone()[:1], events[2:]...)
	edited[1].Data = `{"n":9}`
	swapped[1], swapped[2] = swapped[2], swapped[1]
	for name, c := range map[string]struct {
		events []tagout.Event
		at     int64
	}{"edit": {edited, 2}, "swap": {swapped, 2}, "hole": {holed, 2}, "cut": {events[:3], 4}} {
		if seq, err := tagout.VerifyChain(7, c.events, head); err == nil || seq != c.at {
			t.Errorf("%s: found at %d with %v, want at %d", name, seq, err, c.at)
		}
	}
}
