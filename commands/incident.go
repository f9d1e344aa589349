package commands

import (
	"context"
	"strings"

	"tagout"
)

// Declarer is what declaring an incident needs.
type Declarer interface {
	Seer
	// MakePrivate closes an open incident to everybody but its people. It returns Conflict
	// if it is private already or has ended.
	MakePrivate(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error)
	// Declare opens an incident. With a stop it obeys that first, and returns Unavailable,
	// saying so, if the incident could not be recorded.
	Declare(ctx context.Context, d tagout.Declaration) (*tagout.Incident, error)
}

// incident declares an incident: anyone who feels that something is off.
func incident(f floor, d Declarer) tagout.Command {
	return tagout.Command{
		Name: "incident", Summary: "Say that something about an agent feels off, with or without stopping it.", Usage: "[private] [TITLE…] | INC-n private", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/incident customers get the wrong discount", "/incident private a complaint about a colleague", "/incident INC-7 private"},
			"It opens a form: what is off, which agent if you know it, how bad it looks, and whether to stop it now. To stop an agent without a form use kill.",
			"A private incident is read by its people only: whoever opened it, is paged for it, must sign or has a role in it. An open incident that is made private moves to a private channel; full members may do that, and it stays so."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "declare an incident"); err != nil {
				return tagout.Reply{}, err
			}
			first, rest := firstWord(in.Text), ""
			if looksLikeIncident(first) {
				return makePrivate(ctx, d, in)
			}
			title := strings.TrimSpace(in.Text)
			private := strings.EqualFold(first, privateWord)
			if private {
				_, rest, _ = strings.Cut(title, first)
				title = rest
			}
			form := f.declarationForm(cutTo(line(title), 300), private)
			return tagout.Reply{Form: &form, Message: tagout.Say("An incident is declared in Slack, with ", tagout.Typed("incident"), ".")}, nil
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			"incident": func(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
				if err := person(s.User, "declare an incident"); err != nil {
					return tagout.Reply{}, err
				}
				declaration, problems := f.declaration(s)
				if len(problems) > 0 {
					return tagout.Reply{Message: tagout.Say("The form is not complete."), Outcome: tagout.Outcome{Problems: problems}}, nil
				}
				i, err := d.Declare(ctx, declaration)
				if err != nil {
					return tagout.Reply{}, err
				}
				return f.declared(ctx, d, i, declaration, s), nil
			},
		},
	}
}

// notStopped is the choice that stops nothing.
const notStopped = "no"

// privateWord makes an incident a private one.
const privateWord = "private"

