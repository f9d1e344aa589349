package escalation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tagout"
)

// AddAction adds a corrective action to an incident. It returns Invalid for a draft that will
// not do, NotFound and Forbidden for an owner who is none or a guest, and for guests.
func (d *Desk) AddAction(ctx context.Context, id tagout.IncidentID, draft tagout.ActionDraft, by tagout.User) (*tagout.Incident, error) {
	return d.withAction(ctx, id, draft, by, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.AddAction(draft, by, now)
	})
}

// ChangeAction changes what an open corrective action says; one without a ticket may get one.
// It returns Forbidden for whoever does not tend it, Conflict for one that is done or dropped,
// and otherwise as [Desk.AddAction].
func (d *Desk) ChangeAction(ctx context.Context, id tagout.IncidentID, number int, draft tagout.ActionDraft, by tagout.User) (*tagout.Incident, error) {
	return d.withAction(ctx, id, draft, by, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.ChangeAction(number, draft, by, now)
	})
}

// withAction makes sure that the owner can have the action, and that the tracker may.
func (d *Desk) withAction(ctx context.Context, id tagout.IncidentID, draft tagout.ActionDraft, by tagout.User, fn tagout.Transition) (*tagout.Incident, error) {
	if by.Guest || by.Bot || by.ID == "" {
		return nil, tagout.Errorf(tagout.Forbidden, "Only a full member of the workspace can do that; guests, bots and API tokens cannot. Nothing was changed.")
	}
	if draft.Owner != "" {
		if err := d.eligible(ctx, draft.Owner); err != nil {
			return nil, err
		}
	}
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		may := func(t tagout.TrackerPolicy) bool { return t.Name == draft.Tracker }
		if draft.Tracker != "" && !slices.ContainsFunc(d.policy.TrackersFor(i), may) {
			return tagout.Change{}, tagout.Errorf(tagout.Invalid, "%q is not a tracker for this incident. Nothing was saved.", cutName(draft.Tracker))
		}
		return fn(i, now)
	})
}

// FinishAction marks a corrective action as done, with the regression test that fails without
// it, or why there can be none. Its errors are those of [tagout.Incident.FinishAction].
func (d *Desk) FinishAction(ctx context.Context, id tagout.IncidentID, number int, test, noTest string, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.FinishAction(number, test, noTest, by, now)
	})
}

// DropAction records that a corrective action will not be done, and why. Its errors are those
// of [tagout.Incident.DropAction].
func (d *Desk) DropAction(ctx context.Context, id tagout.IncidentID, number int, why string, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.DropAction(number, why, by, now)
	})
}

// RetryTicket tries once more to make the ticket of a corrective action. Its errors are those
// of [tagout.Incident.RetryTicket].
func (d *Desk) RetryTicket(ctx context.Context, id tagout.IncidentID, number int, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.RetryTicket(number, by, now)
	})
}

// Actions lists the corrective actions that somebody may read about, what is due first first.
func (d *Desk) Actions(ctx context.Context, q tagout.ActionQuery, v tagout.Viewer) ([]tagout.ActionOf, error) {
	all, err := d.store.Actions(ctx, q)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a tagout.ActionOf) bool { return !d.Sees(ctx, a.Incident, v) }), nil
}

// actionDue is what a timer wakes: owners, and who answers for the agent, are reminded.
func (d *Desk) actionDue(ctx context.Context, e tagout.Effect) error {
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	leads := d.leads(ctx, i)
	return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		quiet := func(who tagout.UserID) (time.Time, bool) { return d.policy.People[who].Quiet.Until(now) }
		return i.Nag(tagout.Nagging{Leads: leads, Quiet: quiet}, now), nil
	})
}

// leads are who hears of actions that are long overdue: whoever is on call in the role that
// owns the agent, or its first member, else the platform owner. Of a private incident only
// somebody who may read about it hears.
func (d *Desk) leads(ctx context.Context, i *tagout.Incident) []tagout.UserID {
	if len(i.OpenActions()) == 0 {
		return nil
	}
	var found []tagout.UserID
	if a := d.policy.Agents[i.Scope.Agent]; a != nil && a.Owner != "" {
		found = append(found, holder(d.roster(ctx, []string{a.Owner}), a.Owner))
	}
	found = append(found, i.Roles[tagout.PlatformOwner])
	if d.policy.Roles["platform"] != nil {
		found = append(found, holder(d.roster(ctx, []string{"platform"}), "platform"))
	}
	for _, who := range found {
		if who != "" && d.Sees(ctx, i, tagout.Viewer{User: tagout.User{ID: who}}) {
			return []tagout.UserID{who}
		}
	}
	return nil
}

// asActions makes corrective actions of what a resume request says is to be done: that the
// logs did not exist is one always, and so is what was written as one.
func (d *Desk) asActions(i *tagout.Incident, draft tagout.ResumeDraft, now time.Time) tagout.Change {
	var c tagout.Change
	add := func(a tagout.ActionDraft) {
		a.Due, a.Tracker = d.policy.ActionDue(i, now), d.policy.TrackerOf(i)
		added, err := i.AddAction(a, draft.By, now)
		if err != nil { // the request does not wait for it: its text stands there
			d.log.Warn("no corrective action could be made of a resume request", "incident", i.ID.String(), "error", tagout.Sentence(err))
			return
		}
		c = c.And(added)
	}
	if strings.HasPrefix(draft.Deliverables["cause"], tagout.MissingLogs) {
		owner := draft.By.ID
		if platform := i.Roles[tagout.PlatformOwner]; platform != "" {
			owner = platform
		}
		add(tagout.ActionDraft{ID: tagout.DeriveID("missing-logs", i.ID.String()), Title: "Keep the logs that were missing", Detail: tagout.MissingLogsAction, Owner: owner, Layer: tagout.LayerEvaluation})
	}
	if text := strings.TrimSpace(draft.Deliverables["corrective_action"]); text != "" && text != tagout.MissingLogsAction {
		title, rest, _ := strings.Cut(text, "\n")
		if len(title) > tagout.MaxActionTitle {
			rest = text
		}
		add(tagout.ActionDraft{ID: tagout.DeriveID("resume-action", i.ID.String(), text), Title: title, Detail: rest, Owner: draft.By.ID, Layer: tagout.LayerAcceptance})
	}
	return c
}

// actionsText counts the corrective actions of an incident, for its card; nil if it has none.
func actionsText(i *tagout.Incident, now time.Time) tagout.Text {
	if len(i.Actions) == 0 {
		return nil
	}
	open := i.OpenActions()
	overdue := 0
	for _, a := range open {
		if a.Overdue(now) {
			overdue++
		}
	}
	text := fmt.Sprintf("%d open of %d", len(open), len(i.Actions))
	if overdue > 0 {
		text += fmt.Sprintf(", %d overdue", overdue)
	}
	return tagout.T(text+": ", tagout.Typed("actions "+i.ID.String()))
}

// myActions lists what somebody has to do after incidents.
func (d *Desk) myActions(ctx context.Context, user tagout.User) tagout.HomeSection {
	s := tagout.HomeSection{Title: "Your corrective actions"}
	mine, err := d.Actions(ctx, tagout.ActionQuery{Owner: user.ID, Open: true}, tagout.Viewer{User: user})
	if err != nil {
		s.Items = append(s.Items, tagout.Say(tagout.Bold("They cannot be read"), ": ", tagout.Sentence(err)))
		return s
	}
	now := d.clock.Now()
	for _, a := range mine {
		s.Items = append(s.Items, a.Item(now))
	}
	return s
}
