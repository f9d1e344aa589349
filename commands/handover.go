package commands

import (
	"context"
	"strings"

	"tagout"
)

// handover gives the lead of an incident to somebody else.
func handover(d RoleGiver) tagout.Command {
	const form = "Write /tagout handover @PERSON. Nothing was changed."
	return tagout.Command{
		Name: "handover", Summary: "Hand an incident over to somebody, who is paged until they acknowledge.", Usage: "[INC-n] @PERSON", Right: tagout.MayNot,
		Detail: detail("full members of the workspace, to full members. No API token.", []string{"/handover @pat", "/handover INC-7 @pat"},
			"They lead at once, and are paged by their pagers up to 5 times. Whoever had acknowledged answers for the incident until they press Acknowledge; if they never do, it stays where it was."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := member(in.User, "hand an incident over"); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf("handover", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			words := strings.Fields(line(text))
			if len(words) == 0 {
				return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "Say to whom. %s", form)
			}
			who, err := onePerson(words, form)
			if err != nil {
				return tagout.Reply{}, err
			}
			i, err := d.HandOver(ctx, id, who, in.User.Actor())
			if err != nil {
				return tagout.Reply{}, err
			}
			m := tagout.Say(tagout.Mention(who), " leads ", tagout.Bold(i.ID.String()), " now and is being paged.")
			if h, handing := i.Handing(); handing && h.From.Kind != "" {
				m = m.Para(h.From.Text(), " answers for it until ", tagout.Mention(who), " acknowledges.")
			}
			return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
		},
	}
}
