package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// demanding is an incident whose request must hold these deliverables.
func demanding(require ...string) *tagout.Incident {
	i := askedFor()
	i.HighestSeverity, i.Require = "sev9", require // no row of its own
	return i
}

func everything() map[string]string {
	return map[string]string{
		"impact_people": "212", "impact_outputs": "1,340", "cause": "a template", "verified": "replayed", "verified_against": "the template",
		"remediation": "side_effects,records,people,journeys", "review_scheduled": "2099-11-24T10:00:00Z", "versions": "model=m1, prompt v43",
	}
}

func TestTheResumeFormShowsAllThatCanBeRequired(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = demanding("cause", "control_changes", "verified", "review_scheduled", "fix", "alerting", "impact", "remediation")
	reply, err := b.pressed(t, ic, "resume", "INC-7")
	golden(t, "testdata/resume form.txt", shown(must(t, reply, err)))
}

func TestEachMissingPartOfARequestIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		key    string
		says   string
	}{
		"people":              {map[string]string{"impact_people": ""}, "impact_people", "How many people"},
		"people in words":     {map[string]string{"impact_people": "many"}, "impact_people", "as a number"},
		"less than none":      {map[string]string{"impact_outputs": "-3"}, "impact_outputs", "How many outputs"},
		"cause":               {map[string]string{"cause": " "}, "cause", "Documented cause: required"},
		"against which cause": {map[string]string{"verified_against": ""}, "verified_against", "against which cause: required"},
		"an item unexplained": {map[string]string{"remediation": "side_effects,records,people"}, "remediation_why", "Key journeys were confirmed: tick it, or explain"},
		"no review":           {map[string]string{"review_scheduled": ""}, "review_scheduled", "required"},
		"review some day":     {map[string]string{"review_scheduled": "Monday"}, "review_scheduled", "a date and a time"},
		"review in the past":  {map[string]string{"review_scheduled": "2020-01-01T10:00:00Z"}, "review_scheduled", "a time to come"},
		"version":             {map[string]string{"versions": "v42"}, "versions", `"v42" was not understood`},
		"component":           {map[string]string{"versions": "colour red"}, "versions", "was not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.incidents[7] = demanding("impact", "cause", "verified", "remediation", "review_scheduled")
			values := everything()
			for key, value := range c.change {
				values[key] = value
			}
			reply, err := b.sent(t, ic, "resume", "INC-7", values)
			problems := must(t, reply, err).Outcome.Problems
			if len(problems) != 1 || problems[0].Key != c.key || !strings.Contains(problems[0].Message, c.says) || len(b.drafts) > 0 {
				t.Errorf("problems %v, drafts %v", problems, b.drafts)
			}
			if b.kept.Person != ic.ID || b.kept.Values["impact_people"] != values["impact_people"] || b.kept.Values["versions"] != values["versions"] {
				t.Errorf("kept as a draft: %+v", b.kept)
			}
		})
	}
}

func TestACompleteRequestHoldsWhatWasFilledIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = demanding("impact", "cause", "verified", "remediation", "review_scheduled")
	values := everything()
	values["remediation"], values["remediation_why"] = "side_effects,people,journeys", "The records are in a vendor's hands."
	reply, err := b.sent(t, ic, "resume", "INC-7", values)
	must(t, reply, err)
	d := b.drafts[0]
	for key, want := range map[string]string{
		"impact": "People affected: 212. Outputs affected: 1340.", "cause": "a template", "verified_against": "the template",
		"review_scheduled": "2099-11-24 10:00 UTC",
		"remediation":      "Done: Data side effects were checked; Impacted people are listed; Key journeys were confirmed.\nNot done: Wrong records were corrected. Why: The records are in a vendor's hands.",
	} {
		if d.Deliverables[key] != want {
			t.Errorf("%s is %q, want %q", key, d.Deliverables[key], want)
		}
	}
	if tagout.Pairs(d.Versions) != "model m1, prompt v43" {
		t.Errorf("versions %v", d.Versions)
	}
	if !b.kept.IsZero() {
		t.Errorf("what was sent is still a draft: %+v", b.kept)
	}
}

func TestThatThereWereNoLogsIsARootCauseWithAnAction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = demanding("cause")
	reply, err := b.sent(t, ic, "resume", "INC-7", map[string]string{"no_logs": "yes", "cause": "It sent at night."})
	must(t, reply, err)
	d := b.drafts[0].Deliverables
	if d["cause"] != "Root cause: the logs needed to investigate did not exist. It sent at night." || !strings.Contains(d["corrective_action"], "keep the logs that were missing") {
		t.Errorf("recorded %v", d)
	}
}

func TestTheFormComesBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = demanding("cause", "remediation")
	b.kept = tagout.FormDraft{Incident: 7, Form: "resume", Person: ic.ID, At: t0.Add(-time.Hour), Values: map[string]string{
		"cause": "half a sent", "remediation": "people,journeys", "scope": "mailer/email", "target": "review"}}
	reply, err := b.pressed(t, ic, "resume", "INC-7")
	form := must(t, reply, err).Form
	if got := form.Intro[len(form.Intro)-1].String(); !strings.Contains(got, "what @U0IC typed at "+t0.Add(-time.Hour).Format("2006-01-02 15:04")) {
		t.Errorf("the form says %s", got)
	}
	values := map[string]string{}
	for _, f := range form.Fields {
		values[f.Key] = f.Value
	}
	if values["cause"] != "half a sent" || values["remediation"] != "people,journeys" || values["scope"] != "mailer/email" || values["target"] != "review" {
		t.Errorf("filled with %v", values)
	}
}
