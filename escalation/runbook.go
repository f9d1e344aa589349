package escalation

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// TickStep records that somebody did a step of the runbook, from 1; see
// [tagout.Incident.TickStep].
func (d *Desk) TickStep(ctx context.Context, id tagout.IncidentID, step int, by tagout.Actor) (*tagout.Incident, error) {
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.TickStep(step, by, now) })
}

// UntickStep takes a tick back; see [tagout.Incident.UntickStep].
func (d *Desk) UntickStep(ctx context.Context, id tagout.IncidentID, step int, by tagout.Actor) (*tagout.Incident, error) {
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.UntickStep(step, by, now) })
}

// RunbookList is the checklist of an incident, with its ticks. It returns NotFound if the
// incident has no runbook.
func (d *Desk) RunbookList(ctx context.Context, id tagout.IncidentID) (tagout.Message, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return tagout.Message{}, err
	}
	if len(i.Runbook) == 0 {
		return tagout.Message{}, tagout.Errorf(tagout.NotFound, "%s has no runbook: its failure class has none, or had none when it was opened.", id)
	}
	m := tagout.Message{Title: "Runbook " + i.Progress() + ": " + d.policy.ClassTitle(i.Class)}
	if i.StepsDone() == len(i.Runbook) {
		m.Tone = tagout.ToneGood
	}
	open := i.State != tagout.StateClosed && i.State != tagout.StateCancelled
	for n, s := range i.Runbook {
		number := strconv.Itoa(n + 1)
		button := tagout.Button{Action: "runbook", Label: "Done: " + number, Value: id.String() + "|" + number + "|done", Tone: tagout.ToneGood}
		if s.Done() {
			m = m.Para("☑ "+number+". "+s.Text+" — ", s.By.Text(), ", ", s.At)
			button.Label, button.Value, button.Tone = "Undo: "+number, id.String()+"|"+number+"|undo", tagout.ToneNeutral
		} else {
			m = m.Para("☐ "+number+". ", tagout.Bold(s.Text))
		}
		if open {
			m.Buttons = append(m.Buttons, button)
		}
	}
	m.Footer = tagout.T(id.String() + ": who ticked what, and when, stands on the timeline. The steps are those of the class when the incident was opened.")
	return m, nil
}

// failingFacts tells what the class asks for and is still to do.
func failingFacts(m tagout.Message, i *tagout.Incident) tagout.Message {
	if len(i.Runbook) > 0 {
		text := tagout.T(tagout.Bold("runbook " + i.Progress()))
		for n, s := range i.Runbook {
			if !s.Done() {
				text = append(text, tagout.T(", next: "+strconv.Itoa(n+1)+". "+s.Text)...)
				break
			}
		}
		m = m.Fact("Runbook", text)
	}
	if missing := i.MissingEvidence(); len(missing) > 0 {
		m = m.Fact("Missing evidence", tagout.Bold(strings.Join(missing, ", ")), "\nSend it in a report with the same correlation ID, or say where it is: ",
			tagout.Typed("note "+i.ID.String()+" "+missing[0]+": …"))
	}
	if len(i.Implied) > 0 {
		m = m.Fact("The agent says it implies", impliedText(i.Implied))
	}
	if s := i.Suggestion; s != nil && !i.State.Ended() {
		m = m.Fact("Rollback foreseen", s.Reason)
	}
	return m
}

// impliedText says what reports imply in words.
func impliedText(implied []string) string {
	words := make([]string, len(implied))
	for n, what := range implied {
		words[n] = strings.ReplaceAll(what, "_", " ")
	}
	return strings.Join(words, ", ")
}
