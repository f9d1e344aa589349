package commands

import (
	"context"
	"strings"

	"tagout"
)

// Flagger is what flagging needs.
type Flagger interface {
	Seer
	// Notice keeps a message, whole, while somebody fills in the form about it.
	Notice(ctx context.Context, q tagout.Quote, by tagout.UserID) error
	// RaiseFlag records what somebody flagged; quote is the message, or nil.
	RaiseFlag(ctx context.Context, r tagout.FlagReport, quote *tagout.Quote) (*tagout.Flag, error)
	// Flag reads one flag. Returns NotFound if there is none of that number.
	Flag(ctx context.Context, id tagout.FlagID) (*tagout.Flag, error)
	// OpenFlags lists those that nobody has decided, newest first.
	OpenFlags(ctx context.Context) ([]*tagout.Flag, error)
	// FlagMessage is the message by which people decide about a flag.
	FlagMessage(f *tagout.Flag) tagout.Message
	// DismissFlag decides that a flag is no incident. It returns Conflict if it was decided.
	DismissFlag(ctx context.Context, id tagout.FlagID, why string, by tagout.Actor) (*tagout.Flag, error)
	// FoldFlag decides that a flag belongs to an incident. It returns Conflict if it was decided.
	FoldFlag(ctx context.Context, id tagout.FlagID, into tagout.IncidentID, by tagout.Actor) (*tagout.Flag, error)
	// PromoteFlag makes a flag an incident. It returns Conflict if it was decided.
	PromoteFlag(ctx context.Context, id tagout.FlagID, p tagout.Promotion, by tagout.Actor) (*tagout.Flag, error)
}

type flags struct {
	floor
	desk Flagger
}

// flag is for anybody who feels that something is off.
func flag(f floor, d Flagger) tagout.Command {
	g := flags{f, d}
	return tagout.Command{
		Name: "flag", Summary: "Say that something an agent did feels off, for somebody to look at. It stops nothing.", Usage: "[TEXT…] | list", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/flag the mailer promised a customer a refund", "/flag list"},
			"It opens a form: which agent, what is off, who is affected. The flag is posted where incidents are announced; there anybody may stop the agent or make the flag an incident, and full members may decide that it is none, or belongs to one. You hear what is decided.",
			"To flag a message, choose “Flag agent behaviour” in its menu, or react to it with the emoji of slack.flag_emoji (🛑, in channels that Tagout is in). The message is kept as evidence. A message that several people flag is one flag.",
			"/flag list shows what waits for a decision."),
		Run: g.run,
		Shortcuts: []tagout.Shortcut{
			{ID: "flag", Name: "Flag agent behaviour", Summary: "Say that something an agent did feels off.", Run: g.opens},
			{ID: "flag-message", Name: "Flag agent behaviour", Summary: "Say that this message feels off. It is kept as evidence.", OnMessage: true, Run: g.opens},
		},
		Reacted: g.reacted,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"flag-more": g.more, "flag-promote": g.promoting, "flag-dismiss": g.dismissing, "flag-duplicate": g.folding,
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			"flag": g.submitted, "flag-promote": g.promoted, "flag-dismiss": g.dismissed, "flag-duplicate": g.folded,
		},
	}
}

func (g flags) run(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := person(in.User, "flag something"); err != nil {
		return tagout.Reply{}, err
	}
	if strings.EqualFold(strings.TrimSpace(in.Text), "list") {
		return g.list(ctx)
	}
	form := g.form(prose(in.Text), nil)
	return tagout.Reply{Form: &form, Message: tagout.Say("Something is flagged in Slack, with ", tagout.Typed("flag"), ".")}, nil
}

// shownFlags is how many flags the list shows in full.
const shownFlags = 10

func (g flags) list(ctx context.Context) (tagout.Reply, error) {
	open, err := g.desk.OpenFlags(ctx)
	if err != nil {
		return tagout.Reply{}, err
	}
	if len(open) == 0 {
		return tagout.Reply{Message: tagout.Say("No flag waits for a decision.")}, nil
	}
	m := tagout.Message{Title: "Flags that wait for a decision"}
	for n, f := range open {
		if n == shownFlags {
			m.Footer = tagout.T("There are more: decide these first.")
			break
		}
		shown := g.desk.FlagMessage(f)
		item := tagout.Say(tagout.Bold(shown.Title), ", since ", f.At)
		if f.TS != "" {
			item = item.Para(tagout.MessageLink(f.Channel, f.TS, "where it is decided"))
		}
		item.Buttons = shown.Buttons
		m.Items = append(m.Items, item)
	}
	return tagout.Reply{Message: m}, nil
}

