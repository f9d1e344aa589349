package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tagout"
)

// TimelineReader is what reading a timeline needs.
type TimelineReader interface {
	// Timeline reads an incident's events in order.
	Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error)
}

const (
	timelinePage  = 40 // events
	maxActorWidth = 24
)

// timeline shows who did what when, newest page first.
func timeline(f floor, d TimelineReader) tagout.Command {
	return tagout.Command{
		Name: "timeline", Summary: "Show an incident's timeline: who, what, when.", Usage: "[INC-n] [PAGE]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/timeline INC-7", "/timeline INC-7 2"},
			"It shows the newest 40 events; page 2 the 40 before them. The last line is the head of the hash chain.",
			"A private incident's timeline is shown to its people only."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			id, rest, err := incidentOf("timeline", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			page, err := parsePage(rest)
			if err != nil {
				return tagout.Reply{}, err
			}
			return f.timeline(ctx, d, id, page)
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"timeline": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				id, err := tagout.ParseIncidentID(c.Value)
				if err != nil {
					return tagout.Reply{}, err
				}
				return f.timeline(ctx, d, id, 1)
			},
		},
	}
}

func parsePage(text string) (int, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 1, nil
	}
	page, err := strconv.Atoi(text)
	if err != nil || page < 1 || page > 1e6 {
		return 0, tagout.Errorf(tagout.Invalid, "%q is not a page: write /tagout timeline INC-7 2 for the second.", clip(text))
	}
	return page, nil
}

// timeline answers with one page.
func (f floor) timeline(ctx context.Context, d TimelineReader, id tagout.IncidentID, page int) (tagout.Reply, error) {
	events, err := d.Timeline(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	last := len(events) - (page-1)*timelinePage
	if last <= 0 && page > 1 {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "The timeline of %s has %s and no page %d.", id, count(len(events), "event"), page)
	}
	first := max(0, last-timelinePage)
	m := tagout.Message{Title: "Timeline of " + id.String(), Lines: f.eventLines(events[first:max(0, last)])}
	if bad, err := tagout.VerifyChain(id, events, tagout.Head{}); err != nil {
		m.Tone = tagout.ToneDanger
		m = m.Para(tagout.Bold("The chain is broken at event "+strconv.FormatInt(bad, 10)), ". ", tagout.Sentence(err))
	}
	if first > 0 {
		m = m.Para(fmt.Sprintf("Events %d to %d of %d. Older ones: ", first+1, last, len(events)),
			tagout.Fixed(fmt.Sprintf("/timeline %s %d", id, page+1)))
	}
	if n := len(events); n > 0 {
		m.Footer = tagout.T("Head: event ", strconv.FormatInt(events[n-1].Seq, 10), ", ", tagout.Fixed(events[n-1].Hash), ". All times in UTC.")
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}

// eventLines are the events in fixed columns, with a line for each day that begins.
func (f floor) eventLines(events []tagout.Event) []string {
	width := 0
	actors := make([]string, len(events))
	for n, e := range events {
		actors[n] = f.policy.Redaction.Cut(line(e.Actor.Text().String()), maxActorWidth)
		width = max(width, utf8.RuneCountInString(actors[n]))
	}
	var lines []string
	day, say := "", wordingIn(f.policy, f.policy.Redaction)
	for n, e := range events {
		if today := e.At.UTC().Format("2006-01-02"); today != day {
			day = today
			lines = append(lines, "— "+day+" —")
		}
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(actors[n]))
		lines = append(lines, e.At.UTC().Format("15:04:05.000")+"  "+actors[n]+pad+"  "+say(e))
	}
	return lines
}
