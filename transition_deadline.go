package tagout

import (
	"slices"
	"strconv"
	"time"
)

// agree takes over terms that the incident does not have, or that are tighter than those it
// has, and returns them.
func (i *Incident) agree(terms []Term) []Term {
	var taken []Term
	for _, t := range terms {
		n := slices.IndexFunc(i.Terms, func(have Term) bool { return have.Key == t.Key })
		switch {
		case n < 0:
			i.Terms = append(i.Terms, t)
		case t.Limit < i.Terms[n].Limit:
			i.Terms[n] = t
		default:
			continue
		}
		taken = append(taken, t)
	}
	return taken
}

// WakeDeadlines sets the timer for whatever is to be said of a deadline next. One timer for
// an incident is enough: who is woken by it calls [Incident.PassDeadlines], then this.
func (i *Incident) WakeDeadlines() Change {
	var next time.Time
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, d := range i.Deadlines() {
		mark := i.Marks[d.Key]
		if !d.Waits() || !mark.MissedAt.IsZero() {
			continue
		}
		sooner(d.Due)
		if mark.Reminded < len(d.Remind) {
			sooner(d.From.Add(d.Remind[mark.Reminded]))
		}
	}
	var c Change
	if !next.IsZero() {
		c.effectAt(next, EffectDeadline, i.ID, "next", nil)
	}
	return c
}

// Tighten takes over deadlines that the configuration has set, or set closer, since the
// incident reached its severities. It never loosens or drops one. It changes nothing if there
// is nothing new.
func (i *Incident) Tighten(rows map[Severity]*SeverityPolicy, at time.Time) Change {
	if i.Drill {
		return Change{}
	}
	reached := []Severity{i.HighestSeverity}
	for _, t := range i.Terms {
		if !slices.Contains(reached, t.Severity) {
			reached = append(reached, t.Severity)
		}
	}
	var c Change
	for _, severity := range reached {
		row := rows[severity]
		if row == nil {
			continue
		}
		for _, t := range i.agree(row.Terms()) {
			c.event(EventDeadlineTightened, Tagout, at, map[string]any{"deadline": t.Key, "name": t.Name, "limit": t.Limit.String()})
		}
	}
	if !c.IsEmpty() {
		c = c.And(i.WakeDeadlines())
	}
	return c
}

// markDeadline changes what is kept of a deadline.
func (i *Incident) markDeadline(key string, change func(*DeadlineMark)) {
	if i.Marks == nil {
		i.Marks = map[string]DeadlineMark{}
	}
	mark := i.Marks[key]
	change(&mark)
	i.Marks[key] = mark
}

// PassDeadlines reminds of what is due soon and tells of what was missed, each once. owners
// names the roles that are paged for a missed one, if nobody has the role of the incident
// that sees to it, or they are not reached; nil pages nobody. It changes nothing if nothing
// of that is new.
func (i *Incident) PassDeadlines(owners func(Deadline) []string, at time.Time) Change {
	var c Change
	for _, d := range i.Deadlines() {
		if !d.Waits() {
			continue
		}
		mark := i.Marks[d.Key]
		if !at.Before(d.Due) {
			if mark.MissedAt.IsZero() {
				c = c.And(i.missDeadline(d, owners(d), at))
			}
			continue
		}
		passed := 0
		for _, after := range d.Remind {
			if !at.Before(d.From.Add(after)) {
				passed++
			}
		}
		if passed > mark.Reminded {
			i.markDeadline(d.Key, func(m *DeadlineMark) { m.Reminded = passed })
			c.event(EventDeadlineReminded, Tagout, at, map[string]any{"deadline": d.Key, "kind": d.Kind, "name": d.Name, "due": d.Due})
			t := T(Bold("Due soon: "), d.Name+" by ", d.Due, ". ", d.todo(i))
			lead := i.Roles[IncidentCommander]
			if d.Kind == DueReview && i.leads(d.Kind) != "" {
				lead = i.leads(d.Kind)
			}
			if lead != "" {
				t = append(T(Mention(lead), " "), t...)
			}
			c.post(i, i.anew()+"deadline:"+d.Key+":remind"+strconv.Itoa(passed), Message{Tone: ToneWarning, Body: []Text{t}})
		}
	}
	return c
}

