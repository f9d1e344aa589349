package tagout

import (
	"strconv"
	"time"
)

// giveUpTicket is how long a ticket is tried before people are asked to look: sooner than the
// store gives up what waits in a queue.
const giveUpTicket = 24 * time.Hour

// actionRef is the data of effects that are about one corrective action.
type actionRef struct {
	Action int `json:"action"`
}

// ActionOfEffect is the number of the corrective action that an effect is about.
func ActionOfEffect(e Effect) (int, error) {
	var ref actionRef
	err := e.Decode(&ref)
	return ref.Action, err
}

func (i *Incident) ticketButton(a *CorrectiveAction) Button {
	label := "Try again"
	if a.Ticket.Gone {
		label = "Make another ticket"
	}
	return Button{Action: "action-ticket", Label: label, Value: i.ID.String() + "|" + strconv.Itoa(a.Number)}
}

// askTicket asks for a ticket of the action in a tracker; "" asks for none.
func (i *Incident) askTicket(a *CorrectiveAction, tracker string, at time.Time) Change {
	var c Change
	if tracker == "" {
		return c
	}
	if a.Ticket == nil {
		a.Ticket = &ActionTicket{Tracker: tracker}
	}
	t := a.Ticket
	t.AskedAt, t.Problem, t.Final = Moment(at), "", false
	e := NewEffect(EffectTicket, i.ID, strconv.Itoa(a.Number)+":"+strconv.Itoa(t.Draft)+":"+strconv.Itoa(t.Tries), actionRef{a.Number})
	e.Lane = t.Tracker
	c.Effects = append(c.Effects, e)
	return c
}

// RetryTicket tries once more to make the ticket of an action, or makes another one if it is
// gone. It returns Conflict if there is nothing to try again; its other errors are those of
// [Incident.ChangeAction].
func (i *Incident) RetryTicket(number int, by User, at time.Time) (Change, error) {
	a, err := i.openAction(number, by)
	if err != nil {
		return Change{}, err
	}
	t := a.Ticket
	switch {
	case t == nil:
		return Change{}, Errorf(Conflict, "%s is kept in Tagout alone. Choose a tracker with Change. Nothing was changed.", a.Name(i.ID))
	case t.Gone:
		*t = ActionTicket{Tracker: t.Tracker, Draft: t.Draft + 1, Tries: t.Tries}
	case t.Key != "":
		return Change{}, Errorf(Conflict, "%s has its ticket: %s in %s.", a.Name(i.ID), t.Key, t.Tracker)
	case !t.Final:
		return Change{}, Errorf(Conflict, "The ticket of %s is being tried. Nothing was changed.", a.Name(i.ID))
	}
	t.Tries++
	c := i.askTicket(a, t.Tracker, at)
	c.Events = append(c.Events, a.event(EventActionChanged, by.Actor(), at, map[string]any{"again": true}))
	return c, nil
}

// WantsTicket reports whether a ticket is still to be made of the action.
func (a *CorrectiveAction) WantsTicket() bool {
	return a != nil && a.State == ActionOpen && a.Ticket != nil && a.Ticket.Key == "" && !a.Ticket.Final
}

// TicketMade records the ticket that was made of an action, which is followed from now on,
// every so often. It changes nothing if that is known, but for an action that was dropped or
// finished meanwhile: its ticket is told.
func (i *Incident) TicketMade(number int, made Ticket, every time.Duration, at time.Time) Change {
	a := i.Action(number)
	if a == nil || a.Ticket == nil || a.Ticket.Key != "" {
		return Change{}
	}
	t := a.Ticket
	t.Key, t.URL, t.Problem, t.Final = made.Key, made.URL, "", false
	var c Change
	c.Events = append(c.Events, a.event(EventActionTicket, Tagout, at, map[string]any{"url": made.URL}))
	text := T("The corrective action ", Bold(a.Name(i.ID)), " is ", a.ticketText(), ".")
	if a.State == ActionDropped {
		text = append(text, T(" It was dropped meanwhile: close the ticket there.")...)
	}
	c.post(i, a.key("ticket:"+made.Key), Message{Body: []Text{text}})
	return c.And(i.FollowTicket(a, every, at))
}

