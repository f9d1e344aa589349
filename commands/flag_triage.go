package commands

import (
	"context"
	"strings"

	"tagout"
)

// flagOf is the flag that a button or form carries; 0 if none.
func flagOf(value string) tagout.FlagID {
	name, _, _ := strings.Cut(value, "|")
	id, err := tagout.ParseFlagID(name)
	if err != nil {
		return 0
	}
	return id
}

// stopFlagged is the button Stop now of a flag. It halts the agent that was flagged, asking
// nothing and nobody; where nobody has said which agent, the form to stop one opens.
func (s stops) stopFlagged(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	id := flagOf(c.Value)
	_, scope, _ := strings.Cut(c.Value, "|")
	a, err := parseStop("kill", scope, s.policy)
	if scope == "" || err != nil {
		form := s.form("kill", "")
		form.State = c.Value
		return tagout.Reply{Form: &form}, nil
	}
	a.Mode, a.Reason = tagout.Halted, "what was flagged in "+id.String()
	return s.run(ctx, asked{id: c.ID, by: c.User.Actor(), viewer: viewerOf(c.User, c.Channel), incident: c.Incident, at: c.At, flag: id}, a)
}

// undecided reads the flag of a button. It returns Conflict, with what was decided, if it is
// not open any more.
func (g flags) undecided(ctx context.Context, value string) (*tagout.Flag, error) {
	id, err := tagout.ParseFlagID(value)
	if err != nil {
		return nil, err
	}
	f, err := g.desk.Flag(ctx, id)
	if err == nil && f.State != tagout.FlagOpen {
		return nil, tagout.Errorf(tagout.Conflict, "%s was decided already: %s.", f.ID, f.Outcome.Text())
	}
	return f, err
}

func (g flags) promoting(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	f, err := g.undecided(ctx, c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	scope := g.scopeField("")
	scope.Label, scope.Optional, scope.Value = "Which agent", true, ""
	scope.Hint = "Leave it empty if nobody knows. " + scope.Hint
	if f.Scope.Agent != "" {
		scope.Value = f.Scope.String()
	}
	form := tagout.Form{ID: "flag-promote", Title: "Make it an incident", Submit: "Open the incident", State: f.ID.String(),
		Intro: []tagout.Text{tagout.T("Its people are paged as for every incident. Nothing is stopped by this: there is Stop now, or ",
			tagout.Typed("kill"), ".")},
		Fields: append([]tagout.Field{{Key: "title", Label: "In one line", Kind: tagout.FieldLine, Value: cutTo(line(f.Words()), 300)}, scope}, g.severityAndClass()...)}
	return tagout.Reply{Form: &form}, nil
}

func (g flags) promoted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	id, err := tagout.ParseFlagID(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	d, problems := g.declaration(s)
	if len(problems) > 0 {
		return tagout.Reply{Message: tagout.Say("The form is not complete."), Outcome: tagout.Outcome{Problems: problems}}, nil
	}
	p := tagout.Promotion{Title: d.Title, Severity: d.Severity, Class: d.Class}
	if d.Scope != nil {
		p.Scope = *d.Scope
	}
	f, err := g.desk.PromoteFlag(ctx, id, p, s.User.Actor())
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say(tagout.Bold(f.ID.String()), " is ", tagout.Bold(f.Outcome.Incident.String()),
		" now. Whoever flagged it is told. Nothing is held by it.")
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: f.Outcome.Incident}}, nil
}

func (g flags) dismissing(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	f, err := g.undecided(ctx, c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: "flag-dismiss", Title: "Not an incident", Submit: "Decide", State: f.ID.String(), Fields: []tagout.Field{
		{Key: "why", Label: "Why not", Kind: tagout.FieldParagraph, Hint: "Whoever flagged it reads this. Thank them."},
	}}
	return tagout.Reply{Form: &form}, nil
}

func (g flags) dismissed(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	id, err := tagout.ParseFlagID(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	f, err := g.desk.DismissFlag(ctx, id, prose(s.Values["why"]), s.User.Actor())
	if err != nil {
		return problem("why", err)
	}
	return tagout.Reply{Message: tagout.Say(tagout.Bold(f.ID.String()), " is not an incident. Whoever flagged it is told why.")}, nil
}

func (g flags) folding(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	f, err := g.undecided(ctx, c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: "flag-duplicate", Title: "Duplicate of an incident", Submit: "Decide", State: f.ID.String(), Fields: []tagout.Field{
		{Key: "incident", Label: "Which incident", Kind: tagout.FieldLine, Hint: "Such as INC-7. The flag and its message are kept with it as evidence."},
	}}
	return tagout.Reply{Form: &form}, nil
}

func (g flags) folded(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	id, err := tagout.ParseFlagID(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	into, err := tagout.ParseIncidentID(s.Values["incident"])
	if err != nil {
		return problem("incident", err)
	}
	i, err := g.desk.Incident(ctx, into)
	if err == nil && !g.desk.Sees(ctx, i, viewerOf(s.User, s.Channel)) {
		err = isPrivate(into)
	}
	var f *tagout.Flag
	if err == nil {
		f, err = g.desk.FoldFlag(ctx, id, into, s.User.Actor())
	}
	switch tagout.CodeOf(err) {
	case tagout.NotFound, tagout.Forbidden:
		field := tagout.FieldProblem{Key: "incident", Message: tagout.Sentence(err)}
		return tagout.Reply{Message: tagout.Say(field.Message), Outcome: tagout.Outcome{Problems: []tagout.FieldProblem{field}}}, nil
	}
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say(tagout.Bold(f.ID.String()), " belongs to ", tagout.Bold(into.String()), ". Whoever flagged it is told.")
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: into}}, nil
}
