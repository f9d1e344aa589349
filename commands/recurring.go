package commands

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// RecurrenceTeller is what telling what came back needs.
type RecurrenceTeller interface {
	// Recurring tells which agents and classes came back, most recurrences first, and how many
	// more did than are listed.
	Recurring(ctx context.Context, q tagout.RecurrenceQuery, v tagout.Viewer) (pairs []tagout.Recurring, more int, err error)
}

// longestLookBack bounds the window of /recurring.
const longestLookBack = 5 * 366 * 24 * time.Hour

// recurring lists agents and classes that came back.
func recurring(f floor, d RecurrenceTeller) tagout.Command {
	r := recurrences{f, d}
	return tagout.Command{
		Name: "recurring", Summary: "List what comes back: agents with the same failure class again and again.", Usage: "[AGENT] [WINDOW]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/recurring", "/recurring mailer", "/recurring mailer 30d"},
			"An incident recurs if another one of the same agent and class was detected in the "+lengthOf(f.policy.Recurs())+" before it (figures.recur_within).",
			"It looks back as far, unless you write another window. Drills and false alarms do not count, and private incidents only for their people."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			q, err := r.parse(in.Text)
			if err != nil {
				return tagout.Reply{}, err
			}
			pairs, more, err := d.Recurring(ctx, q, viewerOf(in.User, in.Channel))
			if err != nil {
				return tagout.Reply{}, err
			}
			return tagout.Reply{Message: r.message(q, pairs, more)}, nil
		},
	}
}

type recurrences struct {
	floor
	desk RecurrenceTeller
}

// parse reads an agent and a window, in any order.
func (r recurrences) parse(text string) (q tagout.RecurrenceQuery, err error) {
	const form = "Write /tagout recurring, /tagout recurring mailer or /tagout recurring mailer 30d."
	for _, field := range strings.Fields(line(text)) {
		word := strings.ToLower(strings.TrimRight(bare(field), "."))
		length, notLength := parseLength(word)
		name, notName := tagout.CanonicalName(word)
		switch {
		case notLength == nil && q.Since == 0:
			if length < time.Hour || length > longestLookBack {
				return q, tagout.Errorf(tagout.Invalid, "%s is no window: it can be from 1h to five years. %s", clip(field), form)
			}
			q.Since = length
		case notName == nil && r.policy.Agents[name] != nil && q.Agent == "":
			q.Agent = name
		case q.Agent == "" && notLength != nil:
			near := ""
			if names := r.policy.Agents.Near(word); len(names) > 0 {
				near = " Did you mean " + strings.Join(names, ", ") + "?"
			}
			return q, tagout.Errorf(tagout.NotFound, "%q is no agent and no length of time.%s %s", clip(field), near, form)
		default:
			return q, tagout.Errorf(tagout.Invalid, "One agent and one window are enough. %s", form)
		}
	}
	if q.Since == 0 {
		q.Since = r.policy.Recurs()
	}
	return q, nil
}

func (r recurrences) message(q tagout.RecurrenceQuery, pairs []tagout.Recurring, more int) tagout.Message {
	m := tagout.Message{Title: "What came back in the last " + lengthOf(q.Since)}
	if q.Agent != "" {
		m.Title = q.Agent + ": what came back in the last " + lengthOf(q.Since)
	}
	again := "within " + lengthOf(r.policy.Recurs())
	if len(pairs) == 0 {
		m.Tone = tagout.ToneGood
		return m.Para("Nothing: no agent had the same failure class again " + again + ".")
	}
	m.Tone = tagout.ToneWarning
	for _, p := range pairs {
		m.Items = append(m.Items, r.item(p))
	}
	if more > 0 {
		m = m.Para("The " + strconv.Itoa(len(pairs)) + " that came back most; " + strconv.Itoa(more) + " more did.")
	}
	m.Footer = tagout.T("Something comes back if the agent had the same failure class at most " + lengthOf(r.policy.Recurs()) + " before. Drills and false alarms do not count. In a pipeline, tagout release-check keeps a release back while this goes on.")
	return m
}

// item is one agent and class with its last incidents.
func (r recurrences) item(p tagout.Recurring) tagout.Message {
	m := tagout.Message{}
	m = m.Para(tagout.Bold(p.Agent+" · "+r.policy.ClassTitle(p.Class)), " — came back "+often(p.Recurrences)+" in "+count(p.Incidents, "incident"))
	for _, i := range p.Known {
		m = m.Para(r.incident(i))
	}
	return m
}

func often(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return strconv.Itoa(n) + " times"
}

// incident is one of them: where it is talked about, and whether it was learnt from.
func (r recurrences) incident(i *tagout.Incident) tagout.Text {
	t := tagout.T("• ", tagout.Bold(i.ID.String()))
	if i.Room.Channel != "" {
		t = append(t, tagout.T(" ", tagout.ChannelLink(i.Room.Channel))...)
	}
	t = append(t, tagout.T(", detected ", i.At(tagout.Detected), ", "+string(i.State)+" — ")...)
	return append(t, tagout.T(learnt(i, r.clock.Now()))...)
}

// learnt says whether an incident names its regression test, and how far its corrective actions are.
func learnt(i *tagout.Incident, now time.Time) string {
	text := "✔ regression test named"
	if i.LacksRegressionTest() {
		text = "✘ no regression test"
	} else if len(i.RegressionTests()) == 0 {
		text = "✔ no regression test can be made"
	}
	open, done, overdue := 0, 0, 0
	for _, a := range i.Actions {
		switch {
		case a.State == tagout.ActionDone:
			done++
		case a.Overdue(now):
			overdue++
			open++
		case a.State == tagout.ActionOpen:
			open++
		}
	}
	switch {
	case open+done == 0:
		return text + ", no corrective actions"
	case open == 0:
		return text + ", ✔ corrective actions done"
	case overdue > 0:
		return text + ", ✘ " + strconv.Itoa(done) + " of " + count(open+done, "corrective action") + " done, " + strconv.Itoa(overdue) + " overdue"
	}
	return text + ", " + strconv.Itoa(done) + " of " + count(open+done, "corrective action") + " done"
}

// lengthOf is a long time in words: 90 days, 36 h 0 min.
func lengthOf(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + " days"
	}
	return tagout.Elapsed(d)
}
