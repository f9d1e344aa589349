package tagout

// EventKind says what happened.
type EventKind string

// The kinds of event. A kind's meaning never changes once it is released; the first ones are
// those of how an incident goes.
const (
	EventOpened         EventKind = "incident.opened"
	EventAcknowledged   EventKind = "incident.acknowledged"
	EventUnattended     EventKind = "incident.unattended" // acknowledged, but nothing has happened for too long: paging starts again
	EventHandover       EventKind = "incident.handover"
	EventHandoverTaken  EventKind = "incident.handover_taken"
	EventHandoverFailed EventKind = "incident.handover_failed" // it was not taken and stays where it was
	EventRole           EventKind = "incident.role"
	EventContained      EventKind = "incident.contained"
	EventUncontained    EventKind = "incident.uncontained" // a new stop, or drift: not everything is observed stopped any more
	EventMitigated      EventKind = "incident.mitigated"
	EventResumed        EventKind = "incident.resumed"
	EventSeverity       EventKind = "incident.severity"
	EventNote           EventKind = "incident.note"
	EventFlagged        EventKind = "incident.flagged" // what somebody flagged before, or meanwhile
	EventLeft           EventKind = "incident.left"    // of a private one: somebody is no longer one of its people
	EventPrivate        EventKind = "incident.private" // from here on only its people read of it
	EventRoom           EventKind = "incident.room"    // the channel was opened, or could not be
	EventKindCorrected  EventKind = "incident.kind"
	EventMilestone      EventKind = "incident.milestone" // one was corrected: what it was, what it is now, and why
)

// The kinds of event of what comes in.
const (
	EventAlert         EventKind = "alert.received"
	EventAlertResolved EventKind = "alert.resolved"
	EventReport        EventKind = "failure.reported"
)

// The kinds of event of holds and of the controls that carry them out.
const (
	EventHeld            EventKind = "hold.hung"
	EventLifted          EventKind = "hold.lifted"
	EventControlAccepted EventKind = "control.accepted"
	EventControlObserved EventKind = "control.observed"
	EventControlFailed   EventKind = "control.failed"
	EventDrift           EventKind = "control.drift"
	EventUnconfirmed     EventKind = "control.unconfirmed" // the containment deadline passed
	EventLease           EventKind = "lease.passed"        // contained by lease, not observed
)

// The kinds of event of pages.
const (
	EventPaged       EventKind = "page.sent"
	EventPageFailed  EventKind = "page.failed"
	EventPageDropped EventKind = "page.dropped"   // not delivered: somebody had answered before
	EventPageHeld    EventKind = "page.held"      // back, to the end of somebody's quiet hours
	EventUnreached   EventKind = "page.unreached" // a round reached nobody by any pager
	EventRosterDoubt EventKind = "page.doubt"
)

// The kinds of event of rollbacks, of versions and their changes, and of evidence.
const (
	EventRollback          EventKind = "rollback.attempted"
	EventRollbackSucceeded EventKind = "rollback.succeeded"
	EventRollbackFailed    EventKind = "rollback.failed"
	EventComponentBack     EventKind = "rollback.component_confirmed" // one component was read back
	EventComponentFailed   EventKind = "rollback.component_failed"
	EventEvidence          EventKind = "evidence.kept"
	EventRecordShared      EventKind = "record.shared"     // somebody was given the whole record
	EventRedacted          EventKind = "evidence.redacted" // its content was taken away; the hash stays
	EventPinned            EventKind = "version.pinned"
	EventUnpinned          EventKind = "version.released"
	EventVersionDrift      EventKind = "version.drift" // another version runs than is pinned
	EventVersionBack       EventKind = "version.back"  // the pinned one runs again
	EventChangeRefused     EventKind = "change.refused"
	EventChange            EventKind = "change.made" // an agent of it was changed while it is open
)

// The kinds of event of resuming, in one step or in stages.
const (
	EventRequested         EventKind = "resume.requested"
	EventSigned            EventKind = "resume.signed"
	EventRefused           EventKind = "resume.refused"    // a click that did not count, and why
	EventAsked             EventKind = "resume.asked"      // a signer's question; the request's time stands still
	EventAnswered          EventKind = "resume.answered"   // the question
	EventSignersCalled     EventKind = "resume.signers"    // told of the request, or reminded
	EventDelegated         EventKind = "signing.delegated" // a role that this incident needs
	EventDelegationRevoked EventKind = "signing.revoked"   // such a delegation
	EventVoided            EventKind = "resume.voided"
	EventApproved          EventKind = "resume.approved"
	EventStage             EventKind = "stage.began"
	EventFellBack          EventKind = "stage.fell_back" // to the stage before, or to what was held at first
)

// The kinds of event of deadlines and of status notes.
const (
	EventDeadlineReminded  EventKind = "deadline.reminded"
	EventDeadlineMissed    EventKind = "deadline.missed"
	EventDeadlineStopped   EventKind = "deadline.stopped"   // by hand
	EventDeadlineTightened EventKind = "deadline.tightened" // the configuration set it, or set it closer, meanwhile
	EventNoteDrafted       EventKind = "inform.drafted"     // a status note that needs sign-offs
	EventNoteSigned        EventKind = "inform.signed"
	EventNoteRefused       EventKind = "inform.refused" // a click that did not count, and why
	EventNoteVoided        EventKind = "inform.voided"
	EventNoteReleased      EventKind = "inform.released"  // a status note is on its way
	EventNoteDelivered     EventKind = "inform.delivered" // to one channel or list
	EventNoteFailed        EventKind = "inform.failed"
)

// The kinds of event of corrective actions.
const (
	EventActionAdded        EventKind = "action.added"
	EventActionChanged      EventKind = "action.changed"
	EventActionDone         EventKind = "action.done"
	EventActionDropped      EventKind = "action.dropped"
	EventActionReopened     EventKind = "action.reopened"      // its ticket was opened again
	EventActionTicket       EventKind = "action.ticket"        // it has a ticket in a tracker
	EventActionTicketFailed EventKind = "action.ticket_failed" // none could be made, or it cannot be read
	EventActionTicketClosed EventKind = "action.ticket_closed" // in the tracker
	EventActionTicketGone   EventKind = "action.ticket_gone"   // the tracker does not know it any more
	EventActionTicketBack   EventKind = "action.ticket_back"   // it does again
	EventActionReminded     EventKind = "action.reminded"      // its owner, or their lead
)

// The kinds of event of what the class of a failure asks for.
const (
	EventStepDone        EventKind = "runbook.done"
	EventStepUndone      EventKind = "runbook.undone"     // it was ticked by mistake
	EventEvidenceArrived EventKind = "evidence.arrived"   // what the class wants kept, and was missing
	EventRollbackAdvised EventKind = "rollback.suggested" // a sign of a rollback that was decided in advance
)

// The kinds of event of a drill.
const (
	EventDrillBegan  EventKind = "drill.began"
	EventDrillLifted EventKind = "drill.lifted" // the drill's own hold, and nothing else: the only lifting without sign-offs
	EventDrillEnded  EventKind = "drill.ended"
	EventDrillReal   EventKind = "drill.became_real" // it failed or was interrupted: from here on this is an incident
)

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

// The kinds of event of an incident that was kept quiet.
const (
	EventHushed   EventKind = "incident.silenced"   // nobody was paged, by a silence
	EventUnhushed EventKind = "incident.unsilenced" // from here on it pages as any other
)
