package commands

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// gameday is the choice of a form that is no [tagout.DrillAction] of its own.
const gameday = "gameday"

// maxChoices is how many choices a form shows of one kind.
const maxChoices = 100

// pressed opens the form of a drill.
func (s drills) pressed(context.Context, tagout.Click) (tagout.Reply, error) {
	agents := tagout.Field{Key: "agent", Label: "Agent", Kind: tagout.FieldChoice}
	for _, name := range s.policy.Agents.Names() {
		if canary := s.policy.Agents[name].Canary; canary.Agent == name && len(agents.Options) < maxChoices {
			agents.Options = append(agents.Options, tagout.Option{Value: name, Label: name + ", on " + canary.String()})
		}
	}
	if len(agents.Options) == 0 {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
			"No agent has a canary, so nothing can be drilled. Set agents.*.canary in the configuration to a small part of an agent.")
	}
	fields := []tagout.Field{agents,
		{Key: "action", Label: "What is practised", Kind: tagout.FieldChoice, Value: string(tagout.DrillKill), Options: []tagout.Option{
			{Value: string(tagout.DrillKill), Label: "A stop. Nobody is paged"},
			{Value: string(tagout.DrillRollback), Label: "A rollback. Nobody is paged"},
			{Value: gameday, Label: "A game day: a stop, and people are paged"},
		}}}
	broken := tagout.Field{
		Key: "scenario", Label: "What is broken on purpose", Kind: tagout.FieldChoice, Optional: true,
		Hint: "Empty: nothing. A broken pager pages people.",
	}
	for _, c := range s.policy.Drills.Scenarios[:min(len(s.policy.Drills.Scenarios), maxChoices)] {
		broken.Options = append(broken.Options, tagout.Option{Value: c.Name, Label: c.Agent + ": " + c.String()})
	}
	if len(broken.Options) > 0 {
		fields = append(fields, broken)
	}
	fields = append(fields, tagout.Field{Key: "reason", Label: "Why now", Kind: tagout.FieldLine, Optional: true})
	return tagout.Reply{Form: &tagout.Form{ID: "drill", Title: "Drill", Submit: "Begin", Fields: fields,
		Intro: []tagout.Text{tagout.T("The canary is stopped by its real controls, and runs again by itself. If anything real comes meanwhile, or the drill fails, it stays held until that is signed for.")}}}, nil
}

// filled begins the drill of a form.
func (s drills) filled(ctx context.Context, in tagout.Submission) (tagout.Reply, error) {
	o := tagout.DrillOrder{ID: tagout.DeriveID("drill", in.ID), Action: tagout.DrillAction(in.Values["action"]), Agent: in.Values["agent"],
		By: in.User.Actor(), Scenario: in.Values["scenario"], Reason: strings.TrimSpace(prose(in.Values["reason"]))}
	if o.Action == gameday {
		o.Action, o.Page = tagout.DrillKill, true
	}
	if !slices.Contains([]tagout.DrillAction{tagout.DrillKill, tagout.DrillRollback}, o.Action) || s.policy.Agents[o.Agent] == nil {
		return problem("agent", tagout.Errorf(tagout.Invalid, "Choose an agent, and what is to be practised."))
	}
	reply, err := s.begin(ctx, o)
	if err != nil {
		return problem("agent", err)
	}
	return reply, nil
}
