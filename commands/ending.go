package commands

import (
	"context"
	"strings"

	"tagout"
)

// Ender is what ending an incident needs.
type Ender interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Cancel calls an incident a false alarm, and WithdrawCancel takes that back. They lift
	// nothing. They return Invalid without a reason, and Conflict if it is over.
	Cancel(ctx context.Context, id tagout.IncidentID, reason string, by tagout.User) (*tagout.Incident, error)
	WithdrawCancel(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error)
	// Close says that an incident of which nothing is held is over. It returns Invalid
	// without words, and Conflict if anything is held, or a review closes it.
	Close(ctx context.Context, id tagout.IncidentID, what string, by tagout.User) (*tagout.Incident, error)
}

// ending is one of the two verbs that end an incident, with the form that asks for its words.
type ending struct {
	floor
	desk  Ender
	verb  string
	what  string // a person does
	title string
	label string
	hint  string
	end   func(ctx context.Context, id tagout.IncidentID, words string, by tagout.User) (*tagout.Incident, error)
	said  func(i *tagout.Incident) tagout.Message
}

// cancel calls an incident a false alarm.
func cancel(f floor, d Ender) tagout.Command {
	e := ending{floor: f, desk: d, verb: "cancel", what: "call an incident a false alarm", title: "False alarm?", label: "Why it is a false alarm",
		hint: "It stands on the timeline under your name.", said: cancelled}
	e.end = func(ctx context.Context, id tagout.IncidentID, words string, by tagout.User) (*tagout.Incident, error) {
		if strings.EqualFold(words, "withdraw") {
			return d.WithdrawCancel(ctx, id, by)
		}
		return d.Cancel(ctx, id, words, by)
	}
	return e.command("Call an incident a false alarm.", "[INC-n] REASON… | withdraw",
		detail(fullMembers, []string{"/cancel INC-7 it was the load test", "/cancel INC-7 withdraw"},
			"What it holds stays held: ask for its return with resume, and whoever signs reads that it is a false alarm. With the last sign-off it is cancelled.",
			"If nothing is held it is cancelled at once. No review is owed then, its clocks end, and it does not count in the figures.",
			"A new stop or alert takes the mark away, and so does withdraw."))
}

func cancelled(i *tagout.Incident) tagout.Message {
	switch {
	case i.State == tagout.StateCancelled:
		m := tagout.Say(tagout.Bold(i.ID.String()), " is cancelled: a false alarm.")
		m.Tone = tagout.ToneGood
		return m
	case i.FalseAlarm == nil:
		return tagout.Say(tagout.Bold(i.ID.String()), " does not count as a false alarm any more.")
	}
	m := tagout.Say("You called ", tagout.Bold(i.ID.String()), " a false alarm. ", tagout.Bold("Everything stays held"), " until that is signed for.")
	m.Buttons = []tagout.Button{{Action: "resume", Label: "Request resume", Value: i.ID.String()}}
	return m.Para("Ask for the return with ", tagout.Typed("resume "+i.ID.String()), ". With the last sign-off ", i.ID.String(), " is cancelled.")
}

// closing says that an incident is over which holds nothing.
func closing(f floor, d Ender) tagout.Command {
	e := ending{floor: f, desk: d, verb: "close", what: "close an incident", title: "Close it?", label: "What became of it",
		hint: "It stands on the timeline under your name.", said: closed}
	e.end = func(ctx context.Context, id tagout.IncidentID, words string, by tagout.User) (*tagout.Incident, error) {
		return d.Close(ctx, id, words, by)
	}
	return e.command("Close an incident that holds nothing.", "[INC-n] WHAT BECAME OF IT…",
		detail(fullMembers, []string{"/close INC-7 the vendor mended it, nothing was affected"},
			"It never lifts a hold: while anything is held it is refused, and resume is the way.",
			"Where the severity asks for a review the incident counts as resumed with this, and the approved review closes it. A false alarm is cancelled instead."))
}

func closed(i *tagout.Incident) tagout.Message {
	m := tagout.Message{Tone: tagout.ToneGood}
	if i.State == tagout.StateClosed {
		return m.Para(tagout.Bold(i.ID.String()), " is closed.")
	}
	m = m.Para(tagout.Bold(i.ID.String()), " is over: nothing of it is held.")
	if due, owed := i.ReviewDue(); owed {
		m = m.Para("Its review is due by ", due.Due, ", and closes it once it is approved: ", tagout.Typed("review "+i.ID.String()), ".")
	}
	return m
}

func (e ending) command(summary, usage, help string) tagout.Command {
	return tagout.Command{
		Name: e.verb, Summary: summary, Usage: usage, Right: tagout.MayNot, Detail: help,
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := member(in.User, e.what); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf(e.verb, in)
			if err != nil {
				return tagout.Reply{}, err
			}
			if text = prose(text); text == "" {
				return e.ask(id), nil
			}
			return e.ends(ctx, id, text, in.User)
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			e.verb: func(_ context.Context, c tagout.Click) (tagout.Reply, error) {
				if err := member(c.User, e.what); err != nil {
					return tagout.Reply{}, err
				}
				id, err := tagout.ParseIncidentID(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				return e.ask(id), nil
			},
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			e.verb: func(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
				if err := member(s.User, e.what); err != nil {
					return tagout.Reply{}, err
				}
				id, err := tagout.ParseIncidentID(s.State)
				if err != nil {
					return tagout.Reply{}, err
				}
				words := prose(s.Values["words"])
				if words == "" {
					return problem("words", tagout.Errorf(tagout.Invalid, "Write it in a few words. Nothing was changed."))
				}
				return e.ends(ctx, id, words, s.User)
			},
		},
	}
}

// ask opens the form for the words that stay on the timeline.
func (e ending) ask(id tagout.IncidentID) tagout.Reply {
	form := tagout.Form{ID: e.verb, Title: id.String() + ": " + strings.ToLower(e.title[:1]) + e.title[1:], Submit: "Say so", State: id.String(),
		Fields: []tagout.Field{{Key: "words", Label: e.label, Kind: tagout.FieldParagraph, Hint: e.hint}}}
	return tagout.Reply{Form: &form, Message: tagout.Say("Write it with the command: ", tagout.Typed(e.verb+" "+id.String()+" …"))}
}

func (e ending) ends(ctx context.Context, id tagout.IncidentID, words string, by tagout.User) (tagout.Reply, error) {
	i, err := e.end(ctx, id, words, by)
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: e.said(i), Outcome: tagout.Outcome{Incident: i.ID}}, nil
}