func (i *Incident) missDeadline(d Deadline, owners []string, at time.Time) Change {
	i.markDeadline(d.Key, func(m *DeadlineMark) { m.MissedAt = Moment(at) })
	var c Change
	c.event(EventDeadlineMissed, Tagout, at, map[string]any{"deadline": d.Key, "kind": d.Kind, "name": d.Name, "due": d.Due})
	if d.Kind == DueContain {
		return c // what is not confirmed is told and paged by its own watch
	}
	c.post(i, i.anew()+"deadline:"+d.Key+":missed", Message{Tone: ToneDanger, Body: []Text{
		T(Bold("Missed: "), d.Name+" was due at ", d.Due, ". ", d.todo(i))}})
	if len(owners) > 0 {
		key := i.anew() + "deadline:" + d.Key
		round := PageRound{Key: key, Roles: owners, Why: "missed: " + d.Name, Rung: true, Even: true, Always: true}
		if lead := i.leads(d.Kind); lead != "" {
			round.Roles, round.People, round.Else = nil, []UserID{lead}, owners
		}
		c.effect(EffectPage, i.ID, key, round)
	}
	return c
}

// leads is who has the role of the incident that sees to such a deadline, or "".
func (i *Incident) leads(kind DeadlineKind) UserID {
	switch kind {
	case DueInform:
		return i.Roles[CommsLead]
	case DueReview:
		return i.Roles[RCAFacilitator]
	}
	return ""
}

// todo says what would meet the deadline.
func (d Deadline) todo(i *Incident) Text {
	switch d.Kind {
	case DueAcknowledge:
		return T("Nobody has acknowledged it yet: press Acknowledge, or type ", Typed("ack"), ".")
	case DueInform, DueUpdate:
		return T("Write a status note with ", Typed("inform "+i.ID.String()), ".")
	case DueReview:
		return i.reviewTodo()
	case DueClock:
		return T("Once it is done, stop the clock with ", Typed(`clock `+i.ID.String()+` "`+d.Name+`" done`), ".")
	}
	return nil
}

// StopClock records by hand that a duty to an authority was done. It returns NotFound or
// Invalid as [Incident.Clock] does, and Conflict, naming who, if it was stopped before.
func (i *Incident) StopClock(name, note string, by Actor, at time.Time) (Change, error) {
	d, err := i.Clock(name)
	if err != nil {
		return Change{}, err
	}
	if !d.Stopped.IsZero() {
		return Change{}, Errorf(Conflict, "%s was stopped already, by %s at %s.", d.Name, d.By.Text(), d.Stopped.Format("2006-01-02 15:04 UTC"))
	}
	i.markDeadline(d.Key, func(m *DeadlineMark) { m.StoppedAt, m.StoppedBy, m.Note = Moment(at), by, clip(note, 1000) })
	d = i.withFacts(d)
	var c Change
	c.event(EventDeadlineStopped, by, at,
		map[string]any{"deadline": d.Key, "kind": d.Kind, "name": d.Name, "due": d.Due, "state": d.State(at), "note": d.Note})
	t := T(by.Text(), " stopped the clock ", Bold(d.Name), " after "+Elapsed(d.Stopped.Sub(d.From)))
	if d.State(at) == DeadlineLate {
		t = append(t, T(", ", Bold("late"), ": it was due at ", d.Due)...)
	}
	if t = append(t, T(".")...); d.Note != "" {
		t = append(t, T(" "+d.Note)...)
	}
	c.post(i, "deadline:"+d.Key+":stopped", Message{Tone: ToneGood, Body: []Text{t}})
	return c, nil
}
