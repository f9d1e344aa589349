package commands

import (
	"context"
	"strings"

	"tagout"
)

// ofIncident tells how one incident stands.
func (s statuses) ofIncident(ctx context.Context, id tagout.IncidentID) (tagout.Reply, error) {
	i, err := s.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := s.gate(tagout.Message{Title: i.ID.String() + " " + i.Severity.Label() + " " + string(i.State)})
	outcome := tagout.Outcome{Incident: id, Holds: i.ActiveHolds()}
	if i.Private {
		m = m.Para("It is private: only its people read about it.")
	}
	if h := i.Hush; h != nil && !i.State.Ended() {
		m = m.Para(tagout.Bold("Silenced"), " until ", h.Until, " (", tagout.Bold(h.Silence.String()), "): nobody is paged for it until then.")
	}
	m = m.Para(tagout.Bold(i.Title))
	if i.Summary != "" && i.Summary != i.Title {
		m = m.Para(s.policy.Redaction.Cut(prose(i.Summary), 600))
	}
	m = m.Fact("Scope", i.ScopeText()).Fact("Class", s.policy.ClassTitle(i.Class))
	m = m.Fact("Detected", i.When(tagout.Detected))
	if i.At(tagout.Acknowledged).IsZero() {
		m = m.Fact("Acknowledged", tagout.Bold("by nobody yet"))
	} else {
		m = m.Fact("Acknowledged", i.LastAnswered(), " by ", i.AcknowledgedBy.Text())
		if !i.Lapsed.IsZero() {
			m = m.Fact("Attention", tagout.Bold("run out"), " at ", i.Lapsed, ": nothing had happened for too long, paging goes on")
		}
	}
	m = corrections(s.policy.Redaction, m, i).Fact("Held", heldBy(i))
	m = s.alerts(m, i)
	m = progressOf(i, tagout.Everything, strictestOf(i)).facts(m)
	if p := i.Staging; p.Standing() && !i.State.Ended() {
		m = m.Fact("Resumption", p.Current(), ", see ", tagout.Typed("stage "+i.ID.String()))
	}
	m = s.request(m, i)
	if r := i.Rollback; r != nil {
		m = m.Fact("Rollback", rollbackState(r))
	}
	for _, d := range i.Deadlines() {
		m = m.Fact("Due: "+d.Name, dueText(d, s.clock.Now()))
	}
	if i.Room.Channel != "" {
		m = m.Fact("Channel", tagout.ChannelLink(i.Room.Channel))
	}
	if i.Review != nil {
		m = m.Fact("Review", string(i.ReviewState()), ", see ", tagout.Typed("review "+i.ID.String()))
	}
	m.Buttons = s.incidentButtons(i)
	return tagout.Reply{Message: s.gateFooter(m), Outcome: outcome}, nil
}

func strictestOf(i *tagout.Incident) tagout.Mode {
	mode := tagout.Running
	for _, h := range i.ActiveHolds() {
		if h.Mode.Stricter(mode) {
			mode = h.Mode
		}
	}
	return mode
}

func (s statuses) alerts(m tagout.Message, i *tagout.Incident) tagout.Message {
	a := i.Alerts
	if a.Distinct == 0 {
		return m
	}
	text := count(i.AlertCount(), "alert")
	if a.Repeats > 0 {
		text += ", " + count(a.Repeats, "repeat")
	}
	if a.Firing > 0 {
		text += ", " + count(a.Firing, "alert") + " firing now"
	}
	return m.Fact("Alerts", text)
}

// request tells what became of the newest resume request, and who has to sign.
func (s statuses) request(m tagout.Message, i *tagout.Incident) tagout.Message {
	r := i.Request
	if r == nil || r.State != tagout.RequestPending {
		if len(i.ActiveHolds()) > 0 && !i.Drill { // which ends by itself
			m = m.Fact("To resume", "GO of ", s.policy.RuleText(i.Rule), " on a request made with ", tagout.Typed("resume "+i.ID.String()))
		}
		if r != nil && len(i.ActiveHolds()) > 0 {
			m = m.Fact("Last request", string(r.State)+strings.TrimRight(": "+r.Reason, ": "))
		}
		return m
	}
	return m.Fact("Resume asked", tagout.Fixed(r.Scope.String()), " to ", r.Target, " by ", r.By.Actor().Text()).
		Fact("Still needs", "GO of ", s.policy.RuleText(r.Missing()), " before ", r.Expires)
}

func rollbackState(r *tagout.Rollback) string {
	if len(r.Components) == 0 {
		return r.Agent + " failed: " + line(r.Failure)
	}
	parts := make([]string, len(r.Components))
	for n, c := range r.Components {
		parts[n] = r.Agent + " " + c.Change() + ": " + line(c.Progress())
	}
	return strings.Join(parts, "\n")
}

func (s statuses) incidentButtons(i *tagout.Incident) []tagout.Button {
	buttons := stopButtons(i)
	if i.State.Ended() {
		return buttons
	}
	buttons = append(buttons, tagout.Button{Action: "kill", Label: "Stop more", Value: i.ID.String(), Tone: tagout.ToneDanger})
	if len(i.ActiveHolds())+len(i.Pins) > 0 {
		buttons = append(buttons, tagout.Button{Action: "resume", Label: "Request resume", Value: i.ID.String()})
	}
	if r := i.Rollback; r != nil && !r.FailedAt.IsZero() {
		buttons = append(buttons, i.RetryButton())
	}
	return buttons
}
