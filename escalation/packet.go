package escalation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tagout"
)

// How much of a report its message shows; the rest is in the file.
const (
	packetText     = 900 // characters of a paragraph
	packetFact     = 300 // of a fact
	packetLine     = 150 // of what a tool was given, or answered
	packetTools    = 12
	packetAffected = 8
	packetEvidence = 10
)

// Packet is a failure report as the people who take over read it, and the whole of it as a
// file, both masked. It returns NotFound if the incident has no such report.
func (d *Desk) Packet(ctx context.Context, id tagout.IncidentID, alert string) (tagout.Packet, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return tagout.Packet{}, err
	}
	in, err := d.store.AlertOf(ctx, id, alert)
	if err != nil {
		return tagout.Packet{}, err
	}
	if in.Alert.Report == nil {
		return tagout.Packet{}, tagout.Errorf(tagout.NotFound, "%s has no failure report of this ID.", id)
	}
	w := packetWriter{desk: d, incident: i, in: in, report: in.Alert.Report, mask: d.policy.Redaction}
	raw := in.Alert.Raw
	file, err := w.mask.JSON(raw)
	if err != nil { // it was taken by another way than as a document
		if raw, err = json.Marshal(w.report); err != nil {
			return tagout.Packet{}, tagout.Errorf(tagout.Internal, "A failure report cannot be written: %w", err)
		}
		if file, err = w.mask.JSON(raw); err != nil {
			return tagout.Packet{}, err
		}
	}
	sum := sha256.Sum256(in.Alert.Raw)
	p := tagout.Packet{Message: w.message(), File: file, Name: id.String() + "-report-" + in.ID[:min(8, len(in.ID))] + ".json"}
	p.Comment = tagout.T("The whole failure report", w.run(), ". What must not stand in Slack is masked; as it came it is kept as evidence: ",
		tagout.Typed("evidence "+id.String()), ". SHA-256 of what came: ", tagout.Fixed(hex.EncodeToString(sum[:])))
	return p, nil
}

// packetWriter writes one report.
type packetWriter struct {
	desk     *Desk
	incident *tagout.Incident
	in       tagout.Incoming
	report   *tagout.FailureReport
	mask     *tagout.Redaction
}

// cut is foreign text masked and then cut, so that nothing that is to be masked is cut in
// half and shows.
func (w packetWriter) cut(text string, n int) string {
	runes := []rune(w.mask.Text(strings.TrimSpace(text)))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n]) + " … (all of it in the file)"
}

// run names the run, if the report does.
func (w packetWriter) run() string {
	if w.report.RunID == "" {
		return ""
	}
	return " of run " + w.cut(w.report.RunID, 80)
}

// message puts first what somebody needs who comes in at night: what was to be done, what
// failed, and what to do next.
func (w packetWriter) message() tagout.Message {
	f := w.report
	m := tagout.Message{Title: "Handoff from " + w.cut(f.Agent, 60), Tone: tagout.ToneWarning}
	say := func(label, text string) {
		if text != "" {
			m = m.Para(tagout.Bold(label+": "), w.cut(text, packetText))
		}
	}
	say("Task", f.Task)
	say("What failed", f.Summary)
	say("Error", f.Error)
	say("Likely next action", f.NextAction)
	if f.Implies != "" {
		m = m.Para(tagout.Bold("It implies: "), impliedText([]string{f.Implies}), ". Nothing of that was done by this report.")
	}
	if len(f.Unread) > 0 {
		m = m.Para(tagout.Bold("Could not be read: "), strings.Join(f.Unread, ", "), ". It is in the file as the agent sent it.")
	}
	m = w.facts(m)
	m.Lines = append(w.tools(), w.evidence()...)
	m.Footer = tagout.T("Words of the agent, shown as text. What must not stand in Slack is masked. The whole report as a file: below. As it came: ", tagout.Typed("evidence "+w.incident.ID.String()))
	if w.incident.Room.Channel == "" {
		m.Footer = tagout.T("Words of the agent, shown as text. What must not stand in Slack is masked. The whole report: ", tagout.Typed("evidence "+w.incident.ID.String()))
	}
	return m
}

// facts are what else the report says, as far as it does.
func (w packetWriter) facts(m tagout.Message) tagout.Message {
	f, p := w.report, w.desk.policy
	add := func(label, text string) {
		if text != "" {
			m = m.Fact(label, w.cut(text, packetFact))
		}
	}
	add("Takes over", w.takesOver())
	add("Class", p.ClassTitle(w.in.Verdict.Class)+after(", ", f.ReasonCode)+w.classSaid())
	add("Scope", w.in.Verdict.Scope.String())
	add("Retries", w.retries())
	add("Approval", f.ApprovalState)
	if f.Model != nil {
		add("Model", strings.TrimSpace(f.Model.Provider+" "+f.Model.Name+" "+f.Model.Version))
	}
	add("Versions", tagout.Pairs(f.Versions))
	add("Workflow", f.Workflow)
	add("Run", strings.TrimSpace(f.RunID+after(" · correlation ", f.CorrelationID)))
	if f.CustomersAffected > 0 {
		add("Customers affected", strconv.Itoa(f.CustomersAffected))
	}
	add("Affected", w.affected())
	if !f.OccurredAt.IsZero() {
		m = m.Fact("Happened", f.OccurredAt)
	}
	return m
}

// classSaid is what the agent took it for, if the rules took it for something else.
func (w packetWriter) classSaid() string {
	said := w.report.Class
	if said == "" || said == w.in.Verdict.Class {
		return ""
	}
	return " (the agent says " + w.desk.policy.ClassTitle(said) + ")"
}

