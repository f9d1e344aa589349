package config

import (
	"time"

	"tagout"
)

type stageSection struct {
	Mode      tagout.StageMode `yaml:"mode" need:"true" allow:"review,canary,running" doc:"What the agent may do: only what a human approves, run as a canary, or all."`
	Share     string           `yaml:"share" doc:"Of a canary: how many of the instances run, such as 10%."`
	Scope     string           `yaml:"scope" doc:"Of a canary: the part that runs, or the word canary for the agent's own."`
	For       time.Duration    `yaml:"for" min:"1s" doc:"How long the stage lasts at least, all of it quiet."`
	Validated []string         `yaml:"validated" doc:"Tools that may be used from this stage on, @low by risk, or * for all; the others stay disabled until the last stage."`
	Auto      bool             `yaml:"auto" doc:"The next stage begins by itself once this one was quiet for its time."`
}

// stages reads the plan of a severity. It says where a stage means nothing.
func (b *builder) stages(p path, sections []stageSection) tagout.StagePlan {
	var plan tagout.StagePlan
	for n, section := range sections {
		q := p.item(n)
		s := tagout.Stage{Mode: section.Mode, For: section.For, Validated: section.Validated, Auto: section.Auto}
		var err error
		if section.Share != "" {
			if s.Share, err = tagout.ParseShare(section.Share); err != nil {
				b.fail(q.key("share"), "Write a percentage such as 10%.", "%s", tagout.Sentence(err))
			}
		}
		switch section.Scope {
		case "":
		case "canary":
			s.Own = true
		default:
			scope, err := tagout.ParseScope(section.Scope)
			if err != nil {
				b.fail(q.key("scope"), "Write a scope such as mailer/sms/us, or canary.", "%s", tagout.Sentence(err))
			}
			s.Scope = &scope
		}
		if err := s.Check(); err != nil && b.ok(q) {
			b.fail(q, "Write {mode: review, for: 2h}, {mode: canary, share: 10%, for: 4h} or {mode: running}.", "%s", tagout.Sentence(err))
		}
		plan = append(plan, s)
	}
	if err := tagout.CheckStages(plan); err != nil && b.ok(p) {
		b.fail(p, "Write stages from strict to loose, such as review, canary, running.", "%s", tagout.Sentence(err))
	}
	return plan
}
