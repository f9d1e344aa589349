package tagout_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// shelved is a reader of incidents that hands out two at a time.
type shelved struct {
	list []*tagout.Incident
	fail error
}

func (s shelved) Incidents(_ context.Context, q tagout.IncidentQuery) (found []*tagout.Incident, err error) {
	for _, i := range slices.Backward(s.list) {
		agents, _ := i.Concerns()
		if slices.Contains(agents, q.Agent) && (q.Before == 0 || i.ID < q.Before) && len(found) < q.Limit {
			found = append(found, i)
		}
	}
	return found, s.fail
}

func (s shelved) Incident(_ context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	for _, i := range s.list {
		if i.ID == id {
			return i, nil
		}
	}
	return nil, tagout.Errorf(tagout.NotFound, "none")
}

func (s shelved) Holds(context.Context) (holds []tagout.Hold, err error) {
	for _, i := range s.list {
		holds = append(holds, i.ActiveHolds()...)
	}
	return holds, s.fail
}

// learnt is an incident that is over and from which everything was learnt.
func learnt(id tagout.IncidentID, changes ...func(*tagout.Incident)) *tagout.Incident {
	i := &tagout.Incident{
		ID: id, Title: "Complaint  rate", Class: "policy_violation", Scope: tagout.Scope{Agent: "mailer"}, State: tagout.StateClosed, Severity: tagout.Sev2, HighestSeverity: tagout.Sev1,
		Milestones: map[tagout.Milestone]time.Time{tagout.Detected: noon.Add(time.Duration(id)*time.Hour - 200*24*time.Hour)}, Roles: map[string]tagout.UserID{tagout.IncidentCommander: "U0IC"},
		Actions: []tagout.CorrectiveAction{{Number: 1, Title: "ask first", Owner: "U0ENG", Due: noon.Add(-time.Hour), State: tagout.ActionDone, Test: "evals/a.py"}},
	}
	for _, change := range changes {
		change(i)
	}
	return i
}

func holding(scope string) func(*tagout.Incident) {
	return func(i *tagout.Incident) {
		i.State = tagout.StateContained
		i.Holds = []tagout.Hold{{ID: "h", Incident: i.ID, Scope: tagout.MustScope(scope), Mode: tagout.Halted, At: noon}}
	}
}

func untested(i *tagout.Incident) { i.Actions = nil }
func late(i *tagout.Incident)     { i.Actions[0].State = tagout.ActionOpen }
func hidden(i *tagout.Incident)   { i.Private = true }
func recent(i *tagout.Incident) {
	i.Milestones[tagout.Detected] = noon.Add(-time.Duration(i.ID) * time.Hour)
}
func exercise(i *tagout.Incident)   { i.Drill = true }
func falseAlarm(i *tagout.Incident) { i.State = tagout.StateCancelled }

// found is what a report names: "INC-7 held no_regression_test", and classes that come back.
func found(r tagout.ReleaseReport) string {
	var lines []string
	for _, i := range r.Incidents {
		line := i.ID.String()
		for _, p := range i.Problems {
			line += " " + p.Kind
		}
		lines = append(lines, line)
	}
	for _, c := range r.Recurrences {
		lines = append(lines, strings.TrimSpace("again "+c.Class))
	}
	return strings.Join(lines, "; ")
}

