package commands

import "tagout"

// endingWords are those of how an incident comes to its end, and of its review.
func (f floor) endingWords() map[tagout.EventKind]func(facts) string {
	version := func(d facts) string { return "the review" + d.after(", version ", "version") }
	return map[tagout.EventKind]func(facts) string{
		tagout.EventFalseAlarm:          func(d facts) string { return "called it a false alarm" + d.after(": ", "reason") },
		tagout.EventFalseAlarmWithdrawn: func(d facts) string { return "does not count it as a false alarm any more" + d.after(": ", "reason") },
		tagout.EventCancelled:           func(d facts) string { return "cancelled, as a false alarm" + d.after(": ", "reason") },
		tagout.EventClosed: func(d facts) string {
			return "closed" + d.after(": ", "what") + d.after(", by the approved review ", "review")
		},
		tagout.EventReviewSaved:     func(d facts) string { return "saved " + version(d) },
		tagout.EventReviewSubmitted: func(d facts) string { return "submitted " + version(d) + d.after(", digest ", "digest") },
		tagout.EventReviewSentBack:  func(d facts) string { return "sent back " + version(d) + d.after(": ", "reason") },
		tagout.EventReviewRefused:   func(d facts) string { return "decided on the review, which did not count" + d.after(": ", "reason") },
		tagout.EventReviewApproved:  func(d facts) string { return "approved " + version(d) + d.after(", digest ", "digest") },
		tagout.EventReviewReopened:  func(d facts) string { return "took the review up again" + d.after(": ", "reason") },
	}
}
