package commands

import (
	"context"
	"iter"
	"reflect"
	"strings"
	"time"

	"tagout"
)

// stopAnswer is what is known of a stop; its message says that and nothing more.
type stopAnswer struct {
	policy *tagout.Policy
	result tagout.StopResult
	notes  []string
	asked  time.Time // when the request came
	late   bool      // it was followed for long enough
	// channel is where it is read: outside a private incident's own it tells only the ID.
	channel string
}

// progress is how far the enforcement points got.
func (a stopAnswer) progress() progress {
	if a.result.Incident == nil {
		return progress{mode: a.result.Hold.Mode}
	}
	return progressOf(a.result.Incident, a.result.Hold.Scope, a.result.Hold.Mode)
}

func (a stopAnswer) settled() bool { return a.progress().settled() }

func (a stopAnswer) message() tagout.Message {
	m := tagout.Message{Tone: tagout.ToneWarning, Body: []tagout.Text{a.headline()}}
	if a.result.Warning != "" {
		m = m.Para(tagout.Bold("Warning:"), " ", line(a.result.Warning))
	}
	if a.result.Repeat {
		m = m.Para("This very request was obeyed before; nothing new was hung.")
	}
	p := a.progress()
	switch {
	case p.settled():
		m.Tone = tagout.ToneGood
		m = m.Para(tagout.Bold(p.summary()), ".")
	case a.late:
		m.Tone = tagout.ToneDanger
		m = m.Para(tagout.Bold("Not confirmed after "+tagout.Elapsed(followFor)),
			". Stop it by other means and find out why; ", tagout.Typed("status"), " shows how it stands.")
	}
	m = p.facts(m)
	m = a.hints(m)
	if i := a.result.Incident; i != nil {
		m.Footer = a.belongs(i)
		if !inPublic(i, a.channel) {
			m.Buttons = stopButtons(i)
		}
	}
	return m
}

// headline says what is held since when, and where that is recorded.
func (a stopAnswer) headline() tagout.Text {
	h := a.result.Hold
	t := tagout.T(tagout.Bold(h.Mode.Label()), " ", tagout.Fixed(h.Scope.String()))
	if !h.Cap.IsZero() {
		t = append(t, tagout.T(" at ", h.Cap.String())...)
	}
	if len(h.DisabledTools) > 0 {
		t = append(t, tagout.T(" without ", strings.Join(h.DisabledTools, ", "))...)
	}
	if a.result.Incident == nil && a.result.RecordedAs != 0 {
		return append(t, tagout.T(" — ", tagout.Bold(a.result.RecordedAs.String()),
			": in force, and recorded by another replica ("+a.result.RecordedBy+"); this one cannot reach the database.")...)
	}
	if a.result.Pending || a.result.Incident == nil {
		where := "in force and journaled"
		if a.result.Warning != "" {
			where = "in force"
		}
		return append(t, tagout.T(" — ", tagout.Bold(tagout.IncidentID(0).String()),
			": "+where+"; the database cannot be reached, it is recorded when it returns.")...)
	}
	t = append(t, tagout.T(" — ", tagout.Bold(a.result.Incident.ID.String()), ". ")...)
	if a.result.Repeat {
		return append(t, tagout.T(gateDoes(h.Mode), " since ", moment(h.At), ".")...)
	}
	return append(t, tagout.T(gateDoes(h.Mode), " since ", moment(a.result.InForceAt), " (+", tagout.Elapsed(a.result.InForceAt.Sub(a.asked)), ").")...)
}

// gateDoes is what the gate answers under a mode.
func gateDoes(m tagout.Mode) string {
	switch m {
	case tagout.Paused:
		return "The gate lets it start nothing new"
	case tagout.Review:
		return "The gate asks for a human's approval of every output"
	case tagout.Capped:
		return "The gate limits it"
	}
	return "The gate refuses it"
}

// belongs is the incident in a few words.
func (a stopAnswer) belongs(i *tagout.Incident) tagout.Text {
	how := "Joined "
	if a.result.Fresh {
		how = "Opened "
	}
	if inPublic(i, a.channel) {
		return tagout.T("It belongs to ", i.ID.String(), ", which is private.")
	}
	t := tagout.T(how, i.ID.String(), ", ", i.Severity.Label(), ", ", a.policy.ClassTitle(i.Class))
	if i.Room.Channel != "" {
		t = append(t, tagout.T(" in ", tagout.ChannelLink(i.Room.Channel))...)
	}
	return append(t, tagout.T(".")...)
}

// hints follow the stop: what was not understood, what the configuration does not know.
func (a stopAnswer) hints(m tagout.Message) tagout.Message {
	if len(a.result.Undeclared) > 0 {
		t := tagout.T("Not in the configuration: " + strings.Join(a.result.Undeclared, ", ") + ". It is held all the same.")
		if len(a.result.Near) > 0 {
			t = append(t, tagout.T(" Did you mean ", tagout.Fixed(strings.Join(a.result.Near, ", ")), "? Then stop that too.")...)
		}
		m = m.Para(t)
	}
	switch agent := a.result.Hold.Scope.Agent; {
	case len(a.result.Undeclared) == 0:
	case agent == "all" || agent == "everything" || agent == "everyone":
		m = m.Para("To stop everything, write ", tagout.Typed("kill *"), ".")
	case looksLikeIncident(agent):
		m = m.Para(strings.ToUpper(agent), " reads like an incident. To stop its agent, write the agent's name.")
	}
	for _, note := range a.notes {
		m = m.Para(note)
	}
	return m
}

func stopButtons(i *tagout.Incident) []tagout.Button {
	id := i.ID.String()
	var buttons []tagout.Button
	if !i.Answered() && !i.State.Ended() {
		buttons = append(buttons, tagout.Button{Action: "ack", Label: "Acknowledge", Value: id, Tone: tagout.ToneGood})
	}
	return append(buttons, tagout.Button{Action: "timeline", Label: "Timeline", Value: id})
}

// updates yields the answer again whenever something was confirmed, until all is.
func (a stopAnswer) updates(ctx context.Context, d Stopper) iter.Seq[tagout.Message] {
	return func(yield func(tagout.Message) bool) {
		last := a.message()
		var id tagout.IncidentID
		if a.result.Incident != nil {
			id = a.result.Incident.ID
		}
		for i := range follow(ctx, d, id, a.recorded(d)) {
			if h, ok := i.Hold(a.result.Hold.ID); ok && !h.Active() {
				return // lifted meanwhile: this answer is history
			}
			a.result.Incident, a.result.Pending = i, false
			if m := a.message(); !reflect.DeepEqual(m, last) {
				if last = m; !yield(m) {
					return
				}
			}
			if a.settled() {
				return
			}
		}
		if ctx.Err() == nil {
			a.late = true
			yield(a.message())
		}
	}
}

// recorded looks for the incident of a stop that was pending.
func (a stopAnswer) recorded(d Stopper) func(context.Context) *tagout.Incident {
	return func(ctx context.Context) *tagout.Incident {
		found, err := d.Incidents(ctx, tagout.IncidentQuery{Open: true})
		if err != nil {
			return nil
		}
		for _, i := range found {
			if _, ok := i.Hold(a.result.Hold.ID); ok {
				return i
			}
		}
		return nil
	}
}
