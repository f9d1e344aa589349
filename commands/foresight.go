package commands

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// maxRule is how many characters of a rule are shown.
const maxRule = 300

// ForesightMessage says what would become of an alert: what it means and by which rule, what
// would be held, who would be paged, what would be due, and who would have to sign.
func ForesightMessage(p *tagout.Policy, f tagout.Foresight) tagout.Message {
	v := f.Verdict
	m := tagout.Message{Title: "What would happen: " + line(p.Redaction.Cut(f.Alert.Name, 80))}
	if f.Alert.Status == tagout.Resolved {
		return m.Para("This is the end of an alert. It lifts nothing and opens nothing; its scope becomes quiet.")
	}
	m = m.Para(append(tagout.T(tagout.Bold(v.Severity.Label()+" "+p.ClassTitle(v.Class)), " on "),
		append(scopeText(v), tagout.T(": "+f.Row.Title+".")...)...))
	m = m.Para(append(tagout.T("Held: "), append(heldText(p, f), tagout.T(".")...)...))
	m = m.Para(ruleText(f.Routing))
	for _, tried := range f.Tried {
		if !tried.Matched {
			m = m.Para("• not "+ruleName(tried)+" ", tagout.Fixed(cutTo(line(tried.When), maxRule)), ": "+tried.Why)
		}
	}
	if f.Raised {
		m = m.Para("The failure report itself asks for more than the rules, so that counts.")
	}
	m = thresholdText(p, m, f.Routing)
	m = silencedText(m, f)
	w := whos{floor: floor{policy: p}}
	m = w.signers(w.steps(m, f.Who), f.Who)
	if due := deadlinesText(f.Row); due != "" {
		m = m.Fact("Due", due)
	}
	return m.Fact("To run again", resumeText(p, f.Row))
}

// thresholdText says how many alerts it takes, and who says so.
func thresholdText(p *tagout.Policy, m tagout.Message, r tagout.Routing) tagout.Message {
	v := r.Verdict
	switch r.ThresholdBy {
	case tagout.ThresholdStops:
		return m.Para("There is a threshold, but not for an agent that must stop: its first report opens the incident, since its work waits for somebody.")
	case tagout.ThresholdGrave:
		return m.Para(p.ClassTitle(v.Class) + " has a threshold, but " + v.Severity.Label() + " never waits for that of a class: the first alert opens the incident.")
	}
	if v.Threshold.Count < 2 {
		return m
	}
	by := ", as its rule says"
	switch r.ThresholdBy {
	case tagout.ThresholdClass:
		by = ", as its class " + p.ClassTitle(v.Class) + " says"
	case tagout.ThresholdRetry:
		by = ", since the class " + p.ClassTitle(v.Class) + " lets the agent try again"
	}
	return m.Para(tagout.Bold(fmt.Sprintf("The incident opens with alert %d within %s", v.Threshold.Count,
		tagout.WindowText(v.Threshold.Within))), by+"; until then this only counts. Then:")
}

// silencedText says what a silence that is in force now would keep quiet.
func silencedText(m tagout.Message, f tagout.Foresight) tagout.Message {
	switch {
	case f.Silence == nil:
		return m
	case f.Counted:
		return m.Para(tagout.Bold("Silenced now"), ", so it would only be counted: ", f.Silence.Text(), ". Without that:")
	}
	return m.Para(tagout.Bold("Silenced now"), ", so the incident would open quietly and page when the silence ends: ", f.Silence.Text(), ".")
}

func ruleName(r tagout.RuleTried) string { return "routes[" + strconv.Itoa(r.Number) + "]" }

// ruleText says which rule matched.
func ruleText(r tagout.Routing) tagout.Text {
	for _, tried := range r.Tried {
		if tried.Matched {
			return tagout.T(tagout.Bold("Rule "+ruleName(tried)), " ", tagout.Fixed(cutTo(line(tried.When), maxRule)), " ("+tried.Place+") matched.")
		}
	}
	return tagout.T(tagout.Bold("No rule matched"), ", so it is "+r.Verdict.Severity.Label()+".")
}

// heldText is the containment.
func heldText(p *tagout.Policy, f tagout.Foresight) tagout.Text {
	if f.Verdict.NoAgent {
		return tagout.T("nothing, since no label names an agent; the incident asks which")
	}
	var t tagout.Text
	for n, h := range f.Holds {
		if n > 0 {
			t = append(t, tagout.T(", ")...)
		}
		t = append(t, tagout.T(tagout.Fixed(h.Scope.String()), " ", h.Mode)...)
		if !h.Cap.IsZero() {
			t = append(t, tagout.T(" at "+h.Cap.String())...)
		}
	}
	if len(f.Holds) == 0 {
		t = tagout.T("nothing")
	}
	if f.Rollback {
		t = append(t, tagout.T("; the agent goes back to its last known good versions")...)
	}
	if f.Row.Pin {
		t = append(t, tagout.T("; no version changes while it is open")...)
	}
	if name := f.Verdict.Scope.Agent; name != "" && p.Agents[name] == nil {
		t = append(t, tagout.T("; "+name+" is not declared in the configuration, and is held by this name")...)
	}
	return t
}

// deadlinesText lists the deadlines.
func deadlinesText(row *tagout.SeverityPolicy) string {
	var words []string
	add := func(what string, d time.Duration) {
		if d > 0 {
			words = append(words, what+" within "+tagout.WindowText(d))
		}
	}
	add("contain", row.Deadlines.Contain)
	add("acknowledge", row.Deadlines.Acknowledge)
	add("inform", row.Deadlines.Inform)
	for _, t := range row.Tell {
		add("inform "+t.Title, t.Within)
	}
	add("review", row.Deadlines.Review)
	for _, c := range row.Clocks {
		add(c.Name, c.Due)
	}
	return strings.Join(words, ", ")
}

// resumeText is what the severity asks for before the agent may run again.
func resumeText(p *tagout.Policy, row *tagout.SeverityPolicy) string {
	text := "signed by " + p.RuleText(row.Resume.Rule)
	if len(row.Resume.Require) > 0 {
		var labels []string
		for _, key := range row.Resume.Require {
			labels = append(labels, strings.ToLower(tagout.DeliverableLabels[key]))
		}
		text += ", with " + strings.Join(labels, ", ")
	}
	if row.Resume.Monitor > 0 {
		text += ", after " + tagout.WindowText(row.Resume.Monitor) + " without an alert"
	}
	return text
}
