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
	// AcknowledgeDrill is the same for who was shown a drill. It returns what is no drill any
	// more as it is, and acknowledges nothing.
	AcknowledgeDrill(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error)
}

// ack takes an incident on, which stops its paging.
func ack(d Acknowledger) tagout.Command {
	run := func(ctx context.Context, id tagout.IncidentID, drill bool, u tagout.User) (tagout.Reply, error) {
		if err := person(u, "acknowledge an incident"); err != nil {
			return tagout.Reply{}, err
		}
		acknowledge := d.Acknowledge
		if drill {
			acknowledge = d.AcknowledgeDrill
		}
		i, err := acknowledge(ctx, id, u)
		if err != nil {
			return tagout.Reply{}, err
		}
		m := acknowledged(i, u)
		if drill && !i.Drill {
			m = noDrill(i)
		}
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
			return run(ctx, id, false, in.User)
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"ack": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				id, drill, err := tagout.ParseAck(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				return run(ctx, id, drill, c.User)
			},
		},
	}
}

// acknowledged answers whoever took an incident on.
func acknowledged(i *tagout.Incident, u tagout.User) tagout.Message {
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
	return m
}

// noDrill answers whoever pressed for a drill that has become an incident: who takes that on
// must know.
func noDrill(i *tagout.Incident) tagout.Message {
	m := tagout.Say("This is no drill anymore: ", tagout.Bold(i.ID.String()+" is real."))
	m.Tone = tagout.ToneDanger
	switch _, handing := i.Handing(); {
	case i.State.Ended():
		return m.Para("It is " + string(i.State) + " by now; there is nothing left to acknowledge.")
	case i.Answered() && !handing:
		return m.Para("It was acknowledged by ", i.AcknowledgedBy.Text(), " at ", i.LastAnswered(), ".")
	}
	if !i.Private {
		m = m.Para(i.Title)
	}
	again := i.AckButton()
	again.Label += " " + i.ID.String()
	m.Buttons = []tagout.Button{again}
	return m.Para("You have not acknowledged it yet.")
}
