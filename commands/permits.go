package commands

import (
	"context"
	"slices"

	"tagout"
)

// Permits says who may use each command, button and form: one line each. What has no line
// here is refused to everybody, and a test says which line is missing. A use of a command
// that needs more than the command itself has a line of its own, with its arguments; the
// command checks that with [permits.admit].
func Permits() []tagout.Permit {
	return slices.Concat(stoppingPermits(), workingPermits(), pagingPermits(), resumingPermits(), informingPermits(), endingPermits(), flaggingPermits(),
		[]tagout.Permit{{Thing: "/help", For: tagout.ForEverybody, To: "read the help", Right: tagout.MayRead}})
}

// stoppingPermits are for what people do to stop agents, and declare and describe incidents.
func stoppingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/kill", For: tagout.ForEverybody, To: "stop an agent", Right: tagout.MayStop},
		{Thing: "button kill", For: tagout.ForEverybody, To: "stop an agent"},
		{Thing: "form kill", For: tagout.ForEverybody, To: "stop an agent"},
		{Thing: "/pause", For: tagout.ForEverybody, To: "stop an agent", Right: tagout.MayStop},
		{Thing: "form pause", For: tagout.ForEverybody, To: "stop an agent"},
		{Thing: "/hold", For: tagout.ForEverybody, To: "restrict an agent", Right: tagout.MayStop},
		{Thing: "form hold", For: tagout.ForEverybody, To: "restrict an agent"},
		{Thing: "/status", For: tagout.ForEverybody, To: "ask how things stand", Right: tagout.MayRead, Note: ofPrivate},
		{Thing: "/ack", For: tagout.ForEverybody, To: "acknowledge an incident"},
		{Thing: "button ack", For: tagout.ForEverybody, To: "acknowledge an incident"},
		{Thing: "/incident", For: tagout.ForEverybody, To: "declare an incident"},
		{Thing: "form incident", For: tagout.ForEverybody, To: "declare an incident"},
		{Thing: "/incident INC-n private", For: tagout.ForMembers, To: "make an incident private"},
		{Thing: "/severity", For: tagout.ForMembers, To: "change a severity"},
		{Thing: "/kind", For: tagout.ForEverybody, To: "ask what an incident looks like", Note: ofPrivate},
		{Thing: "/kind INC-n KIND reason", For: tagout.ForMembers, To: "correct the kind of an incident"},
		{Thing: "/milestone", For: tagout.ForEverybody, To: "ask for milestones", Note: ofPrivate},
		{Thing: "/milestone INC-n NAME WHEN reason", For: tagout.ForTenders, To: "correct a milestone", Note: keepers},
		{Thing: "button milestone", For: tagout.ForTenders, To: "correct a milestone", Note: keepers},
		{Thing: "form milestone", For: tagout.ForTenders, To: "correct a milestone", Note: keepers},
		{Thing: "/changes", For: tagout.ForEverybody, To: "ask what was changed", Right: tagout.MayRead, Note: ofPrivate},
	}
}

// workingPermits are for what people do to work on an incident that is open.
func workingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/note", For: tagout.ForEverybody, To: "write on the timeline"},
		{Thing: "/timeline", For: tagout.ForEverybody, To: "read a timeline", Right: tagout.MayRead, Note: ofPrivate},
		{Thing: "button timeline", For: tagout.ForEverybody, To: "read a timeline", Note: ofPrivate},
		{Thing: "/runbook", For: tagout.ForEverybody, To: "work through a runbook", Note: ofPrivate},
		{Thing: "button runbook", For: tagout.ForEverybody, To: "work through a runbook", Note: ofPrivate},
		{Thing: "/evidence", For: tagout.ForMembers, To: "get the record of an incident", Note: ofPrivate},
		{Thing: "/digest", For: tagout.ForMembers, To: "read a digest", Right: tagout.MayRead, Note: ofPrivate},
		{Thing: "button digest-post", For: tagout.ForMembers, To: "post a digest"},
		{Thing: "/routes", For: tagout.ForEverybody, To: "ask how alerts are routed", Right: tagout.MayRead, Note: ofPrivate},
		{Thing: "button routes", For: tagout.ForEverybody, To: "ask how alerts are routed", Note: ofPrivate},
	}
}

