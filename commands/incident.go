package commands

import (
	"context"
	"strings"

	"tagout"
)

// Declarer is what declaring an incident needs.
type Declarer interface {
	// Declare opens an incident. With a stop it obeys that first, and returns Unavailable,
	// saying so, if the incident could not be recorded.
	Declare(ctx context.Context, d tagout.Declaration) (*tagout.Incident, error)
}

// incident declares an incident: anyone who feels that something is off.
func incident(f floor, d Declarer) tagout.Command {
	return tagout.Command{
		Name: "incident", Summary: "Say that something about an agent feels off, with or without stopping it.", Usage: "[TITLE…]", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/incident customers get the wrong discount"},
			"It opens a form: what is off, which agent if you know it, how bad it looks, and whether to stop it now. To stop an agent without a form use kill."),
		Run: func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := person(in.User, "declare an incident"); err != nil {
				return tagout.Reply{}, err
			}
			form := f.declarationForm(cutTo(line(in.Text), 300))
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
				return f.declared(i, declaration), nil
			},
		},
	}
}

// notStopped is the choice that stops nothing.
const notStopped = "no"

func (f floor) declarationForm(title string) tagout.Form {
	scope := f.scopeField("")
	scope.Label, scope.Optional, scope.Value = "Which agent", true, ""
	scope.Hint = "Leave it empty if you do not know. " + scope.Hint
	fields := []tagout.Field{
		{Key: "title", Label: "In one line", Kind: tagout.FieldLine, Value: title, Hint: "Such as: customers get the wrong discount"},
		{Key: "summary", Label: "What is off", Kind: tagout.FieldParagraph, Optional: true, Hint: "What you saw, since when, who is affected, links"},
		scope,
	}
	fields = append(fields, f.severityAndClass()...)
	return tagout.Form{ID: "incident", Title: "Declare an incident", Submit: "Declare", Fields: append(fields, tagout.Field{
		Key: "stop", Label: "Stop it now", Kind: tagout.FieldChoice, Value: notStopped, Options: []tagout.Option{
			{Value: notStopped, Label: "No: look into it first"},
			{Value: string(tagout.Halted), Label: tagout.Halted.Label() + ": drop what is in flight, start nothing"},
			{Value: string(tagout.Paused), Label: tagout.Paused.Label() + ": finish what is in flight, start nothing"},
			{Value: string(tagout.Review), Label: tagout.Review.Label() + ": a human approves every output"},
		}})}
}

// declaration reads the form, and says what has to be corrected.
func (f floor) declaration(s tagout.Submission) (tagout.Declaration, []tagout.FieldProblem) {
	d := tagout.Declaration{
		ID: tagout.DeriveID("incident", s.ID), By: s.User.Actor(), Title: cutTo(line(s.Values["title"]), 300), Summary: prose(s.Values["summary"]),
		Severity: tagout.Severity(s.Values["severity"]), Class: s.Values["class"],
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

// declared confirms the incident.
func (f floor) declared(i *tagout.Incident, d tagout.Declaration) tagout.Reply {
	m := tagout.Say("Declared ", tagout.Bold(i.ID.String()), ": ", i.Title, ".")
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
