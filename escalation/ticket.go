package escalation

import (
	"context"
	"strings"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// goneTracker is how often a ticket is looked at whose tracker is not configured any more.
const goneTracker = time.Hour

// makeTicket makes the ticket of a corrective action, once: the tracker finds the one that it
// made of the same draft before. What can never work is recorded, and told in the incident's
// channel, rather than returned.
func (d *Desk) makeTicket(ctx context.Context, e tagout.Effect) error {
	i, a, err := d.actionOf(ctx, e)
	if err != nil {
		return err
	}
	if !a.WantsTicket() {
		return nil
	}
	made, err := d.createTicket(ctx, i, a)
	if err == nil {
		crashpoint.Here("ticket.made")
	}
	recorded := d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if err == nil {
			return i.TicketMade(a.Number, made, d.policy.Trackers[a.Ticket.Tracker].Every(), now), nil
		}
		return i.TicketFailed(a.Number, tagout.Sentence(err), tagout.IsFinal(err), now), nil
	})
	switch {
	case recorded != nil:
		return recorded
	case tagout.IsFinal(err):
		d.log.Warn("no ticket could be made of a corrective action", "action", a.Name(i.ID), "tracker", a.Ticket.Tracker, "error", tagout.Sentence(err))
		return nil
	}
	return err
}

func (d *Desk) createTicket(ctx context.Context, i *tagout.Incident, a *tagout.CorrectiveAction) (tagout.Ticket, error) {
	tracker, policy := d.trackers[a.Ticket.Tracker], d.policy.Trackers[a.Ticket.Tracker]
	switch {
	case tracker == nil:
		return tagout.Ticket{}, tagout.Final(tagout.Errorf(tagout.Invalid, "The tracker %s is not configured any more.", a.Ticket.Tracker))
	case i.Private && !policy.Private:
		return tagout.Ticket{}, tagout.Final(tagout.Errorf(tagout.Forbidden, "The incident is private, and the tracker %s is not marked for private incidents.", a.Ticket.Tracker))
	}
	mask := d.policy.Redaction
	return tracker.Create(ctx, tagout.TicketDraft{ID: a.DraftID(), Title: mask.Text(a.Title), Text: mask.Text(d.ticketText(i, a)), Due: a.Due, Labels: policy.Labels})
}

// ticketText is what stands in the ticket.
func (d *Desk) ticketText(i *tagout.Incident, a *tagout.CorrectiveAction) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			b.WriteString(label + text + "\n")
		}
	}
	line("Corrective action "+a.Name(i.ID)+", after the "+i.Severity.Label()+" incident: ", i.Title)
	line("\n", a.Detail)
	line("\nAgent: ", i.Scope.String())
	line("Failure class: ", d.policy.ClassTitle(i.Class))
	line("Layer: ", a.Layer.Label())
	line("Owner: ", d.outsideName(a.Owner))
	line("Regression test: ", a.Test)
	line("No regression test: ", a.NoTest)
	if !a.Proven() {
		line("\n", "Before this is done, the regression test that fails without it must be named in Slack, with Done under /actions "+i.ID.String()+".")
	}
	return strings.TrimSpace(b.String())
}

// outsideName is what somebody is called outside Slack, as far as the configuration knows.
func (d *Desk) outsideName(who tagout.UserID) string {
	if p := d.policy.People[who]; len(p.Handles) > 0 {
		return p.Handles[0]
	}
	return "Slack user " + string(who)
}

// actionOf is the corrective action that an effect is about, nil if there is none, and its
// incident.
func (d *Desk) actionOf(ctx context.Context, e tagout.Effect) (*tagout.Incident, *tagout.CorrectiveAction, error) {
	number, err := tagout.ActionOfEffect(e)
	if err != nil {
		return nil, nil, err
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return nil, nil, err
	}
	return i, i.Action(number), nil
}

// checkTicket looks how a ticket stands in its tracker, and when to look again. What cannot be
// read now is looked at again then.
func (d *Desk) checkTicket(ctx context.Context, e tagout.Effect) error {
	i, a, err := d.actionOf(ctx, e)
	if err != nil {
		return err
	}
	if a == nil || !a.Followed() {
		return nil
	}
	tracker, every := d.trackers[a.Ticket.Tracker], d.policy.Trackers[a.Ticket.Tracker].Every()
	var seen tagout.Ticket
	if tracker == nil {
		every, err = goneTracker, tagout.Final(tagout.Errorf(tagout.Invalid, "The tracker %s is not configured any more.", a.Ticket.Tracker))
	} else {
		seen, err = tracker.Read(ctx, a.Ticket.Key)
	}
	if err != nil {
		d.log.Warn("a ticket could not be read", "action", a.Name(i.ID), "tracker", a.Ticket.Tracker, "error", tagout.Sentence(err))
	}
	key := a.Ticket.Key
	return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		var c tagout.Change
		if a := i.Action(a.Number); a == nil || a.Ticket == nil || a.Ticket.Key != key {
			return c, nil // it has another ticket by now
		}
		switch {
		case err == nil:
			c = i.TicketSeen(a.Number, seen, now)
		case tagout.IsFinal(err) && tagout.CodeOf(err) == tagout.NotFound:
			c = i.TicketGone(a.Number, tagout.Sentence(err), now)
		case tagout.IsFinal(err):
			c = i.TicketUnread(a.Number, tagout.Sentence(err), now)
		}
		return c.And(i.FollowTicket(i.Action(a.Number), every, now)), nil
	})
}

// TicketMoved looks at once at the ticket that its tracker said has changed. What it said is
// not believed, only read again. A ticket that is none of ours changes nothing. It reports how
// many corrective actions it concerns, and returns Unavailable if that could not be made
// durable.
func (d *Desk) TicketMoved(ctx context.Context, tracker, key string) (int, error) {
	found, err := d.store.Actions(ctx, tagout.ActionQuery{Tracker: tracker, Ticket: key})
	if err != nil || key == "" {
		return 0, err
	}
	for _, a := range found {
		err := d.update(ctx, a.Incident.ID, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
			return i.LookAtTicket(a.Number), nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(found), nil
}
