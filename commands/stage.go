package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// Stager is what showing and beginning the stages of a resumption needs.
type Stager interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// StageQuiet tells of the alerts on the scope of a plan since its stage began.
	StageQuiet(ctx context.Context, i *tagout.Incident) (tagout.Quiet, error)
	// AdvanceStage begins the next stage, or returns Forbidden or Conflict with the reason.
	AdvanceStage(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error)
	// ValidateTools asks for sign-offs on more tools in the present stage.
	ValidateTools(ctx context.Context, id tagout.IncidentID, d tagout.ResumeDraft, tools []string) (*tagout.Incident, error)
}

// stage shows how far a staged resumption is, and begins its next stage.
func stage(f floor, d Stager) tagout.Command {
	s := stages{f, d}
	return tagout.Command{
		Name: "stage", Summary: "Show how far a staged resumption is, or begin its next stage.", Usage: "[INC-n] [advance | validate TOOL…]", Right: tagout.MayNot,
		Detail: detail("anyone in the workspace may look. A signer of the plan, or who commanded the incident when it was asked for, begins the next stage; full members ask for a tool. No guest and no API token.",
			[]string{"/stage", "/stage INC-7 advance", "/stage validate send_email"},
			"A stage begins only after the time of the one before, all of which was quiet. An alert, a stop or drift on the scope takes the agent back to the stage before by itself; then a new request is needed.",
			"Tools stay disabled until they are validated. One that was not signed needs the GO of the plan's signers."),
		Run: s.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"stage": s.pressed,
		},
	}
}

type stages struct {
	floor
	desk Stager
}

func (s stages) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := person(in.User, "ask about stages"); err != nil {
		return tagout.Reply{}, err
	}
	id, text, err := incidentOf("stage", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	words := strings.Fields(strings.ToLower(line(text)))
	switch {
	case len(words) == 0:
		return s.show(ctx, id)
	case words[0] == "advance" && len(words) == 1:
		return s.advance(ctx, id, in.User)
	case words[0] == "validate":
		return s.validate(ctx, id, in, words[1:])
	}
	return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
		"%q was not understood. Write /tagout stage, /tagout stage advance or /tagout stage validate TOOL. Nothing was changed.",
		clip(words[0]))
}

func (s stages) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	id, err := tagout.ParseIncidentID(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return s.advance(ctx, id, c.User)
}

func (s stages) advance(ctx context.Context, id tagout.IncidentID, by tagout.User) (tagout.Reply, error) {
	if err := member(by, "begin a stage"); err != nil {
		return tagout.Reply{}, err
	}
	i, err := s.desk.AdvanceStage(ctx, id, by)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say("You began ", tagout.Bold(i.Staging.Current()), " of ", tagout.Bold(i.ID.String()), ".")
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}

func (s stages) validate(ctx context.Context, id tagout.IncidentID, in tagout.Invocation, tools []string) (tagout.Reply, error) {
	if err := member(in.User, "ask for a tool"); err != nil {
		return tagout.Reply{}, err
	}
	draft := tagout.ResumeDraft{ID: tagout.DeriveID("validate", in.ID), By: in.User,
		Deliverables: map[string]string{"validated_tools": strings.Join(tools, ", ")}}
	i, err := s.desk.ValidateTools(ctx, id, draft, tools)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say("You asked for ", tagout.Bold(strings.Join(tools, ", ")), " in ", i.Staging.Current(), ". It stays disabled until it is signed.")
	if i.Request != nil {
		m = m.Fact("Needs GO of", s.policy.RuleText(i.Request.Missing())).Fact("Expires", i.Request.Expires)
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}

func (s stages) show(ctx context.Context, id tagout.IncidentID) (tagout.Reply, error) {
	i, err := s.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	p := i.Staging
	if p == nil {
		return tagout.Reply{Message: tagout.Say(tagout.Bold(id.String()), " has no staged resumption. ",
			tagout.Typed("resume "+id.String()), " asks for one."), Outcome: tagout.Outcome{Incident: id}}, nil
	}
	quiet, err := s.desk.StageQuiet(ctx, i)
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: s.shown(i, quiet), Outcome: tagout.Outcome{Incident: id}}, nil
}

// shown tells where the plan stands, what the agent may do meanwhile, and what comes next.
func (s stages) shown(i *tagout.Incident, quiet tagout.Quiet) tagout.Message {
	p := i.Staging
	m := tagout.Message{Title: "Stages of " + i.ID.String()}
	m = m.Fact("Scope", tagout.Fixed(p.Scope.String())).Fact("Now", p.Current()).Fact("Since", p.Since)
	if !p.Until.IsZero() {
		m = m.Fact("At least until", p.Until)
	}
	for _, h := range i.ActiveHolds() {
		if h.Plan == p.Plan {
			m = m.Fact("Held", h.String())
		}
	}
	switch {
	case quiet.Firing > 0:
		m = m.Fact("Alerts", count(quiet.Firing, "alert")+" fire on the scope")
	case quiet.LastAt.After(p.Since):
		m = m.Fact("Alerts", tagout.T("the last one came or ended at ", quiet.LastAt))
	default:
		m = m.Fact("Alerts", "none since the stage began")
	}
	if next, more := p.Next(); more {
		return m.Fact("Next", tagout.T(tagout.Bold(next.String()), ", begun with ", tagout.Typed("stage "+i.ID.String()+" advance")))
	}
	switch p.State {
	case tagout.StagingDone:
		return m.Para("The plan has ended: all of it runs, as far as no other hold covers it.")
	case tagout.StagingEnded:
		return m.Para("A newer request has taken its place.")
	}
	return m.Para("What is left of the plan is void: "+p.Reason+". Ask again with ", tagout.Typed("resume "+i.ID.String()), ".")
}

// stageBegan says which stage an event tells of.
func stageBegan(d facts) string {
	text := "began stage"
	if n, ok := d["stage"].(float64); ok {
		text += " " + strconv.Itoa(int(n)+1)
	}
	if what, ok := d["what"].(map[string]any); ok {
		text += ": " + facts(what).text("mode")
		if share, ok := what["share"].(float64); ok && share > 0 {
			text += " " + tagout.ShareText(share)
		}
	}
	return text
}