func TestAReleaseWaitsForWhatIsMissing(t *testing.T) {
	t.Parallel()
	none := 0
	for name, c := range map[string]struct {
		incidents []*tagout.Incident
		query     tagout.ReleaseQuery
		policy    tagout.ReleasePolicy
		want      string
	}{
		"nothing ever happened":           {},
		"everything was learnt":           {incidents: []*tagout.Incident{learnt(1), learnt(2)}},
		"no test":                         {incidents: []*tagout.Incident{learnt(1, untested), learnt(2)}, want: "INC-1 no_regression_test"},
		"an overdue action":               {incidents: []*tagout.Incident{learnt(1, late)}, want: "INC-1 overdue_action"},
		"still held":                      {incidents: []*tagout.Incident{learnt(1, holding("mailer/email"))}, want: "INC-1 held"},
		"held by one about everything":    {incidents: []*tagout.Incident{learnt(1), learnt(2, holding("*"), func(i *tagout.Incident) { i.Scope = tagout.Scope{} })}, want: "INC-2 held"},
		"another agent is held":           {incidents: []*tagout.Incident{learnt(2, holding("researcher"), func(i *tagout.Incident) { i.Scope.Agent = "researcher" })}},
		"open, and nothing is held":       {incidents: []*tagout.Incident{learnt(1, func(i *tagout.Incident) { i.State = tagout.StateOpen })}, want: "INC-1 open"},
		"its own fix":                     {incidents: []*tagout.Incident{learnt(1, holding("mailer"))}, query: tagout.ReleaseQuery{Fixes: []tagout.IncidentID{1}}},
		"its own fix without a test":      {incidents: []*tagout.Incident{learnt(1, holding("mailer"), untested)}, query: tagout.ReleaseQuery{Fixes: []tagout.IncidentID{1}}, want: "INC-1 no_regression_test"},
		"another's fix":                   {incidents: []*tagout.Incident{learnt(1, holding("mailer")), learnt(2)}, query: tagout.ReleaseQuery{Fixes: []tagout.IncidentID{2}}, want: "INC-1 held"},
		"a false alarm without a test":    {incidents: []*tagout.Incident{learnt(1, falseAlarm, untested)}},
		"a false alarm that still holds":  {incidents: []*tagout.Incident{learnt(1, holding("mailer"), falseAlarm)}, want: "INC-1 held"},
		"a drill":                         {incidents: []*tagout.Incident{learnt(1, exercise, untested)}},
		"a drill that holds the agent":    {incidents: []*tagout.Incident{learnt(1, exercise, untested, holding("mailer/sms"))}, want: "INC-1 held"},
		"of another class":                {incidents: []*tagout.Incident{learnt(1, untested)}, query: tagout.ReleaseQuery{Class: "judgment_error"}},
		"held, of another class":          {incidents: []*tagout.Incident{learnt(1, holding("mailer"))}, query: tagout.ReleaseQuery{Class: "judgment_error"}, want: "INC-1 held"},
		"private, of another class":       {incidents: []*tagout.Incident{learnt(1, untested, hidden)}, query: tagout.ReleaseQuery{Class: "judgment_error"}, want: "INC-1 private"},
		"longer ago than we look":         {incidents: []*tagout.Incident{learnt(1, untested)}, policy: tagout.ReleasePolicy{LookBack: 24 * time.Hour}},
		"open for longer than we look":    {incidents: []*tagout.Incident{learnt(1, holding("mailer"))}, policy: tagout.ReleasePolicy{LookBack: 24 * time.Hour}, want: "INC-1 held"},
		"came back as often as allowed":   {incidents: []*tagout.Incident{learnt(1, recent), learnt(2, recent), learnt(3, recent)}},
		"came back once more":             {incidents: []*tagout.Incident{learnt(1, recent), learnt(2, recent), learnt(3, recent), learnt(4, recent)}, want: "again policy_violation"},
		"came back once, none allowed":    {incidents: []*tagout.Incident{learnt(1, recent), learnt(2, recent)}, policy: tagout.ReleasePolicy{MaxRecurrences: &none}, want: "again policy_violation"},
		"came back longer ago":            {incidents: []*tagout.Incident{learnt(1, recent), learnt(2)}, policy: tagout.ReleasePolicy{MaxRecurrences: &none}},
		"came back as another class":      {incidents: []*tagout.Incident{learnt(1, recent), learnt(2, recent)}, query: tagout.ReleaseQuery{Class: "judgment_error"}, policy: tagout.ReleasePolicy{MaxRecurrences: &none}},
		"came back in private":            {incidents: []*tagout.Incident{learnt(1, recent, hidden), learnt(2, recent)}, policy: tagout.ReleasePolicy{MaxRecurrences: &none}, want: "again"},
		"came back as drill, false alarm": {incidents: []*tagout.Incident{learnt(1, recent, exercise), learnt(2, recent), learnt(3, recent, falseAlarm)}, policy: tagout.ReleasePolicy{MaxRecurrences: &none}},
	} {
		p := &tagout.Policy{Agents: tagout.Registry{"mailer": {Name: "mailer", Owner: "mops"}}, Classes: map[string]*tagout.FailureClass{"policy_violation": {}, "judgment_error": {}}, Release: c.policy}
		c.query.Agent = "Mailer"
		r, err := p.CheckRelease(t.Context(), shelved{list: c.incidents}, c.query, noon)
		if err != nil || found(r) != c.want || r.Pass != (c.want == "") || r.Pass != strings.Contains(r.Sentence(), "may be released") {
			t.Errorf("%s: %q, pass %v, %s, %v; want %q", name, found(r), r.Pass, r.Sentence(), err, c.want)
		}
	}
}

