package commands

import (
	"context"

	"tagout"
)

// RecordSharer is what handing out a record needs.
type RecordSharer interface {
	// ShareRecord has the record packed and posted, and notes on the timeline who asked. It
	// returns Forbidden for guests.
	ShareRecord(ctx context.Context, id tagout.IncidentID, o tagout.RecordOrder, by tagout.User) (*tagout.Incident, error)
}

// evidence gives the whole record of an incident as one file.
func evidence(d RecordSharer) tagout.Command {
	return tagout.Command{
		Name: "evidence", Summary: "Get the whole record of an incident as one file that anybody can check.", Usage: "[INC-n]", Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/evidence INC-7"},
			"Typed in the incident's channel, the file is posted there; elsewhere it is sent to you alone. Who asked stands on the timeline.",
			"It is the zip file that tagout export writes: timeline, decisions, alerts, evidence, and a script that checks all of it without Tagout.",
			"It holds alerts and evidence in full, also what messages in Slack leave out."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			id, rest, err := incidentOf("evidence", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			if rest = line(rest); rest != "" {
				return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "%q was not understood: write /tagout evidence INC-7. Nothing was sent.", clip(rest))
			}
			o := tagout.RecordOrder{ID: in.ID}
			if in.Incident == id {
				o.Channel = in.Channel
			}
			i, err := d.ShareRecord(ctx, id, o, in.User)
			if err != nil {
				return tagout.Reply{}, err
			}
			m := tagout.Say("The record of ", tagout.Bold(id.String()), " is being packed. It is sent to you as soon as it is ready.")
			if o.Channel != "" && o.Channel == i.Room.Channel {
				m = tagout.Say("The record of ", tagout.Bold(id.String()), " is being packed. It is posted here as soon as it is ready.")
			}
			return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
		},
	}
}
