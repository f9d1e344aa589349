package escalation

import (
	"context"
	"fmt"
	"slices"

	"tagout"
)

const (
	shownAlerts = 4
	shownText   = 450 // characters of a deliverable; all of it stands in the thread
)

// Decision is the message that signers read and press, or what became of the request: all
// that they need, on one screen.
func (d *Desk) Decision(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	r := i.Request
	if r == nil {
		return tagout.Message{}, tagout.Errorf(tagout.NotFound, "%s has no resume request.", id)
	}
	m := tagout.Message{Title: "Resume " + r.Scope.String() + "? " + i.ID.String() + " " + r.Severity.Label(), Tone: tagout.ToneWarning}
	m = m.Para(tagout.Mention(r.By.ID), " asks to lift ", counted(len(r.Holds), "hold"), " of ", i.ID.String()+" ("+cutMasked(d.policy.Redaction, i.Title, 150)+"): ", tagout.Fixed(r.Scope.String()), " goes to ", r.Target, ".")
	if r.FalseAlarm != "" {
		m = m.Para(tagout.Bold("It is called a false alarm: "), cutMasked(d.policy.Redaction, r.FalseAlarm, shownText), " Once nothing of "+i.ID.String()+" is held any more it is cancelled: no review is owed, and its clocks end.")
	}
	for _, key := range tagout.Deliverables() {
		if text := r.Deliverables[key]; text != "" {
			m = m.Para(tagout.Bold(tagout.DeliverableLabels[key]+": "), cutMasked(d.policy.Redaction, text, shownText))
		}
	}
	m = m.Fact("Needs GO of", d.policy.RuleText(r.Rule)).Fact("Signed", voted(d.policy, r.Signoffs))
	if r.State == tagout.RequestPending {
		m = m.Fact("Still needed", d.stillNeeded(ctx, r))
	}
	m = m.Fact("Cannot sign", append(cannotSign(d.policy.Redaction, r), d.strangersText(ctx, i)...))
	for _, nobody := range d.Unsigned(ctx, i) {
		m.Tone = tagout.ToneDanger
		m = m.Para(nobody)
	}
	m = d.situation(ctx, m, i, r)
	m = questions(d.policy.Redaction, m, r)
	m = m.Fact("Expires", r.Deadline())
	m.Footer = tagout.T("What you sign: ", tagout.Fixed(short(r.Digest)))
	return d.verdict(m, i, r), nil
}

// situation adds what is known of the agent and its alerts beside the request.
func (d *Desk) situation(ctx context.Context, m tagout.Message, i *tagout.Incident, r *tagout.ResumeRequest) tagout.Message {
	if r.Deliverables["impact"] == "" {
		m = m.Fact("Impact", "not stated")
	}
	m = m.Fact("Held now", holdsText(i)).Fact("Detected", i.At(tagout.Detected))
	m = d.kindFacts(ctx, m, i)
	m = m.Fact("Recent alerts", d.alertsOn(ctx, i, r))
	if r.Monitor > 0 {
		m = m.Fact("Quiet window", d.window(ctx, i, r))
	}
	if len(r.Versions) > 0 {
		m = m.Fact("Versions to run", tagout.Pairs(r.Versions))
	}
	if len(r.Stages) > 0 {
		m = m.Fact("In stages", planText(r))
	}
	return m.Fact("Rollback", d.rollbackTarget(ctx, i)).Fact("Drill", d.DrillRecord(ctx, i.Scope.Agent))
}

