package commands

import (
	"context"
	"strings"

	"tagout"
)

// KindTeller is what telling and correcting the kind of an incident, and listing changes,
// needs.
type KindTeller interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Kind is what an incident looks like, and why.
	Kind(ctx context.Context, i *tagout.Incident) (tagout.KindView, error)
	// CorrectKind records what somebody says about the kind. It returns Conflict if the
	// incident is called so already, or is closed.
	CorrectKind(ctx context.Context, id tagout.IncidentID, to tagout.Kind, reason string, by tagout.Actor) (*tagout.Incident, error)
	// Changes lists the changes of an agent in the last 24 h, newest first; of all agents if
	// it is "". It returns NotFound if the agent is not declared.
	Changes(ctx context.Context, agent string) ([]tagout.Deployment, error)
	// ChangesOf lists those around an incident, newest first.
	ChangesOf(ctx context.Context, i *tagout.Incident) ([]tagout.Deployment, error)
}

// kind tells what an incident looks like, or corrects it.
func kind(f floor, d KindTeller) tagout.Command {
	return tagout.Command{
		Name: "kind", Summary: "Show whether an incident looks local, systemic or rollout-related, or correct that.",
		Usage: "[INC-n] [local|systemic|rollout reason…]", Right: tagout.MayNot,
		Detail: detail("anyone in the workspace may look; full members correct it. No API token.",
			[]string{"/kind INC-7", "/kind INC-7 systemic the same tool fails for every agent"},
			"What is suggested follows from the changes of the last 24 h, from earlier incidents of the same agent and class, and from how many agents are concerned.",
			"A correction needs a reason. Who said it, when and why stays on the timeline, and stands in the review. It changes no hold and no sign-off."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "ask what an incident looks like"); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf("kind", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			word, reason, _ := strings.Cut(strings.TrimSpace(line(text)), " ")
			if word == "" {
				return tellKind(ctx, d, id)
			}
			if err := member(in.User, "correct the kind of an incident"); err != nil {
				return tagout.Reply{}, err
			}
			to := tagout.Kind(strings.ToLower(strings.Trim(bare(word), ".,:")))
			if to == "rollout-related" {
				to = tagout.KindRollout
			}
			i, err := d.CorrectKind(ctx, id, to, reason, in.User.Actor())
			if err != nil {
				return tagout.Reply{}, err
			}
			m := tagout.Say(tagout.Bold(i.ID.String()), " is called ", tagout.Bold(to.Label()),
				" now. The timeline and the review say that you did, and why.")
			return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
		},
	}
}

func tellKind(ctx context.Context, d KindTeller, id tagout.IncidentID) (tagout.Reply, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	v, err := d.Kind(ctx, i)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say(append(tagout.T(tagout.Bold(id.String()), " is "), append(v.Text(), tagout.T(".")...)...))
	m = m.Para("What was changed: ", tagout.Typed("changes "+id.String()), ". To correct it: ",
		tagout.Typed("kind "+id.String()+" local|systemic|rollout REASON"), ".")
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}
