package escalation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tagout"
)

// shownChanges is how many changes a message shows; the command changes lists more.
const shownChanges = 5

// Kind is what an incident looks like, and why: as somebody corrected it, else as its changes
// and earlier incidents suggest.
func (d *Desk) Kind(ctx context.Context, i *tagout.Incident) (tagout.KindView, error) {
	changes, err := d.recentChanges(ctx, i)
	if err != nil {
		return tagout.KindView{}, err
	}
	return i.KindOf(ctx, d.store, d.policy, changes)
}

// CorrectKind records what somebody says about the kind of an incident, with the reason. It
// returns Invalid for another kind or without a reason, and Conflict if it is called so
// already, or is closed.
func (d *Desk) CorrectKind(ctx context.Context, id tagout.IncidentID, to tagout.Kind, reason string, by tagout.Actor) (*tagout.Incident, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	now, err := d.Kind(ctx, i)
	if err != nil {
		return nil, err
	}
	return d.change(ctx, id, func(i *tagout.Incident, at time.Time) (tagout.Change, error) {
		return i.CorrectKind(to, reason, now, by, at)
	})
}

// Changes lists the changes of an agent in the last 24 h, newest first; those of all agents if
// it is "". It returns NotFound if the agent is not declared.
func (d *Desk) Changes(ctx context.Context, agent string) ([]tagout.Deployment, error) {
	if agent != "" && d.policy.Agents[agent] == nil {
		return nil, tagout.Errorf(tagout.NotFound, "There is no agent %q in the configuration; known are %v.", agent, d.policy.Agents.Names())
	}
	return d.store.Changes(ctx, agent, d.clock.Now().Add(-tagout.CauseWindow))
}

// ChangesOf lists the changes of the agents of an incident, from 24 h before it was detected
// until now, newest first.
func (d *Desk) ChangesOf(ctx context.Context, i *tagout.Incident) ([]tagout.Deployment, error) {
	return d.recentChanges(ctx, i)
}

// kindFacts shows what an incident looks like and what was changed before it and since.
func (d *Desk) kindFacts(ctx context.Context, m tagout.Message, i *tagout.Incident) tagout.Message {
	changes, err := d.recentChanges(ctx, i)
	if err != nil {
		return m.Fact("Changed in the 24 h before, and since", "could not be read")
	}
	kind, err := i.KindOf(ctx, d.store, d.policy, changes)
	switch {
	case err != nil:
		m = m.Fact("Kind", "earlier incidents could not be read")
	case kind.Corrected() || i.State == tagout.StateClosed || i.State == tagout.StateCancelled:
		m = m.Fact("Kind", kind.Text())
	default:
		m = m.Fact("Kind", append(kind.Text(), tagout.T(". To correct it: ", tagout.Typed("kind "+i.ID.String()))...))
	}
	return m.Fact("Changed in the 24 h before, and since", d.changesText(i, changes))
}

// changesText lists the newest changes, with who made them.
func (d *Desk) changesText(i *tagout.Incident, changes []tagout.Deployment) tagout.Text {
	if len(changes) == 0 {
		return tagout.T("nothing was reported")
	}
	var t tagout.Text
	for n, c := range changes {
		if n == shownChanges {
			return append(t, tagout.T(fmt.Sprintf("\n… %d more: ", len(changes)-n), tagout.Typed("changes "+i.ID.String()))...)
		}
		if n > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(cutMasked(d.policy.Redaction, c.Text(), 120)+" by "+cutMasked(d.policy.Redaction, c.By, 60)+" at ", c.At)...)
		if len(d.policy.Authors(c)) == 0 {
			t = append(t, tagout.T(" (nobody whom the configuration knows)")...)
		}
	}
	return t
}

// strangersText names who changed the agents under a name that belongs to nobody in Slack, as
// far as the configuration says: they are not kept from signing.
func (d *Desk) strangersText(ctx context.Context, i *tagout.Incident) tagout.Text {
	changes, err := d.recentChanges(ctx, i)
	if err != nil {
		return tagout.T("\nWho changed the agent could not be read")
	}
	var names []string
	for _, c := range changes {
		for _, name := range d.policy.Strangers(c) {
			if name = cutMasked(d.policy.Redaction, name, 60); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	var t tagout.Text
	for n, name := range names {
		if n == 5 {
			return append(t, tagout.T(fmt.Sprintf("\nand %d more whom people does not name", len(names)-n))...)
		}
		t = append(t, tagout.T("\n"+name+" changed it too, and is nobody under people in the configuration. If that is you, do not sign.")...)
	}
	return t
}
