package config

import "time"

type figuresSection struct {
	RecurWithin time.Duration `yaml:"recur_within" min:"1h" doc:"Within what time after an incident another one of the same agent and class counts as recurring."`
}

// figures reads how figures are computed.
func (b *builder) figures() { b.cfg.Policy.RecurWithin = b.doc.Figures.RecurWithin }
