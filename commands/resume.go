package commands

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// Resumer is what asking for a resumption and signing it needs.
type Resumer interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// RequestResume proposes to lift holds. It returns Forbidden for guests, Conflict if
	// nothing is held, and Invalid for a scope, target or deliverable that will not do.
	RequestResume(ctx context.Context, id tagout.IncidentID, d tagout.ResumeDraft) (*tagout.Incident, error)
	// Unsigned lists the sign-offs of its pending request that nobody is left to give.
	Unsigned(ctx context.Context, i *tagout.Incident) []tagout.Text
	// Sign counts a GO or NO-GO, or returns Forbidden, Conflict or Expired with the reason
	// why it does not count.
	Sign(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error)
}

// resume asks the people who must sign to let an agent run again. It lifts nothing itself.
func resume(f floor, d Resumer) tagout.Command {
	r := resumption{f, d}
	return tagout.Command{
		Name: "resume", Summary: "Ask those who must sign to let an agent run again.", Usage: "[INC-n] [SCOPE]", Right: tagout.MayNot,
		Detail: detail("full members of the workspace may ask; only the severity's signers sign, and never who asked. No guest and no API token.",
			[]string{"/resume INC-7", "/resume INC-7 mailer/email/us"},
			"It opens a form with what the incident's severity requires. The request is posted with the buttons GO and NO-GO; everything stays held until all sign-offs are given."),
		Run: r.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"resume": r.pressed,
			"go":     r.goes,
			"nogo":   r.refuses,
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			"resume": r.submitted,
			"nogo":   r.refused,
		},
	}
}

type resumption struct {
	floor
	desk Resumer
}

func (r resumption) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := member(in.User, "ask to resume an agent"); err != nil {
		return tagout.Reply{}, err
	}
	id, rest, err := incidentOf("resume", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	var scope string
	if rest = line(rest); rest != "" {
		narrower, err := tagout.ParseScope(rest)
		if err != nil {
			return tagout.Reply{}, err
		}
		scope = narrower.String()
	}
	return r.ask(ctx, id, scope)
}

func (r resumption) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "ask to resume an agent"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return r.ask(ctx, id, "")
}

// ask opens the form. It returns Conflict if there is nothing to resume.
func (r resumption) ask(ctx context.Context, id tagout.IncidentID, scope string) (tagout.Reply, error) {
	i, err := r.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	if len(i.ActiveHolds())+len(i.Pins) == 0 {
		return tagout.Reply{}, tagout.Errorf(tagout.Conflict, "%s holds nothing, so there is nothing to resume. If the agent is still stopped, another incident holds it: see /tagout status.", id)
	}
	form := r.form(i, scope)
	return tagout.Reply{Form: &form, Message: tagout.Say("A resumption is asked for in Slack, with ", tagout.Typed("resume "+id.String()), ".")}, nil
}

// form asks for what the incident's severity requires, as it stood or as it is configured
// now.
func (r resumption) form(i *tagout.Incident, scope string) tagout.Form {
	form := tagout.Form{ID: "resume", Title: "Resume " + i.ID.String(), Submit: "Ask for sign-offs", State: i.ID.String()}
	rule := i.Rule
	if row := r.policy.Severities[i.HighestSeverity]; row != nil {
		rule = rule.With(row.Resume.Rule)
	}
	held := make([]string, 0, len(i.Holds))
	for _, h := range i.ActiveHolds() {
		held = append(held, h.String())
	}
	what := tagout.T("Held by ", i.ID.String(), ": ", strings.Join(held, "; "), ".")
	if len(held) == 0 {
		what = tagout.T(i.ID.String(), " holds nothing, but it pins versions. They are let go of with the sign-offs.")
	}
	form.Intro = []tagout.Text{
		what,
		tagout.T("Needs GO of ", tagout.Bold(r.policy.RuleText(rule)), ". Not yours: who asks cannot sign."),
	}
	for _, key := range r.required(i) {
		field := tagout.Field{Key: key, Label: deliverable(key), Kind: tagout.FieldParagraph}
		if key == "review_scheduled" {
			field.Kind, field.Hint = tagout.FieldLine, "Day and time"
		}
		form.Fields = append(form.Fields, field)
	}
	form.Fields = append(form.Fields,
		tagout.Field{Key: "scope", Label: "Only a part of it", Kind: tagout.FieldLine, Value: scope, Optional: true,
			Hint: "Empty: all that " + i.ID.String() + " holds. Or such as agent/channel/region; the rest stays held."},
		tagout.Field{Key: "target", Label: "Let it go to", Kind: tagout.FieldChoice, Value: string(tagout.Running), Options: []tagout.Option{
			{Value: string(tagout.Running), Label: tagout.Running.Label()},
			{Value: string(tagout.Review), Label: tagout.Review.Label() + ": a human approves every output"},
			{Value: string(tagout.Paused), Label: tagout.Paused.Label() + ": only finish what is in flight"},
		}})
	return form
}

