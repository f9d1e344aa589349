package tagout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
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