func TestAReleaseReportTellsWhoseItIsAndNothingOfAPrivateIncident(t *testing.T) {
	t.Parallel()
	redaction, err := tagout.NewRedaction(tagout.RedactionPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	p := &tagout.Policy{
		Agents: tagout.Registry{"mailer": {Name: "mailer", Owner: "mops"}}, Classes: map[string]*tagout.FailureClass{"policy_violation": {Title: "Policy violation"}}, Redaction: redaction,
		Roles: map[string]*tagout.Role{"mops": {Key: "mops", Name: "MOPs", Members: []tagout.UserID{"U0MOPS"}}, "engineering": {Key: "engineering", Name: "Engineering", Members: []tagout.UserID{"U0ENG"}}},
	}
	list := []*tagout.Incident{
		learnt(1, holding("mailer/email"), untested, func(i *tagout.Incident) { i.Title = "to ann@example.com\nand others" }),
		learnt(2, late, testless), learnt(3, holding("mailer"), hidden),
	}
	r, err := p.CheckRelease(t.Context(), shelved{list: list}, tagout.ReleaseQuery{Agent: "mailer"}, noon)
	if err != nil || found(r) != "INC-3 private; INC-2 no_regression_test overdue_action; INC-1 held no_regression_test" {
		t.Fatalf("%q, %v", found(r), err)
	}
	if i := r.Incidents[0]; i.Title+i.Class+string(i.Severity)+string(i.State)+i.Problems[0].Owner != "" || !i.Private {
		t.Errorf("of the private incident it tells %+v", i)
	}
	held, missing, late := r.Incidents[2].Problems[0], r.Incidents[2].Problems[1], r.Incidents[1].Problems[1]
	if held.Owner != "Incident commander @U0IC" || !strings.Contains(held.Text, "mailer/email ■ halted") || !strings.Contains(held.Fix, "--fixes INC-1") || !strings.Contains(missing.Fix, "/tagout action INC-1") {
		t.Errorf("held %+v, missing %+v", held, missing)
	}
	if late.Owner != "Engineering @U0ENG" || late.Action != "INC-2/1" || !strings.Contains(late.Text, "since 2") {
		t.Errorf("late %+v", late)
	}
	if title := r.Incidents[2].Title; title != "to ‹e-mail› and others" {
		t.Errorf("the title is %q", title)
	}
}

func testless(i *tagout.Incident) { i.Actions[0].Test = "" }

func TestAReleaseIsNotCheckedForNamesThatNobodyKnows(t *testing.T) {
	t.Parallel()
	p := &tagout.Policy{Agents: tagout.Registry{"mailer": {Name: "mailer"}}, Classes: map[string]*tagout.FailureClass{"judgment_error": {}}}
	gone := learnt(2, func(i *tagout.Incident) { i.Scope.Agent = "older" })
	for name, c := range map[string]struct {
		query tagout.ReleaseQuery
		fail  error
		code  tagout.Code
		says  string
	}{
		"an agent":              {tagout.ReleaseQuery{Agent: "mialer"}, nil, tagout.NotFound, "Did you mean mailer?"},
		"no name":               {tagout.ReleaseQuery{Agent: "two words"}, nil, tagout.Invalid, ""},
		"a class":               {tagout.ReleaseQuery{Agent: "mailer", Class: "no_class"}, nil, tagout.NotFound, "judgment_error"},
		"a fixed incident":      {tagout.ReleaseQuery{Agent: "mailer", Fixes: []tagout.IncidentID{9}}, nil, tagout.NotFound, "INC-9"},
		"of another agent":      {tagout.ReleaseQuery{Agent: "mailer", Fixes: []tagout.IncidentID{2}}, nil, tagout.NotFound, "INC-2"},
		"no database":           {tagout.ReleaseQuery{Agent: "mailer"}, tagout.Errorf(tagout.Unavailable, "away"), tagout.Unavailable, "away"},
		"an agent that is gone": {tagout.ReleaseQuery{Agent: "older"}, nil, "", ""},
		"a class that is gone":  {tagout.ReleaseQuery{Agent: "mailer", Class: "policy_violation"}, nil, "", ""},
	} {
		r, err := p.CheckRelease(t.Context(), shelved{[]*tagout.Incident{learnt(1), gone}, c.fail}, c.query, noon)
		if tagout.CodeOf(err) != c.code || err != nil && (r.Pass || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
