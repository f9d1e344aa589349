package tagout

import (
	"strconv"
	"time"
)

// turnReal makes the incident of a drill a real one: the drill failed, or something real came.
// What it holds stays, by a hold that is no drill's, until people have signed as usual. The
// desk then pages.
func (i *Incident) turnReal(result DrillResult, why string, by Actor, agents Registry, at time.Time) Change {
	d := i.Exercise
	d.measure(i)
	d.Result, d.Why, d.Phase, d.EndedAt = result, clip(why, 500), DrillDone, Moment(at)
	var c Change
	c.event(EventDrillEnded, by, at, *d)
	if d.Page {
		news := PageNews{Incident: i.ID, Status: PageResolved, By: Tagout.Text().String(), At: Moment(at)}
		c.effect(EffectFollow, i.ID, "drill", FollowUp{News: news, Drill: true})
	}
	i.Drill, i.Title = false, clip(d.Title()+" "+string(result)+": "+d.Why, 300)
	i.beginAnew(at)
	c.event(EventDrillReal, by, at, map[string]any{"result": result, "why": d.Why, "title": i.Title})
	for _, h := range i.ActiveHolds() {
		if !d.hung(h) {
			continue
		}
		stays := Hold{ID: HoldID(DeriveID("drill became real", string(h.ID))), Scope: h.Scope, Mode: h.Mode, By: Tagout, At: at, Reason: i.Title}
		hung, err := i.Hang(stays, agents, at)
		if err == nil {
			c = c.And(hung)
		}
	}
	c.effect(EffectDrill, i.ID, "real", nil)
	if i.Room.Channel == "" {
		c.effect(EffectOpenChannel, i.ID, "real", nil)
	}
	c.effect(EffectAnnounce, i.ID, "real", nil)
	return c.And(i.settle(by, at))
}

// beginAnew forgets what was answered, paged, missed and told of the drill: all of that counts
// from here on. The numbers of what was handed over or ran out go on.
func (i *Incident) beginAnew(at time.Time) {
	i.AcknowledgedBy, i.AnsweredAt, i.Lapsed, i.ReachedAt = Actor{}, time.Time{}, time.Time{}, time.Time{}
	i.Ladder, i.Calls, i.Marks, i.Told = nil, nil, nil, nil
	delete(i.Roles, IncidentCommander) // whoever took on a drill
	if h := i.handing(); h != nil {
		h.Taken = true
	}
	i.Milestones = map[Milestone]time.Time{Detected: Moment(at)}
}

// anew begins the keys of what an incident that was a drill tells and pages once, and may have
// told and paged as a drill.
func (i *Incident) anew() string {
	if i.Exercise != nil && !i.Drill {
		return "real:"
	}
	return ""
}

// TakeForReal gives an incident that was a drill the duties of its severity, and pages. It
// changes nothing the second time.
func (i *Incident) TakeForReal(terms DrillTerms, at time.Time) Change {
	d := i.Exercise
	if i.Drill || d == nil || d.Running() || i.State.Ended() || d.Taken {
		return Change{}
	}
	d.Taken = true
	i.agree(terms.Row.Terms())
	c := i.WakeDeadlines().And(i.freeze(terms.Row))
	why := d.Title() + " " + string(d.Result) + ": " + d.Why
	key := i.anew() + string(terms.Row.Severity)
	c = c.And(i.climbFrom(terms.Row, PageRound{Key: key, Roles: terms.Page, Why: why}, at))
	c.post(i, "drill:real:"+strconv.FormatInt(i.Head.Seq, 10), Message{Tone: ToneDanger, Body: []Text{i.realText()}})
	return c
}

// realText says what a drill that became real means, and what to do.
func (i *Incident) realText() Text {
	d := i.Exercise
	t := T(Bold("This was a drill, and is not any more: "), d.Why+".")
	if len(i.ActiveHolds()) > 0 {
		t = append(t, T(" ", Fixed(d.Scope.String()), " stays held until it is signed for: ", Typed("resume "+i.ID.String()), ".")...)
	}
	if d.Result == DrillFailed && d.Action == DrillKill {
		t = append(t, T(" Until you know why, do not rely on stopping "+d.Agent+" this way: find the control that failed, and stop the agent by other means if it misbehaves.")...)
	}
	if len(i.Pins) > 0 {
		t = append(t, T(" The versions of "+d.Agent+" stay pinned as they are now.")...)
	}
	return t
}
