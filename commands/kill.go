package commands

import (
	"context"

	"tagout"
)

const stopUsage = "SCOPE [tool:NAME] [sev1|sev2|sev3] [class=NAME] [reason…]"

// kill halts a scope: what is in flight is dropped, nothing starts.
func kill(s stops) tagout.Command {
	parse := s.parser("kill", tagout.Halted)
	return tagout.Command{
		Name: "kill", Summary: "Halt an agent, or a part of it, at once.", Usage: stopUsage, Right: tagout.MayStop,
		Detail: detail(anyoneAndStopTokens,
			[]string{"/kill mailer/email/eu sev1 complaint spike", "/kill mailer tool:send_email", "/kill *"},
			"It never asks: what was not understood is named after the stop. Without arguments it opens a form.",
			"Typed in the channel of an open incident of that agent it joins that incident."),
		Run:    s.typed("kill", stopUsage, parse),
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){"kill": s.more, "flag-stop": s.stopFlagged},
		Forms:  map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){"kill": s.submitted("kill", parse)},
	}
}

// parser reads the arguments of a verb that decides the mode.
func (s stops) parser(verb string, mode tagout.Mode) func(string) (stopArguments, error) {
	return func(text string) (stopArguments, error) {
		a, err := parseStop(verb, text, s.policy)
		a.Mode = mode
		return a, err
	}
}

// more is the button "Stop more": the form, filled with the scope of the button.
func (s stops) more(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	scope := c.Value
	if looksLikeIncident(c.Value) {
		id, err := tagout.ParseIncidentID(c.Value)
		if err != nil {
			return tagout.Reply{}, err
		}
		scope = s.scopeOf(ctx, id, viewerOf(c.User, c.Channel))
	}
	form := s.form("kill", scope)
	return tagout.Reply{Form: &form, Message: tagout.Say("To stop more, type ", tagout.Typed("kill "+stopUsage))}, nil
}
