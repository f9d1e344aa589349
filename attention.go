package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// handoverRounds is how often somebody is paged to take an incident over, before it stays
// with whoever has it.
const handoverRounds = 5

// Handover is an incident on its way from one person to another.
type Handover struct {
	Number int       `json:"number"` // of this incident's handovers
	From   Actor     `json:"from"`   // who answers for it until it is taken; zero if nobody does
	Led    UserID    `json:"led,omitempty"`
	To     UserID    `json:"to"`
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
	Taken  bool      `json:"taken,omitempty"` // or given up
}

// handing is the handover that waits to be taken, or nil.
func (i *Incident) handing() *Handover {
	if i.Handover == nil || i.Handover.Taken {
		return nil
	}
	return i.Handover
}

// Handing tells to whom the incident is being handed over, and until then who has it.
func (i *Incident) Handing() (Handover, bool) {
	if h := i.handing(); h != nil {
		return *h, true
	}
	return Handover{}, false
}

func (h *Handover) key() string { return "handover" + strconv.Itoa(h.Number) }

// Answered reports whether somebody answers for the incident now, so that its ladder rests.
func (i *Incident) Answered() bool { return !i.At(Acknowledged).IsZero() && i.Lapsed.IsZero() }

// LastAnswered is when whoever answers for the incident acknowledged; zero if nobody ever did.
func (i *Incident) LastAnswered() time.Time {
	if i.AnsweredAt.IsZero() { // nobody, or it was recorded before that was kept
		return i.At(Acknowledged)
	}
	return i.AnsweredAt
}

// HandOver gives the lead to somebody else, who is paged until they acknowledge. Until then
// the incident stays with whoever answers for it. It returns Conflict if the incident has
// ended, or that person leads it already.
func (i *Incident) HandOver(to UserID, by Actor, at time.Time) (Change, error) {
	switch {
	case i.State.Ended():
		return Change{}, Errorf(Conflict, "%s is %s; there is nothing to hand over.", i.ID, i.State)
	case i.Roles[IncidentCommander] == to:
		return Change{}, Errorf(Conflict, "@%s leads %s already.", to, i.ID)
	}
	h := &Handover{Number: 1, Led: i.Roles[IncidentCommander], To: to, By: by, At: Moment(at)}
	if i.Handover != nil {
		h.Number = i.Handover.Number + 1
		if waiting := i.handing(); waiting != nil {
			h.Led = waiting.Led
		}
	}
	if i.Answered() {
		h.From = i.AcknowledgedBy
	}
	i.Handover = h
	i.hold(IncidentCommander, to)
	var c Change
	c.event(EventHandover, by, at, map[string]any{"from": h.Led, "to": to})
	m := Say(by.Text(), " hands ", Bold(i.ID.String()), " over to ", Mention(to), ".")
	if h.From.Kind != "" {
		m = m.Para(h.From.Text(), " answers for it until ", Mention(to), " acknowledges.")
	}
	m.Buttons = []Button{i.AckButton()}
	c.post(i, h.key(), m)
	c.effect(EffectPage, i.ID, h.key()+":0", PageRound{Key: h.key(), People: []UserID{to}, Even: true,
		Why: by.Text().String() + " hands it over to you"})
	i.forget()
	return c, nil
}

func (i *Incident) hold(role string, who UserID) {
	if i.Roles == nil {
		i.Roles = map[string]UserID{}
	}
	i.Roles[role] = who
	if i.Involved[who] == "" { // and stays one of its people
		i.involve(who, InvolvedLetIn)
	}
}

// take ends the handover that waits, if this is the person for whom it does.
func (i *Incident) take(by Actor, at time.Time) (c Change, taken bool) {
	h := i.handing()
	if h == nil || by != (User{ID: h.To}).Actor() {
		return c, false
	}
	h.Taken = true
	c.event(EventHandoverTaken, by, at, map[string]any{"from": h.Led, "handed_by": h.By.String()})
	return c, true
}

