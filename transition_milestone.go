package tagout

import (
	"slices"
	"strings"
	"time"
)

// MilestoneOrder asks to correct a milestone.
type MilestoneOrder struct {
	Milestone Milestone
	To        time.Time
	Why       string
	By        User
	Platform  []UserID // platform owners by the configuration
}

// toldCorrection is what the timeline keeps of a correction.
type toldCorrection struct {
	Milestone Milestone `json:"milestone"`
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to"`
	Reason    string    `json:"reason"`
}

// CorrectMilestone says that a milestone was at another time than the facts set, or at one that
// nobody knew: that goes for the onset alone, since every other milestone is reached by a fact
// and never by words. It lifts nothing, signs nothing and gives no more time: a deadline that
// was told as missed stays so on the timeline, and one that the correction shows to be met late
// is told as missed. It returns Forbidden as [Incident.MayCorrect] does, Invalid without a
// reason or for a time that cannot be, and Conflict if it stands so already, is not reached, or
// the incident was a false alarm.
func (i *Incident) CorrectMilestone(o MilestoneOrder, at time.Time) (Change, error) {
	if err := i.MayCorrect(o.By, o.Platform); err != nil {
		return Change{}, err
	}
	to, why, from := Moment(o.To), clip(strings.TrimSpace(o.Why), 1000), i.When(o.Milestone)
	switch {
	case !slices.Contains(Milestones(), o.Milestone):
		_, err := ParseMilestone(string(o.Milestone))
		return Change{}, err
	case i.State == StateCancelled:
		return Change{}, Errorf(Conflict, "%s was a false alarm and is in no figures; its milestones stay as they are.", i.ID)
	case why == "":
		return Change{}, Errorf(Invalid, "Say why: the reason is kept on the timeline, with what stood there before. Nothing was changed.")
	case to.After(at):
		return Change{}, Errorf(Invalid, "%s is in the future. Nothing was changed.", stampUTC(to))
	case from.IsZero() && o.Milestone != Onset:
		return Change{}, Errorf(Conflict,
			"%s is not %s yet. That comes by what happens, not by words; once it is, its time can be corrected.",
			i.ID, o.Milestone)
	case to.Equal(from):
		return Change{}, Errorf(Conflict, "%s is at %s already. Nothing was changed.", o.Milestone, stampUTC(to))
	case len(i.Corrections) >= maxCorrections:
		return Change{}, Errorf(Conflict, "The milestones of %s were corrected %d times; that is the most.", i.ID, maxCorrections)
	}
	if err := i.inOrder(o.Milestone, to); err != nil {
		return Change{}, err
	}
	by := o.By.Actor()
	i.Corrections = append(slices.Clone(i.Corrections), Correction{Milestone: o.Milestone, From: from, To: to, Why: why, By: by, At: Moment(at)})
	var c Change
	c.event(EventMilestone, by, at, toldCorrection{o.Milestone, from, to, why})
	was := T(" (nobody knew before)")
	if !from.IsZero() {
		was = T(" (before: ", from, ")")
	}
	c.post(i, i.key("milestone"), Say(by.Text(), " corrected ", Bold(string(o.Milestone)), " to ", to, was, ": "+why))
	return c.And(i.lateByCorrection(at)).And(i.WakeDeadlines()), nil
}

// lateByCorrection tells of deadlines that were met late as is known now, and were not told as
// missed before. Nobody is paged: what was waited for has happened.
func (i *Incident) lateByCorrection(at time.Time) Change {
	var c Change
	for _, d := range i.Deadlines() {
		if d.State(at) != DeadlineLate || !i.Marks[d.Key].MissedAt.IsZero() {
			continue
		}
		i.markDeadline(d.Key, func(m *DeadlineMark) { m.MissedAt = Moment(at) })
		c.event(EventDeadlineMissed, Tagout, at, map[string]any{"deadline": d.Key, "kind": d.Kind, "name": d.Name, "due": d.Due, "by_correction": true})
	}
	return c
}
