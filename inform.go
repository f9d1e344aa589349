package tagout

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// InformPolicy is who is told of incidents, with which words, and who must agree.
type InformPolicy struct {
	Audiences []Audience // in the order of the configuration
	Templates map[string]*NoteTemplate
	Expires   time.Duration // how long a drafted note can be signed; 0: 4 h
}

// Audience is a group of people outside the incident who are told of it.
type Audience struct {
	Key          string
	Title        string
	Channels     []string   // "#name" or an ID
	Emails       []string   // lists or addresses
	Severities   []Severity // that they are told of; none: all
	Template     string
	Approve      []string // roles that must all sign before anything is sent
	Transparency bool     // people outside the organisation, who are owed the facts about the AI system
	Private      bool     // may be told of private incidents
	Contact      string   // how they reach a human
}

// ToldOf reports whether the audience is told of incidents of this severity.
func (a Audience) ToldOf(s Severity) bool {
	return len(a.Severities) == 0 || slices.Contains(a.Severities, s)
}

// Rule is the sign-offs that a note to the audience needs: one of each role.
func (a Audience) Rule() SignoffRule {
	var rule SignoffRule
	for _, role := range a.Approve {
		rule = append(rule, NeededSignoff{AnyOf: []string{role}})
	}
	return rule
}

// Audience finds an audience by its key. It returns NotFound, listing those there are.
func (p InformPolicy) Audience(key string) (Audience, error) {
	var known string
	for _, a := range p.Audiences {
		if a.Key == key {
			return a, nil
		}
		known += ", " + a.Key
	}
	if known == "" {
		return Audience{}, Errorf(NotFound, "No audience is configured: add one under inform.audiences.")
	}
	return Audience{}, Errorf(NotFound, "There is no audience %q; there is %s.", clip(key, 60), known[2:])
}

// For lists the audiences that are told of incidents of this severity.
func (p InformPolicy) For(s Severity) []Audience {
	var list []Audience
	for _, a := range p.Audiences {
		if a.ToldOf(s) {
			list = append(list, a)
		}
	}
	return list
}

// Mail is one message to one address or list.
type Mail struct {
	ID      string // idempotency key: the same for every attempt
	To      string
	Subject string
	Text    string

	Letter   *Message  // the same with its shape, for readers that show HTML; nil: only Text
	Pictures []Picture // in the letter, below its facts
}

// Picture is an image in a mail.
type Picture struct {
	Name string // of its file, such as charts.png
	Alt  string // what it shows, in words
	PNG  []byte
}

// Mailer sends mail that is not a page.
type Mailer interface {
	// Mail hands a message to the mail server, or fails with an error that [IsFinal] if no
	// retry can help. Errors never hold secrets.
	Mail(ctx context.Context, m Mail) error
}

// NoteDraft is what a person wants to tell, before it is checked.
type NoteDraft struct {
	ID       string
	By       User
	Audience string
	Template string // "": that of the audience
	Known    string
	Doing    string
	Next     time.Time // when they will hear more; zero: not promised
}

// StatusNote is one message to one audience, exactly as it is sent: its digest covers all of
// it but the sign-offs and what became of it.
type StatusNote struct {
	ID       string          `json:"id"`
	Incident IncidentID      `json:"incident"`
	By       User            `json:"by"`
	At       time.Time       `json:"at"`
	Audience string          `json:"audience"`
	Title    string          `json:"title"` // of the audience
	Template string          `json:"template"`
	Known    string          `json:"known"`
	Doing    string          `json:"doing"`
	Subject  string          `json:"subject"`
	Text     string          `json:"text"`
	Next     time.Time       `json:"next,omitzero"`
	Channels []string        `json:"channels,omitempty"`
	Emails   []string        `json:"emails,omitempty"`
	Private  bool            `json:"private,omitempty"` // its audience may be told of private incidents
	Severity Severity        `json:"severity"`
	Remind   []time.Duration `json:"remind,omitempty"` // of the next update, after this note
	Rule     SignoffRule     `json:"rule,omitempty"`
	Expires  time.Time       `json:"expires,omitzero"`
	Digest   string          `json:"digest"`

	State      RequestState `json:"state"`
	Reason     string       `json:"reason,omitempty"`
	Signoffs   []Signoff    `json:"signoffs,omitempty"`
	Deliveries []Delivered  `json:"deliveries,omitempty"`
	Shown      Place        `json:"shown,omitzero"` // where the draft stands
}