// keepHandover gives up on somebody who does not take an incident over: it stays with, and is
// led again by, whoever had it.
func (i *Incident) keepHandover(at time.Time) Change {
	h := i.handing()
	h.Taken = true
	if i.Roles[IncidentCommander] == h.To {
		delete(i.Roles, IncidentCommander)
		if h.Led != "" {
			i.hold(IncidentCommander, h.Led)
		}
	}
	i.forget()
	var c Change
	c.event(EventHandoverFailed, Tagout, at, map[string]any{"to": h.To, "rounds": handoverRounds})
	t := T(Bold("Not handed over: "), Mention(h.To), " did not answer.")
	if h.From.Kind != "" {
		t = append(t, T(" It stays with ", h.From.Text(), ".")...)
	}
	c.post(i, h.key()+":kept", Message{Tone: ToneDanger, Body: []Text{t}})
	return c
}

// WatchAnswer sets the timer at which an acknowledgement runs out, if nothing happens by then.
func (i *Incident) WatchAnswer(due time.Time) Change {
	var c Change
	if i.Answered() && !i.State.Ended() {
		due = Moment(due)
		c.effectAt(due, EffectAnswerDue, i.ID, due.Format(time.RFC3339Nano), nil)
	}
	return c
}

// LapseAnswer records that nothing has happened since last although somebody acknowledged,
// and starts the ladder again: at once with the first rung, and whoever was to answer. It
// changes nothing if nobody answers for the incident, or it has ended.
func (i *Incident) LapseAnswer(row *SeverityPolicy, roles []string, last, at time.Time) Change {
	if !i.Answered() || i.State.Ended() {
		return Change{}
	}
	i.Lapsed = Moment(at)
	i.Lapses++
	who := i.AcknowledgedBy
	var c Change
	c.event(EventUnattended, Tagout, at, map[string]any{"acknowledged_by": who.String(), "last": Moment(last)})
	still := Elapsed(at.Sub(last))
	c.post(i, "unattended:"+strconv.Itoa(i.Lapses), Message{Tone: ToneDanger, Body: []Text{
		T(Bold("Nothing has happened for "+still), " since ", last, ", although ", who.Text(), " acknowledged. The acknowledgement has run out: paging starts again, louder.")},
		Buttons: []Button{i.AckButton()}})
	louder := slices.Clone(roles)
	if len(row.Escalate) > 0 {
		for _, role := range row.Escalate[0].To {
			if !slices.Contains(louder, role) {
				louder = append(louder, role)
			}
		}
	}
	first := PageRound{Key: i.ladderOf(row.Severity) + "~" + strconv.Itoa(i.Lapses), Roles: louder,
		Why: row.Severity.Label() + " again: it was acknowledged by " + who.Text().String() + ", but nothing has happened for " + still}
	for _, id := range []UserID{UserID(who.ID), i.Roles[IncidentCommander]} {
		if id != "" && (who.Kind == ByUser || id != UserID(who.ID)) && !slices.Contains(first.People, id) {
			first.People = append(first.People, id)
		}
	}
	return c.And(i.climbFrom(row, first, at))
}

// climbFrom starts a ladder with its first round and the timers of its rungs.
func (i *Incident) climbFrom(row *SeverityPolicy, first PageRound, at time.Time) Change {
	var c Change
	c.effect(EffectPage, i.ID, first.Key+":0", first)
	for n, rung := range row.Escalate {
		r := PageRound{Key: first.Key + ":rung" + strconv.Itoa(n), Roles: rung.To, Why: "not acknowledged within " + rung.After.String(), Rung: true, Base: first.Key}
		c.effectAt(at.Add(rung.After), EffectPage, i.ID, r.Key, r)
	}
	return c
}

// LastDeed is when somebody last did something about an incident, or there was news of its
// enforcement points. Zero if neither has happened.
func LastDeed(events []Event) time.Time {
	var last time.Time
	for _, e := range events {
		person := e.Actor.Kind == ByUser || e.Actor.Kind == ByPager || e.Actor.Kind == ByToken
		if (person || strings.HasPrefix(string(e.Kind), "control.")) && e.At.After(last) {
			last = e.At
		}
	}
	return last
}
