package tagout

import (
	"slices"
	"time"
)

// DrillTerms is what a drill takes over from the matrix.
type DrillTerms struct {
	Row   *SeverityPolicy
	Class string
	Page  []string // roles, of a game day
}

// BeginDrill makes a fresh incident into that of a drill, and hangs the drill's hold if it
// practises a stop. Nobody is paged for it unless it is a game day, and no duty comes of it.
// It returns what [DrillFacts.CanDrill] does, and Conflict if the incident is not fresh.
func (i *Incident) BeginDrill(d Drill, terms DrillTerms, f DrillFacts, at time.Time) (Change, error) {
	if i.State != "" {
		return Change{}, Errorf(Conflict, "%s is open already.", i.ID)
	}
	if err := f.CanDrill(d); err != nil {
		return Change{}, err
	}
	d.Incident, d.At, d.Result, d.Phase = i.ID, Moment(at), DrillRunning, DrillStopping
	if d.Action == DrillRollback {
		d.Phase = DrillBack
	}
	i.Title, i.Summary, i.Scope, i.Class = clip(DrillMark+d.Title(), 300), clip(d.Reason, 3000), d.Scope, terms.Class
	i.CorrelationID, i.OpenedBy, i.Drill, i.Exercise = d.Correlation(), d.By, true, &d
	i.Severity, i.State, i.Roles = terms.Row.Severity, StateOpen, map[string]UserID{}
	if d.By.Kind == ByUser {
		i.involve(UserID(d.By.ID), InvolvedOpener)
	}
	i.mark(Detected, at)
	_ = i.reach(terms.Row) // the deadlines of an incident are not those of a drill
	i.Terms = slices.DeleteFunc(i.Terms, func(t Term) bool {
		return t.Kind != DueContain && !(d.Page && t.Kind == DueAcknowledge)
	})
	var c Change
	c.event(EventOpened, d.By, at, map[string]any{
		"title": i.Title, "summary": i.Summary, "severity": i.Severity, "class": i.Class, "scope": i.Scope,
		"correlation_id": i.CorrelationID, "signoffs": i.Rule, "drill": true,
	})
	c.event(EventDrillBegan, d.By, at, d)
	c.effect(EffectAnnounce, i.ID, "", nil)
	c.effectAt(at.Add(DrillLimit), EffectDrill, i.ID, "limit", nil)
	c = c.And(i.WakeDeadlines())
	if d.Page {
		c.effect(EffectOpenChannel, i.ID, "", nil)
		why := DrillMark + "game day: " + terms.Row.Severity.Label() + " pages for real, to see who answers"
		c = c.And(i.climbFrom(terms.Row, PageRound{Key: i.ladderOf(terms.Row.Severity), Roles: terms.Page, Why: why}, at))
	}
	if d.Action == DrillRollback {
		return c, nil
	}
	reason := DrillMark + d.Title()
	if d.Reason != "" {
		reason += ": " + d.Reason
	}
	hung, err := i.Hang(Hold{ID: DrillHold(d.ID), Scope: d.Scope, Mode: Halted, By: d.By, Reason: reason, At: at, Drill: d.Tag()}, f.Agents, at)
	hung.effectAt(at.Add(d.Within), EffectContainDue, i.ID, "drill", nil)
	return c.And(hung), err
}

// Title says what is practised.
func (d *Drill) Title() string {
	text := string(d.Action) + " drill of " + d.Agent
	if d.Page {
		text = "game day of " + d.Agent
	}
	if d.Scenario != nil {
		text += ", " + d.Scenario.String()
	}
	return text
}

// noticed keeps that a stop was not confirmed in time.
func (i *Incident) noticed(why string, at time.Time) Change {
	if i.drilling() && i.Exercise.Noticed == "" {
		i.Exercise.Noticed = why
	}
	return i.Stir(at)
}

// Stir has the desk look at a drill that goes on, after a fact that may bring it on.
func (i *Incident) Stir(at time.Time) Change {
	var c Change
	if i.drilling() {
		c.effect(EffectDrill, i.ID, string(i.Exercise.Phase)+":"+Moment(at).Format(time.RFC3339Nano), nil)
	}
	return c
}