// required lists the deliverables that a request must bring along.
func (r resumption) required(i *tagout.Incident) []string {
	keys := slices.Clone(i.Require)
	if row := r.policy.Severities[i.HighestSeverity]; row != nil {
		for _, key := range row.Resume.Require {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func deliverable(key string) string {
	if label := tagout.DeliverableLabels[key]; label != "" {
		return label
	}
	return strings.ReplaceAll(key, "_", " ")
}

func (r resumption) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "ask to resume an agent"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := r.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	draft, problems := r.draft(s, r.required(i))
	if len(problems) > 0 {
		return tagout.Reply{Message: tagout.Say("The request is not complete."), Outcome: tagout.Outcome{Incident: id, Problems: problems}}, nil
	}
	i, err = r.desk.RequestResume(ctx, id, draft)
	if err != nil {
		return problem("scope", err)
	}
	return tagout.Reply{Message: r.requested(ctx, i), Outcome: tagout.Outcome{Incident: id}}, nil
}

// draft reads the form, and says what is missing from it.
func (r resumption) draft(s tagout.Submission, required []string) (tagout.ResumeDraft, []tagout.FieldProblem) {
	draft := tagout.ResumeDraft{ID: tagout.DeriveID("resume", s.ID), By: s.User, Target: tagout.Running, Deliverables: map[string]string{}}
	var problems []tagout.FieldProblem
	for _, key := range required {
		if draft.Deliverables[key] = prose(s.Values[key]); draft.Deliverables[key] == "" {
			problems = append(problems, tagout.FieldProblem{Key: key, Message: deliverable(key) + ": required before anybody can sign."})
		}
	}
	if text := line(s.Values["scope"]); text != "" {
		scope, err := tagout.ParseScope(text)
		if err != nil {
			problems = append(problems, tagout.FieldProblem{Key: "scope", Message: tagout.Sentence(err)})
		}
		draft.Scope = &scope
	}
	if text := s.Values["target"]; text != "" {
		mode, err := tagout.ParseMode(text)
		if err != nil {
			problems = append(problems, tagout.FieldProblem{Key: "target", Message: tagout.Sentence(err)})
		}
		draft.Target = mode
	}
	return draft, problems
}

// requested confirms a request to the person who made it.
func (r resumption) requested(ctx context.Context, i *tagout.Incident) tagout.Message {
	m := tagout.Say("You asked to resume ", tagout.Bold(i.ID.String()), ". Everything stays held until it is signed.")
	q := i.Request
	if q == nil {
		return m
	}
	m = m.Fact("Scope", tagout.Fixed(q.Scope.String())).Fact("Goes to", q.Target)
	m = m.Fact("Needs GO of", r.policy.RuleText(q.Missing())).Fact("Expires", q.Expires)
	if q.Monitor > 0 {
		m = m.Fact("Quiet for", tagout.Elapsed(q.Monitor)+" without a new alert before GO counts")
	}
	if len(q.Firing) > 0 {
		m = m.Fact("Still firing", count(len(q.Firing), "alert"))
	}
	for _, nobody := range r.desk.Unsigned(ctx, i) {
		m.Tone = tagout.ToneDanger
		m = m.Para(nobody)
	}
	return m
}
