package escalation

import (
	"context"
	"strings"
	"time"

	"tagout"
)

// drillLine is the one message about a drill, as far as it has got.
func drillLine(i *tagout.Incident) tagout.Message {
	d := i.Exercise
	m := tagout.Message{Tone: tagout.ToneNeutral}
	head := tagout.T(tagout.Bold(tagout.DrillMark+i.ID.String()), " ", d.Title(), " on ", tagout.Fixed(d.Scope.String()))
	switch {
	case d.Result == tagout.DrillPassed:
		m.Tone = tagout.ToneGood
	case d.Result == tagout.DrillInterrupted:
		m.Tone = tagout.ToneWarning
	}
	head = append(head, tagout.T(" — ", tagout.Bold(d.Verdict()))...)
	if d.By.Kind == tagout.ByUser {
		head = append(head, tagout.T(". Asked for by ", d.By.Text())...)
	}
	m.Body = []tagout.Text{head}
	for _, s := range i.Controls {
		m.Body = append(m.Body, tagout.T(s.Agent+control(s)+": "+s.Progress()))
	}
	if i.Room.Channel != "" {
		m.Body = append(m.Body, tagout.T("Talk about it in ", tagout.ChannelLink(i.Room.Channel)))
	}
	return m
}

// DrillRecord tells when stopping and rolling back the agent was practised last.
func (d *Desk) DrillRecord(ctx context.Context, agent string) string {
	now := d.clock.Now()
	kill := d.lastDrill(ctx, agent, tagout.DrillKill, "kill", now)
	back := d.lastDrill(ctx, agent, tagout.DrillRollback, "rollback", now)
	return kill + "; " + back
}

// lastDrill tells of the newest drill of one action that came to its end.
func (d *Desk) lastDrill(ctx context.Context, agent string, action tagout.DrillAction, verb string, now time.Time) string {
	list, err := d.store.Drills(ctx, tagout.DrillQuery{Agent: agent, Action: action, Limit: 20})
	if err != nil {
		return verb + ": the drills could not be read"
	}
	for _, drill := range list {
		if drill.Running() {
			continue
		}
		text := verb + " practised " + ago(now.Sub(drill.At))
		if times, passed := strings.CutPrefix(drill.Verdict(), "passed: "); passed {
			return text + ", " + times
		}
		return text + " (" + drill.Incident.String() + "), " + drill.Verdict()
	}
	return verb + " never practised"
}

// ago is how long something is past, in words.
func ago(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days == 1:
		return "yesterday"
	case days > 1:
		return counted(days, "day") + " ago"
	case d < time.Minute:
		return "just now"
	}
	return tagout.Elapsed(d) + " ago"
}
