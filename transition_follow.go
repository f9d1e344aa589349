package tagout

import "time"

// TicketSeen brings an action up to date with its ticket as it stands in the tracker now. One
// that was closed there is done here, if it says which regression test fails without it or why
// there can be none; otherwise its owner is asked. One that was opened again there is open
// here again. It changes nothing if nothing of that is new, or older than what is known.
func (i *Incident) TicketSeen(number int, now Ticket, at time.Time) Change {
	a := i.Action(number)
	if a == nil || !a.Followed() {
		return Change{}
	}
	c := i.ticketBack(a, at)
	t := a.Ticket
	if !now.ChangedAt.IsZero() && now.ChangedAt.Before(t.Seen) {
		return c // read before what is known already
	}
	t.Problem = ""
	if now.Key != "" && now.Key != t.Key { // it was moved
		t.Key = now.Key
		c.Events = append(c.Events, a.event(EventActionTicket, Tagout, at, map[string]any{"url": now.URL}))
	}
	if now.URL != "" {
		t.URL = now.URL
	}
	switch {
	case now.Done == t.Closed && now.Refused == t.Refused:
		return c
	case now.Done:
		t.Seen = Moment(now.ChangedAt)
		return c.And(i.ticketClosed(a, now, at))
	}
	t.Seen = Moment(now.ChangedAt)
	return c.And(i.ticketReopened(a, at))
}

// ticketBack records that a ticket that was gone is there again.
func (i *Incident) ticketBack(a *CorrectiveAction, at time.Time) Change {
	var c Change
	if !a.Ticket.Gone {
		return c
	}
	a.Ticket.Gone = false
	c.Events = append(c.Events, a.event(EventActionTicketBack, Tagout, at, nil))
	c.post(i, a.key("back:"+Moment(at).Format(time.RFC3339Nano)), Message{Tone: ToneGood, Body: []Text{
		T("The ticket ", a.ticketText(), " of ", Bold(a.Name(i.ID)), " is there again.")}})
	return c
}

func (i *Incident) ticketClosed(a *CorrectiveAction, now Ticket, at time.Time) Change {
	t := a.Ticket
	t.Closed, t.Refused, t.ClosedBy, t.ClosedAt = true, now.Refused, clip(now.ClosedBy, 100), Moment(now.ClosedAt)
	if now.ClosedAt.IsZero() || now.ClosedAt.After(at) {
		t.ClosedAt = Moment(at)
	}
	var c Change
	c.Events = append(c.Events, a.event(EventActionTicketClosed, Tagout, at,
		map[string]any{"closed_by": t.ClosedBy, "closed_at": t.ClosedAt, "refused": t.Refused}))
	if a.State != ActionOpen {
		return c
	}
	if a.Proven() && !t.Refused {
		who := t.ClosedBy
		if who == "" {
			who = "Somebody"
		}
		return c.And(i.finish(a, Actor{Kind: ByTracker, ID: t.Tracker}, t.ClosedAt, who+" in "+t.Tracker, at))
	}
	text := T("The ticket ", a.ticketText(), " of ", Bold(a.Name(i.ID)), " was closed")
	if t.ClosedBy != "" {
		text = append(text, T(" by "+t.ClosedBy)...)
	}
	ask := T("Which regression test fails without it? Press Done and name it, or say why there can be none.")
	if t.Refused {
		text = append(text, T(" as something that will not be done")...)
		ask = T("Press Drop and say why, or open the ticket again.")
	}
	text = append(text, T(", but the action stays open here. ")...)
	m := Message{Tone: ToneWarning, Body: []Text{append(text, ask...)}}
	m.Buttons = i.ActionButtons(a)
	key := a.key("closed:" + Moment(at).Format(time.RFC3339Nano))
	c.post(i, key, m)
	c.effect(EffectDirect, i.ID, key+":owner", DirectNote{To: a.Owner, Message: m})
	return c
}

func (i *Incident) ticketReopened(a *CorrectiveAction, at time.Time) Change {
	t := a.Ticket
	t.Closed, t.Refused, t.ClosedBy, t.ClosedAt = false, false, "", time.Time{}
	var c Change
	text := T("The ticket ", a.ticketText(), " of ", Bold(a.Name(i.ID)), " was opened again.")
	if a.State == ActionDone {
		a.State, a.EndedBy, a.EndedAt = ActionOpen, Actor{}, time.Time{}
		text = append(text, T(" The action is open again too: ", Mention(a.Owner), ", due ", a.Due, ".")...)
	}
	c.Events = append(c.Events, a.event(EventActionReopened, Tagout, at, nil))
	m := Message{Tone: ToneWarning, Body: []Text{text}}
	key := a.key("reopened:" + Moment(at).Format(time.RFC3339Nano))
	c.post(i, key, m)
	c.effect(EffectDirect, i.ID, key+":owner", DirectNote{To: a.Owner, Message: m})
	return c.And(i.WakeActions(at))
}

// TicketGone records that the tracker does not know the ticket any more, or does not show it
// to Tagout. It is told loudly, once.
func (i *Incident) TicketGone(number int, reason string, at time.Time) Change {
	a := i.Action(number)
	if a == nil || !a.Followed() || a.Ticket.Gone {
		return Change{}
	}
	a.Ticket.Gone = true
	var c Change
	c.Events = append(c.Events, a.event(EventActionTicketGone, Tagout, at, map[string]any{"error": clip(reason, 300)}))
	m := Message{Tone: ToneDanger, Body: []Text{T(Bold("Ticket gone: "), "the ticket "+a.Ticket.Key+" of ",
		Bold(a.Name(i.ID)), " cannot be found in "+a.Ticket.Tracker+" any more. "+reason)}}
	if a.State == ActionOpen {
		m = m.Para("The action stays open here: make another ticket, or go on without.")
		m.Buttons = i.ActionButtons(a)
	}
	key := a.key("gone:" + Moment(at).Format(time.RFC3339Nano))
	c.post(i, key, m)
	c.effect(EffectDirect, i.ID, key+":owner", DirectNote{To: a.Owner, Message: m})
	return c
}

// TicketUnread records why the ticket cannot be followed until somebody puts something right.
// It is told in the channel, once for each reason.
func (i *Incident) TicketUnread(number int, reason string, at time.Time) Change {
	a := i.Action(number)
	reason = clip(reason, 300)
	if a == nil || !a.Followed() || a.Ticket.Problem == reason {
		return Change{}
	}
	a.Ticket.Problem = reason
	var c Change
	c.Events = append(c.Events, a.event(EventActionTicketFailed, Tagout, at, map[string]any{"error": reason, "final": false}))
	c.post(i, a.key("unread:"+Moment(at).Format(time.RFC3339Nano)), Message{Tone: ToneWarning, Body: []Text{
		T("The ticket ", a.ticketText(), " of ", Bold(a.Name(i.ID)), " is not followed: "+reason+" It is looked at again until that works.")}})
	return c
}
