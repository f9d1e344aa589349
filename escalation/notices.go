package escalation

import (
	"context"
	"fmt"
	"strings"

	"tagout"
)

// pageMessage is what a page says, in any pager.
func (d *Desk) pageMessage(i *tagout.Incident, why string) tagout.Message {
	m := tagout.Message{Title: i.ID.String() + " " + i.Severity.Label() + ": " + i.Title, Tone: tagout.ToneDanger}
	m = m.Para("You are paged: ", why, ". ", tagout.Bold(d.policy.SeverityPolicy(i.Severity).DecisionRights), ".")
	m = m.Fact("Agent and scope", i.ScopeText()).Fact("Class", d.policy.ClassTitle(i.Class))
	m = m.Fact("Held", holdsText(i)).Fact("Detected", i.At(tagout.Detected))
	if i.Room.Channel != "" {
		m = m.Fact("Channel", tagout.ChannelLink(i.Room.Channel))
	}
	m.Buttons = []tagout.Button{i.AckButton()}
	return m
}

func holdsText(i *tagout.Incident) tagout.Text {
	active := i.ActiveHolds()
	if len(active) == 0 {
		return tagout.T("nothing is held")
	}
	var t tagout.Text
	for n, h := range active[:min(8, len(active))] {
		if n > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(tagout.Fixed(h.Scope.String()), " ", h.Mode)...)
		if !h.Cap.IsZero() {
			t = append(t, tagout.T(" at "+h.Cap.String())...)
		}
		if len(h.DisabledTools) > 0 {
			t = append(t, tagout.T(" without "+strings.Join(h.DisabledTools, ", "))...)
		}
		if h.CanaryShare > 0 {
			t = append(t, tagout.T(" but for "+tagout.ShareText(h.CanaryShare)+" of the instances")...)
		}
	}
	if more := len(active) - 8; more > 0 {
		t = append(t, tagout.T(fmt.Sprintf("\nand %d more", more))...)
	}
	return t
}

// Card is the pinned message of an incident's channel: all that somebody who comes in at
// 3 a.m. needs first.
func (d *Desk) Card(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	m := tagout.Message{Title: i.ID.String() + " " + i.Severity.Label() + ": " + i.Title, Tone: toneOf(i)}
	m = m.Fact("State", tagout.Bold(string(i.State))).Fact("Class", d.policy.ClassTitle(i.Class))
	m = m.Fact("Scope", i.ScopeText()).Fact("Held", holdsText(i))
	if i.Staging.Standing() && !i.State.Ended() {
		m = m.Fact("Resumption", stageText(i.Staging))
	}
	m = m.Fact("Enforcement", enforcement(i)).Fact("Next", d.next(i))
	m = d.heardBy(ctx, m, i)
	m = m.Fact("People", peopleOf(i)).Fact("Owner", d.ownerText(i))
	m = m.Fact("Alerts", alertsText(i), flapsText(i), d.alertNames(ctx, i)).Fact("To resume", signersText(d.policy, i))
	m = m.Fact("Detected", i.At(tagout.Detected))
	m = d.kindFacts(ctx, m, i)
	if text := actionsText(i, d.clock.Now()); text != nil {
		m = m.Fact("Corrective actions", text)
	}
	m = d.lastNote(m, i)
	m = reviewFact(m, i)
	if i.Private {
		m = m.Para(tagout.Bold("Private."), " Only its people read about it. Outside this channel nothing is told but its number.")
	}
	if i.AgentUnknown() {
		m = m.Para(tagout.Bold("Which agent is this about?"), " The alert does not say, so nothing is held. Type ", tagout.Typed("kill AGENT"), " here.")
	}
	if len(i.Doubted) > 0 && i.At(tagout.Acknowledged).IsZero() && !i.State.Ended() {
		m = m.Fact("Who is paged", tagout.T(tagout.Bold("not known for sure"), ": ", tagout.Typed("who "+i.ID.String())))
	}
	m = failingFacts(m, i)
	m = rollbackFacts(m, i)
	if i.Room.Failure != "" {
		m = m.Para(i.Room.Failure)
	}
	m = attention(m, i)
	m = alarmText(d.policy.Redaction, m, i)
	m.Buttons = d.cardButtons(i)
	m.Footer = tagout.T("Timeline head: event ", fmt.Sprint(i.Head.Seq), ", ", tagout.Fixed(i.Head.Hash))
	return m, nil
}

// heardBy tells how far the instances of the agent heard that they are held.
func (d *Desk) heardBy(ctx context.Context, m tagout.Message, i *tagout.Incident) tagout.Message {
	if i.Scope.Agent == "" || len(i.ActiveHolds()) == 0 {
		return m
	}
	now := d.clock.Now()
	if text := d.Fleet(ctx, i.Scope.Agent).HeardBy(now); text != "" {
		m = m.Fact("Heard by", tagout.T(text+", as of ", now))
	}
	return m
}

func short(hash string) string { return hash[:min(12, len(hash))] }

func (d *Desk) cardButtons(i *tagout.Incident) []tagout.Button {
	id := i.ID.String()
	var b []tagout.Button
	if _, handing := i.Handing(); (handing || !i.Answered()) && !i.State.Ended() {
		b = append(b, i.AckButton())
	}
	if !i.State.Ended() {
		b = append(b, tagout.Button{Action: "kill", Label: "Stop more", Value: id, Tone: tagout.ToneDanger})
		if d.hasAudience(i) {
			b = append(b, tagout.Button{Action: "inform", Label: "Status note", Value: id})
		}
		if len(i.ActiveHolds())+len(i.Pins) > 0 && !i.Drill { // which ends by itself
			b = append(b, tagout.Button{Action: "resume", Label: "Request resume", Value: id})
		}
	}
	if rb := i.Rollback; rb != nil && !rb.FailedAt.IsZero() && !i.State.Ended() {
		b = append(b, i.RetryButton())
	}
	if i.OffersRollback() {
		b = append(b, i.RollbackButton())
	}
	b = append(b, endingButtons(i)...)
	return append(b, tagout.Button{Action: "timeline", Label: "Timeline", Value: id})
}

