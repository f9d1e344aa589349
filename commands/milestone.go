package commands

import (
	"context"
	"strings"
	"time"

	"tagout"
)

// MilestoneKeeper is what showing and correcting milestones needs.
type MilestoneKeeper interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// CorrectMilestone says that a milestone was at another time. It returns Forbidden for
	// whoever may not, and Invalid or Conflict, with the reason, for what cannot be.
	CorrectMilestone(ctx context.Context, id tagout.IncidentID, o tagout.MilestoneOrder) (*tagout.Incident, error)
}

// milestones shows the milestones of an incident and corrects them.
type milestones struct {
	floor
	desk MilestoneKeeper
}

func milestone(f floor, d MilestoneKeeper) tagout.Command {
	m := milestones{f, d}
	return tagout.Command{
		Name: "milestone", Summary: "Show the milestones of an incident, or correct one.", Usage: "[INC-n] [NAME WHEN reason…]", Right: tagout.MayNot,
		Detail: detail("anyone in the workspace may look; the incident commander, the RCA facilitator and the platform owner correct. No guest and no API token.",
			[]string{
				"/milestone INC-7", "/milestone INC-7 onset 13:40 the first complaint came then",
				"/milestone INC-7 acknowledged 25m ago by phone, before the button was pressed",
				"/milestone INC-7 detected 2026-11-21T14:05+01:00 support saw it first",
			},
			"The names are onset, detected, acknowledged, contained, mitigated, resumed and reviewed. Facts set them; the figures are computed from them. Only the onset can be set where nobody knew it: every other milestone has to be reached first.",
			"WHEN is 14:05 or 14:05:30 (UTC, of the last 24 h), a date and time as 2026-11-21T14:05, either with a zone behind it (Z, +01:00 or Europe/Berlin), or 25m ago. It cannot be in the future, nor out of order with the others.",
			"Who corrected what, when and why, and what stood there before, stays on the timeline. A correction changes no hold and no sign-off, gives no more time for anything, and a deadline that was missed stays on the timeline as missed."),
		Run:    m.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){"milestone": m.pressed},
		Forms:  map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){"milestone": m.submitted},
	}
}

func (m milestones) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	id, text, err := incidentOf("milestone", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := m.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	word, rest, _ := strings.Cut(line(text), " ")
	if word == "" {
		return tagout.Reply{Message: m.list(i), Outcome: tagout.Outcome{Incident: id}}, nil
	}
	if err := newPermits().admit("/milestone INC-n NAME WHEN reason", in.User); err != nil {
		return tagout.Reply{}, err
	}
	name, err := tagout.ParseMilestone(strings.TrimRight(bare(word), "."))
	if err != nil {
		return tagout.Reply{}, err
	}
	at, why, err := parsePast(rest, m.clock.Now(), i.When(tagout.Detected))
	if err != nil {
		return tagout.Reply{}, err
	}
	return m.correct(ctx, id, tagout.MilestoneOrder{Milestone: name, To: at, Why: why, By: in.User})
}

// correct does it and tells what stands now.
func (m milestones) correct(ctx context.Context, id tagout.IncidentID, o tagout.MilestoneOrder) (tagout.Reply, error) {
	i, err := m.desk.CorrectMilestone(ctx, id, o)
	if err != nil {
		return tagout.Reply{}, err
	}
	reply := tagout.Message{Title: "Corrected " + string(o.Milestone) + " of " + id.String(), Tone: tagout.ToneGood}
	reply = milestoneFacts(m.policy.Redaction, reply, i).Para("The figures follow it. The timeline says that you did it, what stood there before, and why.")
	return tagout.Reply{Message: reply, Outcome: tagout.Outcome{Incident: id}}, nil
}

// list shows the milestones, with a button that corrects them.
func (m milestones) list(i *tagout.Incident) tagout.Message {
	list := milestoneFacts(m.policy.Redaction, tagout.Message{Title: "Milestones of " + i.ID.String()}, i)
	if i.Drill || i.State == tagout.StateCancelled {
		list = list.Para("It is not in the figures.")
	}
	if i.State != tagout.StateCancelled {
		list.Buttons = []tagout.Button{{Action: "milestone", Label: "Correct one", Value: i.ID.String()}}
	}
	return list
}

