package api

import (
	"time"

	"tagout"
)

// stageView is a staged resumption: its plan, and how far it is.
type stageView struct {
	State     string     `json:"state" enum:"running,fallen,ended,done,stopped"`
	Scope     string     `json:"scope"`
	Stages    []string   `json:"stages" doc:"The plan, as it was signed." example:"canary 10% 4h"`
	Stage     int        `json:"stage" doc:"Which of them, from 1; 0: back at what was held at first."`
	Since     time.Time  `json:"since"`
	Until     *time.Time `json:"until,omitempty" doc:"The earliest end of the stage."`
	Reason    string     `json:"reason,omitempty" doc:"Why it fell back, or is void."`
	Commander string     `json:"commander,omitempty"`
}

func viewOfStaging(s *tagout.Staging) *stageView {
	if s == nil {
		return nil
	}
	v := &stageView{State: string(s.State), Scope: s.Scope.String(), Stages: []string{}, Stage: s.Stage + 1, Since: s.Since,
		Until: optional(s.Until), Reason: s.Reason, Commander: string(s.Commander)}
	for _, stage := range s.Stages {
		v.Stages = append(v.Stages, stage.String())
	}
	return v
}
