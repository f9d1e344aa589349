package tagout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// EventKind says what happened.
type EventKind string

// The kinds of event. A kind's meaning never changes once it is released.
const (
	EventOpened            EventKind = "incident.opened"
	EventAcknowledged      EventKind = "incident.acknowledged"
	EventUnattended        EventKind = "incident.unattended" // acknowledged, but nothing has happened for too long: paging starts again
	EventHandover          EventKind = "incident.handover"
	EventHandoverTaken     EventKind = "incident.handover_taken"
	EventHandoverFailed    EventKind = "incident.handover_failed" // it was not taken and stays where it was
	EventRole              EventKind = "incident.role"
	EventContained         EventKind = "incident.contained"
	EventUncontained       EventKind = "incident.uncontained" // a new stop, or drift: not everything is observed stopped any more
	EventMitigated         EventKind = "incident.mitigated"
	EventResumed           EventKind = "incident.resumed"
	EventSeverity          EventKind = "incident.severity"
	EventNote              EventKind = "incident.note"
	EventFlagged           EventKind = "incident.flagged" // what somebody flagged before, or meanwhile
	EventLeft              EventKind = "incident.left"    // of a private one: somebody is none of its people any more
	EventPrivate           EventKind = "incident.private" // from here on only its people read of it
	EventRoom              EventKind = "incident.room"    // the channel was opened, or could not be
	EventAlert             EventKind = "alert.received"
	EventAlertResolved     EventKind = "alert.resolved"
	EventReport            EventKind = "failure.reported"
	EventHeld              EventKind = "hold.hung"
	EventLifted            EventKind = "hold.lifted"
	EventControlAccepted   EventKind = "control.accepted"
	EventControlObserved   EventKind = "control.observed"
	EventControlFailed     EventKind = "control.failed"
	EventDrift             EventKind = "control.drift"
	EventUnconfirmed       EventKind = "control.unconfirmed" // the containment deadline passed
	EventLease             EventKind = "lease.passed"        // contained by lease, not observed
	EventPaged             EventKind = "page.sent"
	EventPageFailed        EventKind = "page.failed"
	EventPageDropped       EventKind = "page.dropped"   // not delivered: somebody had answered before
	EventPageHeld          EventKind = "page.held"      // back, to the end of somebody's quiet hours
	EventUnreached         EventKind = "page.unreached" // a round reached nobody by any pager
	EventRosterDoubt       EventKind = "page.doubt"
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
	EventKindCorrected     EventKind = "incident.kind"
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

// Event is one line of an incident's timeline. Once written it is never changed.
type Event struct {
	Incident IncidentID
	Seq      int64 // 1, 2, … without gaps within the incident
	At       time.Time
	Actor    Actor
	Kind     EventKind
	Data     string // one JSON object, kept as the text that was hashed
	Prev     string // the hash of the event before, "" for the first
	Hash     string
}

// Head is the end of a timeline: how long it is and the hash of its last event.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// newEvent drafts an event; the store seals it into the chain.
func newEvent(kind EventKind, by Actor, at time.Time, data any) Event {
	text, err := json.Marshal(data)
	if err != nil || data == nil {
		text = []byte("{}")
	}
	return Event{At: Moment(at), Actor: by, Kind: kind, Data: string(text)}
}

// NewEvent drafts an event with data, which must marshal to a JSON object.
func NewEvent(kind EventKind, by Actor, at time.Time, data any) Event {
	return newEvent(kind, by, at, data)
}

// EventTime is the layout of times in the hashed text: RFC 3339 in UTC at microseconds.
const EventTime = "2006-01-02T15:04:05.000000Z"

// Sum is the event's hash: SHA-256, in lower-case hex, over the lines `tagout-event-1`,
// previous hash, incident, seq, time, actor, kind, data — each ended by a line feed. None
// of them can hold a line feed itself: [Event.Seal] takes them out, and none passes
// [VerifyChain].
func (e Event) Sum() string {
	sum := sha256.Sum256([]byte(e.text()))
	return hex.EncodeToString(sum[:])
}

func (e Event) text() string {
	return fmt.Sprintf("tagout-event-1\n%s\n%s\n%d\n%s\n%s\n%s\n%s\n", e.Prev, e.Incident, e.Seq,
		e.At.UTC().Format(EventTime), oneLine(e.Actor.String()), e.Kind, oneLine(e.Data))
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// ambiguous reports text that another event could share: a line feed, which is hashed as a
// space, or an actor's kind with the colon that parts it from the ID.
func (e Event) ambiguous() bool {
	return strings.ContainsAny(string(e.Actor.Kind), ":\n") || strings.Contains(e.Actor.ID+string(e.Kind)+e.Data, "\n")
}

// Seal puts an event at the end of a timeline: it sets incident, seq, prev and hash, and
// returns the new head.
func (e *Event) Seal(incident IncidentID, head Head) Head {
	e.Incident, e.Seq, e.Prev = incident, head.Seq+1, head.Hash
	e.At = Moment(e.At)
	e.Data, e.Actor.ID = oneLine(e.Data), oneLine(e.Actor.ID)
	e.Hash = e.Sum()
	return Head{Seq: e.Seq, Hash: e.Hash}
}

// VerifyChain checks a whole timeline in order, and its head if head is not zero. It
// returns the seq of the first bad event and a Conflict that says what is wrong with it.
func VerifyChain(id IncidentID, events []Event, head Head) (int64, error) {
	var at Head
	for _, e := range events {
		want := at.Seq + 1
		switch {
		case e.Incident != id:
			return want, Errorf(Conflict, "%s: event %d belongs to %s.", id, want, e.Incident)
		case e.Seq != want:
			return want, Errorf(Conflict, "%s: event %d is missing; the next one is %d.", id, want, e.Seq)
		case e.Prev != at.Hash:
			return want, Errorf(Conflict, "%s: event %d does not follow from the one before it.", id, want)
		case e.Hash != e.Sum() || e.ambiguous():
			return want, Errorf(Conflict, "%s: event %d was altered: its hash does not match its text.", id, want)
		}
		at = Head{Seq: e.Seq, Hash: e.Hash}
	}
	if head != (Head{}) && at != head {
		return at.Seq + 1, Errorf(Conflict, "%s: the timeline ends at event %d, but its recorded head is event %d.", id, at.Seq, head.Seq)
	}
	return 0, nil
}
