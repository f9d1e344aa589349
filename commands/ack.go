package commands

import (
	"context"

	"tagout"
)

// Acknowledger is what acknowledging needs.
type Acknowledger interface {
	// Acknowledge stops the paging. It returns Conflict, naming who did, if that has
	// happened before.
	Acknowledge(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error)
}

// ack takes an incident on, which stops its paging.
func ack(d Acknowledger) tagout.Command {
	run := func(ctx context.Context, id tagout.IncidentID, u tagout.User) (tagout.Reply, error) {
		if err := person(u, "acknowledge an incident"); err != nil {
			return tagout.Reply{}, err
		}
		i, err := d.Acknowledge(ctx, id, u)
		if err != nil {
			return tagout.Reply{}, err
		}
		m := tagout.Say("You acknowledged ", tagout.Bold(i.ID.String()), ": ", i.Title, ". Paging has stopped.")
		switch {
		case i.LedBy(u.Actor()):
			m = m.Para("You lead it until somebody else does. What is held stays held.")
		case i.Roles[tagout.IncidentCommander] == "":
			m = m.Para("Nobody leads it yet, since only full members can: ", tagout.Typed("role ic @PERSON"), ". What is held stays held.")
		default:
			m = m.Para(tagout.Mention(i.Roles[tagout.IncidentCommander]), " leads it. What is held stays held.")
		}
		m.Tone = tagout.ToneGood
		m.Buttons = []tagout.Button{{Action: "timeline", Label: "Timeline", Value: i.ID.String()}}
		return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
	}
	return tagout.Command{
		Name: "ack", Summary: "Take an incident on, which stops its paging.", Usage: "[INC-n]", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/ack INC-7"}, "In an incident's channel the number can be left out. The first full member who acknowledges leads."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			id, _, err := incidentOf("ack", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			return run(ctx, id, in.User)
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"ack": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				id, err := tagout.ParseIncidentID(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				return run(ctx, id, c.User)
			},
		},
	}
}
