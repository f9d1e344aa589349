package escalation

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

// deadline is what a timer wakes: whatever is due soon or was missed is told, each once. It
// sets the timer for the next.
func (d *Desk) deadline(ctx context.Context, e tagout.Effect) error {
	return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.PassDeadlines(d.owners(i), now).And(i.WakeDeadlines()), nil
	})
}

// update changes an incident and counts what became of its deadlines and notes.
func (d *Desk) update(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) error {
	_, err := d.change(ctx, id, fn)
	return err
}

func (d *Desk) change(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	return d.changeBy(ctx, d.store.Update, id, fn)
}

// changing is Update or Decide of the store.
type changing func(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error)

func (d *Desk) changeBy(ctx context.Context, by changing, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	var done tagout.Change
	i, err := by(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		var err error
		done, err = fn(i, now)
		return done, err
	})
	if err != nil {
		return nil, err
	}
	for _, e := range done.Events {
		d.metrics.event(e)
	}
	return i, nil
}

// event counts reminders, missed deadlines and deliveries of notes.
func (m *metrics) event(e tagout.Event) {
	var data struct{ Kind, Audience string }
	_ = json.Unmarshal([]byte(e.Data), &data) // what cannot be read is counted without a label
	switch e.Kind {
	case tagout.EventDeadlineReminded:
		m.deadlines.WithLabelValues(data.Kind, "reminded").Inc()
	case tagout.EventDeadlineMissed:
		m.deadlines.WithLabelValues(data.Kind, "missed").Inc()
	case tagout.EventNoteDelivered:
		m.notes.WithLabelValues(data.Audience, "delivered").Inc()
	case tagout.EventNoteFailed:
		m.notes.WithLabelValues(data.Audience, "failed").Inc()
	}
}

// owners are the roles that are paged when a deadline of the incident is missed: who has the
// duty, else the role that usually does, else whoever the severity pages. Nobody is paged for
// an acknowledgement, since its ladder goes on, nor for an update, which is asked for in the
// channel.
func (d *Desk) owners(i *tagout.Incident) func(tagout.Deadline) []string {
	return func(due tagout.Deadline) []string {
		var wanted []string
		if i.Hush != nil && due.Kind != tagout.DueClock {
			return nil // they are paged for the incident itself once its silence is over
		}
		switch due.Kind {
		case tagout.DueClock:
			wanted = []string{due.Owner}
		case tagout.DueInform:
			wanted = []string{"comms", "platform"}
		case tagout.DueReview:
			wanted = []string{"facilitator", "platform"}
		default:
			return nil
		}
		for _, role := range wanted {
			if d.policy.Roles[role] != nil {
				return []string{role}
			}
		}
		return d.policy.SeverityPolicy(i.HighestSeverity).Page
	}
}

// StopClock records by hand that a duty to an authority was done. It returns Forbidden for
// guests, NotFound or Invalid for a name that does not fit, and Conflict if it was stopped.
func (d *Desk) StopClock(ctx context.Context, id tagout.IncidentID, name, note string, by tagout.User) (*tagout.Incident, error) {
	if by.Guest || by.Bot || by.ID == "" {
		return nil, tagout.Errorf(tagout.Forbidden, "Only a full member of the workspace can stop a clock.")
	}
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.StopClock(name, note, by.Actor(), now)
	})
}

// Tighten gives open incidents what the configuration has set since they were opened:
// deadlines, closer ones, and a time after which an acknowledgement runs out, which counts
// from now on. It is called once after a start. It returns Unavailable if the database cannot
// be reached.
func (d *Desk) Tighten(ctx context.Context) error {
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: everyOpen})
	if err != nil {
		return err
	}
	for _, i := range open {
		id := i.ID
		tighten := func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Tighten(d.policy.Severities, now).And(d.watchAnswer(i, now)), nil
		}
		if c, _ := tighten(i, d.clock.Now()); c.IsEmpty() { // tried on a copy first
			continue
		}
		err := d.update(ctx, id, tighten)
		if err != nil {
			return err
		}
	}
	return nil
}

// shownMissed is how many missed deadlines the card names.
const shownMissed = 3

// next tells what was missed, and what is due next.
func (d *Desk) next(i *tagout.Incident) tagout.Text {
	next, missed := i.NextDeadline(d.clock.Now())
	var t tagout.Text
	for n, m := range missed {
		if n == shownMissed {
			t = append(t, tagout.T(counted(len(missed)-n, "more deadline")+" missed\n")...)
			break
		}
		t = append(t, tagout.T("🔴 ", tagout.Bold(m.Name+" was due"), " ", m.Due, "\n")...)
	}
	switch {
	case next != nil:
		return append(t, tagout.T(next.Name+" by ", next.Due)...)
	case len(t) > 0:
		last := &t[len(t)-1] // nothing follows the line break
		last.Text = last.Text[:len(last.Text)-1]
		return t
	}
	return tagout.T("nothing is due")
}
