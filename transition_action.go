package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a corrective action may hold, in bytes; more is cut.
const (
	MaxActionTitle = 200
	maxActionText  = 3000
	maxTest        = 500
	maxActions     = 200 // of one incident
)

// AddAction adds a corrective action; with a tracker it gets a ticket there. The same draft
// again changes nothing. It returns Invalid, naming what is wrong, for a draft that will not
// do, and Forbidden for guests, bots and tokens.
func (i *Incident) AddAction(d ActionDraft, by User, at time.Time) (Change, error) {
	if err := mayAdd(by); err != nil {
		return Change{}, err
	}
	if slices.ContainsFunc(i.Actions, func(a CorrectiveAction) bool { return a.ID == d.ID }) {
		return Change{}, nil
	}
	if len(i.Actions) >= maxActions {
		return Change{}, Errorf(Conflict, "%s has %d corrective actions, and cannot take more.", i.ID, len(i.Actions))
	}
	d = d.tidy()
	if err := d.check(at); err != nil {
		return Change{}, err
	}
	a := CorrectiveAction{Number: len(i.Actions) + 1, ID: d.ID, By: by.Actor(), At: Moment(at), State: ActionOpen}
	a.take(d)
	i.Actions = append(i.Actions, a)
	added := &i.Actions[len(i.Actions)-1]
	var c Change
	c = c.And(i.askTicket(added, d.Tracker, at))
	c.Events = append(c.Events, added.event(EventActionAdded, by.Actor(), at, nil))
	c.post(i, added.key("added"), Say(by.Text(), " added the corrective action ", Bold(a.Name(i.ID)), ": ", a.Title,
		". ", Mention(a.Owner), " does it until ", a.Due, "."))
	return c.And(i.tellOwner(added, by, "added", at)).And(i.WakeActions(at)), nil
}

// Text is the person as people read it.
func (u User) Text() Text { return u.Actor().Text() }

// key names what is said of the action, for good.
func (a *CorrectiveAction) key(what string) string {
	return "action:" + strconv.Itoa(a.Number) + ":" + what
}

// tidy is the draft without white space around its texts, and cut to what fits.
func (d ActionDraft) tidy() ActionDraft {
	d.Title = clip(strings.Join(strings.Fields(d.Title), " "), MaxActionTitle)
	d.Detail = clip(strings.TrimSpace(d.Detail), maxActionText)
	d.Test = clip(strings.Join(strings.Fields(d.Test), " "), maxTest)
	d.NoTest = clip(strings.TrimSpace(d.NoTest), maxTest)
	d.Due = Moment(d.Due)
	return d
}

// check returns Invalid for a draft that will not do.
func (d ActionDraft) check(at time.Time) error {
	switch {
	case d.Title == "":
		return Errorf(Invalid, "Say in a few words what is to be changed. Nothing was saved.")
	case d.Owner == "":
		return Errorf(Invalid, "Say who does it. Nothing was saved.")
	case !d.Due.After(at):
		return Errorf(Invalid, "Choose a time to come until which it is done. Nothing was saved.")
	case !slices.Contains(Layers(), d.Layer):
		return Errorf(Invalid, "Say which layer it changes. Nothing was saved.")
	}
	return nil
}

// take copies what a draft says.
func (a *CorrectiveAction) take(d ActionDraft) {
	a.Title, a.Detail, a.Owner, a.Due, a.Layer, a.Test, a.NoTest = d.Title, d.Detail, d.Owner, d.Due, d.Layer, d.Test, d.NoTest
}

// tellOwner writes to the owner about what somebody else did with their action.
func (i *Incident) tellOwner(a *CorrectiveAction, by User, what string, at time.Time) Change {
	var c Change
	if a.Owner == by.ID {
		return c
	}
	m := Say(by.Text(), " gave you the corrective action ", Bold(a.Name(i.ID)), ": ", a.Title, ". It is due ", a.Due, ".").
		Para("When it is done, press Done and name the regression test that fails without it.")
	m.Buttons = i.ActionButtons(a)
	c.effect(EffectDirect, i.ID, a.key("owner:"+what+":"+Moment(at).Format(time.RFC3339Nano)), DirectNote{To: a.Owner, Message: m})
	return c
}

// ActionButtons is what can be done with an action.
func (i *Incident) ActionButtons(a *CorrectiveAction) []Button {
	value := i.ID.String() + "|" + strconv.Itoa(a.Number)
	var b []Button
	if a.State == ActionOpen {
		b = append(b, Button{Action: "action-done", Label: "Done", Value: value, Tone: ToneGood},
			Button{Action: "action-change", Label: "Change", Value: value},
			Button{Action: "action-drop", Label: "Drop", Value: value})
		if t := a.Ticket; t != nil && (t.Key == "" && t.Final || t.Gone) {
			b = append(b, i.ticketButton(a))
		}
	}
	return b
}

