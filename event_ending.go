package tagout

// The kinds of event of how an incident comes to its end, and of its review.
const (
	EventFalseAlarm          EventKind = "incident.false_alarm" // somebody calls it one; it is cancelled once nothing is held
	EventFalseAlarmWithdrawn EventKind = "incident.false_alarm_withdrawn"
	EventCancelled           EventKind = "incident.cancelled"
	EventClosed              EventKind = "incident.closed"
	EventReviewSaved         EventKind = "review.saved" // a version of it
	EventReviewSubmitted     EventKind = "review.submitted"
	EventReviewSentBack      EventKind = "review.sent_back"
	EventReviewRefused       EventKind = "review.refused" // a press that did not count, and why
	EventReviewApproved      EventKind = "review.approved"
	EventReviewReopened      EventKind = "review.reopened" // something came that it does not tell of
)
