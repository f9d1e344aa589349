package tagout

import (
	"strings"
	"time"
)

// rollingBack waits until the earlier versions were read back, and goes forward again: to what
// ran before, by pins as old as the drill, so that whatever was pinned since counts for more.
func (i *Incident) rollingBack(f DrillFacts, late bool, at time.Time) Change {
	d, rb := i.Exercise, i.Rollback
	if rb != nil && !rb.FailedAt.IsZero() {
		return i.turnReal(DrillFailed, "the rollback was not read back: "+strings.TrimSuffix(rb.Failure, "."), Tagout, f.Agents, at)
	}
	if late {
		return i.turnReal(DrillFailed, "the rollback was not read back within "+Elapsed(DrillLimit), Tagout, f.Agents, at)
	}
	if why := i.disturbed(f, at); why != "" {
		return i.turnReal(DrillInterrupted, why, Tagout, f.Agents, at)
	}
	if rb == nil || rb.DoneAt.IsZero() {
		return Change{}
	}
	d.StoppedAt = rb.DoneAt
	forward := Rollback{ID: rb.ID + ":forward", By: Tagout, Agent: rb.Agent}
	for _, step := range rb.Components {
		forward.Components = append(forward.Components,
			ComponentRollback{Component: step.Component, From: step.To, To: step.From, Basis: BasisDrill, Reads: step.Reads})
	}
	c, err := i.BeginRollback(forward, at)
	if err != nil {
		return i.turnReal(DrillFailed, strings.TrimSuffix(Sentence(err), "."), Tagout, f.Agents, at)
	}
	for n := range i.Pins {
		i.Pins[n].BegunAt = d.At
	}
	d.Phase, d.LiftedAt = DrillForward, Moment(at)
	return c
}

func (i *Incident) rollingForward(f DrillFacts, at time.Time) Change {
	d, rb := i.Exercise, i.Rollback
	switch {
	case rb != nil && !rb.DoneAt.IsZero():
		d.BackAt = rb.DoneAt
		return i.restored(f, at)
	case rb == nil || !rb.FailedAt.IsZero():
		return i.turnReal(DrillFailed, "the versions from before were not read back: "+i.Rollback.failure(), Tagout, f.Agents, at)
	}
	return Change{}
}

func (r *Rollback) failure() string {
	if r == nil {
		return "nothing is known of them"
	}
	return r.Failure
}
