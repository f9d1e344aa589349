package commands

import "tagout"

// endingWords are those of how an incident comes to its end.
func (f floor) endingWords() map[tagout.EventKind]func(facts) string {
	return map[tagout.EventKind]func(facts) string{
		tagout.EventFalseAlarm:          func(d facts) string { return "called it a false alarm" + d.after(": ", "reason") },
		tagout.EventFalseAlarmWithdrawn: func(d facts) string { return "does not count it as a false alarm any more" + d.after(": ", "reason") },
		tagout.EventCancelled:           func(d facts) string { return "cancelled, as a false alarm" + d.after(": ", "reason") },
		tagout.EventClosed:              func(d facts) string { return "closed" + d.after(": ", "what") },
	}
}
