package tagout

import (
	"strings"
	"time"
)

// pages reports whether people are paged for the drill, in a channel of its own.
func (d *Drill) pages() bool { return d != nil && d.Page }

// Silent reports whether an incident is a drill of which nobody is woken.
func (i *Incident) Silent() bool { return i.Drill && !i.Exercise.pages() }

// drilling reports whether the incident is a drill that goes on.
func (i *Incident) drilling() bool { return i.Drill && i.Exercise.Running() }

// endsByItself is the answer to whoever ends a drill by words.
func (i *Incident) endsByItself() error {
	text := ""
	if i.Exercise.pages() {
		text = ", a game day once somebody acknowledges it: /tagout ack " + i.ID.String()
	}
	return Errorf(Conflict, "%s is a drill and ends by itself%s. Nothing was changed.", i.ID, text)
}

// Breaks reports whether a drill is practising that this pager is down.
func (i *Incident) Breaks(pager string) bool {
	return i.drilling() && i.Exercise.Scenario != nil && i.Exercise.Scenario.Break == PagerDown && i.Exercise.Scenario.What == pager
}

// Stopped is how long it took until everything was observed stopped, or the earlier versions
// were read back; zero if that did not happen.
func (d *Drill) Stopped() time.Duration { return since(d.At, d.StoppedAt) }

// Back is how long it took from there until it was seen to run as before.
func (d *Drill) Back() time.Duration { return since(d.LiftedAt, d.BackAt) }

// AnsweredAfter is how long it took until somebody acknowledged.
func (d *Drill) AnsweredAfter() time.Duration { return since(d.At, d.Answered) }

func since(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(to.Sub(from), 0)
}

// ByLease reports whether nothing but the end of a lease stopped the agent.
func (d *Drill) ByLease() bool { return len(d.Controls) == 1 && d.Controls[0].Control == "" }

// Verdict is what came of the drill in one line: "passed: observed in 0.8 s, running again
// after 0.4 s".
func (d *Drill) Verdict() string {
	var parts []string
	if d.Noticed != "" && d.Result == DrillPassed {
		parts = append(parts, "noticed: "+d.Noticed)
	}
	if took := d.Stopped(); !d.StoppedAt.IsZero() {
		verb := "observed stopped in "
		switch {
		case d.Action == DrillRollback:
			verb = "read back in "
		case d.ByLease():
			verb = "by lease, not observed, in "
		}
		parts = append(parts, verb+Elapsed(took))
	}
	if !d.BackAt.IsZero() {
		verb := "running again after "
		if d.Action == DrillRollback {
			verb = "forward again after "
		}
		parts = append(parts, verb+Elapsed(d.Back()))
	}
	if !d.Answered.IsZero() {
		parts = append(parts, "answered in "+Elapsed(d.AnsweredAfter()))
	}
	if d.Why != "" {
		parts = append([]string{d.Why}, parts...)
	}
	text := string(d.Result)
	if len(d.Late) > 0 {
		text += ", but late: " + strings.Join(d.Late, "; ")
	}
	if d.Running() {
		text += ", " + string(d.Phase)
	}
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text
}
