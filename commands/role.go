package commands

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// RoleGiver is what giving and listing the roles of an incident needs.
type RoleGiver interface {
	// Assign gives a role of an incident to somebody, who is told. It returns Forbidden for
	// a guest, and Conflict if that person has it.
	Assign(ctx context.Context, id tagout.IncidentID, role string, to tagout.UserID, by tagout.Actor) (*tagout.Incident, error)
	// HandOver gives the lead to somebody else, who is paged until they acknowledge. It
	// returns Forbidden for a guest, and Conflict if that person leads.
	HandOver(ctx context.Context, id tagout.IncidentID, to tagout.UserID, by tagout.Actor) (*tagout.Incident, error)
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
}

// role lists who has which role in an incident, or gives one to somebody.
func role(d RoleGiver) tagout.Command {
	return tagout.Command{
		Name: "role", Summary: "Show who has which role in an incident, or give a role to somebody.",
		Usage: "[INC-n] [ic|comms|platform|domain|rca @PERSON]", Right: tagout.MayNot,
		Detail: detail("anyone in the workspace may look; full members give roles, to full members. No API token.",
			[]string{"/role", "/role comms @pat", "/role INC-7 ic @pat"},
			"The roles are incident commander, comms lead, platform owner, domain owner and RCA facilitator. The configuration names who has them at first, and who acknowledges first commands.",
			"Whoever gets a role is told by direct message. To hand over the incident itself, and have them paged until they take it, use /tagout handover."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "ask about roles"); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf("role", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			words := strings.Fields(line(text))
			if len(words) == 0 {
				return listRoles(ctx, d, id)
			}
			if err := member(in.User, "give roles"); err != nil {
				return tagout.Reply{}, err
			}
			given, who, err := parseRole(words)
			if err != nil {
				return tagout.Reply{}, err
			}
			i, err := d.Assign(ctx, id, given, who, in.User.Actor())
			if err != nil {
				return tagout.Reply{}, err
			}
			m := tagout.Say(tagout.Mention(who), " is ", tagout.Bold(tagout.IncidentRoleName(given)), " of ", tagout.Bold(i.ID.String()), " now.")
			return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
		},
	}
}

// parseRole reads `ROLE @PERSON`. It returns Invalid, with what to write, for anything else.
func parseRole(words []string) (string, tagout.UserID, error) {
	const form = "Write /tagout role comms @PERSON; the roles are ic, comms, platform, domain and rca. Nothing was changed."
	given := strings.ToLower(bare(words[0]))
	switch {
	case !slices.Contains(tagout.IncidentRoles(), given):
		return "", "", tagout.Errorf(tagout.Invalid, "%q is not a role of an incident. %s", clip(words[0]), form)
	case len(words) < 2:
		return "", "", tagout.Errorf(tagout.Invalid, "Say who. %s", form)
	}
	who, err := onePerson(words[1:], form)
	return given, who, err
}

// onePerson reads a single person. It returns Invalid, with what to write, for anything else.
func onePerson(words []string, form string) (tagout.UserID, error) {
	who, ok, err := parsePerson(words[0])
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", tagout.Errorf(tagout.Invalid, "%q is not a person. %s", clip(words[0]), form)
	case len(words) > 1:
		return "", tagout.Errorf(tagout.Invalid, "%q was not understood. %s", clip(words[1]), form)
	}
	return who, nil
}

func listRoles(ctx context.Context, d RoleGiver, id tagout.IncidentID) (tagout.Reply, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Roles in " + id.String()}
	for _, one := range tagout.IncidentRoles() {
		who := tagout.T("nobody; ", tagout.Typed("role "+one+" @PERSON"))
		if has := i.Roles[one]; has != "" {
			who = tagout.T(tagout.Mention(has))
		}
		m = m.Fact(tagout.IncidentRoleName(one), who)
	}
	if h, handing := i.Handing(); handing {
		m = m.Para(tagout.Mention(h.To), " has not taken it over yet.")
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}