// opens is both shortcuts: the form, on a message or on nothing in particular. The message is
// kept meanwhile.
func (g flags) opens(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if in.About != nil {
		if err := g.desk.Notice(ctx, *in.About, in.User.ID); err != nil {
			return tagout.Reply{}, err
		}
	}
	form := g.form("", in.About)
	return tagout.Reply{Form: &form}, nil
}

func (g flags) form(words string, q *tagout.Quote) tagout.Form {
	agent := tagout.Field{Key: "agent", Label: "Which agent", Kind: tagout.FieldLine, Optional: true, Hint: "Leave it empty if you do not know."}
	if names := g.policy.Agents.Names(); len(names) > 0 {
		agent.Hint += " Agents: " + cutTo(strings.Join(names, ", "), 500)
	}
	form := tagout.Form{ID: "flag", Title: "Flag agent behaviour", Submit: "Flag it", Fields: []tagout.Field{
		{Key: "words", Label: "What feels off", Kind: tagout.FieldParagraph, Value: words, Hint: "Such as: it promised a refund that we do not give"},
		agent,
		{Key: "affected", Label: "Who is affected", Kind: tagout.FieldLine, Optional: true, Hint: "Such as: one customer, or all of EMEA"},
	}}
	form.Intro = []tagout.Text{tagout.T("Somebody looks at it, and you hear what is decided. Nothing is stopped by this; to stop an agent at once, type ", tagout.Typed("kill AGENT"), ".")}
	if q != nil {
		form.State = q.Key()
		form.Intro = append(form.Intro, tagout.T("The message is kept as evidence."))
	}
	return form
}

func (g flags) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	r := tagout.FlagReport{ID: s.ID, By: s.User.ID, Words: prose(s.Values["words"]), Affected: line(s.Values["affected"])}
	var problems []tagout.FieldProblem
	if r.Words == "" {
		problems = append(problems, tagout.FieldProblem{Key: "words", Message: "Say in a few words what feels off."})
	}
	var err error
	if r.Scope, err = g.scope(s.Values["agent"]); err != nil {
		problems = append(problems, tagout.FieldProblem{Key: "agent", Message: tagout.Sentence(err)})
	}
	if len(problems) > 0 {
		return tagout.Reply{Message: tagout.Say("The form is not complete."), Outcome: tagout.Outcome{Problems: problems}}, nil
	}
	var quote *tagout.Quote
	if s.State != "" {
		q, err := tagout.ParseQuoteKey(s.State)
		if err != nil {
			return tagout.Reply{}, err
		}
		quote = &q
	}
	f, err := g.desk.RaiseFlag(ctx, r, quote)
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: thanks(f, s.User.ID)}, nil
}

// scope reads which agent is meant; none for an empty text and for *.
func (g flags) scope(text string) (tagout.Scope, error) {
	if text = strings.TrimSpace(text); text == "" {
		return tagout.Scope{}, nil
	}
	a, err := parseStop("kill", text, g.policy)
	return a.Scope, err
}

// thanks says that a flag is recorded, and what became of one that was decided before.
func thanks(f *tagout.Flag, reader tagout.UserID) tagout.Message {
	m := tagout.Say("Flagged as ", tagout.Bold(f.ID.String()), ". Nothing is stopped by it; you hear what is decided.")
	if people := f.Reporters(); len(people) > 1 && people[0] != reader {
		m = tagout.Say("Flagged as ", tagout.Bold(f.ID.String()), ", which ", tagout.Mention(people[0]),
			" flagged before you. You hear what is decided, too.")
	}
	if f.State != tagout.FlagOpen {
		m = tagout.Say("It was flagged before, as ", tagout.Bold(f.ID.String()), ", and decided: ", f.Outcome.Text(), ". What you say is added to it.")
		m = m.Para("If you see it otherwise, declare an incident: ", tagout.Typed("incident"), ".")
	}
	return m
}

// reacted flags the message that somebody reacted to.
func (g flags) reacted(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	f, err := g.desk.RaiseFlag(ctx, tagout.FlagReport{ID: in.ID, By: in.User.ID}, in.About)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := thanks(f, in.User.ID)
	m.Buttons = []tagout.Button{{Action: "flag-more", Label: "Say what is off", Value: in.About.Key()}}
	return tagout.Reply{Message: m}, nil
}

// more opens the form for a message that was flagged by a reaction.
func (g flags) more(_ context.Context, c tagout.Click) (tagout.Reply, error) {
	q, err := tagout.ParseQuoteKey(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := g.form("", &q)
	return tagout.Reply{Form: &form}, nil
}
