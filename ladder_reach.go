package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// judge looks whether a round has reached nobody by any pager. Then those with quiet hours
// are paged all the same, and after them whoever comes next; that is loud.
func (i *Incident) judge(p Paging, at time.Time) Change {
	key := p.Round.Key
	call, known := i.Calls[key]
	if !known || call.waits() {
		return Change{}
	}
	var c Change
	switch {
	case call.Reached:
		if call.Even {
			delete(i.Calls, key)
		}
		return c
	case len(call.Held) > 0:
		for _, h := range call.Held {
			step := p.Round
			step.Step = &Step{Person: h.Person, Roles: call.Roles}
			c.effect(EffectPage, i.ID, key+":anyway:"+strconv.Itoa(call.Round)+":"+string(h.Person), step)
		}
		return c
	}
	if call.Unreached.IsZero() {
		call.Unreached = Moment(at)
		c.event(EventUnreached, Tagout, at, map[string]any{"why": call.Why, "roles": call.Roles, "round": call.Round})
		if len(call.Pages) > 0 { // otherwise the round itself has said so
			c.post(i, "unreached:"+key+":"+strconv.Itoa(call.Round), Message{Tone: ToneDanger, Body: []Text{
				T(Bold("This page reached nobody"), " ("+call.Why+"): no pager got through to "+PageRound{Roles: call.Roles}.Asked()+". "+p.after()+" Call them by other means.")}})
		}
	}
	i.setCall(key, call)
	return c.And(i.climb(p, call, at))
}

// after says what comes after a round that reached nobody.
func (p Paging) after() string {
	if len(p.Chain) == 0 {
		return "It is tried again."
	}
	return "The next are paged now."
}

// climb pages whoever comes next on a ladder, at once, or the same again after a pause once
// everybody was paged.
func (i *Incident) climb(p Paging, call Call, at time.Time) Change {
	var c Change
	for _, next := range p.Chain {
		if i.Ladder[next.Key] == 0 && next.Key != p.Round.Key {
			c.effect(EffectPage, i.ID, next.Key, next)
			return c
		}
	}
	last := len(p.Chain) == 0 || p.Chain[len(p.Chain)-1].Key == p.Round.Key
	if last {
		r := p.Round
		r.Round = call.Round
		c.again(i, r, call.Why, at.Add(pauseAfter(call.Round)))
	}
	return c
}

// pauseAfter is how long to wait before everybody is paged once more: 1 min, growing to 16.
func pauseAfter(round int) time.Duration { return time.Minute << min(round, 4) }

// Unreached lists, in the words of their rounds, the pages that have reached nobody.
func (i *Incident) Unreached() []string {
	var why []string
	for _, call := range i.Calls {
		if !call.Unreached.IsZero() && !call.Reached {
			why = append(why, call.Why)
		}
	}
	slices.Sort(why)
	return slices.Compact(why)
}

// HeldBack lists who is not paged yet because of their quiet hours, each once.
func (i *Incident) HeldBack() []HeldBack {
	var held []HeldBack
	for _, call := range i.Calls {
		for _, h := range call.Held {
			if !slices.ContainsFunc(held, func(o HeldBack) bool { return o.Person == h.Person }) {
				held = append(held, h)
			}
		}
	}
	slices.SortFunc(held, func(a, b HeldBack) int { return strings.Compare(string(a.Person), string(b.Person)) })
	return held
}