func toneOf(i *tagout.Incident) tagout.Tone {
	switch {
	case i.State.Ended():
		return tagout.ToneGood
	case len(i.Unreached()) > 0:
		return tagout.ToneDanger
	case i.State == tagout.StateContained || i.State == tagout.StateMitigated:
		return tagout.ToneWarning
	}
	return tagout.ToneDanger
}

// enforcement says how far each enforcement point got, with the time that it took.
func enforcement(i *tagout.Incident) tagout.Text {
	if len(i.Controls) == 0 {
		return tagout.T("nothing to enforce")
	}
	observed, all := i.Confirmed()
	t := tagout.T(tagout.Bold(fmt.Sprintf("%d of %d confirmed", observed, all)))
	for n, s := range i.Controls {
		if n == 6 {
			return append(t, tagout.T(fmt.Sprintf("\nand %d more", all-n))...)
		}
		t = append(t, tagout.T("\n"+s.Agent+control(s)+": "+s.Progress())...)
	}
	return t
}

// control names the control of an agent that has one.
func control(s tagout.ControlStatus) string {
	if s.ByLease() {
		return ""
	}
	return " by " + s.Control
}

func alertsText(i *tagout.Incident) string {
	a := i.Alerts
	if a.Distinct == 0 {
		return "none; opened by hand"
	}
	text := counted(i.AlertCount(), "alert")
	if a.Repeats > 0 {
		text += ", repeated " + counted(a.Repeats, "time")
	}
	if a.Firing > 0 {
		text += fmt.Sprintf(", %d firing", a.Firing)
	}
	return text
}

// flapsText names the alerts that begin again and again.
func flapsText(i *tagout.Incident) tagout.Text {
	var t tagout.Text
	for n, f := range i.Flapping() {
		if n == shownFlaps {
			return append(t, tagout.T(fmt.Sprintf("\nand %d more flap", len(i.Flapping())-n))...)
		}
		t = append(append(t, tagout.T("\nFlapping: ")...), f.Text()...)
	}
	return t
}

// shownFlaps is how many flapping alerts the card names.
const shownFlaps = 3

// counted is a number of things in words: "1 alert", "3 alerts".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprint(n) + " " + thing + "s"
}

func signersText(p *tagout.Policy, i *tagout.Incident) string {
	if i.State.Ended() {
		return "nothing; it is " + string(i.State)
	}
	if i.Drill {
		return "nothing to sign; a drill ends by itself"
	}
	return "GO of " + p.RuleText(i.Rule)
}

// Announcement is the one line about an incident in the announce channel.
func (d *Desk) Announcement(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	if i.Private { // it was announced before it became private
		return tagout.Say(tagout.Bold(i.ID.String()), " is private."), nil
	}
	if i.Drill {
		return drillLine(i), nil
	}
	observed, all := i.Confirmed()
	t := tagout.T(tagout.Bold(i.ID.String()+" "+i.Severity.Label()), " ", i.ScopeText(), " ", i.Title, " — ", tagout.Bold(string(i.State)))
	if active := i.ActiveHolds(); len(active) > 0 {
		strictest := active[0].Mode
		for _, h := range active {
			if h.Mode.Stricter(strictest) {
				strictest = h.Mode
			}
		}
		t = append(t, tagout.T(", ", strictest, fmt.Sprintf(", confirmed %d of %d", observed, all))...)
	}
	if i.Staging.Standing() && !i.State.Ended() {
		t = append(t, tagout.T(", "+i.Staging.Current())...)
	}
	switch {
	case i.Room.Channel != "":
		t = append(t, tagout.T(" — ", tagout.ChannelLink(i.Room.Channel))...)
	case i.Room.Failure != "":
		t = append(t, tagout.T(" — talk about it in this thread: "+i.Room.Failure)...)
	}
	return tagout.Message{Tone: toneOf(i), Body: []tagout.Text{t}}, nil
}

// Invitees are who belongs into an incident's channel: whoever is paged, must sign, opened
// it or has a role in it; in that of a private one, whoever else may read about it too.
func (d *Desk) Invitees(ctx context.Context, id tagout.IncidentID) ([]tagout.UserID, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	row := d.policy.SeverityPolicy(i.HighestSeverity)
	roles := d.pageRoles(row, i.Class)
	for _, needed := range i.Rule {
		roles = append(roles, needed.AnyOf...)
	}
	if i.Hush != nil { // they are told once its silence is over
		roles = nil
	}
	var ids []tagout.UserID
	seen := map[tagout.UserID]bool{}
	add := func(id tagout.UserID) {
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if i.OpenedBy.Kind == tagout.ByUser {
		add(tagout.UserID(i.OpenedBy.ID))
	}
	for _, p := range d.people(ctx, roles) {
		add(p.ID)
	}
	for _, who := range i.Roles {
		add(who)
	}
	if i.Private {
		for _, who := range i.People() {
			add(who)
		}
		for _, key := range d.policy.PrivateRoles {
			if role := d.policy.Roles[key]; role != nil {
				for _, who := range role.Members {
					add(who)
				}
			}
		}
	}
	return ids, nil
}
