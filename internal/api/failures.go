package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"tagout"
)

// decided is the answer to a failure report: what the agent does now.
type decided struct {
	Incidents   []string `json:"incidents" doc:"The incidents that the report belongs to; empty below a threshold."`
	Decision    string   `json:"decision" enum:"retry,stop" doc:"retry only if the failure class says so, the step is not said to be lasting or not repeatable, no high-risk tool was called, retries remain and nothing holds the scope."`
	RetriesLeft int      `json:"retries_left" doc:"How many retries remain, the one that is allowed now included; 0 for stop."`
	Reason      string   `json:"reason" doc:"Why, in a sentence; for people and logs."`
	Handoff     string   `json:"handoff" doc:"The role that takes over."`
}

// What an agent is told to do after a failure.
const (
	retry = "retry"
	stop  = "stop"
)

// failures takes a failure report and says whether the agent may try again.
func (e *edge) failures(w http.ResponseWriter, r *http.Request) {
	if err := e.admit(r, nil); err != nil {
		e.fail(w, r, err)
		return
	}
	body, err := readJSON(w, r, e.MaxReport)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	at := e.Clock.Now()
	alert, err := e.decodeReport(body, at)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	e.noteVersions(r.Context(), alert.Report)
	folded, err := e.Desk.Accept(r.Context(), []tagout.Alert{alert})
	if err := outcome(folded, err); err != nil {
		e.fail(w, r, err)
		return
	}
	var incident *tagout.Incident
	if len(folded) > 0 {
		incident = folded[0].Incident
	}
	answer := e.decide(alert.Report, incident)
	answer.Incidents = incidentsOf(folded)
	writeJSON(w, http.StatusAccepted, answer)
}

// noteTimeout bounds how long a report waits until its versions are noted.
const noteTimeout = time.Second

// noteVersions remembers what the agent says it ran when it failed, before the report opens
// an incident: whatever rolls back on arrival then knows it. A failure here is only logged.
func (e *edge) noteVersions(ctx context.Context, report *tagout.FailureReport) {
	agent, err := tagout.CanonicalName(report.Agent)
	if err != nil || e.Policy.Agents[agent] == nil {
		return
	}
	components := e.Policy.Agents.ComponentsOf(agent)
	versions := map[string]string{}
	for component, version := range report.Versions {
		if slices.Contains(components, component) && version != "" && len(version) <= maxVersion {
			versions[component] = version
		}
	}
	if len(versions) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	by := tagout.Actor{Kind: tagout.ByAgent, ID: agent}
	if err := e.Desk.SawVersions(ctx, agent, versions, e.ranAt(report), by); err != nil {
		e.Logger.WarnContext(ctx, "the versions in a failure report were not noted", "agent", agent, "error", err)
	}
}

// ranAt is when the agent ran what it reports: when it failed, or else just before it said so,
// so that the incident counts against these versions.
func (e *edge) ranAt(report *tagout.FailureReport) time.Time {
	now := e.Clock.Now()
	if at := report.OccurredAt; !at.IsZero() && at.Before(now) && now.Sub(at) < 24*time.Hour {
		return at
	}
	return now.Add(-time.Second)
}

// decide says what was decided in advance about a failure like this one. Everything that
// is not known speaks for stopping.
func (e *edge) decide(report *tagout.FailureReport, incident *tagout.Incident) decided {
	classes := e.classesOf(report, incident)
	answer := decided{Decision: stop, Handoff: e.handoff(report, classes)}
	used := report.RetryCount
	if incident != nil {
		used = max(used, incident.Retried(report)) // an agent that miscounts does not retry for ever
	}
	left := retriesLeft(classes, used)
	if answer.Reason = e.whyStop(report, classes, left); answer.Reason != "" {
		return answer
	}
	answer.Decision, answer.RetriesLeft, answer.Reason = retry, left, "The failure class allows it, and nothing speaks against it."
	return answer
}

// whyStop says why an agent must not try again; "" if it may.
func (e *edge) whyStop(report *tagout.FailureReport, classes []*tagout.FailureClass, left int) string {
	forbids := func(c *tagout.FailureClass) bool { return !c.Retry }
	name, err := tagout.CanonicalName(report.Agent)
	asked := tagout.Attributes{Channel: report.Channel, Region: report.Region, Tool: report.Tool}
	switch {
	case len(classes) == 0:
		return "The failure class is not known, so nothing allows a retry."
	case slices.ContainsFunc(classes, forbids):
		return "The failure class says stop."
	case left <= 0:
		return "No retry is left."
	case denied(report.Transient):
		return "The step would fail again: it is said not to be transient."
	case denied(report.Idempotent):
		return "The step must not be done twice: it is said not to be idempotent."
	case err != nil || highRisk(e.Policy.Agents[name], report):
		return "A tool of high risk was called, or may have been."
	case !e.Desk.Decide(name, asked).Allowed:
		return "The scope is held."
	}
	return ""
}

// denied reports whether something was said not to be so.
func denied(said *bool) bool { return said != nil && !*said }

// classesOf are the configured classes of the failure: what the report says, and what the
// incident is. Both must allow a retry.
func (e *edge) classesOf(report *tagout.FailureReport, incident *tagout.Incident) []*tagout.FailureClass {
	var classes []*tagout.FailureClass
	if c := e.Policy.Classes[report.Class]; c != nil {
		classes = append(classes, c)
	}
	if incident == nil {
		return classes
	}
	if c := e.Policy.Classes[incident.Class]; c != nil && !slices.Contains(classes, c) {
		classes = append(classes, c)
	}
	return classes
}

// retriesLeft is the fewest retries that any of the classes leaves after count of them.
func retriesLeft(classes []*tagout.FailureClass, count int) int {
	if len(classes) == 0 || count < 0 {
		return 0
	}
	left := classes[0].Retries
	for _, c := range classes {
		if !c.Retry {
			return 0
		}
		left = min(left, c.Retries)
	}
	return left - count
}

// handoff is the role that takes over: that of the class, else the one that the agent asks
// for if there is such a role, else the agent's owner.
func (e *edge) handoff(report *tagout.FailureReport, classes []*tagout.FailureClass) string {
	for _, c := range classes {
		if c.Handoff != "" {
			return c.Handoff
		}
	}
	if e.Policy.Roles[report.Handoff] != nil {
		return report.Handoff
	}
	if name, err := tagout.CanonicalName(report.Agent); err == nil && e.Policy.Agents[name] != nil {
		return e.Policy.Agents[name].Owner
	}
	return ""
}

// highRisk reports whether a tool of high risk was called, or may have been: a tool that
// the agent does not declare, or a risk that is not one, counts as high.
func highRisk(a *tagout.Agent, report *tagout.FailureReport) bool {
	calls := report.ToolsCalled
	if report.Tool != "" {
		calls = append(slices.Clone(calls), tagout.ToolCall{Name: report.Tool})
	}
	return slices.ContainsFunc(calls, func(call tagout.ToolCall) bool {
		name, err := tagout.CanonicalName(call.Name)
		if err != nil || a == nil {
			return true
		}
		declared, ok := a.Tools[name]
		return !ok || !harmless(declared) || call.Risk != "" && !harmless(call.Risk)
	})
}

func harmless(r tagout.Risk) bool { return r == tagout.LowRisk || r == tagout.MediumRisk }
