package commands

import (
	"context"
	"strings"

	"tagout"
)

// ballot is the draft of a note that must be signed.
func (n notes) ballot() ballot {
	return ballot{form: "note-nogo", sign: n.sign, about: func(d decision) (string, string) {
		return "NO-GO for the note", "Nothing of " + d.incident.String() + "'s note is sent."
	}}
}

func (n notes) sign(ctx context.Context, d decision, s tagout.Signing) (tagout.Reply, error) {
	s.Request, s.Digest = d.request, d.digest
	i, err := n.desk.SignNote(ctx, d.incident, s)
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: n.signed(i, s), Outcome: tagout.Outcome{Incident: i.ID}}, nil
}

func (n notes) signed(i *tagout.Incident, s tagout.Signing) tagout.Message {
	m := tagout.Say("Your ", tagout.Bold(s.Verdict), " on the note of ", tagout.Bold(i.ID.String()), " is recorded.")
	note := i.Note(s.Request)
	switch {
	case s.Verdict == tagout.NoGo:
		m.Tone = tagout.ToneWarning
		return m.Para("Nothing is sent. It can be written anew with ", tagout.Typed("inform "+i.ID.String()), ".")
	case note == nil:
		return m
	case note.State == tagout.RequestApproved:
		m.Tone = tagout.ToneGood
		return m.Para("It was the last one needed: the note is on its way to " + strings.Join(note.Recipients(), ", ") + ".")
	}
	return m.Para("Nothing is sent yet. Still needed: GO of ", n.policy.RuleText(note.Missing()), ".")
}

// again is the button Try again of a delivery that failed: INC-7|note|recipient.
func (n notes) again(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	parts := strings.SplitN(c.Value, "|", 3)
	if len(parts) != 3 {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "This button does not say what it sends again. Nothing was sent.")
	}
	id, err := tagout.ParseIncidentID(parts[0])
	if err != nil {
		return tagout.Reply{}, err
	}
	if _, err := n.desk.RetryNote(ctx, id, parts[1], parts[2], c.User); err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: tagout.Say("It is tried again: " + parts[2] + "."), Outcome: tagout.Outcome{Incident: id}}, nil
}
