package commands

import (
	"context"
	"strings"

	"tagout"
)

// Delegator is what letting somebody else sign needs.
type Delegator interface {
	// Delegations lists what is in force.
	Delegations(ctx context.Context) ([]tagout.Delegation, error)
	// Delegate lets somebody sign in the place of a member. It returns Forbidden, NotFound or
	// Invalid with the reason.
	Delegate(ctx context.Context, o tagout.DelegationOrder) (tagout.Delegation, error)
	// Revoke ends delegations before their time; without role and person those that this
	// person gave. It returns NotFound if there is none, and Forbidden for somebody else's.
	Revoke(ctx context.Context, role string, person tagout.UserID, by tagout.User) ([]tagout.Delegation, error)
}

// delegate lets somebody else sign for a role for a while.
func delegate(f floor, d Delegator) tagout.Command {
	g := delegations{f, d}
	return tagout.Command{
		Name: "delegate", Summary: "Let somebody else sign in your place for a while.",
		Usage: "[ROLE @PERSON 24h [why…]] [revoke [ROLE] [@PERSON]]", Right: tagout.MayNot,
		Detail: detail("anyone in the workspace may look; members of a role delegate that role. No API token.",
			[]string{"/delegate", "/delegate legal @pat 24h on leave", "/delegate revoke legal @pat"},
			"The delegate must be a full member of the workspace. A delegation ends by itself, cannot be passed on, and does not count on requests that the delegate made, nor after changes that the delegate made.",
			"Who gave it and who has it count as one: only one of them signs. It stands beside the sign-off and on the timeline.",
			"It is for sign-offs of resumptions; status notes are signed by members themselves."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "ask who signs for whom"); err != nil {
				return tagout.Reply{}, err
			}
			words := strings.Fields(line(in.Text))
			if len(words) == 0 {
				return g.list(ctx)
			}
			if err := member(in.User, "delegate or revoke a signature"); err != nil {
				return tagout.Reply{}, err
			}
			if strings.ToLower(words[0]) == "revoke" {
				return g.revoke(ctx, words[1:], in)
			}
			return g.give(ctx, words, in)
		},
	}
}

type delegations struct {
	floor
	desk Delegator
}

func (g delegations) list(ctx context.Context) (tagout.Reply, error) {
	all, err := g.desk.Delegations(ctx)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Who signs for whom"}
	if len(all) == 0 {
		m = m.Para("Nobody signs in somebody else's place.")
	}
	for _, d := range all {
		t := tagout.T(tagout.Mention(d.To), " for ", tagout.Bold(g.policy.RoleName(d.Role)), ", delegated by ", tagout.Mention(d.By), " until ", d.Until)
		if d.Why != "" {
			t = append(t, tagout.T(": "+d.Why)...)
		}
		m = m.Para(t)
	}
	m.Footer = tagout.T("A member of a role delegates it with ", tagout.Typed("delegate ROLE @PERSON 24h"))
	return tagout.Reply{Message: m}, nil
}

// give reads `ROLE @PERSON 24h [why…]`.
func (g delegations) give(ctx context.Context, words []string, in tagout.Invocation) (tagout.Reply, error) {
	const form = "Write /tagout delegate ROLE @PERSON 24h. Nothing was changed."
	if len(words) < 3 {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "Say which role, to whom and for how long. %s", form)
	}
	id, named, err := parsePerson(words[1])
	if err == nil && !named {
		err = tagout.Errorf(tagout.Invalid, "%q is not a person. %s", clip(words[1]), form)
	}
	if err != nil {
		return tagout.Reply{}, err
	}
	length, err := parseLength(strings.ToLower(bare(words[2])))
	if err != nil {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "%q is not a length such as 4h or 2d. %s", clip(words[2]), form)
	}
	d, err := g.desk.Delegate(ctx, tagout.DelegationOrder{ID: in.ID, Role: strings.ToLower(bare(words[0])), Person: id, For: length, By: in.User,
		Why: cutTo(strings.Join(words[3:], " "), 300)})
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say(tagout.Mention(d.By), " lets ", tagout.Mention(d.To), " sign for ",
		tagout.Bold(g.policy.RoleName(d.Role)), " until ", d.Until, after(": ", d.Why), ".")
	m.Tone = tagout.ToneGood
	return tagout.Reply{Message: m.Para("Only one of the two signs a request. ",
		tagout.Typed("delegate revoke "+d.Role), " ends it earlier."), Public: true}, nil
}

func after(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}

func (g delegations) revoke(ctx context.Context, words []string, in tagout.Invocation) (tagout.Reply, error) {
	var role string
	var who tagout.UserID
	for _, word := range words {
		id, named, err := parsePerson(word)
		switch {
		case err != nil:
			return tagout.Reply{}, err
		case named && who == "":
			who = id
		case !named && role == "" && g.policy.Roles[strings.ToLower(bare(word))] != nil:
			role = strings.ToLower(bare(word))
		default:
			return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
				"%q was not understood: write /tagout delegate revoke ROLE @PERSON. Nothing was changed.", clip(word))
		}
	}
	ended, err := g.desk.Revoke(ctx, role, who, in.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	var m tagout.Message
	for _, d := range ended {
		m = m.Para(tagout.Mention(d.RevokedBy), " ended that ", tagout.Mention(d.To), " signs for ",
			tagout.Bold(g.policy.RoleName(d.Role)), " in the place of ", tagout.Mention(d.By), ".")
	}
	return tagout.Reply{Message: m, Public: true}, nil
}
