package escalation_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/escalation"
	"tagout/internal/handclock"
)

// heldBy is what an incident would hold, as [held] shows it.
func heldBy(f tagout.Foresight) []string { return held(&tagout.Incident{Holds: f.Holds}) }

// TestWhatIsForeseenIsWhatHappens: whatever an alert means, its foresight holds, pages and
// rolls back what taking it does, and itself does nothing.
func TestWhatIsForeseenIsWhatHappens(t *testing.T) {
	t.Parallel()
	for _, severity := range []string{"critical", "warning", "minor", "unheard"} {
		for _, path := range []string{"", "mailer", "mailer/email", "mailer/email/eu", "mailer/email/mars", "stranger/x"} {
			t.Run(severity+" "+path, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				a := alert("A", path, severity)
				f, err := w.desk.Foresee(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				if len(w.store.folds) > 0 || len(w.gate.Holds()) > 0 || len(w.slack.to()) > 0 {
					t.Fatal("foreseeing did something")
				}
				i := w.accept(a)[0].Incident
				if f.Verdict.Severity != i.Severity || f.Verdict.Class != i.Class {
					t.Errorf("foreseen as %s %s, became %s %s", f.Verdict.Severity, f.Verdict.Class, i.Severity, i.Class)
				}
				if got, want := heldBy(f), held(i); !slices.Equal(got, want) {
					t.Errorf("foreseen %v, held %v", got, want)
				}
				who, err := w.desk.Who(t.Context(), tagout.WhoQuery{Incident: i.ID})
				if err != nil || !slices.Equal(sentences(f.Who), sentences(who)) {
					t.Errorf("foreseen %v, paged %v, %v", sentences(f.Who), sentences(who), err)
				}
			})
		}
	}
}

// sentences are who is paged by what in which step.
func sentences(w tagout.WhoIsPaged) []string {
	var list []string
	for _, step := range w.Steps {
		for _, p := range step.Pages {
			list = append(list, step.After.String()+" "+string(p.To.ID)+" by "+p.Pager+" "+p.When)
		}
	}
	return list
}

func TestEachRuleSaysWhyItDidNotMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, err := w.desk.Foresee(t.Context(), alert("A", "mailer", "minor"))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, r := range f.Tried {
		told = append(told, map[bool]string{true: "matched", false: r.Why}[r.Matched])
	}
	if want := []string{"it is false", "it is false", "it is false", "matched"}; !slices.Equal(told, want) {
		t.Errorf("the rules say %q, want %q", told, want)
	}
	f, err = w.desk.Foresee(t.Context(), tagout.Alert{Name: "A"})
	if err != nil || len(f.Tried) != 4 || !strings.Contains(f.Tried[0].Why, "no such key: severity") || f.Verdict.Severity != "sev2" || len(f.Holds) > 0 {
		t.Errorf("without a label: %+v, %v", f, err)
	}
	over := alert("A", "mailer", "critical")
	over.Status = tagout.Resolved
	if f, err := w.desk.Foresee(t.Context(), over); err != nil || len(f.Holds)+len(f.Who.Steps) > 0 {
		t.Errorf("an end holds %v and pages %v, %v", f.Holds, f.Who.Steps, err)
	}
	report := tagout.Alert{Name: "r", Labels: map[string]string{"agent": "mailer", "severity": "minor"}, Report: &tagout.FailureReport{Agent: "mailer", Severity: "sev1"}}
	if f, err := w.desk.Foresee(t.Context(), report); err != nil || !f.Raised || f.Verdict.Severity != "sev1" || !f.Rollback {
		t.Errorf("a report that asks for more: %+v, %v", f.Verdict, err)
	}
}

// TestAForetellerAsksNobody: who is only found out by asking is told as such, and nobody else
// is paged in their place.
func TestAForetellerAsksNobody(t *testing.T) {
	t.Parallel()
	policy := matrix()
	policy.Roles["legal"].Members = nil
	policy.Rotations["elsewhere"] = &tagout.Rotation{Key: "elsewhere", Elsewhere: true}
	policy.Roles["exec"].OnCall = "elsewhere"
	teller, err := escalation.NewForeteller(policy, []tagout.Pager{&box{name: "slack"}}, handclock.At(noon))
	if err != nil {
		t.Fatal(err)
	}
	f, err := teller.Foresee(t.Context(), alert("A", "mailer/email", "critical"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"mailer halted"}; !slices.Equal(heldBy(f), want) || !f.Rollback {
		t.Errorf("held %v, rollback %t", heldBy(f), f.Rollback)
	}
	unasked := map[string]bool{}
	for _, step := range f.Who.Steps {
		if len(step.Roster.Instead)+len(step.Roster.Doubts) > 0 {
			t.Errorf("in doubt: %+v", step.Roster)
		}
		for _, why := range step.Roster.Unasked {
			unasked[string(why.Via)+" "+why.Source] = true
		}
	}
	if want := []string{"group S0LEGAL", "override primary", "schedule elsewhere"}; !slices.Equal(slices.Sorted(maps.Keys(unasked)), want) {
		t.Errorf("asked at the time: %v", unasked)
	}
	f, err = teller.Foresee(t.Context(), alert("A", "mailer/email", "minor"))
	if err != nil || len(f.Who.Signers) != 1 || !slices.Equal(f.Who.Signers[0].Unasked, []string{"S0MOPS"}) {
		t.Errorf("signers %+v, %v", f.Who.Signers, err)
	}
}

func TestTheLastAlertsAreThoseOfIncidentsThatMayBeSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email", "critical"))
	hidden := w.accept(alert("B", "researcher", "critical"))[0].Incident.ID
	list, err := w.desk.LastAlerts(t.Context(), 5, func(i *tagout.Incident) bool { return i.ID != hidden })
	if err != nil || len(list) != 1 || list[0].Alert.Name != "A" || list[0].Incident == hidden {
		text, _ := json.Marshal(list)
		t.Errorf("%s, %v", text, err)
	}
}
