package tagout

import (
	"slices"
	"strings"
	"time"
)

// StageMode is what a stage lets an agent do.
type StageMode string

// The modes of a stage, strictest first.
const (
	StageReview  StageMode = "review"  // a human approves every output
	StageCanary  StageMode = "canary"  // a share of the instances, or a part of the scope, runs
	StageRunning StageMode = "running" // all of it runs: the end of the plan
)

// Stage is one step of a staged resumption. In every stage but the last only the tools that
// are validated, in it or before it, may be used.
type Stage struct {
	Mode      StageMode     `json:"mode"`
	Share     float64       `json:"share,omitempty"`     // of a canary: of the instances, between 0 and 1
	Scope     *Scope        `json:"scope,omitempty"`     // of a canary: the part that runs
	Own       bool          `json:"own,omitempty"`       // of a canary: the part that the configuration calls the agent's canary
	For       time.Duration `json:"for,omitempty"`       // how long it lasts at least
	Validated []string      `json:"validated,omitempty"` // tools, @risk, or * for all
	Auto      bool          `json:"auto,omitempty"`      // the next stage begins by itself, if this one was quiet
}

// ParseStage reads one line: `review 2h`, `canary 10% 4h validated=read_crm`,
// `canary mailer/sms/us 4h auto`, `running`. It returns Invalid with what to write.
func ParseStage(line string) (Stage, error) {
	words := strings.Fields(strings.ToLower(line))
	if len(words) == 0 {
		return Stage{}, Errorf(Invalid, "A stage is missing: write a line such as review 2h, canary 10%% 4h or running.")
	}
	s := Stage{Mode: StageMode(words[0])}
	for _, word := range words[1:] {
		if err := s.take(word); err != nil {
			return s, err
		}
	}
	return s, s.Check()
}

func (s *Stage) take(word string) (err error) {
	tools, isTools := strings.CutPrefix(word, "validated=")
	period, notPeriod := time.ParseDuration(word)
	switch {
	case isTools:
		for _, tool := range strings.Split(tools, ",") {
			if tool != "" {
				s.Validated = append(s.Validated, tool)
			}
		}
	case word == "auto":
		s.Auto = true
	case notPeriod == nil:
		s.For = period
	case strings.HasSuffix(word, "%"):
		s.Share, err = ParseShare(word)
	case word == "canary":
		s.Own = true
	default:
		var scope Scope
		scope, err = ParseScope(word)
		s.Scope = &scope
	}
	return err
}

// Check returns Invalid, with the fix, for a stage that means nothing.
func (s Stage) Check() error {
	parts := 0
	for _, said := range []bool{s.Share != 0, s.Scope != nil && !s.Own, s.Own} {
		if said {
			parts++
		}
	}
	switch {
	case s.Mode != StageReview && s.Mode != StageCanary && s.Mode != StageRunning:
		return Errorf(Invalid, "%q is not a stage: use review, canary or running.", clip(string(s.Mode), 40))
	case s.Mode == StageCanary && parts != 1:
		return Errorf(Invalid, "A canary needs either a share such as 10%% or a scope, which may be the word canary.")
	case s.Mode != StageCanary && parts > 0:
		return Errorf(Invalid, "Only a canary has a share or a scope.")
	case s.Mode == StageRunning && (s.Auto || len(s.Validated) > 0 || s.For != 0):
		return Errorf(Invalid, "The stage running is the end: it has no duration, no validated tools and no auto.")
	case s.Mode != StageRunning && s.For <= 0:
		return Errorf(Invalid, "The stage %s needs a duration, such as 2h.", s.Mode)
	case s.Share < 0 || s.Share >= 1:
		return Errorf(Invalid, "The share of a canary is between 0 and 100%%.")
	}
	for _, tool := range s.Validated {
		if tool == "*" {
			continue
		}
		if _, err := parseTool(tool); err != nil {
			return err
		}
	}
	return nil
}

// String is the line that [ParseStage] reads.
func (s Stage) String() string {
	words := []string{string(s.Mode)}
	switch {
	case s.Share > 0:
		words = append(words, ShareText(s.Share))
	case s.Own:
		words = append(words, "canary")
	case s.Scope != nil:
		words = append(words, s.Scope.String())
	}
	if s.For > 0 {
		words = append(words, shortDuration(s.For))
	}
	if len(s.Validated) > 0 {
		words = append(words, "validated="+strings.Join(s.Validated, ","))
	}
	if s.Auto {
		words = append(words, "auto")
	}
	return strings.Join(words, " ")
}

