package tagout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// releaseCheck is one check of one agent.
type releaseCheck struct {
	policy   *Policy
	query    ReleaseQuery
	now      time.Time
	standing map[IncidentID][]Hold // on the agent
}

// report looks at every incident that concerns the agent, and at how often its classes came back.
func (c releaseCheck) report(all []*Incident) ReleaseReport {
	r := ReleaseReport{
		Agent: c.query.Agent, Class: c.query.Class, Fixes: c.query.Fixes, At: Moment(c.now),
		Incidents: []ReleaseIncident{}, Recurrences: c.recurrences(all),
	}
	for _, i := range all {
		if !c.concerns(i) {
			continue
		}
		r.Looked++
		problems := c.problems(i)
		if len(problems) == 0 {
			continue
		}
		one := ReleaseIncident{ID: i.ID, Severity: i.HighestSeverity, Class: i.Class, Title: c.shown(i.Title), State: i.State, Problems: problems}
		if i.Private { // not even what is missing
			one = ReleaseIncident{ID: i.ID, Private: true, Problems: []ReleaseProblem{{
				Kind: "private", Text: "It stands against the release. What is missing is told to its people only.",
				Fix: "Somebody who may read it types /tagout status " + i.ID.String() + " in Slack.",
			}}}
		}
		r.Incidents = append(r.Incidents, one)
	}
	r.Pass = len(r.Incidents) == 0 && len(r.Recurrences) == 0
	return r
}

// concerns reports whether an incident counts. What holds the agent always does, whatever its
// class; so does a private incident, since leaving it out would tell its class.
func (c releaseCheck) concerns(i *Incident) bool {
	switch {
	case len(c.standing[i.ID]) > 0:
		return true
	case i.Drill || i.State == StateCancelled:
		return false
	case c.query.Class != "" && i.Class != c.query.Class && !i.Private:
		return false
	}
	back := c.policy.Release.LookBack
	return back <= 0 || !i.State.Ended() || i.At(Detected).After(c.now.Add(-back))
}

// problems are what is missing in one incident.
func (c releaseCheck) problems(i *Incident) []ReleaseProblem {
	var list []ReleaseProblem
	if !slices.Contains(c.query.Fixes, i.ID) {
		list = c.unfinished(i)
	}
	if i.Drill || i.State == StateCancelled {
		return list
	}
	if i.LacksRegressionTest() {
		list = append(list, ReleaseProblem{
			Kind: "no_regression_test", Text: "It names no regression test, so nothing shows that it would be noticed if it came back.",
			Fix:   "In Slack, /tagout action " + i.ID.String() + " adds a corrective action with the test that fails without it.",
			Owner: c.answers(i, RCAFacilitator, IncidentCommander),
		})
	}
	for _, a := range i.OpenActions() {
		if !a.Overdue(c.now) {
			continue
		}
		due := a.Due
		list = append(list, ReleaseProblem{
			Kind: "overdue_action", Action: a.Name(i.ID), Owner: c.person(a.Owner), Due: &due,
			Text: fmt.Sprintf("The corrective action %s is overdue since %s: %s", a.Name(i.ID), day(a.Due), c.shown(a.Title)),
			Fix:  "Do it and press Done, or give it another date: /tagout actions " + i.ID.String() + " in Slack shows its buttons.",
		})
	}
	return list
}

// unfinished tells that the incident still holds the agent, or else that it is open.
func (c releaseCheck) unfinished(i *Incident) []ReleaseProblem {
	owner := c.answers(i, IncidentCommander, RCAFacilitator)
	fixes := " If this release is its fix, say so: --fixes " + i.ID.String() + "."
	if holds := c.standing[i.ID]; len(holds) > 0 {
		scopes := make([]string, len(holds))
		for n, h := range holds {
			scopes[n] = h.String()
		}
		return []ReleaseProblem{{Kind: "held", Text: "It still holds the agent: " + strings.Join(scopes, ", ") + ".", Owner: owner,
			Fix: "In Slack, /tagout resume " + i.ID.String() + " asks those who must sign." + fixes}}
	}
	if i.State.Ended() {
		return nil
	}
	return []ReleaseProblem{{Kind: "open", Text: "It is still open: " + string(i.State) + ".", Owner: owner,
		Fix: "In Slack, /tagout status " + i.ID.String() + " says what is missing to its end." + fixes}}
}