// ticketText names the ticket, with a link if there is one.
func (a *CorrectiveAction) ticketText() Text {
	t := a.Ticket
	if t == nil || t.Key == "" {
		return nil
	}
	if t.URL == "" {
		return T(t.Key + " in " + t.Tracker)
	}
	return T(Link(t.URL, t.Key), " in "+t.Tracker)
}

// TicketText tells where the action is kept beside Tagout, and how it stands there; nil if
// nowhere.
func (a CorrectiveAction) TicketText() Text {
	t := a.Ticket
	switch {
	case t == nil:
		return nil
	case t.Gone:
		return T("ticket "+t.Key+" in "+t.Tracker+" is ", Bold("gone"))
	case t.Key == "" && t.Final:
		return T(Bold("no ticket"), " in "+t.Tracker+": "+t.Problem)
	case t.Key == "" && t.Problem != "":
		return T("no ticket in " + t.Tracker + " yet, it is tried again: " + t.Problem)
	case t.Key == "":
		return T("its ticket in " + t.Tracker + " is being made")
	}
	text := append(T("ticket "), a.ticketText()...)
	switch {
	case t.Refused:
		text = append(text, T(", closed there as not to be done")...)
	case t.Closed:
		text = append(text, T(", closed there")...)
	}
	if t.Problem != "" {
		text = append(text, T(", ", Bold("not followed"), ": "+t.Problem)...)
	}
	return text
}

// FollowTicket sets the timer for the next look at the ticket. One that is done is looked at
// for a month, since it may be opened again.
func (i *Incident) FollowTicket(a *CorrectiveAction, every time.Duration, at time.Time) Change {
	var c Change
	if a == nil || !a.Followed() || every <= 0 {
		return c
	}
	if a.State == ActionDone {
		if every = max(every, time.Hour); at.Sub(a.EndedAt) > 30*24*time.Hour {
			return c
		}
	}
	e := NewEffect(EffectTicketCheck, i.ID, strconv.Itoa(a.Number), actionRef{a.Number}).At(at.Add(every))
	e.Lane = a.Ticket.Tracker
	c.Effects = append(c.Effects, e)
	return c
}

// LookAtTicket asks for a look at the ticket of an action now, whoever said that it changed.
func (i *Incident) LookAtTicket(number int) Change {
	var c Change
	if a := i.Action(number); a != nil && a.Followed() {
		e := NewEffect(EffectTicketCheck, i.ID, strconv.Itoa(a.Number)+":now", actionRef{a.Number})
		e.Lane = a.Ticket.Tracker
		c.Effects = append(c.Effects, e)
	}
	return c
}

// TicketFailed records that no ticket could be made. It is told in the channel when it is not
// tried again by itself; the same reason again changes nothing.
func (i *Incident) TicketFailed(number int, reason string, final bool, at time.Time) Change {
	a := i.Action(number)
	if !a.WantsTicket() {
		return Change{}
	}
	t := a.Ticket
	final = final || at.Sub(t.AskedAt) > giveUpTicket
	reason = clip(reason, 300)
	if t.Problem == reason && !final {
		return Change{}
	}
	t.Problem, t.Final = reason, final
	var c Change
	c.Events = append(c.Events, a.event(EventActionTicketFailed, Tagout, at, map[string]any{"error": reason, "final": final}))
	if !final {
		return c
	}
	m := Message{Tone: ToneDanger, Body: []Text{T(Bold("No ticket: "), "the corrective action ", Bold(a.Name(i.ID)),
		" could not be put into "+t.Tracker+". "+reason)}}
	m = m.Para("The action stands in Tagout all the same. Put the tracker right, then press Try again.")
	m.Buttons = []Button{i.ticketButton(a)}
	c.post(i, a.key("noticket:"+strconv.Itoa(t.Draft)+":"+strconv.Itoa(t.Tries)), m)
	return c
}
