package tagout

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// EffectKind says what is to be done after a commit. Each kind runs in a queue of its own,
// so that Slack never delays a page and nothing delays a stop.
type EffectKind string

// The kinds of effect.
const (
	EffectContain     EffectKind = "contain"          // drive the controls to the holds of the incident
	EffectRollback    EffectKind = "rollback"         // back to earlier versions, or whether that was read back in time
	EffectPin         EffectKind = "pin"              // pin what the agent of a frozen incident runs now
	EffectPage        EffectKind = "page"             // one round of the ladder: decides whom, fans out to sends
	EffectSend        EffectKind = "send"             // one page to one person by one pager
	EffectFollow      EffectKind = "follow"           // a pager's service hears what became of the incident
	EffectOpenChannel EffectKind = "open_channel"     // the incident channel with its card
	EffectAnnounce    EffectKind = "announce"         // the line in the announce channel
	EffectPost        EffectKind = "post"             // a message in the incident channel
	EffectDecision    EffectKind = "decision"         // the message with GO and NO-GO, posted or brought up to date
	EffectDirect      EffectKind = "direct"           // a direct message to one person
	EffectContainDue  EffectKind = "contain_deadline" // is everything observed stopped?
	EffectLeaseDue    EffectKind = "lease_deadline"   // an agent without controls has lost its lease
	EffectAnswerDue   EffectKind = "answer_deadline"  // an acknowledgement runs out if nothing has happened
	EffectRetireRoom  EffectKind = "retire_channel"   // the public channel that an incident left when it became private
	EffectExpire      EffectKind = "expire_request"   // a resume request has run out
	EffectStageDue    EffectKind = "stage_due"        // the time of a stage of a resumption has passed
	EffectSetback     EffectKind = "setback"          // staged resumptions of other incidents fall back
	EffectSigners     EffectKind = "signers"          // those who can sign a resume request are told, or reminded
	EffectDelegated   EffectKind = "delegated"        // open incidents note that a role was delegated, or that this was revoked
	EffectDeadline    EffectKind = "deadline"         // something is due soon, or now
	EffectNoteDraft   EffectKind = "note_draft"       // the message with GO and NO-GO of a status note
	EffectNotePost    EffectKind = "note_post"        // a status note to one Slack channel
	EffectNoteMail    EffectKind = "note_mail"        // a status note to one address
	EffectRecord      EffectKind = "record"           // the whole record of an incident, as a file in Slack
	EffectReview      EffectKind = "review"           // the document of the review, posted or brought up to date
	EffectRunbook     EffectKind = "runbook"          // the checklist of the class, posted or brought up to date
	EffectPacket      EffectKind = "packet"           // a failure report as people read it, with its file
	EffectAssess      EffectKind = "assess"           // is evidence there already, and is there a sign of a rollback?
	EffectNoteExpire  EffectKind = "expire_note"      // a drafted status note has run out
	EffectTicket      EffectKind = "ticket"           // a ticket of a corrective action in a tracker
	EffectTicketCheck EffectKind = "ticket_check"     // how the ticket stands there
	EffectActionDue   EffectKind = "action_due"       // corrective actions are due soon, or overdue
	EffectFlag        EffectKind = "flag"             // the triage message of a flag, posted or brought up to date
	EffectFlagLink    EffectKind = "flag_link"        // an incident knows of a flag, or is opened for it
	EffectDigest      EffectKind = "digest"           // a digest, posted in its channel
	EffectDigestMail  EffectKind = "digest_mail"      // a digest to one address
	EffectSilence     EffectKind = "silence"          // a silence begins, ends soon, or ends: what it kept quiet follows
	EffectMaintenance EffectKind = "maintenance"      // a silence on a schedule begins
	EffectSilenceTold EffectKind = "silence_told"     // the message about a silence, posted or brought up to date
	EffectDrill       EffectKind = "drill"            // a drill begins by its schedule, or goes on
)

// Effect is something to do after a commit, at least once: a durable job, committed
// together with the facts that caused it.
type Effect struct {
	Kind     EffectKind      `json:"kind"`
	Incident IncidentID      `json:"incident"`
	Key      string          `json:"key"`           // names the effect, so that its handler can tell a repeat
	Due      time.Time       `json:"due,omitzero"`  // zero: at once
	Data     json.RawMessage `json:"data,omitzero"` // what the kind needs
	Lane     string          `json:"lane,omitzero"` // what the effects of a kind wait for apart from each other, such as a pager
	Again    bool            `json:"-"`             // it was begun before, so that any part of it may have been done
}

// NewEffect makes an effect that is due at once, with data marshalled to JSON.
func NewEffect(kind EffectKind, incident IncidentID, key string, data any) Effect {
	e := Effect{Kind: kind, Incident: incident, Key: string(kind) + ":" + incident.String() + ":" + key}
	if data != nil {
		e.Data, _ = json.Marshal(data) // our own types marshal
	}
	return e
}

