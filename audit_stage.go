package tagout

import (
	"reflect"
	"slices"
	"time"
)

// toldPlan is a staged resumption as the timeline tells of it.
type toldPlan struct {
	request string
	stages  StagePlan
	bases   []HoldID
	stage   int
	since   time.Time
	goes    bool
	holds   []HoldID // of the stage
}

// stage checks that a stage began as it was signed: the next one, after the time of the one
// before, in a plan that nothing has made void; and lets it lift the holds of that one.
func (a *audit) stage(e Event, s staged) error {
	p, r := a.plans[s.Plan], a.requests[s.Request]
	_, approved := a.approved[s.Request]
	refuse := func(what string) error {
		return Errorf(Conflict, "%s: event %d %s.", a.incident.ID, e.Seq, what)
	}
	if e.Kind == EventFellBack {
		if p == nil || s.Stage >= p.stage {
			return refuse("falls back from a stage that did not begin")
		}
		p.goes, p.stage, p.since, p.holds = false, s.Stage, e.At, s.Hangs
		return nil
	}
	switch {
	case !approved || s.Stage < 0 || s.Stage >= len(r.Stages):
		return refuse("begins a stage that nobody signed")
	case p == nil && (s.Plan != r.ID || s.Stage != 0 || len(s.Lifts) > 0):
		return refuse("begins a plan in its midst")
	case p == nil:
		p = &toldPlan{request: r.ID, bases: r.Holds}
		a.plans[s.Plan] = p
	case !p.goes:
		return refuse("begins a stage of a plan that is void")
	case r.Amends == s.Plan && s.Request != p.request:
		if s.Stage != p.stage {
			return refuse("begins another stage than the one that was to be changed")
		}
	case s.Request != p.request || s.Stage != p.stage+1:
		return refuse("begins a stage out of turn")
	case e.At.Before(p.since.Add(p.stages[p.stage].For)):
		return refuse("begins a stage before the time of the one before has passed")
	}
	for _, id := range s.Lifts {
		if !slices.Contains(p.holds, id) {
			return refuse("begins a stage that lifts a hold of something else")
		}
	}
	if err := a.stageHeld(p); err != nil {
		return err
	}
	a.approved[s.Request] = append(slices.Clone(a.approved[s.Request]), s.Lifts...)
	p.request, p.stages, p.stage, p.since, p.goes, p.holds = s.Request, r.Stages, s.Stage, e.At, true, s.Hangs
	return nil
}

// stagesHeld checks what the newest stage of each plan has hung.
func (a *audit) stagesHeld() error {
	for _, p := range a.plans {
		if err := a.stageHeld(p); err != nil {
			return err
		}
	}
	return nil
}

// stageHeld checks that the stage of a plan hung what it was signed for, for each hold with
// which the plan began: no milder, and for no larger share.
func (a *audit) stageHeld(p *toldPlan) error {
	if p.stage < 0 || p.stage >= len(p.stages) || p.stages[p.stage].Mode == StageRunning {
		return nil
	}
	floor := (&Staging{Stages: p.stages}).floor(p.stage)
	for _, id := range p.bases {
		want := a.holds[id].Mode
		if floor != "" && want.Stricter(floor) {
			want = floor
		}
		held := slices.ContainsFunc(p.holds, func(id HoldID) bool {
			h, known := a.holds[id]
			return known && h.Mode.AtLeast(want) && h.CanaryShare <= p.stages[p.stage].Share
		})
		if !held {
			return Errorf(Conflict, "%s: the stage %q of the plan is not held as it was signed.", a.incident.ID, p.stages[p.stage])
		}
	}
	return nil
}

// compareStaging holds the record of the newest plan against what the timeline tells.
func (a *audit) compareStaging() error {
	s := a.incident.Staging
	if s == nil {
		return nil
	}
	p := a.plans[s.Plan]
	switch {
	case p == nil:
		return Errorf(Conflict, "%s: the record has a staged resumption of which the timeline knows nothing.", a.incident.ID)
	case p.stage != s.Stage, !p.since.Equal(s.Since), s.Goes() && !p.goes, p.request != s.Request, !reflect.DeepEqual(p.stages, s.Stages):
		return Errorf(Conflict, "%s: the record has the staged resumption at another stage, or with other stages, than the timeline tells.", a.incident.ID)
	}
	return nil
}