// makePrivate closes the incident that is named to everybody but its people.
func makePrivate(ctx context.Context, d Declarer, in tagout.Invocation) (tagout.Reply, error) {
	id, rest, err := incidentOf("incident", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	if !strings.EqualFold(rest, privateWord) {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
			"Write /incident %s private to make it private, or /incident with a title to declare one.", id)
	}
	if err := member(in.User, "make an incident private"); err != nil {
		return tagout.Reply{}, err
	}
	i, err := d.MakePrivate(ctx, id, in.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say(tagout.Bold(i.ID.String()),
		" is private now: only its people read about it. They go on in a private channel; the old one is told so and archived.")
	m = m.Para("What was written there before can still be read by everybody. What is held stays held.")
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
}

func (f floor) declarationForm(title string, private bool) tagout.Form {
	scope := f.scopeField("")
	scope.Label, scope.Optional, scope.Value = "Which agent", true, ""
	scope.Hint = "Leave it empty if you do not know. " + scope.Hint
	fields := []tagout.Field{
		{Key: "title", Label: "In one line", Kind: tagout.FieldLine, Value: title, Hint: "Such as: customers get the wrong discount"},
		{Key: "summary", Label: "What is off", Kind: tagout.FieldParagraph, Optional: true, Hint: "What you saw, since when, who is affected, links"},
		scope,
	}
	fields = append(fields, f.severityAndClass()...)
	form := tagout.Form{ID: "incident", Title: "Declare an incident", Submit: "Declare", Fields: append(fields, tagout.Field{
		Key: "stop", Label: "Stop it now", Kind: tagout.FieldChoice, Value: notStopped, Options: []tagout.Option{
			{Value: notStopped, Label: "No: look into it first"},
			{Value: string(tagout.Halted), Label: tagout.Halted.Label() + ": drop what is in flight, start nothing"},
			{Value: string(tagout.Paused), Label: tagout.Paused.Label() + ": finish what is in flight, start nothing"},
			{Value: string(tagout.Review), Label: tagout.Review.Label() + ": a human approves every output"},
		}})}
	if private {
		form.Title, form.State = "Declare privately", privateWord
		form.Intro = []tagout.Text{tagout.T("It gets a private channel and is not announced. Only its people read about it: you, whoever is paged for it or must sign, and whoever gets a role in it.")}
	}
	return form
}

// declaration reads the form, and says what has to be corrected.
func (f floor) declaration(s tagout.Submission) (tagout.Declaration, []tagout.FieldProblem) {
	d := tagout.Declaration{
		ID: tagout.DeriveID("incident", s.ID), By: s.User.Actor(), Title: cutTo(line(s.Values["title"]), 300), Summary: prose(s.Values["summary"]),
		Severity: tagout.Severity(s.Values["severity"]), Class: s.Values["class"], Private: s.State == privateWord,
	}
	if f.policy.Severities[d.Severity] == nil {
		d.Severity = f.policy.DefaultSeverity
	}
	if f.policy.Classes[d.Class] == nil {
		d.Class = f.policy.DefaultClass
	}
	var problems []tagout.FieldProblem
	if d.Title == "" {
		problems = append(problems, tagout.FieldProblem{Key: "title", Message: "Say in one line what is off."})
	}
	if text := strings.TrimSpace(s.Values["scope"]); text != "" {
		a, err := parseStop("kill", text, f.policy)
		if err != nil {
			problems = append(problems, tagout.FieldProblem{Key: "scope", Message: tagout.Sentence(err)})
		}
		d.Scope = &a.Scope
	}
	if text := s.Values["stop"]; text != "" && text != notStopped {
		mode, err := tagout.ParseMode(text)
		switch {
		case err != nil || mode == tagout.Running || mode == tagout.Capped:
			problems = append(problems, tagout.FieldProblem{Key: "stop", Message: "Choose halted, paused or review; a cap is hung with /tagout hold."})
		case d.Scope == nil:
			problems = append(problems, tagout.FieldProblem{Key: "scope", Message: "Say which agent to stop, or * for everything."})
		}
		d.Stop = mode
	}
	return d, problems
}

// declared confirms the incident. A stop may have joined one that its author may not read.
func (f floor) declared(ctx context.Context, desk Seer, i *tagout.Incident, d tagout.Declaration, s tagout.Submission) tagout.Reply {
	if !desk.Sees(ctx, i, viewerOf(s.User, s.Channel)) {
		m := tagout.Say(tagout.Fixed(d.Scope.String()), " ", d.Stop, " — ", tagout.Bold(i.ID.String()), ", which is private.")
		return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}
	}
	m := tagout.Say("Declared ", tagout.Bold(i.ID.String()), ": ", i.Title, ".")
	if i.Private {
		m = m.Para("It is private: only its people read about it, in a private channel.")
	}
	m = m.Fact("Severity", i.Severity.Label()).Fact("Class", f.policy.ClassTitle(i.Class))
	var holds []tagout.Hold
	for _, h := range i.ActiveHolds() {
		if d.Scope != nil && d.Stop != "" && h.Scope == *d.Scope && h.Mode == d.Stop {
			holds = append(holds, h)
		}
	}
	switch {
	case len(holds) > 0:
		h := holds[len(holds)-1]
		m = m.Fact("Held", tagout.Fixed(h.Scope.String()), " ", h.Mode)
		m = progressOf(i, h.Scope, h.Mode).facts(m)
		if unknown := f.policy.Agents.Undeclared(h.Scope); len(unknown) > 0 {
			m = m.Para("Not in the configuration: " + strings.Join(unknown, ", ") + ". It is held all the same.")
		}
	case d.Scope == nil:
		m = m.Para("Nothing is held, since nobody said which agent. Once you know: ", tagout.Typed("kill AGENT"), ".")
	default:
		m = m.Para("Nothing new is held by it. To stop it: ", tagout.Typed("kill "+d.Scope.String()), ".")
	}
	if i.Room.Channel != "" {
		m = m.Fact("Channel", tagout.ChannelLink(i.Room.Channel))
	}
	m.Buttons = stopButtons(i)
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID, Holds: holds}}
}
