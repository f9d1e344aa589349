package tagout

import (
	"maps"
	"time"
)

// toldAction is a corrective action as each of its events tells it: whole, so that the
// timeline alone says what it was at any time.
type toldAction struct {
	Action  int         `json:"action"`
	Title   string      `json:"title"`
	Detail  string      `json:"detail,omitempty"`
	Owner   UserID      `json:"owner"`
	Due     time.Time   `json:"due"`
	Layer   Layer       `json:"layer"`
	Test    string      `json:"test,omitempty"`
	NoTest  string      `json:"no_test,omitempty"`
	State   ActionState `json:"state"`
	Why     string      `json:"why,omitempty"`
	Tracker string      `json:"tracker,omitempty"`
	Ticket  string      `json:"ticket,omitempty"`
}

func (a *CorrectiveAction) told() toldAction {
	t := toldAction{Action: a.Number, Title: a.Title, Detail: a.Detail, Owner: a.Owner, Due: Moment(a.Due), Layer: a.Layer, Test: a.Test, NoTest: a.NoTest,
		State: a.State, Why: a.Why}
	if a.Ticket != nil {
		t.Tracker, t.Ticket = a.Ticket.Tracker, a.Ticket.Key
	}
	return t
}

// event is what happened to the action, with all of it as it is now.
func (a *CorrectiveAction) event(kind EventKind, by Actor, at time.Time, more map[string]any) Event {
	t := a.told()
	data := map[string]any{"action": t.Action, "title": t.Title, "owner": t.Owner, "due": t.Due, "layer": t.Layer, "state": t.State}
	for key, text := range map[string]string{
		"detail": t.Detail, "test": t.Test, "no_test": t.NoTest, "why": t.Why, "tracker": t.Tracker,
		"ticket": t.Ticket,
	} {
		if text != "" {
			data[key] = text
		}
	}
	maps.Copy(data, more)
	return newEvent(kind, by, at, data)
}

// tellsOfAction reports whether events of a kind hold an action as it was from then on.
func tellsOfAction(kind EventKind) bool {
	switch kind {
	case EventActionAdded, EventActionChanged, EventActionDone, EventActionDropped, EventActionReopened, EventActionTicket, EventActionTicketFailed,
		EventActionTicketClosed, EventActionTicketGone, EventActionTicketBack:
		return true
	}
	return false
}

// action takes over what an event tells of a corrective action.
func (a *audit) action(e Event) error {
	var t toldAction
	if err := a.read(e, &t); err != nil {
		return err
	}
	t.Due = Moment(t.Due)
	a.actions[t.Action] = t
	return nil
}

// compareActions holds the record's corrective actions against what the timeline tells.
func (a *audit) compareActions() error {
	i := a.incident
	for n := range i.Actions {
		have := i.Actions[n].told()
		told, known := a.actions[have.Action]
		switch {
		case !known:
			return Errorf(Conflict, "%s: the record has the corrective action %d, of which the timeline knows nothing.", i.ID, have.Action)
		case told.State != have.State:
			return Errorf(Conflict, "%s: the record says that the corrective action %d is %s, but the timeline %s.",
				i.ID, have.Action, have.State, told.State)
		case told != have:
			return Errorf(Conflict, "%s: the record tells otherwise of the corrective action %d than the timeline.", i.ID, have.Action)
		}
		delete(a.actions, have.Action)
	}
	for number := range a.actions {
		return Errorf(Conflict, "%s: the corrective action %d is on the timeline, but missing from the record.", i.ID, number)
	}
	return nil
}
