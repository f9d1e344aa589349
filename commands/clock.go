package commands

import (
	"context"
	"strings"
	"time"

	"tagout"
)

// Timekeeper is what telling and stopping clocks needs.
type Timekeeper interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// StopClock records that a duty to an authority was done. It returns NotFound or Invalid
	// for a name that does not fit, and Conflict, naming who, if it was stopped before.
	StopClock(ctx context.Context, id tagout.IncidentID, name, note string, by tagout.User) (*tagout.Incident, error)
}

// clock lists what is due on an incident, and stops a regulatory clock.
func clock(f floor, d Timekeeper) tagout.Command {
	return tagout.Command{
		Name: "clock", Summary: "List what is due on an incident, or stop a regulatory clock.", Usage: `[INC-n] ["NAME" done [note…]]`, Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/clock INC-7", `/clock INC-7 "EU AI Act Art. 73 report" done sent by courier`},
			"The other deadlines stop by what happened: an acknowledgement, an observed stop, a delivered status note, the review.",
			"A part of the name will do, if only one clock has it."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := member(in.User, "look at or stop clocks"); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf("clock", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			i, err := d.Incident(ctx, id)
			if err != nil {
				return tagout.Reply{}, err
			}
			if text = line(text); text == "" {
				return tagout.Reply{Message: f.clocks(i), Outcome: tagout.Outcome{Incident: id}}, nil
			}
			name, note, err := parseClock(text)
			if err != nil {
				return tagout.Reply{}, err
			}
			if i, err = d.StopClock(ctx, id, name, note, in.User); err != nil {
				return tagout.Reply{}, err
			}
			m := f.clocks(i)
			m.Title, m.Tone = "Stopped "+name, tagout.ToneGood
			return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
		},
	}
}

// parseClock reads `"NAME" done note…`, with or without the quotes. It returns Invalid for
// anything else.
func parseClock(text string) (name, note string, err error) {
	bad := tagout.Errorf(tagout.Invalid, `Write the clock's name in quotes, then done: /clock INC-7 "NAME" done. Nothing was stopped.`)
	rest := ""
	if first := []rune(text)[0]; strings.ContainsRune(quotes, first) {
		text = strings.TrimPrefix(text, string(first))
		end := strings.IndexAny(text, quotes)
		if end < 0 {
			return "", "", bad
		}
		name, rest = text[:end], strings.TrimLeft(text[end:], quotes+" ")
	} else if at := strings.Index(strings.ToLower(text)+" ", " done "); at >= 0 {
		name, rest = text[:at], strings.TrimSpace(text[at:])
	}
	word, note, _ := strings.Cut(rest, " ")
	if name = strings.TrimSpace(name); name == "" || !strings.EqualFold(word, "done") {
		return "", "", bad
	}
	return name, strings.TrimSpace(note), nil
}

// clocks lists everything that is due, was met or was missed.
func (f floor) clocks(i *tagout.Incident) tagout.Message {
	m := tagout.Message{Title: "What is due on " + i.ID.String()}
	list := i.Deadlines()
	for _, d := range list {
		m = m.Fact(d.Name, dueText(d, f.clock.Now()))
	}
	if len(list) == 0 {
		m = m.Para("Nothing: its severity sets no deadline.")
	}
	return m
}

// dueText is how one deadline stands, with the time that is left or was taken.
func dueText(d tagout.Deadline, now time.Time) tagout.Text {
	switch d.State(now) {
	case tagout.DeadlineMissed:
		return tagout.T("🔴 ", tagout.Bold("missed"), ": was due ", d.Due, ", "+tagout.Elapsed(now.Sub(d.Due))+" ago")
	case tagout.DeadlineLate:
		return append(tagout.T(tagout.Bold("late"), ": done ", d.Stopped, ", due was ", d.Due), stoppedBy(d)...)
	case tagout.DeadlineMet:
		t := append(tagout.T("done ", d.Stopped, ", after "+tagout.Elapsed(d.Stopped.Sub(d.From))), stoppedBy(d)...)
		if !d.Missed.IsZero() {
			t = append(t, tagout.T("; a correction says so: at ", d.Missed, " it counted as missed")...)
		}
		return t
	case tagout.DeadlineEnded:
		return tagout.T("not waited for any more: the incident has ended")
	}
	return tagout.T("by ", d.Due, ", "+tagout.Elapsed(d.Due.Sub(now))+" left")
}

func stoppedBy(d tagout.Deadline) tagout.Text {
	if d.By.Kind == "" {
		return nil
	}
	t := tagout.T(" by ", d.By.Text())
	if d.Note != "" {
		t = append(t, tagout.T(": "+d.Note)...)
	}
	return t
}