// Interrupt is for whatever is real that comes into a drill's own incident, such as what people
// order in it: from then on it is an incident like any other, and the drill undoes nothing of
// it. It changes nothing of one that is no drill, or was one.
func (i *Incident) Interrupt(why string, by Actor, agents Registry, at time.Time) Change {
	if !i.drilling() {
		return Change{}
	}
	return i.turnReal(DrillInterrupted, why, by, agents, at)
}

// AdvanceDrill takes a drill as far as the facts allow. It lifts the drill's own hold, the
// only lifting without sign-offs, if it was observed and nothing speaks against it; otherwise
// the hold stays and the incident becomes a real one. It changes nothing while there is
// nothing new.
func (i *Incident) AdvanceDrill(f DrillFacts, at time.Time) (Lifting, Change) {
	d := i.Exercise
	if !i.drilling() {
		return Lifting{}, Change{}
	}
	late := !at.Before(d.At.Add(DrillLimit))
	switch d.Phase {
	case DrillStopping:
		return i.stopping(f, late, at)
	case DrillReleasing:
		return Lifting{}, i.releasing(f, at)
	case DrillBack:
		return Lifting{}, i.rollingBack(f, late, at)
	case DrillForward:
		return Lifting{}, i.rollingForward(f, at)
	case DrillAnswering:
		return Lifting{}, i.answering(f, late, at)
	}
	return Lifting{}, Change{}
}

// stopping waits until the stop is observed or was missed, and what was broken was noticed.
func (i *Incident) stopping(f DrillFacts, late bool, at time.Time) (Lifting, Change) {
	d := i.Exercise
	broken := d.Scenario != nil && d.Scenario.Break != PagerDown
	fail := func(why string) (Lifting, Change) {
		return Lifting{}, i.turnReal(DrillFailed, why, Tagout, f.Agents, at)
	}
	if d.Noticed != "" && !broken {
		return fail(d.Noticed)
	}
	if why := i.disturbed(f, at); why != "" && !late {
		return Lifting{}, i.turnReal(DrillInterrupted, why, Tagout, f.Agents, at)
	}
	switch {
	case broken && d.Noticed != "":
	case late:
		return fail("it was not observed stopped within " + Elapsed(DrillLimit))
	case !i.contained():
		return Lifting{}, Change{}
	case broken:
		return fail("it was called stopped although " + d.Scenario.String())
	default:
		d.StoppedAt = i.At(Contained)
	}
	if why := i.disturbed(f, at); why != "" {
		return Lifting{}, i.turnReal(DrillInterrupted, why, Tagout, f.Agents, at)
	}
	d.measure(i)
	l, c := i.liftDrill(at)
	d.Phase, d.LiftedAt = DrillReleasing, Moment(at)
	return l, c.And(i.releasing(f, at))
}

// liftDrill lifts the one hold that the drill hung.
func (i *Incident) liftDrill(at time.Time) (Lifting, Change) {
	var l Lifting
	var c Change
	for n := range i.Holds {
		h := &i.Holds[n]
		if h.Active() && i.Exercise.hung(*h) {
			h.LiftedAt, h.LiftedBy = Moment(at), "drill:"+i.Exercise.ID
			l.Lifted = append(l.Lifted, h.ID)
			c.event(EventDrillLifted, Tagout, at, map[string]any{"hold": h.ID, "scope": h.Scope, "mode": h.Mode, "drill": i.Exercise.ID})
		}
	}
	if len(i.ActiveHolds()) == 0 {
		i.Controls = nil
	}
	return l, c
}

// measure keeps how fast the enforcement points were.
func (d *Drill) measure(i *Incident) {
	d.Controls = nil
	for _, s := range i.Controls {
		m := DrillControl{Control: s.Control}
		if !s.AcceptedAt.IsZero() {
			m.Accepted = max(s.AcceptedAt.Sub(s.RequestedAt), time.Microsecond)
		}
		if s.Confirmed() {
			m.Observed = max(s.ObservedAt.Sub(s.RequestedAt), time.Microsecond)
		}
		d.Controls = append(d.Controls, m)
	}
}

