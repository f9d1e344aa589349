package tagout

import (
	"slices"
	"time"
)

// toldMilestones are the milestones as the timeline tells of them.
type toldMilestones struct {
	facts     map[Milestone]time.Time // when what sets each of them happened first
	onsets    []time.Time             // that the alerts spoke of with which it began
	corrected []toldCorrection
}

// set notes a fact, if it is the first of its kind.
func (t *toldMilestones) set(m Milestone, at time.Time) {
	if t.facts == nil {
		t.facts = map[Milestone]time.Time{}
	}
	if t.facts[m].IsZero() {
		t.facts[m] = at
	}
}

// milestone notes what an event says of milestones.
func (a *audit) milestone(e Event) error {
	t := &a.milestones
	switch e.Kind {
	case EventOpened:
		t.set(Detected, e.At)
		var told struct {
			Onset time.Time `json:"onset"`
		}
		if err := a.read(e, &told); err != nil {
			return err
		}
		t.onsets = append(t.onsets, told.Onset)
	case EventDrillReal: // what was measured of the drill is not what is counted
		t.facts = map[Milestone]time.Time{Detected: e.At}
	case EventAcknowledged:
		t.set(Acknowledged, e.At)
	case EventContained:
		t.set(Contained, e.At)
	case EventMitigated:
		t.set(Mitigated, e.At)
	case EventResumed:
		t.set(Resumed, e.At)
	case EventReviewApproved:
		t.set(Reviewed, e.At)
	case EventAlert, EventReport:
		var told alertTold
		if err := a.read(e, &told); err != nil {
			return err
		}
		t.onsets = append(t.onsets, Moment(told.StartsAt))
	case EventMilestone:
		var told toldCorrection
		if err := a.read(e, &told); err != nil {
			return err
		}
		t.corrected = append(t.corrected, told)
	}
	return nil
}

// compareMilestones holds the milestones in the record against what the timeline tells, so
// that nobody mends the figures without a trace.
func (a *audit) compareMilestones() error {
	i, t := a.incident, a.milestones
	for _, m := range Milestones() {
		at := i.At(m)
		switch {
		case m == Onset && (at.IsZero() || slices.ContainsFunc(t.onsets, at.Equal)), m != Onset && at.Equal(t.facts[m]):
		case m == Onset:
			return Errorf(Conflict, "%s: the record says that it began at %s, of which no alert on the timeline speaks.", i.ID, stampUTC(at))
		default:
			return Errorf(Conflict, "%s: the record says that it was %s at %s, but the timeline tells of another time.", i.ID, m, stampUTC(at))
		}
	}
	same := slices.EqualFunc(i.Corrections, t.corrected, func(c Correction, told toldCorrection) bool {
		return c.Milestone == told.Milestone && c.To.Equal(told.To) && c.From.Equal(told.From) && c.Why == told.Reason
	})
	if !same {
		return Errorf(Conflict, "%s: the record has other corrections of milestones than the timeline tells of.", i.ID)
	}
	return nil
}

// kind notes what the timeline says that somebody called the incident.
func (a *audit) kind(e Event) error {
	var s struct{ To Kind }
	if err := a.read(e, &s); err != nil {
		return err
	}
	a.called = s.To
	return nil
}

// compareKind holds the kind in the record against what the timeline tells.
func (a *audit) compareKind() error {
	i := a.incident
	switch {
	case i.Kind == nil && a.called == "":
		return nil
	case i.Kind == nil:
		return Errorf(Conflict, "%s: the timeline calls it %s, but the record does not.", i.ID, a.called.Label())
	case i.Kind.Kind != a.called:
		return Errorf(Conflict, "%s: the record calls it %s, of which the timeline knows nothing.", i.ID, i.Kind.Kind.Label())
	}
	return nil
}
