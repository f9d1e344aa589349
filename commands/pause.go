package commands

import (
	"context"

	"tagout"
)

// pause lets a scope finish what is in flight and start nothing.
func pause(s stops) tagout.Command {
	parse := s.parser("pause", tagout.Paused)
	return tagout.Command{
		Name: "pause", Summary: "Let an agent, or a part of it, finish what is in flight and start nothing.", Usage: stopUsage, Right: tagout.MayStop,
		Detail: detail(anyoneAndStopTokens,
			[]string{"/pause mailer/sms", "/pause mailer/email/us class=budget_drift spend doubled since noon"},
			"It never asks, like kill. Without arguments it opens a form."),
		Run:   s.typed("pause", stopUsage, parse),
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){"pause": s.submitted("pause", parse)},
	}
}