// milestoneFacts adds a fact for each milestone, with who corrected it.
func milestoneFacts(mask *tagout.Redaction, m tagout.Message, i *tagout.Incident) tagout.Message {
	detected := i.When(tagout.Detected)
	for _, name := range tagout.Milestones() {
		label := strings.ToUpper(string(name[:1])) + string(name[1:])
		at := i.When(name)
		if at.IsZero() {
			text := "not yet"
			if name == tagout.Onset {
				text = "not known"
			}
			m = m.Fact(label, text)
			continue
		}
		t := tagout.T(at)
		switch {
		case name == tagout.Onset:
			t = append(t, tagout.T(", "+tagout.Elapsed(detected.Sub(at))+" before it was detected")...)
		case name != tagout.Detected:
			t = append(t, tagout.T(", after "+tagout.Elapsed(at.Sub(detected)))...)
		}
		if c, corrected := i.Corrected(name); corrected {
			t = append(t, tagout.T("\n")...)
			t = append(t, correctionText(mask, c)...)
		}
		m = m.Fact(label, t)
	}
	return m
}

// corrections adds what was corrected last, if anything was.
func corrections(mask *tagout.Redaction, m tagout.Message, i *tagout.Incident) tagout.Message {
	for _, name := range tagout.Milestones() {
		if c, corrected := i.Corrected(name); corrected {
			t := append(tagout.T(string(name)+" ", c.To, ", "), correctionText(mask, c)...)
			m = m.Fact("Corrected", t)
		}
	}
	return m
}

// correctionText says who corrected a milestone, from what and why.
func correctionText(mask *tagout.Redaction, c tagout.Correction) tagout.Text {
	before := tagout.T("not known before")
	if !c.From.IsZero() {
		before = tagout.T("before: ", c.From)
	}
	return append(append(tagout.T("corrected by ", c.By.Text(), " ("), before...), tagout.T("): "+mask.Cut(line(c.Why), 300))...)
}

// find reads the incident, and tells who may not correct it before they fill anything in.
func (m milestones) find(ctx context.Context, text string, by tagout.User) (*tagout.Incident, error) {
	id, err := tagout.ParseIncidentID(text)
	if err != nil {
		return nil, err
	}
	i, err := m.desk.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	return i, i.MayCorrect(by, m.policy.PlatformOwners())
}

// pressed opens the form.
func (m milestones) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	i, err := m.find(ctx, c.Value, c.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	which := tagout.Field{Key: "milestone", Label: "Which milestone", Kind: tagout.FieldChoice, Value: string(tagout.Onset)}
	for _, name := range tagout.Milestones() {
		if name == tagout.Onset || !i.When(name).IsZero() {
			which.Options = append(which.Options, tagout.Option{Value: string(name), Label: string(name)})
		}
	}
	form := tagout.Form{ID: "milestone", Title: "Correct " + i.ID.String(), Submit: "Correct it", State: i.ID.String(), Fields: []tagout.Field{
		which,
		{Key: "at", Label: "When it was", Kind: tagout.FieldMoment, Hint: "To the minute, on your own clock. For seconds, type the command."},
		{Key: "why", Label: "Why", Kind: tagout.FieldParagraph, Hint: "It stands on the timeline under your name."},
	}}
	return tagout.Reply{Form: &form}, nil
}

func (m milestones) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	i, err := m.find(ctx, s.State, s.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	name, err := tagout.ParseMilestone(s.Values["milestone"])
	if err != nil {
		return problem("milestone", err)
	}
	at, err := time.Parse(time.RFC3339, s.Values["at"])
	if err != nil {
		return problem("at", tagout.Errorf(tagout.Invalid, "Choose a day and a time."))
	}
	why := prose(s.Values["why"])
	if why == "" {
		return problem("why", tagout.Errorf(tagout.Invalid, "Say why: the reason is kept on the timeline."))
	}
	reply, err := m.correct(ctx, i.ID, tagout.MilestoneOrder{Milestone: name, To: at, Why: why, By: s.User})
	if err != nil {
		return problem("at", err)
	}
	return reply, nil
}
