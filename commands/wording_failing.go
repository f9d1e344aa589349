package commands

import "tagout"

// failingWords are those of what a failure class asks for.
func (f floor) failingWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventStepDone: func(d facts) string {
			return "ticked step " + d.text("step") + " of the runbook" + d.after(": ", "text")
		},
		tagout.EventStepUndone: func(d facts) string {
			return "took the tick of step " + d.text("step") + " of the runbook back" + d.after(": ", "text")
		},
		tagout.EventEvidenceArrived: func(d facts) string {
			return "brought the evidence " + d.text("name") + d.after(" by ", "from") + d.after("; still missing: ", "missing")
		},
		tagout.EventRollbackAdvised: func(d facts) string {
			return "suggests a rollback of " + d.text("agent") + d.after(": ", "reason")
		},
	}
}
