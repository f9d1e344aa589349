package commands

import (
	"context"

	"tagout"
)

// Noter is what notes need.
type Noter interface {
	// Note puts words on an incident's timeline. It returns Invalid for an empty note.
	Note(ctx context.Context, id tagout.IncidentID, text string, by tagout.Actor) (*tagout.Incident, error)
}

// note puts a person's words on the timeline.
func note(f floor, d Noter) tagout.Command {
	return tagout.Command{
		Name: "note", Summary: "Put a note on an incident's timeline.", Usage: "[INC-n] TEXT…", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/note INC-7 the template went out to 212 people"},
			"In an incident's channel the number can be left out, and the channel sees the note."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "write on the timeline"); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf("note", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			text = prose(text)
			i, err := d.Note(ctx, id, text, in.User.Actor())
			if err != nil {
				return tagout.Reply{}, err
			}
			m := tagout.Say(in.User.Actor().Text(), " noted on ", tagout.Bold(i.ID.String()), ": ", f.policy.Redaction.Cut(text, 2500))
			return tagout.Reply{Message: m, Public: in.Incident == i.ID, Outcome: tagout.Outcome{Incident: i.ID}}, nil
		},
	}
}