// recurrences are the failure classes that came back too often, in alphabetical order. A class
// that did so only with private incidents is told without its name.
func (c releaseCheck) recurrences(all []*Incident) []ReleaseRecurrence {
	window, allowed := c.policy.Release.Window(), c.policy.Release.Allowed()
	ids, counted := map[string][]IncidentID{}, map[string]int{}
	for _, i := range all {
		if i.Drill || i.State == StateCancelled || i.Scope.Agent != c.query.Agent || !i.At(Detected).After(c.now.Add(-window)) {
			continue
		}
		counted[i.Class]++
		if !i.Private {
			ids[i.Class] = append(ids[i.Class], i.ID)
		}
	}
	list := []ReleaseRecurrence{}
	for _, class := range sortedKeys(counted) {
		one := ReleaseRecurrence{Class: class, Recurrences: len(ids[class]) - 1, Incidents: ids[class]}
		if one.Recurrences <= allowed {
			one = ReleaseRecurrence{Recurrences: counted[class] - 1, Incidents: []IncidentID{}}
		}
		if one.Recurrences <= allowed || c.query.Class != "" && one.Class != "" && one.Class != c.query.Class {
			continue
		}
		one.Allowed, one.WithinHours, one.Owner = allowed, window.Hours(), c.owner()
		one.Text, one.Fix = c.recurrenceText(one, window)
		list = append(list, one)
	}
	return list
}

func (c releaseCheck) recurrenceText(r ReleaseRecurrence, window time.Duration) (text, fix string) {
	class := "A failure class whose incidents are private"
	if r.Class != "" {
		class = c.policy.ClassTitle(r.Class)
	}
	text = fmt.Sprintf("%s came back %s within %s; %d may be.", class, times(r.Recurrences), span(window), r.Allowed)
	return text, "Find out in the reviews what lets it come back, and change that; a release goes out again when fewer of them are that recent, or when release_check.max_recurrences allows more."
}

// answers is who answers for something of the incident: whoever has one of its roles, in this
// order, else the role that owns the agent.
func (c releaseCheck) answers(i *Incident, roles ...string) string {
	for _, role := range roles {
		if who := i.Roles[role]; who != "" {
			return IncidentRoleName(role) + " @" + string(who)
		}
	}
	return c.owner()
}

// owner is the role that owns the agent, with who has it first.
func (c releaseCheck) owner() string {
	a := c.policy.Agents[c.query.Agent]
	if a == nil || a.Owner == "" {
		return ""
	}
	name := c.policy.RoleName(a.Owner)
	if r := c.policy.Roles[a.Owner]; r != nil && len(r.Members) > 0 {
		name += " @" + string(r.Members[0])
	}
	return name
}

// person is somebody with the first role that names them.
func (c releaseCheck) person(id UserID) string {
	for _, key := range sortedKeys(c.policy.Roles) {
		if slices.Contains(c.policy.Roles[key].Members, id) {
			return c.policy.RoleName(key) + " @" + string(id)
		}
	}
	return "@" + string(id)
}

// shown is text of people and alerts as a build's log may show it.
func (c releaseCheck) shown(text string) string {
	return clip(strings.Join(strings.Fields(c.policy.Redaction.Text(text)), " "), 120)
}

func day(at time.Time) string { return at.UTC().Format("2006-01-02") }

// span is a window in words: "90 days", "12 hours".
func span(d time.Duration) string {
	if d >= 48*time.Hour {
		return days(d)
	}
	return Elapsed(d)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return strconv.Itoa(n) + " times"
}

// counted is a number of things: "1 incident", "3 incidents".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