// pagingPermits are for what people do to say who is paged and who does what.
func pagingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/oncall", For: tagout.ForEverybody, To: "ask who is on call"},
		{Thing: "/oncall override @PERSON 4h", For: tagout.ForMembers, To: "change who is on call"},
		{Thing: "/who", For: tagout.ForEverybody, To: "ask who would be paged", Right: tagout.MayRead},
		{Thing: "/role", For: tagout.ForEverybody, To: "ask about roles"},
		{Thing: "/role INC-n ROLE @PERSON", For: tagout.ForMembers, To: "give roles"},
		{Thing: "/handover", For: tagout.ForMembers, To: "hand an incident over"},
		{Thing: "/silence", For: tagout.ForMembers, To: "set or end a silence", Note: "never SEV-1, a stop or containment"},
		{Thing: "button silence-longer", For: tagout.ForMembers, To: "set or end a silence"},
		{Thing: "/silences", For: tagout.ForEverybody, To: "ask what is silenced", Right: tagout.MayRead},
		{Thing: "/unsilence", For: tagout.ForMembers, To: "set or end a silence"},
		{Thing: "button unsilence", For: tagout.ForMembers, To: "set or end a silence"},
		{Thing: "/page-test", For: tagout.ForEverybody, To: "be paged"},
		{Thing: "button page-test", For: tagout.ForEverybody, To: "be paged"},
	}
}

// resumingPermits are for what people do to bring agents back.
func resumingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/rollback", For: tagout.ForMembers, To: "roll an agent back", Right: tagout.MayRollback},
		{Thing: "form rollback", For: tagout.ForMembers, To: "roll an agent back"},
		{Thing: "button rollback", For: tagout.ForMembers, To: "roll an agent back", Note: "it only opens the form"},
		{Thing: "button rollback_retry", For: tagout.ForMembers, To: "roll an agent back"},
		{Thing: "/drill", For: tagout.ForEverybody, To: "ask what was practised", Right: tagout.MayDrill},
		{Thing: "/drill kill AGENT", For: tagout.ForMembers, To: "practise on a canary", Right: tagout.MayDrill, Note: "it lets go of nothing but what it hung itself"},
		{Thing: "button drill", For: tagout.ForMembers, To: "practise on a canary", Note: "it only opens the form"},
		{Thing: "form drill", For: tagout.ForMembers, To: "practise on a canary"},
		{Thing: "/resume", For: tagout.ForMembers, To: "ask to resume an agent"},
		{Thing: "button resume", For: tagout.ForMembers, To: "ask to resume an agent"},
		{Thing: "form resume", For: tagout.ForMembers, To: "ask to resume an agent"},
		{Thing: "button go", For: tagout.ForSigners, To: "sign", Note: ballots},
		{Thing: "button nogo", For: tagout.ForSigners, To: "sign", Note: ballots},
		{Thing: "form nogo", For: tagout.ForSigners, To: "sign", Note: ballots},
		{Thing: "button ask", For: tagout.ForEverybody, To: "open the form", Note: "it only opens the form"},
		{Thing: "form ask", For: tagout.ForSigners, To: "ask before signing"},
		{Thing: "button answered", For: tagout.ForMembers, To: "answer a signer's question"},
		{Thing: "form answered", For: tagout.ForMembers, To: "answer a signer's question"},
		{Thing: "/delegate", For: tagout.ForEverybody, To: "ask who signs for whom"},
		{Thing: "/delegate ROLE @PERSON 24h", For: tagout.ForRoleMembers, To: "delegate or revoke a signature"},
		{Thing: "/delegate revoke ROLE @PERSON", For: tagout.ForRoleMembers, To: "delegate or revoke a signature", Note: "who has it gives it back, too"},
		{Thing: "/stage", For: tagout.ForEverybody, To: "ask about stages"},
		{Thing: "/stage INC-n advance", For: tagout.ForStagers, To: "begin a stage"},
		{Thing: "button stage", For: tagout.ForStagers, To: "begin a stage"},
		{Thing: "/stage INC-n validate TOOL", For: tagout.ForMembers, To: "ask for a tool"},
	}
}

