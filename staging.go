package tagout

import (
	"slices"
	"strconv"
	"time"
)

// StagingState says where a staged resumption stands.
type StagingState string

// The states of a staged resumption. Only one that runs can go on.
const (
	StagingRuns  StagingState = "running"
	StagingFell  StagingState = "fallen"  // back to an earlier stage; what is left of the plan is void
	StagingEnded StagingState = "ended"   // a newer request has taken its place
	StagingDone  StagingState = "done"    // its last stage was reached
	StagingVoid  StagingState = "stopped" // it stays at its stage; what is left of the plan is void
)

// Staging is a staged resumption that was signed, and how far it is.
type Staging struct {
	Plan      string       `json:"plan"`    // the request that began it
	Request   string       `json:"request"` // the newest one that was signed for it
	Scope     Scope        `json:"scope"`
	Rule      SignoffRule  `json:"rule"`                // whose signers may begin a stage
	Commander UserID       `json:"commander,omitempty"` // and who else, as the plan names them
	Stages    StagePlan    `json:"stages"`
	Bases     []HoldID     `json:"bases"` // the holds with which it began, lifted
	Stage     int          `json:"stage"` // from 0; -1: back at what was held at first
	Since     time.Time    `json:"since"`
	Until     time.Time    `json:"until"` // the earliest end of the stage
	Holds     []HoldID     `json:"holds"` // of the stage
	Steps     int          `json:"steps"` // how often holds were hung for it
	State     StagingState `json:"state"`
	Reason    string       `json:"reason,omitempty"` // why it fell back or is void
	FellAt    time.Time    `json:"fell_at,omitzero"`
	Causes    []string     `json:"causes,omitempty"` // what it fell back for, the newest last
}

// Goes reports whether the staged resumption can go on to another stage.
func (s *Staging) Goes() bool { return s != nil && s.State == StagingRuns }

// Standing reports whether holds of the plan stand, so that it can fall back further.
func (s *Staging) Standing() bool {
	return s != nil && s.Stage >= 0 && (s.State == StagingRuns || s.State == StagingFell || s.State == StagingVoid)
}

// Current is the stage in words, such as "stage 2 of 3: canary 10% 4h".
func (s *Staging) Current() string {
	if s.Stage < 0 {
		return "back at what was held at first"
	}
	return "stage " + strconv.Itoa(s.Stage+1) + " of " + strconv.Itoa(len(s.Stages)) + ": " + s.Stages[s.Stage].String()
}

// Next is the stage that comes next; false if there is none.
func (s *Staging) Next() (Stage, bool) {
	if !s.Goes() || s.Stage+1 >= len(s.Stages) {
		return Stage{}, false
	}
	return s.Stages[s.Stage+1], true
}

// floor is the mode to which the plan lets go of whatever its canaries leave out: that of
// the newest stage up to n that is for all; "" if there was none.
func (s *Staging) floor(n int) Mode {
	for ; n >= 0; n-- {
		if s.Stages[n].Mode == StageReview {
			return Review
		}
	}
	return ""
}

// validated reports whether a tool may be used in stage n.
func (s *Staging) validated(n int, tool string, risk Risk) bool {
	for _, stage := range s.Stages[:n+1] {
		if slices.Contains(stage.Validated, "*") || slices.Contains(stage.Validated, tool) || slices.Contains(stage.Validated, "@"+string(risk)) {
			return true
		}
	}
	return false
}

// disabled lists the declared tools in a scope that stage n leaves disabled.
func (s *Staging) disabled(n int, scope Scope, agents Registry) []string {
	var off []string
	for _, name := range agents.Covered(scope) {
		a := agents[name]
		if a == nil {
			continue
		}
		for tool, risk := range a.Tools {
			if toolTouches(scope.Tool, tool, a) && !s.validated(n, tool, risk) {
				off = append(off, tool)
			}
		}
	}
	slices.Sort(off)
	return slices.Compact(off)
}

// holdsOf are the holds that stand for base in stage n, or for n = -1 what it held of the
// plan's scope; none in the last stage. It returns Invalid if the part that is no canary
// could not stay held.
func (s *Staging) holdsOf(base Hold, n int, agents Registry) ([]Hold, error) {
	both, touches := base.Scope.Intersect(s.Scope, agents[or(base.Scope.Agent, s.Scope.Agent)])
	if !touches {
		return nil, nil
	}
	held := base
	held.Scope, held.LiftedAt, held.LiftedBy, held.Plan = both, time.Time{}, "", s.Plan
	if base.CanaryShare > 0 { // left by an earlier plan, whose canaries are not this one's
		held.CanaryShare = 0
	}
	if n < 0 {
		return []Hold{held}, nil
	}
	stage := s.Stages[n]
	if stage.Mode == StageRunning {
		return nil, nil
	}
	held.DisabledTools = slices.Concat(base.DisabledTools, s.disabled(n, both, agents))
	slices.Sort(held.DisabledTools)
	held.DisabledTools = slices.Compact(held.DisabledTools)
	if floor := s.floor(n); floor != "" && held.Mode.Stricter(floor) {
		held.Mode = floor
	}
	if stage.Mode != StageCanary || !held.Mode.Stricter(Capped) {
		return []Hold{held}, nil
	}
	return s.canaries(held, stage, agents)
}

// canaries parts a hold into what stays held and what a canary may do.
func (s *Staging) canaries(held Hold, stage Stage, agents Registry) ([]Hold, error) {
	within := held
	within.Mode = Capped
	limited := !within.Cap.IsZero() || len(within.DisabledTools) > 0
	agent := agents[or(held.Scope.Agent, s.Scope.Agent)]
	switch {
	case stage.Share > 0:
		held.CanaryShare = stage.Share
		if !limited {
			return []Hold{held}, nil
		}
		return []Hold{held, within}, nil
	case stage.Scope == nil || stage.Scope.Covers(held.Scope, agent):
		return []Hold{held}, nil // nowhere, or not a part: nothing is set free
	}
	part, touches := held.Scope.Intersect(*stage.Scope, agent)
	if !touches {
		return []Hold{held}, nil
	}
	rest, err := held.Scope.Complement(*stage.Scope, agents)
	if err != nil {
		return nil, err
	}
	var all []Hold
	for _, scope := range rest {
		one := held
		one.Scope = scope
		all = append(all, one)
	}
	if within.Scope = part; limited {
		all = append(all, within)
	}
	return all, nil
}