// releasing waits until the controls were read back without the drill's hold.
func (i *Incident) releasing(f DrillFacts, at time.Time) Change {
	d, a := i.Exercise, f.Agents[i.Exercise.Agent]
	open := ""
	for n := range d.Controls {
		m := &d.Controls[n]
		if !m.RestoredAt.IsZero() {
			continue
		}
		if m.Control == "" {
			m.RestoredAt = d.LiftedAt
			continue
		}
		k := slices.IndexFunc(f.Controls, func(s ControlState) bool { return s.Control == m.Control })
		if k < 0 || !f.Controls[k].ReadAt.After(d.LiftedAt) || f.Controls[k].Observed.Holds(d.Scope, a) {
			open = m.Control
			continue
		}
		m.RestoredAt = Moment(f.Controls[k].ReadAt)
	}
	switch {
	case open == "":
		d.BackAt = d.LiftedAt
		for _, m := range d.Controls {
			if m.RestoredAt.After(d.BackAt) {
				d.BackAt = m.RestoredAt
			}
		}
		return i.restored(f, at)
	case f.busy(*d, i.ID) != "":
		return i.endDrill(DrillInterrupted, f.busy(*d, i.ID), at)
	case !at.Before(d.LiftedAt.Add(d.Within)):
		return i.turnReal(DrillFailed,
			"its hold was lifted, but the control "+open+" was not seen to let "+d.Scope.String()+" run again within "+Elapsed(d.Within),
			Tagout, f.Agents, at)
	}
	var c Change
	c.effectAt(at.Add(drillLook), EffectDrill, i.ID, "look:"+Moment(at).Format(time.RFC3339Nano), nil)
	return c
}

// drillLook is how often the controls are looked at until they let go.
const drillLook = time.Second

// Holds reports whether anything that touches a scope is held, by what was read.
func (o Observed) Holds(s Scope, a *Agent) bool {
	return slices.ContainsFunc(o.Applied, func(h AppliedHold) bool { return h.Mode != Running && h.Scope.Touches(s, a) })
}

// restored ends a drill whose agent runs as before, once somebody has answered if that is a
// part of it.
func (i *Incident) restored(f DrillFacts, at time.Time) Change {
	i.Exercise.Phase = DrillAnswering
	return i.answering(f, !at.Before(i.Exercise.At.Add(DrillLimit)), at)
}

func (i *Incident) answering(f DrillFacts, late bool, at time.Time) Change {
	d := i.Exercise
	if !d.Page {
		return i.endDrill(DrillPassed, "", at)
	}
	if i.At(Acknowledged).IsZero() {
		if late {
			return i.turnReal(DrillFailed, "nobody answered within "+Elapsed(DrillLimit), Tagout, f.Agents, at)
		}
		if why := i.disturbed(f, at); why != "" {
			return i.endDrill(DrillInterrupted, why, at)
		}
		return Change{}
	}
	d.Answered = i.At(Acknowledged)
	if took := d.Answered.Sub(d.At); d.Answer > 0 && took > d.Answer {
		d.Late = append(d.Late, "answered after "+Elapsed(took)+", more than "+Elapsed(d.Answer))
	}
	if s := d.Scenario; s != nil && s.Break == PagerDown {
		by, ok := f.without(s.What)
		if !ok {
			return i.turnReal(DrillFailed, "nobody was paged in another way although "+s.String(), Tagout, f.Agents, at)
		}
		d.Noticed = "its page failed, and " + by + " paged instead"
	}
	return i.endDrill(DrillPassed, "", at)
}

// without names the pager that reached somebody after another was found to be down.
func (f DrillFacts) without(down string) (string, bool) {
	failed := slices.ContainsFunc(f.Pages, func(p Page) bool { return p.Pager == down && p.Status == PageFailed })
	n := slices.IndexFunc(f.Pages, func(p Page) bool { return p.Pager != down && p.Status == PageSent })
	if !failed || n < 0 {
		return "", false
	}
	return f.Pages[n].Pager, true
}

// endDrill closes the incident of a drill of which nothing is held any more.
func (i *Incident) endDrill(result DrillResult, why string, at time.Time) Change {
	d := i.Exercise
	d.Result, d.Why, d.Phase, d.EndedAt = result, clip(why, 500), DrillDone, Moment(at)
	var c Change
	c.event(EventDrillEnded, Tagout, at, *d)
	if i.mark(Resumed, at) {
		c.event(EventResumed, Tagout, at, map[string]any{"drill": d.ID})
	}
	i.Closing = &Closing{By: Tagout, At: Moment(at), What: d.Verdict()}
	return c.And(i.settle(Tagout, at))
}
