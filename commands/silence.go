package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Silencer is what keeping people from being woken for a while needs.
type Silencer interface {
	// Silence silences a scope, or extends what silences the same. It returns Forbidden, NotFound
	// or Invalid with the reason.
	Silence(ctx context.Context, o tagout.SilenceOrder) (*tagout.Silence, error)
	// ExtendSilence has one end later. It returns Forbidden, NotFound, or Conflict if it is over.
	ExtendSilence(ctx context.Context, request string, id tagout.SilenceID, by time.Duration, who tagout.User) (*tagout.Silence, error)
	// EndSilence ends one now. It returns Forbidden, NotFound, or Conflict if it is over.
	EndSilence(ctx context.Context, id tagout.SilenceID, by tagout.User) (*tagout.Silence, error)
	// Silences lists those that are not over, planned ones too, in the order of their ends.
	Silences(ctx context.Context) ([]*tagout.Silence, error)
	// SilenceTally tells what one has kept quiet so far.
	SilenceTally(ctx context.Context, id tagout.SilenceID) (tagout.SilenceTally, error)
}

const (
	silenceForm  = "Write /tagout silence mailer 2h maintenance of the CRM. Nothing was silenced."
	shownSilence = 20 // silences that a list shows
)

// silence keeps people from being woken by alerts on a scope for a while.
func silence(f floor, d Silencer) tagout.Command {
	s := silences{f, d}
	return tagout.Command{
		Name: "silence", Summary: "Keep alerts on a scope from waking people for a while.",
		Usage: "SCOPE [class=NAME] [from TIME] 2h|until TIME reason…", Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/silence mailer 2h maintenance of the CRM", "/silence mailer/email class=integration_failure 45m new provider", "/silence mailer from 22:00 for 2h migration"},
			"Nobody is paged and nothing is announced for alerts on the scope. What an alert holds is held all the same; such an incident opens quietly and pages when the silence ends. Alerts that hold nothing are counted.",
			"Never silenced: SEV-1, a stop by hand, a stop that cannot be confirmed, and whoever takes over from an agent that stopped by itself.",
			"Typed again it lasts longer. It ends by itself; you are reminded before, and told what it kept quiet. A silence is no quiet time: nothing is resumed sooner for it.",
			"Incidents that are open already go on as before: acknowledge them, and nobody is paged any more."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if strings.TrimSpace(line(in.Text)) == "" {
				return s.list(ctx)
			}
			o, err := s.parse(in)
			if err != nil {
				return tagout.Reply{}, err
			}
			set, err := d.Silence(ctx, o)
			if err != nil {
				return tagout.Reply{}, err
			}
			return tagout.Reply{Message: s.told(set, s.clock.Now().Add(o.For))}, nil
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"silence-longer": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				id, err := tagout.ParseSilenceID(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				set, err := d.ExtendSilence(ctx, c.ID, id, time.Hour, c.User)
				if err != nil {
					return tagout.Reply{}, err
				}
				return tagout.Reply{Message: s.told(set, time.Time{})}, nil
			},
		},
	}
}

// listSilences shows what is silenced.
func listSilences(f floor, d Silencer) tagout.Command {
	s := silences{f, d}
	return tagout.Command{
		Name: "silences", Summary: "Show what is silenced, by whom, why and until when.", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/silences"}, "Planned ones stand there too."),
		Run:    func(ctx context.Context, _ tagout.Invocation) (tagout.Reply, error) { return s.list(ctx) },
	}
}

// unsilence ends a silence before its time.
func unsilence(f floor, d Silencer) tagout.Command {
	s := silences{f, d}
	return tagout.Command{
		Name: "unsilence", Summary: "End a silence now.", Usage: "SIL-n|SCOPE", Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/unsilence SIL-3", "/unsilence mailer"},
			"What it kept quiet and is still going on is announced and paged then."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			id, err := s.meant(ctx, strings.TrimRight(bare(strings.TrimSpace(line(in.Text))), "."))
			if err != nil {
				return tagout.Reply{}, err
			}
			return s.end(ctx, id, in.User)
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"unsilence": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				id, err := tagout.ParseSilenceID(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				return s.end(ctx, id, c.User)
			},
		},
	}
}

type silences struct {
	floor
	desk Silencer
}