// stillNeeded lists the sign-offs that are missing, with the people who can give them.
func (d *Desk) stillNeeded(ctx context.Context, r *tagout.ResumeRequest) tagout.Text {
	missing := r.Missing()
	if len(missing) == 0 {
		return tagout.T("nothing")
	}
	var t tagout.Text
	for n, s := range d.signers(ctx, missing) {
		if n > 0 {
			t = append(t, tagout.T("\n")...)
		}
		if missing[n].InTurn && n > 0 {
			t = append(t, tagout.T("then ")...)
		}
		t = append(t, tagout.T(d.policy.RuleText(tagout.SignoffRule{{AnyOf: missing[n].AnyOf, Count: missing[n].Count}})+": ")...)
		able := slices.DeleteFunc(s.People, func(id tagout.UserID) bool {
			signs, err := d.signs(ctx, r, id)
			return err == nil && !signs && (n == 0 || !missing[n].InTurn)
		})
		for k, id := range able[:min(6, len(able))] {
			if k > 0 {
				t = append(t, tagout.T(", ")...)
			}
			t = append(t, tagout.T(tagout.Mention(id))...)
			if g := slices.IndexFunc(s.Delegations, func(g tagout.Delegation) bool { return g.To == id }); g >= 0 {
				t = append(t, tagout.T(" (delegated by ", tagout.Mention(s.Delegations[g].By), " until ", s.Delegations[g].Until, ")")...)
			}
		}
		switch {
		case len(s.Unknown) > 0:
			t = append(t, tagout.T(" and whoever is in a group that cannot be read now")...)
		case len(able) == 0:
			t = append(t, tagout.T(tagout.Bold("nobody"))...)
		case len(able) > 6:
			t = append(t, tagout.T(fmt.Sprintf(" and %d more", len(able)-6))...)
		}
	}
	return t
}

// alertsOn tells of the newest alerts of the incident, and of those that fire on the scope.
func (d *Desk) alertsOn(ctx context.Context, i *tagout.Incident, r *tagout.ResumeRequest) tagout.Text {
	t := tagout.T(alertsText(i))
	if quiet, err := d.store.QuietOn(ctx, r.Scope, i.At(tagout.Detected)); err == nil && quiet.Firing > 0 {
		t = append(t, tagout.T("; ", tagout.Bold(fmt.Sprintf("%d firing on the scope", quiet.Firing)))...)
	}
	alerts, err := d.store.Alerts(ctx, i.ID, shownAlerts)
	if err != nil {
		return append(t, tagout.T("; they could not be read")...)
	}
	for _, in := range alerts {
		word := "came"
		if in.Alert.Status != "" {
			word = string(in.Alert.Status)
		}
		t = append(t, tagout.T("\n"+cutMasked(d.policy.Redaction, in.Alert.Name, 80)+" "+word+" at ", in.At)...)
	}
	return t
}

// window tells when the scope will have been quiet for long enough.
func (d *Desk) window(ctx context.Context, i *tagout.Incident, r *tagout.ResumeRequest) tagout.Text {
	t := tagout.T(tagout.Elapsed(r.Monitor) + " without an alert before GO counts: ")
	quiet, err := d.store.QuietOn(ctx, r.Scope, i.At(tagout.Detected).Add(-r.Monitor))
	until := quiet.LastAt.Add(r.Monitor)
	switch {
	case err != nil:
		return append(t, tagout.T("the alerts could not be read")...)
	case quiet.Firing > 0:
		return append(t, tagout.T(tagout.Bold("not begun"), ", "+counted(quiet.Firing, "alert")+" firing")...)
	case quiet.LastAt.IsZero():
		return append(t, tagout.T("over, no alert came")...)
	case d.clock.Now().Before(until):
		return append(t, tagout.T("ends at ", until)...)
	}
	return append(t, tagout.T("over since ", until)...)
}

// rollbackTarget tells what the agent runs, and where it would go back to.
func (d *Desk) rollbackTarget(ctx context.Context, i *tagout.Incident) tagout.Text {
	if rb := i.Rollback; rb != nil {
		return rollbackText(rb)
	}
	if d.policy.Agents[i.Scope.Agent] == nil {
		return tagout.T("none done; no single agent")
	}
	known, err := d.AgentVersions(ctx, i.Scope.Agent)
	if err != nil {
		return tagout.T("none done; the versions could not be read")
	}
	t := tagout.T("none done")
	for _, c := range known.Components {
		if c.Current == "" {
			continue // nobody has reported it
		}
		t = append(t, tagout.T("\n"+c.Component+" "+cutMasked(d.policy.Redaction, c.Current, 60))...)
		if back, _ := c.Back(); back != "" {
			t = append(t, tagout.T(", back would be "+cutMasked(d.policy.Redaction, back, 60))...)
		}
	}
	return t
}