// takesOver is the role that gets it, and whom the agent asked for.
func (w packetWriter) takesOver() string {
	p, wished := w.desk.policy, w.report.Handoff
	if c := p.Classes[w.in.Verdict.Class]; c != nil && c.Handoff != "" {
		if wished != "" && wished != c.Handoff {
			return p.RoleName(c.Handoff) + " (the agent asked for " + p.RoleName(wished) + ")"
		}
		return p.RoleName(c.Handoff)
	}
	return p.RoleName(wished)
}

func (w packetWriter) retries() string {
	text := strconv.Itoa(w.report.RetryCount) + " so far"
	if c := w.desk.policy.Classes[w.in.Verdict.Class]; c != nil && c.Retry {
		return text + ", the class allows " + strconv.Itoa(c.Retries)
	}
	return text + ", the class allows none"
}

func (w packetWriter) affected() string {
	var list []string
	for _, a := range w.report.Affected {
		list = append(list, strings.TrimSpace(a.Type+" "+a.ID))
	}
	if more := len(list) - packetAffected; more > 0 {
		return strings.Join(list[:packetAffected], ", ") + fmt.Sprintf(", … %d more in the file", more)
	}
	return strings.Join(list, ", ")
}

// tools are the tools that were called, in order, each with its risk.
func (w packetWriter) tools() []string {
	calls := w.report.ToolsCalled
	if len(calls) == 0 {
		return nil
	}
	lines := []string{"Tools called, in order:"}
	for n, call := range calls[:min(packetTools, len(calls))] {
		line := fmt.Sprintf("%2d  %-20s %s", n+1, w.cut(call.Name, 60), w.risk(call))
		if given := w.document(call.Arguments); given != "" {
			line += "  " + given
		}
		if result := w.document(call.Result); result != "" {
			line += "  → " + result
		}
		lines = append(lines, line)
	}
	if more := len(calls) - packetTools; more > 0 {
		lines = append(lines, fmt.Sprintf("… %d more in the file", more))
	}
	return lines
}

// risk is that of the registry; what the agent says counts where it is worse, or where the
// tool is not declared.
func (w packetWriter) risk(call tagout.ToolCall) string {
	said := w.cut(string(call.Risk), 20)
	name, err := tagout.CanonicalName(call.Name)
	agent, _ := tagout.CanonicalName(w.report.Agent)
	if a := w.desk.policy.Agents[agent]; a != nil && err == nil {
		if declared, ok := a.Tools[name]; ok {
			if said != "" && said != string(declared) {
				return string(declared) + " (the agent says " + said + ")"
			}
			return string(declared)
		}
	}
	if said != "" {
		return "not declared (the agent says " + said + ")"
	}
	return "not declared"
}

// document is a piece of JSON on one line.
func (w packetWriter) document(raw json.RawMessage) string {
	masked, err := w.mask.JSON(raw)
	if err != nil {
		return ""
	}
	return w.cut(strings.Join(strings.Fields(string(masked)), " "), packetLine)
}

// evidence is what the agent points to. Its addresses are shown as text: they are the agent's.
func (w packetWriter) evidence() []string {
	all := w.report.Evidence
	if len(all) == 0 {
		return nil
	}
	lines := []string{"Evidence:"}
	for _, e := range all[:min(packetEvidence, len(all))] {
		line := w.cut(e.Name, 80)
		switch {
		case e.URL != "":
			line += ": " + w.cut(e.URL, 500)
		case e.Text != "":
			line += ": " + w.cut(strings.Join(strings.Fields(e.Text), " "), packetLine)
		}
		lines = append(lines, line)
	}
	if more := len(all) - packetEvidence; more > 0 {
		lines = append(lines, fmt.Sprintf("… %d more in the file", more))
	}
	return lines
}

// withWished adds the role that a report asks for, where its class names none.
func (d *Desk) withWished(roles []string, in tagout.Incoming) []string {
	f, c := in.Alert.Report, d.policy.Classes[in.Verdict.Class]
	if f == nil || d.policy.Roles[f.Handoff] == nil || c != nil && c.Handoff != "" || slices.Contains(roles, f.Handoff) {
		return roles
	}
	return append(roles, f.Handoff)
}

// handingTo is the page to whoever takes over from the class of a report, where its incident
// is of another class, or is kept quiet although the agent has stopped by itself: its work waits
// for somebody. nil: they are paged already, or need not be.
func (d *Desk) handingTo(i *tagout.Incident, in tagout.Incoming) *tagout.PageRound {
	f, quiet := in.Alert.Report, i.Hush != nil && in.Silence != nil // else it pages from here on
	if f == nil || in.Verdict.Class == i.Class && !quiet {
		return nil
	}
	role := ""
	if c := d.policy.Classes[in.Verdict.Class]; c != nil {
		role = c.Handoff
	}
	paged := slices.Contains(d.pageRoles(d.policy.SeverityPolicy(i.Severity), i.Class), role)
	if quiet { // as the agent is told
		role, paged = d.policy.HandsTo(f, in.Verdict.Class), !d.policy.MustStop(f, in.Verdict.Class)
	}
	if role == "" || paged {
		return nil
	}
	return &tagout.PageRound{Key: "handoff:" + role, Roles: []string{role}, Rung: true, Even: true,
		Why: "an agent hands over to " + d.policy.RoleName(role) + ": " + d.policy.ClassTitle(in.Verdict.Class)}
}
