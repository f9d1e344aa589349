package commands

import (
	"context"

	"tagout"
)

const holdUsage = "SCOPE review|capped [cap=500/day] [tool:NAME…] [sev1|sev2|sev3] [class=NAME] [reason…]"

// hold restricts a scope without stopping it: to human review, to a spend cap, or to work
// without some of its tools.
func hold(s stops) tagout.Command {
	parse := func(text string) (stopArguments, error) { return parseHold(text, s.policy) }
	return tagout.Command{
		Name: "hold", Summary: "Restrict an agent to human review, a spend cap, or fewer tools.", Usage: holdUsage, Right: tagout.MayStop,
		Detail: detail(anyoneAndStopTokens,
			[]string{"/hold mailer/email review odd wording", "/hold mailer capped cap=500/day tool:send_email"},
			"With capped, tool:NAME disables the tool and tool:@high all tools of that risk; a cap or a tool is needed. With review, tool:NAME narrows the scope.",
			"Without arguments it opens a form. Nothing but the sign-offs of its incident lifts a hold."),
		Run:   s.typed("hold", holdUsage, parse),
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){"hold": s.submitted("hold", parse)},
	}
}