// ChangeAction changes what an open action says. It returns NotFound, Conflict for one that is
// done or dropped, Invalid for values that will not do, and Forbidden for whoever may not.
func (i *Incident) ChangeAction(number int, d ActionDraft, by User, at time.Time) (Change, error) {
	a, err := i.openAction(number, by)
	if err != nil {
		return Change{}, err
	}
	d = d.tidy()
	check := d
	if d.Due.Equal(a.Due) { // an overdue one may be changed otherwise
		check.Due = at.Add(time.Second)
	}
	if err := check.check(at); err != nil {
		return Change{}, err
	}
	before := *a
	a.take(d)
	var c Change
	if d.Tracker != "" && a.Ticket == nil {
		c = c.And(i.askTicket(a, d.Tracker, at))
	}
	if before.told() == a.told() {
		return Change{}, nil
	}
	c.Events = append(c.Events, a.event(EventActionChanged, by.Actor(), at, nil))
	c.post(i, a.key("changed:"+Moment(at).Format(time.RFC3339Nano)),
		Say(by.Text(), " changed the corrective action ", Bold(a.Name(i.ID)), ": ", a.Title, ". ", Mention(a.Owner), ", due ", a.Due, "."))
	if before.Owner != a.Owner {
		a.Nagged = time.Time{}
		c = c.And(i.tellOwner(a, by, "changed", at))
	}
	return c.And(i.WakeActions(at)), nil
}

// openAction finds an open action that this person may tend.
func (i *Incident) openAction(number int, by User) (*CorrectiveAction, error) {
	a := i.Action(number)
	if a == nil {
		return nil, Errorf(NotFound, "%s has no corrective action %d.", i.ID, number)
	}
	if err := i.MayTend(a, by); err != nil {
		return nil, err
	}
	if a.State != ActionOpen {
		return nil, Errorf(Conflict, "%s is %s already, by %s. Nothing was changed.", a.Name(i.ID), a.State, a.EndedBy.Text())
	}
	return a, nil
}

// FinishAction marks an action as done. It needs the regression test that fails without it,
// or why there can be none: without either it returns Invalid. Its other errors are those of
// [Incident.ChangeAction].
func (i *Incident) FinishAction(number int, test, noTest string, by User, at time.Time) (Change, error) {
	a, err := i.openAction(number, by)
	if err != nil {
		return Change{}, err
	}
	d := ActionDraft{Test: test, NoTest: noTest}.tidy()
	if d.Test == "" && d.NoTest == "" {
		return Change{}, Errorf(Invalid,
			"Name the regression test that fails without %s, or say why there can be none. Nothing was changed.",
			a.Name(i.ID))
	}
	a.Test, a.NoTest = d.Test, d.NoTest
	return i.finish(a, by.Actor(), at, "", at), nil
}

// finish ends an action as done. In a tracker it was done at a time of its own, by somebody
// whom only that knows.
func (i *Incident) finish(a *CorrectiveAction, by Actor, done time.Time, closer string, at time.Time) Change {
	a.State, a.EndedBy, a.EndedAt = ActionDone, by, Moment(done)
	var c Change
	more := map[string]any{}
	how := T(by.Text(), " did the corrective action ")
	if closer != "" {
		more["closed_by"] = closer
		how = T(closer, " closed the ticket of the corrective action ")
	}
	c.Events = append(c.Events, a.event(EventActionDone, by, at, more))
	t := append(how, T(Bold(a.Name(i.ID)), ": ", a.Title, ". ")...)
	if a.Test != "" {
		t = append(t, T("Its regression test is ", Fixed(a.Test), ".")...)
	} else {
		t = append(t, T("It has no regression test: "+a.NoTest)...)
	}
	c.post(i, a.key("done:"+Moment(at).Format(time.RFC3339Nano)), Message{Tone: ToneGood, Body: []Text{t}})
	return c
}

// DropAction records that an action will not be done, and why. It returns Invalid without a
// reason; its other errors are those of [Incident.ChangeAction].
func (i *Incident) DropAction(number int, why string, by User, at time.Time) (Change, error) {
	a, err := i.openAction(number, by)
	if err != nil {
		return Change{}, err
	}
	if why = clip(strings.TrimSpace(why), 1000); why == "" {
		return Change{}, Errorf(Invalid, "Say why %s will not be done. Nothing was changed.", a.Name(i.ID))
	}
	a.State, a.EndedBy, a.EndedAt, a.Why = ActionDropped, by.Actor(), Moment(at), why
	var c Change
	c.Events = append(c.Events, a.event(EventActionDropped, by.Actor(), at, nil))
	t := T(by.Text(), " dropped the corrective action ", Bold(a.Name(i.ID)), ": ", a.Title, ". "+why)
	if tk := a.Ticket; tk != nil && tk.Key != "" && !tk.Closed && !tk.Gone {
		t = append(t, T(" Its ticket "+tk.Key+" in "+tk.Tracker+" is still open: close it there.")...)
	}
	c.post(i, a.key("dropped:"+Moment(at).Format(time.RFC3339Nano)), Message{Tone: ToneWarning, Body: []Text{t}})
	return c, nil
}