// questions shows what is asked, open ones first.
func questions(mask *tagout.Redaction, m tagout.Message, r *tagout.ResumeRequest) tagout.Message {
	open, answered := 0, 0
	for _, q := range r.Questions {
		if !q.Open() {
			answered++
			continue
		}
		if open++; open <= 3 {
			m = m.Para(tagout.Bold("Open question"), " of ", tagout.Mention(q.By), ": ", cutMasked(mask, q.Text, 300))
		}
	}
	if open+answered > 0 {
		t := tagout.T(fmt.Sprintf("%d open, %d answered", open, answered))
		if open > 0 {
			t = append(t, tagout.T("; the time to sign stands still since ", r.WaitsSince)...)
		}
		m = m.Fact("Questions", t)
	}
	return m
}

// verdict ends the decision message: with buttons while it can be signed, otherwise with
// what became of it.
func (d *Desk) verdict(m tagout.Message, i *tagout.Incident, r *tagout.ResumeRequest) tagout.Message {
	value := i.ID.String() + "|" + r.ID + "|" + r.Digest
	switch r.State {
	case tagout.RequestPending:
		m.Buttons = []tagout.Button{
			{Action: "go", Label: "GO", Value: value, Tone: tagout.ToneGood},
			{Action: "nogo", Label: "NO-GO", Value: value, Tone: tagout.ToneDanger},
			{Action: "ask", Label: "ASK", Value: value},
		}
	case tagout.RequestApproved:
		m.Tone = tagout.ToneGood
		m = m.Para(tagout.Bold("Approved."), " The holds of this request are lifted"+inStages(r)+".")
	case tagout.RequestExpired:
		m.Tone = tagout.ToneNeutral
		m = m.Para(tagout.Bold("Expired."), " Everything stays held; ask again with ", tagout.Typed("resume"), ".")
	default:
		m.Tone = tagout.ToneNeutral
		m = m.Para(tagout.Bold("Not valid any more: "), string(r.State), " — ", r.Reason, ". Everything stays held.")
	}
	return m
}

// cannotSign lists who never signs this request, and why.
func cannotSign(mask *tagout.Redaction, r *tagout.ResumeRequest) tagout.Text {
	t := tagout.T(tagout.Mention(r.By.ID), " asked")
	for n, c := range r.Causers {
		if n == 8 {
			return append(t, tagout.T(fmt.Sprintf("\nand %d more who changed it", len(r.Causers)-n))...)
		}
		t = append(t, tagout.T("\n", tagout.Mention(c.Person), " changed it: "+cutMasked(mask, c.Change, 120))...)
	}
	return t
}

// voted tells who signed what.
func voted(p *tagout.Policy, signoffs []tagout.Signoff) tagout.Text {
	if len(signoffs) == 0 {
		return tagout.T("nobody yet")
	}
	var t tagout.Text
	for n, s := range tagout.Explained(signoffs) {
		if n > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(tagout.Bold(s.Verdict), " ", tagout.Mention(s.By), " for "+p.RoleName(s.Role))...)
		if g := s.Delegation; g != nil {
			t = append(t, tagout.T(", delegated by ", tagout.Mention(g.By), " until ", g.Until, ",")...)
		}
		t = append(t, tagout.T(" at ", s.At)...)
		if s.Reason != "" {
			t = append(t, tagout.T(": "+cutMasked(p.Redaction, s.Reason, 300))...)
		}
	}
	return t
}

// cut is foreign text cut to n characters.
func cut(text string, n int) string { return cutMasked(nil, text, n) }

// cutMasked is foreign text cut to n characters. What is to be masked is masked before, so that no
// half of it shows.
func cutMasked(mask *tagout.Redaction, text string, n int) string { return mask.Cut(text, n) }

// inFull is what was asked for without cuts, for the thread of the decision message; nothing
// if nothing was cut.
func inFull(r *tagout.ResumeRequest) tagout.Change {
	m := tagout.Message{Title: "In full"}
	long := false
	for _, key := range tagout.Deliverables() {
		text := r.Deliverables[key]
		if long = long || len([]rune(text)) > shownText; text != "" {
			m = m.Para(tagout.Bold(tagout.DeliverableLabels[key]+": "), text)
		}
	}
	if !long {
		return tagout.Change{}
	}
	note := tagout.PostNote{Message: m, Thread: r.ID}
	return tagout.Change{Effects: []tagout.Effect{tagout.NewEffect(tagout.EffectPost, r.Incident, "full:"+r.ID, note)}}
}