// At is the effect, due at t.
func (e Effect) At(t time.Time) Effect {
	e.Due = Moment(t)
	return e
}

// Decode reads the effect's data into v. It returns a final error if it cannot.
func (e Effect) Decode(v any) error {
	if err := json.Unmarshal(e.Data, v); err != nil {
		return Final(Errorf(Internal, "effect %s holds data of another shape: %w", e.Key, err))
	}
	return nil
}

// EffectFunc carries out one effect. It may run more than once for the same effect, and
// must then come to the same result. An error is retried with growing pauses, unless it
// [IsFinal].
type EffectFunc func(ctx context.Context, e Effect) error

// Change is what a transition did: facts for the timeline and work that follows from them.
type Change struct {
	Events  []Event
	Effects []Effect
	Pages   []Page // pages to record or bring up to date

	Evidence []Evidence // to keep; each has its event
	Seen     []Version  // versions that became the current ones at their FirstSeen
}

// And appends o.
func (c Change) And(o Change) Change {
	return Change{append(c.Events, o.Events...), append(c.Effects, o.Effects...), append(c.Pages, o.Pages...),
		append(c.Evidence, o.Evidence...), append(c.Seen, o.Seen...)}
}

// IsEmpty reports whether nothing changed.
func (c Change) IsEmpty() bool {
	return len(c.Events)+len(c.Effects)+len(c.Pages)+len(c.Evidence)+len(c.Seen) == 0
}

// Tells reports whether an event of a kind is a part of it.
func (c Change) Tells(kind EventKind) bool {
	return slices.ContainsFunc(c.Events, func(e Event) bool { return e.Kind == kind })
}

func (c *Change) event(kind EventKind, by Actor, at time.Time, data any) {
	c.Events = append(c.Events, newEvent(kind, by, at, data))
}

func (c *Change) effect(kind EffectKind, id IncidentID, key string, data any) {
	c.Effects = append(c.Effects, NewEffect(kind, id, key, data))
}

func (c *Change) effectAt(due time.Time, kind EffectKind, id IncidentID, key string, data any) {
	c.Effects = append(c.Effects, NewEffect(kind, id, key, data).At(due))
}

// PostNote is the data of [EffectPost].
type PostNote struct {
	Message Message `json:"message"`
	Thread  string  `json:"thread,omitempty"` // the resume request whose decision message it answers
}

// PacketOrder is the data of [EffectPacket].
type PacketOrder struct {
	Alert string `json:"alert"` // the ID of the failure report, as an alert
}

// Packet is a failure report as the people who take over read it.
type Packet struct {
	Message Message
	File    []byte // the whole report, masked
	Name    string // of the file
	Comment Text   // beside it
}

// DirectNote is the data of [EffectDirect].
type DirectNote struct {
	To      UserID  `json:"to"`
	Message Message `json:"message"`
}

// PageRound is the data of [EffectPage]: one round of the ladder.
type PageRound struct {
	Round  int      `json:"round"`
	Roles  []string `json:"roles"`
	People []UserID `json:"people,omitempty"` // who are paged as well
	Else   []string `json:"else,omitempty"`   // roles that are paged if those people, alone, are not reached
	Why    string   `json:"why"`
	Rung   bool     `json:"rung,omitempty"` // a step up, not a repeat: it schedules no repeat of its own
	Even   bool     `json:"even_if_acknowledged,omitempty"`
	Always bool     `json:"even_if_ended,omitempty"` // what is owed after the end too
	Base   string   `json:"base,omitempty"`          // the key of the ladder that it is a rung of
	Step   *Step    `json:"step,omitempty"`          // not a round: what was put off in the newest round of Key
	Key    string   `json:"key"`                     // the ladder that it belongs to; a round of it is paged once
}

// Asked is whom the round pages, in words.
func (r PageRound) Asked() string {
	if len(r.Roles) == 0 {
		return "whoever was named"
	}
	return strings.Join(r.Roles, ", ")
}

// Step is one person who was not paged at once: by a pager whose turn comes later, or at all,
// since they have quiet hours.
type Step struct {
	Person UserID   `json:"person"`
	Roles  []string `json:"roles"`
	Pager  string   `json:"pager,omitempty"` // "": all whose turn it is
}

// FollowUp is the data of [EffectFollow]. Without a pager it is for all that were paged.
type FollowUp struct {
	Pager string   `json:"pager,omitempty"`
	News  PageNews `json:"news"`
	Drill bool     `json:"drill,omitempty"` // only for those that were paged for a game day
}

// SendPage is the data of [EffectSend].
type SendPage struct {
	Page  Page     `json:"page"`
	Until PageEnds `json:"until,omitempty"` // empty: it goes out whatever happens
}
