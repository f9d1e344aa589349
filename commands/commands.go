// Package commands is what people type and press: one verb, one file. Each command says
// how it is used and who may use it, asks for the narrow interface that it needs, and
// answers with a neutral [tagout.Message]; it knows neither Slack nor the database.
//
// Two habits follow from Tagout's rules. A stop is obeyed with whatever could be
// understood, and the answer says what could not. And an answer says exactly what is true
// at that moment: what was asked for, what was confirmed, what it still waits for.
package commands

import (
	"time"

	"tagout"
)

const (
	followFor  = 10 * time.Minute       // how long an answer is kept up to date
	pollEvery  = 2 * time.Second        // how often the incident is read beside watching it
	joinWithin = 200 * time.Millisecond // how long a stop may wait to learn of its channel's incident
)

// Desk is everything that the commands ask of the rest of Tagout.
type Desk interface {
	Stopper
	StatusReader
	TimelineReader
	Acknowledger
	Noter
	SeverityChanger
	Declarer
	Resumer
	Delegator
	Stager
	Roller
	DutyKeeper
	RosterReader
	Informer
	Reviewer
	Ender
	Timekeeper
	RoleGiver
	PageTester
	RecordSharer
	StepTicker
	RouteTeller
	KindTeller
	MilestoneKeeper
	Corrector
	RecurrenceTeller
	HealthTeller
	Seer
	Flagger
	Digester
	Silencer
	Driller
}

// Option changes how the commands work.
type Option func(*floor)

// WithClock makes the commands tell the time by clock instead of the machine's.
func WithClock(clock tagout.Clock) Option {
	return func(f *floor) { f.clock = clock }
}

// floor is what every command stands on.
type floor struct {
	policy *tagout.Policy
	clock  tagout.Clock
}

// All lists the commands in the order in which the help shows them. The context that an
// edge gives to Run, or to a click or form, must live as long as it reads the reply's
// Updates: they end with it.
func All(d Desk, p *tagout.Policy, options ...Option) []tagout.Command {
	f := floor{policy: p, clock: tagout.SystemClock{}}
	for _, option := range options {
		option(&f)
	}
	s := stops{floor: f, desk: d}
	list := []tagout.Command{
		kill(s), pause(s), hold(s),
		status(f, d), ack(d), incident(f, d), severity(f, d), kind(f, d), milestone(f, d), changes(f, d), note(f, d), timeline(f, d), runbook(d), evidence(d), routes(f, d),
		silence(f, d), listSilences(f, d), unsilence(f, d),
		oncall(f, d), who(f, d), role(d), handover(d), pageTest(d),
		drill(f, d),
		rollback(f, d), resume(f, d), delegate(f, d), stage(f, d), inform(f, d), clock(f, d),
		review(f, d), closing(f, d), cancel(f, d), flag(f, d),
		actions(f, d), action(f, d), recurring(f, d), health(f, d), digest(d),
	}
	may := newPermits()
	for n := range list {
		list[n] = may.guard(privacy{d}.guard(list[n]))
	}
	return append(list, may.guard(help(list)))
}