// Place is where a message stands in Slack.
type Place struct {
	Channel string `json:"channel,omitempty"` // ID
	TS      string `json:"ts,omitempty"`
}

// Delivered says how far a status note got with one recipient.
type Delivered struct {
	To    string    `json:"to"`
	Mail  bool      `json:"mail,omitempty"`
	At    time.Time `json:"at,omitzero"`     // when it was taken; zero: not yet
	Error string    `json:"error,omitempty"` // why not, last time
	Final bool      `json:"final,omitempty"` // it is not tried again by itself
	Tries int       `json:"tries,omitempty"` // how often people asked to try again
}

// Told is what an audience was told last.
type Told struct {
	Title  string          `json:"title"`
	First  time.Time       `json:"first"` // when a note first reached them
	Last   time.Time       `json:"last"`
	By     UserID          `json:"by"`
	Note   string          `json:"note"`
	Next   time.Time       `json:"next,omitzero"` // the promised next update
	Remind []time.Duration `json:"remind,omitempty"`
}

func (t Told) updateKey(audience string) string { return "update:" + audience + ":" + t.Note }

// toldAt is when a note first reached an audience, or any if it is "".
func (i *Incident) toldAt(audience string) time.Time {
	var first time.Time
	for key, told := range i.Told {
		if (audience == "" || key == audience) && (first.IsZero() || told.First.Before(first)) {
			first = told.First
		}
	}
	return first
}

// LastTold is what was delivered last, to any audience; zero if nothing was.
func (i *Incident) LastTold() Told {
	var last Told
	for _, audience := range sortedKeys(i.Told) {
		if told := i.Told[audience]; !told.Last.Before(last.Last) {
			last = told
		}
	}
	return last
}

// Note finds a status note by its ID among the newest of each audience; nil if it is not.
func (i *Incident) Note(id string) *StatusNote {
	n := slices.IndexFunc(i.Notes, func(n StatusNote) bool { return n.ID == id })
	if n < 0 {
		return nil
	}
	return &i.Notes[n]
}

// Sum is the digest of what would be sent, to whom and under whose sign-offs.
func (n StatusNote) Sum() string {
	n.Digest, n.State, n.Reason, n.Signoffs, n.Deliveries, n.Shown = "", "", "", nil, nil, Place{}
	n.At, n.Expires, n.Next = Moment(n.At), Moment(n.Expires), Moment(n.Next)
	text, _ := json.Marshal(n) // our own type marshals
	return sumOf(text)
}

// Missing lists the needed sign-offs that are not given yet.
func (n StatusNote) Missing() SignoffRule { return missingOf(n.Rule, n.Signoffs) }

// Recipients lists everybody who gets it, channels first.
func (n StatusNote) Recipients() []string { return append(slices.Clone(n.Channels), n.Emails...) }

// NoteDelivery is the data of [EffectNotePost] and [EffectNoteMail].
type NoteDelivery struct {
	Note     string          `json:"note"`
	Audience string          `json:"audience"`
	Title    string          `json:"title"`
	By       UserID          `json:"by"`
	To       string          `json:"to"`
	Mail     bool            `json:"mail,omitempty"`
	Subject  string          `json:"subject"`
	Text     string          `json:"text"`
	Next     time.Time       `json:"next,omitzero"`
	Remind   []time.Duration `json:"remind,omitempty"`
	Private  bool            `json:"private,omitempty"`
}

// Key names the message for good, however often it is tried.
func (d NoteDelivery) Key() string { return "note:" + d.Note + ":" + d.To }

// Message is the note as it stands in a channel.
func (d NoteDelivery) Message() Message { return noteMessage(d.Subject, d.Text) }

// Message is the note as it stands in a channel.
func (n StatusNote) Message() Message { return noteMessage(n.Subject, n.Text) }
