package tagout

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// When people are reminded of corrective actions.
const (
	nagBefore = 24 * time.Hour     // before it is due
	nagEvery  = 24 * time.Hour     // while it is overdue
	leadAfter = 3 * 24 * time.Hour // overdue, their lead hears of it too
)

// Nagging is what reminders depend on outside the incident.
type Nagging struct {
	Leads []UserID                       // who hears of what is long overdue
	Quiet func(UserID) (time.Time, bool) // the end of the quiet hours that somebody has now
}

// quietUntil is when somebody can be reminded.
func (n Nagging) quietUntil(who UserID) (time.Time, bool) {
	if n.Quiet == nil {
		return time.Time{}, false
	}
	return n.Quiet(who)
}

// next is the first reminder of the owner after a time.
func (a *CorrectiveAction) next(after time.Time) time.Time {
	if before := a.Due.Add(-nagBefore); after.Before(before) {
		return before
	}
	return a.nextOverdue(after, 0)
}

// nextOverdue is the first day of being overdue after a time, not before so long.
func (a *CorrectiveAction) nextOverdue(after time.Time, least time.Duration) time.Time {
	first := a.Due.Add(least)
	if after.Before(first) {
		return first
	}
	return first.Add((after.Sub(first)/nagEvery + 1) * nagEvery)
}

// nags are when the owner and their lead are reminded next.
func (a *CorrectiveAction) nags() (owner, lead time.Time) {
	since := func(last time.Time) time.Time {
		if last.Before(a.At) {
			return a.At
		}
		return last
	}
	return a.next(since(a.Nagged)), a.nextOverdue(since(a.NaggedLead), leadAfter)
}

// WakeActions sets the timer for the next reminder of an open action. One timer for an
// incident is enough: who is woken by it calls [Incident.Nag].
func (i *Incident) WakeActions(at time.Time) Change {
	var due time.Time
	for n := range i.Actions {
		if a := &i.Actions[n]; a.State == ActionOpen {
			owner, lead := a.nags()
			if owner = earlier(owner, lead); due.IsZero() || owner.Before(due) {
				due = owner
			}
		}
	}
	return i.wakeActionsAt(due, at)
}

func (i *Incident) wakeActionsAt(due, at time.Time) Change {
	var c Change
	if due.IsZero() {
		return c
	}
	if !due.After(at) {
		due = at.Add(time.Second)
	}
	c.effectAt(due, EffectActionDue, i.ID, "next", nil)
	return c
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// reminder is what one person is to be reminded of.
type reminder struct {
	to   UserID
	lead bool
	acts []*CorrectiveAction
}

// Nag reminds owners of what is due within a day and of what is overdue, and their lead of
// what is so for three days: each once a day, in one message, and not in their quiet hours. It
// sets the timer for the next.
func (i *Incident) Nag(n Nagging, at time.Time) Change {
	var list []*reminder
	var wake time.Time
	later := func(t time.Time) {
		if wake.IsZero() || t.Before(wake) {
			wake = t
		}
	}
	for k := range i.Actions {
		a := &i.Actions[k]
		if a.State != ActionOpen {
			continue
		}
		owner, lead := a.nags()
		if at.Before(owner) {
			later(owner)
		} else if until, quiet := n.quietUntil(a.Owner); quiet {
			later(until)
		} else {
			list = remind(list, a.Owner, false, a)
			a.Nagged = Moment(at)
			later(a.next(at))
		}
		if at.Before(lead) {
			later(lead)
			continue
		}
		told, waits := false, time.Time{}
		for _, who := range n.Leads {
			if until, quiet := n.quietUntil(who); quiet {
				waits = until
			} else if told = true; who != a.Owner {
				list = remind(list, who, true, a)
			}
		}
		if !told && !waits.IsZero() {
			later(waits)
			continue
		}
		a.NaggedLead = Moment(at)
		later(a.nextOverdue(at, leadAfter))
	}
	var c Change
	for _, r := range list {
		c = c.And(i.nag(r, at))
	}
	return c.And(i.wakeActionsAt(wake, at))
}

func remind(list []*reminder, to UserID, lead bool, a *CorrectiveAction) []*reminder {
	n := slices.IndexFunc(list, func(r *reminder) bool { return r.to == to && r.lead == lead })
	if n < 0 {
		return append(list, &reminder{to, lead, []*CorrectiveAction{a}})
	}
	list[n].acts = append(list[n].acts, a)
	return list
}

// nag is one reminder of one person, with a line on the timeline.
func (i *Incident) nag(r *reminder, at time.Time) Change {
	slices.SortStableFunc(r.acts, func(a, b *CorrectiveAction) int { return cmp.Or(a.Due.Compare(b.Due), a.Number-b.Number) })
	overdue := r.acts[0].Overdue(at)
	m := Message{Tone: ToneWarning, Title: "A corrective action is due soon"}
	if overdue {
		m.Tone, m.Title = ToneDanger, "A corrective action is overdue"
	}
	if len(r.acts) > 1 {
		m.Title = "Corrective actions are due"
	}
	var names []string
	for _, a := range r.acts {
		names = append(names, a.Name(i.ID))
		t := T(Bold(a.Name(i.ID)), ": ", a.Title, ". ")
		if r.lead {
			t = append(t, T(Mention(a.Owner), " has it. ")...)
		}
		t = append(t, T("It is due ", a.Due)...)
		if a.Overdue(at) {
			t = append(t, T(", ", Bold("overdue by "+days(at.Sub(a.Due))))...)
		}
		if ticket := a.TicketText(); ticket != nil {
			t = append(t, T("; ", ticket)...)
		}
		m.Body = append(m.Body, append(t, T(".")...))
	}
	switch {
	case r.lead:
		m = m.Para("You get this since it is overdue for three days or more, and you answer for the agent. Talk with its owner, or give it to somebody else with Change.")
	case overdue:
		m = m.Para("Finish it, or choose another date with Change. You are reminded every day until then.")
	}
	if len(r.acts) == 1 && !r.lead {
		m.Buttons = i.ActionButtons(r.acts[0])
	} else {
		m = m.Para("Type ", Typed("actions "+i.ID.String()), " for their buttons.")
	}
	var c Change
	key := "nag:" + string(r.to) + ":" + Moment(at).Format(time.RFC3339Nano)
	if r.lead {
		key = "lead" + key
	}
	c.event(EventActionReminded, Tagout, at, map[string]any{"actions": names, "to": r.to, "overdue": overdue, "lead": r.lead})
	c.effect(EffectDirect, i.ID, key, DirectNote{To: r.to, Message: m})
	return c
}

// days is a long time in words: "1 day", "4 days"; less than a day is "less than a day".
func days(d time.Duration) string {
	switch n := int(d / (24 * time.Hour)); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return strconv.Itoa(n) + " days"
	}
}
