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

// fromAgents is the name of the source of failure reports.
const fromAgents = "failures"

// failures takes a failure report and says whether the agent may try again.
func (e *edge) failures(w http.ResponseWriter, r *http.Request) {
	if err := e.admit(r, nil); err != nil {
		e.refuse(w, r, fromAgents, err)
		return
	}
	body, err := readJSON(w, r, e.MaxReport)
	if err != nil {
		e.refuse(w, r, fromAgents, err)
		return
	}
	at := e.Clock.Now()
	alert, err := e.decodeReport(body, at)
	if err != nil {
		e.refuse(w, r, fromAgents, err)
		return
	}
	e.noteVersions(r.Context(), alert.Report)
	folded, err := e.Desk.Accept(r.Context(), []tagout.Alert{alert})
	if err := outcome(folded, err); err != nil {
		e.refuse(w, r, fromAgents, err)
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

// decide says what was decided in advance about a failure like this one.
func (e *edge) decide(report *tagout.FailureReport, incident *tagout.Incident) decided {
	class, failed := "", 0
	if incident != nil {
		class, failed = incident.Class, incident.Retried(report)
	}
	answer := decided{Decision: stop, Handoff: e.Policy.HandsTo(report, class)}
	left, whyStop := e.Policy.Retry(report, class, failed)
	if whyStop == "" && e.holds(report) {
		whyStop = "The scope is held."
	}
	if answer.Reason = whyStop; whyStop != "" {
		return answer
	}
	answer.Decision, answer.RetriesLeft, answer.Reason = retry, left, "The failure class allows it, and nothing speaks against it."
	return answer
}

// holds reports whether anything keeps the agent from trying again where it failed.
func (e *edge) holds(report *tagout.FailureReport) bool {
	name, err := tagout.CanonicalName(report.Agent)
	return err != nil || !e.Desk.Decide(name, tagout.Attributes{Channel: report.Channel, Region: report.Region, Tool: report.Tool}).Allowed
}