// informingPermits are for what people do to tell people how it stands.
func informingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/inform", For: tagout.ForMembers, To: "tell stakeholders"},
		{Thing: "button inform", For: tagout.ForMembers, To: "tell stakeholders"},
		{Thing: "form inform", For: tagout.ForMembers, To: "tell stakeholders"},
		{Thing: "button note-go", For: tagout.ForSigners, To: "sign", Note: "never who wrote the note"},
		{Thing: "button note-nogo", For: tagout.ForSigners, To: "sign", Note: "never who wrote the note"},
		{Thing: "form note-nogo", For: tagout.ForSigners, To: "sign", Note: "never who wrote the note"},
		{Thing: "button note-again", For: tagout.ForMembers, To: "tell stakeholders"},
		{Thing: "/clock", For: tagout.ForMembers, To: "look at or stop clocks"},
	}
}

// endingPermits are for what people do to end incidents and learn from them.
func endingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/review", For: tagout.ForMembers, To: "write a review"},
		{Thing: "button review", For: tagout.ForMembers, To: "write a review"},
		{Thing: "form review", For: tagout.ForMembers, To: "write a review"},
		{Thing: "button review-submit", For: tagout.ForMembers, To: "submit a review"},
		{Thing: "button review-go", For: tagout.ForHolders, To: "approve a review", Note: approvers},
		{Thing: "button review-nogo", For: tagout.ForEverybody, To: "open the form", Note: "it only opens the form"},
		{Thing: "form review-nogo", For: tagout.ForHolders, To: "send a review back", Note: approvers},
		{Thing: "/close", For: tagout.ForMembers, To: "close an incident", Note: "never one that holds anything"},
		{Thing: "button close", For: tagout.ForMembers, To: "close an incident"},
		{Thing: "form close", For: tagout.ForMembers, To: "close an incident"},
		{Thing: "/cancel", For: tagout.ForMembers, To: "call an incident a false alarm", Note: "it lifts nothing"},
		{Thing: "button cancel", For: tagout.ForMembers, To: "call an incident a false alarm"},
		{Thing: "form cancel", For: tagout.ForMembers, To: "call an incident a false alarm"},
		{Thing: "/actions", For: tagout.ForEverybody, To: "ask for corrective actions", Right: tagout.MayRead, Note: ofPrivate},
		{Thing: "/health", For: tagout.ForEverybody, To: "ask how agents do", Right: tagout.MayRead},
		{Thing: "/recurring", For: tagout.ForEverybody, To: "ask what comes back", Right: tagout.MayRead, Note: ofPrivate},
		{Thing: "/action", For: tagout.ForMembers, To: "add corrective actions"},
		{Thing: "button action", For: tagout.ForMembers, To: "add corrective actions"},
		{Thing: "form action", For: tagout.ForMembers, To: "add corrective actions", Note: "to change one: " + tenders},
		{Thing: "button action-change", For: tagout.ForTenders, To: "change a corrective action", Note: tenders},
		{Thing: "button action-done", For: tagout.ForTenders, To: "finish a corrective action", Note: tenders},
		{Thing: "form action-done", For: tagout.ForTenders, To: "finish a corrective action", Note: tenders},
		{Thing: "button action-drop", For: tagout.ForTenders, To: "drop a corrective action", Note: tenders},
		{Thing: "form action-drop", For: tagout.ForTenders, To: "drop a corrective action", Note: tenders},
		{Thing: "button action-ticket", For: tagout.ForTenders, To: "make a ticket of a corrective action", Note: tenders},
	}
}