// scope reads what is to be silenced. Unlike a stop, it must be known: a silence for what does
// not exist would be believed and do nothing.
func (s silences) scope(path string) (tagout.Scope, error) {
	scope, err := tagout.ParseScope(path)
	if err != nil {
		return scope, err
	}
	if scope.Agent == "" {
		return scope, tagout.Errorf(tagout.Invalid, "A silence names an agent, such as mailer or mailer/email. Nothing was silenced.")
	}
	if unknown := s.policy.Agents.Undeclared(scope); len(unknown) > 0 {
		text := "Not in the configuration: " + strings.Join(unknown, ", ") + "."
		if near := s.policy.Agents.Near(scope.Agent); s.policy.Agents[scope.Agent] == nil && len(near) > 0 {
			text += " Did you mean " + strings.Join(near, ", ") + "?"
		}
		return scope, tagout.Errorf(tagout.NotFound, "%s Nothing was silenced.", text)
	}
	return scope, nil
}

// told answers whoever set or extended a silence. asked is until when they wanted it.
func (s silences) told(set *tagout.Silence, asked time.Time) tagout.Message {
	m := tagout.Message{Tone: tagout.ToneGood, Title: "🔕 " + set.ID.String() + " " + set.Scope.String() + " is silenced"}
	if !set.Began {
		m.Title = "🔕 " + set.ID.String() + " " + set.Scope.String() + " will be silenced"
		m = m.Fact("From", set.From)
	}
	m = m.Fact("Until", set.Until)
	if set.Class != "" {
		m = m.Fact("Only", s.policy.ClassTitle(set.Class))
	}
	if set.Began && asked.Before(set.Until.Add(-time.Minute)) && !asked.IsZero() {
		m = m.Para("It was silenced for longer already. ", tagout.Typed("unsilence "+set.ID.String()), " ends it.")
	}
	m.Buttons = []tagout.Button{set.EndButton()}
	m.Footer = tagout.T("Nobody is paged for alerts on it until then. Agents are held as ever; SEV-1, stops by hand and stops that cannot be confirmed page as ever.")
	return m
}

func (s silences) list(ctx context.Context) (tagout.Reply, error) {
	all, err := s.desk.Silences(ctx)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "What is silenced"}
	if len(all) == 0 {
		m = m.Para("Nothing.")
	}
	for n, one := range all {
		if n == shownSilence {
			m = m.Para("and " + count(len(all)-n, "more silence") + ".")
			break
		}
		kept, err := s.desk.SilenceTally(ctx, one.ID)
		if err != nil {
			return tagout.Reply{}, err
		}
		t := one.Text()
		if kept.Alerts > 0 {
			t = append(t, append(tagout.T(". "), kept.Text()...)...)
		}
		m = m.Para(append(t, tagout.T(".")...))
		if len(m.Buttons) < routesButtons {
			b := one.EndButton()
			b.Label = "End " + one.ID.String()
			m.Buttons = append(m.Buttons, b)
		}
	}
	m.Footer = tagout.T("Set one with ", tagout.Typed("silence mailer 2h why"), ".")
	return tagout.Reply{Message: m}, nil
}

// meant is the silence that somebody names, by its number or by what it silences.
func (s silences) meant(ctx context.Context, word string) (tagout.SilenceID, error) {
	id, err := tagout.ParseSilenceID(word)
	if err == nil {
		return id, nil
	}
	all, listErr := s.desk.Silences(ctx)
	if listErr != nil {
		return 0, listErr
	}
	scope, scopeErr := tagout.ParseScope(word)
	if word == "" || scopeErr != nil {
		return 0, err
	}
	all = slices.DeleteFunc(all, func(one *tagout.Silence) bool { return one.Scope != scope })
	switch len(all) {
	case 0:
		return 0, tagout.Errorf(tagout.NotFound, "%s is not silenced. /silences shows what is.", clip(scope.String()))
	case 1:
		return all[0].ID, nil
	}
	return 0, tagout.Errorf(tagout.Invalid,
		"%d silences are on %s: name one of them, such as %s. Nothing was changed.", len(all), clip(scope.String()),
		all[0].ID)
}

func (s silences) end(ctx context.Context, id tagout.SilenceID, by tagout.User) (tagout.Reply, error) {
	ended, err := s.desk.EndSilence(ctx, id, by)
	if err != nil {
		return tagout.Reply{}, err
	}
	kept, err := s.desk.SilenceTally(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say(tagout.Bold(id.String()), " is over: ", tagout.Fixed(ended.Scope.String()), " pages as ever. ", kept.Text(), ".")
	if kept.Alerts > 0 {
		m = m.Para("What is still going on is announced and paged now.")
	}
	return tagout.Reply{Message: m}, nil
}
