package config

import (
	"time"

	"tagout"
)

type releaseSection struct {
	MaxRecurrences int           `yaml:"max_recurrences" min:"0" doc:"How often a failure class of an agent may come back within the window; one more fails the check."`
	Within         time.Duration `yaml:"within" min:"1h" doc:"How far back recurrences count."`
	LookBack       time.Duration `yaml:"look_back" min:"24h" doc:"Incidents that have ended and are older do not count, whatever they lack; left out: all count."`
}

// release reads when a release of an agent is refused.
func (b *builder) release() {
	s := b.doc.ReleaseCheck
	b.cfg.Policy.Release = tagout.ReleasePolicy{MaxRecurrences: &s.MaxRecurrences, Within: s.Within, LookBack: s.LookBack}
}