// shortDuration is d without the parts that are zero: 2h, 1h30m.
func shortDuration(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

// ParseStages reads one stage a line, and checks them as a plan. No line is no plan.
func ParseStages(text string) (StagePlan, error) {
	var stages StagePlan
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		s, err := ParseStage(line)
		if err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	return stages, CheckStages(stages)
}

// StagesText is the plan with one stage a line, as [ParseStages] reads it.
func StagesText(stages StagePlan) string {
	lines := make([]string, len(stages))
	for n, s := range stages {
		lines[n] = s.String()
	}
	return strings.Join(lines, "\n")
}

// maxStages is how many stages a plan may have.
const maxStages = 10

// CheckStages returns Invalid if the stages are no plan: it goes from strict to loose, ends
// with running, and has something before that. No stages are no plan, which is fine.
func CheckStages(stages StagePlan) error {
	if len(stages) == 0 {
		return nil
	}
	for n, s := range stages {
		if err := s.Check(); err != nil {
			return err
		}
		if last := n == len(stages)-1; last != (s.Mode == StageRunning) {
			return Errorf(Invalid, "The last stage, and no other, is running.")
		}
		if n > 0 && looser(stages[n-1], s) {
			return Errorf(Invalid, "Stages go from strict to loose: %q cannot come after %q.", s, stages[n-1])
		}
	}
	switch {
	case len(stages) == 1:
		return Errorf(Invalid, "A plan needs a stage before running, such as review 2h.")
	case len(stages) > maxStages:
		return Errorf(Invalid, "A plan has at most %d stages.", maxStages)
	}
	return nil
}

var stageRank = map[StageMode]int{StageReview: 0, StageCanary: 1, StageRunning: 2}

// looser reports whether a lets surely more happen than b.
func looser(a, b Stage) bool {
	if a.Mode != b.Mode {
		return stageRank[a.Mode] > stageRank[b.Mode]
	}
	switch {
	case a.Share > 0 && b.Share > 0:
		return a.Share > b.Share
	case a.Scope != nil && b.Scope != nil:
		return *a.Scope != *b.Scope && a.Scope.Covers(*b.Scope, nil)
	case a.Share > 0 && b.Mode == StageCanary:
		return true // parts first, then shares
	}
	return false
}

// within reports whether a surely lets no more happen than b.
func (s Stage) within(b Stage) bool {
	if s.Mode != b.Mode {
		return stageRank[s.Mode] < stageRank[b.Mode]
	}
	switch {
	case s.Mode != StageCanary:
		return true
	case b.Share > 0:
		return s.Share > 0 && s.Share <= b.Share
	case b.Own || b.Scope == nil:
		return s.Own
	}
	return s.Scope != nil && b.Scope.Covers(*s.Scope, nil)
}

// Meets returns nil if the plan holds everything that the policy asks for: each of its
// stages in order, at least as long and no looser, none of its own looser than the next one
// of the policy, and nothing by itself that the policy leaves to people. Otherwise it
// returns Invalid, naming the stage.
func (p StagePlan) Meets(policy StagePlan) error {
	auto := slices.ContainsFunc(policy, func(s Stage) bool { return s.Auto })
	n := 0
	for _, s := range p {
		if s.Auto && !auto {
			return Errorf(Invalid, "The stage %q may not end by itself: the configuration leaves that to people.", s)
		}
		if n == len(policy) {
			continue
		}
		next := policy[n]
		if !s.within(next) {
			return Errorf(Invalid, "The stage %q comes too early: %q is asked for before it. Stages may be added and made longer, not left out, shortened or widened.", s, next)
		}
		if s.Mode == next.Mode && s.For >= next.For && (!s.Auto || next.Auto) {
			n++
		}
	}
	if n < len(policy) {
		return Errorf(Invalid, "The stage %q is asked for, at least as long and no wider. Stages may be added and made longer, not left out, shortened or widened.", policy[n])
	}
	return nil
}

// StagePlan is the stages of a resumption in order; empty: it is done at once.
type StagePlan []Stage