// flaggingPermits are for what people do to say that something feels off.
func flaggingPermits() []tagout.Permit {
	return []tagout.Permit{
		{Thing: "/flag", For: tagout.ForEverybody, To: "flag what feels off"},
		{Thing: "form flag", For: tagout.ForEverybody, To: "flag what feels off"},
		{Thing: "shortcut flag", For: tagout.ForEverybody, To: "flag what feels off"},
		{Thing: "shortcut flag-message", For: tagout.ForEverybody, To: "flag what feels off"},
		{Thing: "reaction flag", For: tagout.ForEverybody, To: "flag what feels off", Note: "the emoji of slack.flag_emoji"},
		{Thing: "button flag-more", For: tagout.ForEverybody, To: "open the form", Note: "it only opens the form"},
		{Thing: "button flag-stop", For: tagout.ForEverybody, To: "stop an agent"},
		{Thing: "button flag-promote", For: tagout.ForEverybody, To: "make a flag an incident"},
		{Thing: "form flag-promote", For: tagout.ForEverybody, To: "make a flag an incident"},
		{Thing: "button flag-dismiss", For: tagout.ForMembers, To: "decide that a flag is no incident"},
		{Thing: "form flag-dismiss", For: tagout.ForMembers, To: "decide that a flag is no incident"},
		{Thing: "button flag-duplicate", For: tagout.ForMembers, To: "decide to which incident a flag belongs"},
		{Thing: "form flag-duplicate", For: tagout.ForMembers, To: "decide to which incident a flag belongs"},
	}
}

const (
	ofPrivate = "of a private incident its people only"
	approvers = "the RCA facilitator; if they wrote a part of it, whoever else the configuration names for that"
	tenders   = "its owner, the incident commander, the RCA facilitator and the platform owner"
	keepers   = "the incident commander, the RCA facilitator and the platform owner"
	ballots   = "never who asked or made the change; who tries is on the timeline"
)

// permits are those of [Permits] by what they are for.
type permits map[string]tagout.Permit

func newPermits() permits {
	p := permits{}
	for _, one := range Permits() {
		p[one.Thing] = one
	}
	return p
}

// admit returns Forbidden for whoever may not.
func (p permits) admit(thing string, u tagout.User) error { return p[thing].Admit(u) }

// guard puts the permits in front of a command, its buttons and its forms. A stop waits for
// nothing: who may not stop is told from by the edge, and that is bots.
func (p permits) guard(c tagout.Command) tagout.Command {
	if c.Right == tagout.MayStop {
		return c
	}
	run, clicks, forms, typed := c.Run, c.Clicks, c.Forms, c.Typed
	c.Run = func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
		permit := p["/"+c.Name]
		if byToken := in.By.Kind == tagout.ByToken; !byToken || !permit.AllowsToken(c.Right) {
			if err := permit.Admit(in.User); err != nil {
				return tagout.Reply{}, err
			}
		}
		return run(ctx, in)
	}
	c.Clicks = map[string]func(context.Context, tagout.Click) (tagout.Reply, error){}
	for action, handle := range clicks {
		c.Clicks[action] = func(ctx context.Context, click tagout.Click) (tagout.Reply, error) {
			if err := p.admit("button "+action, click.User); err != nil {
				return tagout.Reply{}, err
			}
			return handle(ctx, click)
		}
	}
	c.Forms = map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){}
	for form, handle := range forms {
		c.Forms[form] = func(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
			if err := p.admit("form "+form, s.User); err != nil {
				return tagout.Reply{}, err
			}
			return handle(ctx, s)
		}
	}
	c = p.guardMenu(c)
	if typed != nil {
		c.Typed = map[string]func(context.Context, tagout.Submission) error{}
	}
	for form, keep := range typed {
		c.Typed[form] = func(ctx context.Context, s tagout.Submission) error {
			if err := p.admit("form "+form, s.User); err != nil {
				return err
			}
			return keep(ctx, s)
		}
	}
	return c
}

// guardMenu puts the permits in front of a command's shortcuts and its reaction.
func (p permits) guardMenu(c tagout.Command) tagout.Command {
	behind := func(thing string, run func(context.Context, tagout.Invocation) (tagout.Reply, error)) func(context.Context, tagout.Invocation) (tagout.Reply, error) {
		return func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := p.admit(thing, in.User); err != nil {
				return tagout.Reply{}, err
			}
			return run(ctx, in)
		}
	}
	c.Shortcuts = slices.Clone(c.Shortcuts)
	for n := range c.Shortcuts {
		c.Shortcuts[n].Run = behind("shortcut "+c.Shortcuts[n].ID, c.Shortcuts[n].Run)
	}
	if c.Reacted != nil {
		c.Reacted = behind("reaction "+c.Name, c.Reacted)
	}
	return c
}
