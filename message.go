package tagout

import (
	"fmt"
	"strings"
	"time"
)

// Text is a line of spans. What comes from outside is plain text in a span and can never
// become markup: each edge escapes it.
type Text []Span

// Span is a piece of a [Text].
type Span struct {
	Kind SpanKind  `json:"kind,omitempty"`
	Text string    `json:"text,omitempty"` // for SpanMention the user ID, for SpanChannel the channel ID
	URL  string    `json:"url,omitempty"`  // for SpanLink; ours, never one from an alert
	At   time.Time `json:"at,omitzero"`    // for SpanTime
}

// SpanKind says how a span is shown.
type SpanKind string

// The kinds of span.
const (
	SpanPlain   SpanKind = ""
	SpanBold    SpanKind = "bold"
	SpanCode    SpanKind = "code"
	SpanMention SpanKind = "mention" // notifies the person
	SpanGroup   SpanKind = "group"   // notifies a Slack user group
	SpanChannel SpanKind = "channel"
	SpanLink    SpanKind = "link"
	SpanMessage SpanKind = "message" // leads to a Slack message: URL is its channel and timestamp, as MessageLink makes it
	SpanTime    SpanKind = "time"
	SpanCommand SpanKind = "command" // what to type, shown as code; Text is without the slash, which each edge puts before it
)

// T joins parts to a text: strings are plain; Text, Span, Mode, time.Time and anything
// with a String method are shown as such.
func T(parts ...any) Text {
	var t Text
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			t = append(t, Span{Text: p})
		case Span:
			t = append(t, p)
		case Text:
			t = append(t, p...)
		case Mode:
			t = append(t, Span{Text: p.Label()})
		case time.Time:
			t = append(t, Span{Kind: SpanTime, At: p})
		default:
			t = append(t, Span{Text: fmt.Sprint(p)})
		}
	}
	return t
}

// Bold is an emphasised span.
func Bold(s string) Span { return Span{Kind: SpanBold, Text: s} }

// Fixed is a span of code: a scope, a command, a hash.
func Fixed(s string) Span { return Span{Kind: SpanCode, Text: s} }

// Typed is a span of a command to type, such as Typed("kill mailer"). Slack shows it with
// the workspace's own prefix.
func Typed(command string) Span { return Span{Kind: SpanCommand, Text: command} }

// Mention is a span that notifies a person.
func Mention(id UserID) Span { return Span{Kind: SpanMention, Text: string(id)} }

// ChannelLink is a span that leads to a channel, by its ID.
func ChannelLink(id string) Span { return Span{Kind: SpanChannel, Text: id} }

// MessageLink is a span that leads to a Slack message; label is what it says.
func MessageLink(channel, ts, label string) Span {
	return Span{Kind: SpanMessage, Text: label, URL: channel + "/" + ts}
}

// Link is a span that leads to a URL of ours, never to one from an alert.
func Link(url, label string) Span { return Span{Kind: SpanLink, Text: label, URL: url} }

// String is the text without markup, for the API, e-mail and logs of our own facts.
func (t Text) String() string {
	var b strings.Builder
	for _, s := range t {
		switch s.Kind {
		case SpanMention:
			b.WriteString("@" + s.Text)
		case SpanGroup:
			b.WriteString("@" + s.Text)
		case SpanChannel:
			b.WriteString("#" + s.Text)
		case SpanCommand:
			b.WriteString("/" + s.Text)
		case SpanTime:
			b.WriteString(s.At.UTC().Format("2006-01-02 15:04:05 UTC"))
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// Tone is the weight of a message.
type Tone string

// The tones.
const (
	ToneNeutral Tone = ""
	ToneGood    Tone = "good"
	ToneWarning Tone = "warning"
	ToneDanger  Tone = "danger"
)

// Message is what a person is to read and press, without saying on what surface. The
// order of its parts is the order in which they are shown.
type Message struct {
	Title   string    `json:"title,omitempty"`
	Tone    Tone      `json:"tone,omitempty"`
	Body    []Text    `json:"body,omitempty"`  // paragraphs
	Facts   []Fact    `json:"facts,omitempty"` // label and value, side by side
	Charts  []Chart   `json:"charts,omitempty"`
	Lines   []string  `json:"lines,omitempty"` // fixed-width lines: a timeline, a table
	Items   []Message `json:"items,omitempty"` // entries of a list: the paragraphs and buttons of each
	Buttons []Button  `json:"buttons,omitempty"`
	Footer  Text      `json:"footer,omitempty"`
}

// Fact is a labelled value.
type Fact struct {
	Label string `json:"label"`
	Value Text   `json:"value"`
}

// Button is something to press. Pressing it makes a [Click] with its Action and Value.
type Button struct {
	Action  string `json:"action"`
	Label   string `json:"label"`
	Value   string `json:"value,omitempty"`
	Tone    Tone   `json:"tone,omitempty"` // good is primary, danger is danger
	Confirm string `json:"confirm,omitempty"`
}

// Say is a message of one paragraph.
func Say(parts ...any) Message { return Message{Body: []Text{T(parts...)}} }

// Para adds a paragraph.
func (m Message) Para(parts ...any) Message {
	m.Body = append(m.Body[:len(m.Body):len(m.Body)], T(parts...))
	return m
}

// Fact adds a labelled value.
func (m Message) Fact(label string, parts ...any) Message {
	m.Facts = append(m.Facts[:len(m.Facts):len(m.Facts)], Fact{label, T(parts...)})
	return m
}

// String is the message as plain text, for the API, e-mail and notifications.
func (m Message) String() string {
	var lines []string
	if m.Title != "" {
		lines = append(lines, m.Title)
	}
	for _, p := range m.Body {
		lines = append(lines, p.String())
	}
	for _, f := range m.Facts {
		lines = append(lines, f.Label+": "+f.Value.String())
	}
	lines = append(lines, m.Lines...)
	for _, item := range m.Items {
		lines = append(lines, item.String())
	}
	if len(m.Footer) > 0 {
		lines = append(lines, m.Footer.String())
	}
	return strings.Join(lines, "\n")
}

// Form asks a person for several values at once.
type Form struct {
	ID     string // names the handler of its submission
	Title  string // at most 24 characters are shown
	Submit string // the button
	Intro  []Text
	Fields []Field
	State  string // handed back with the submission; not shown
	Keep   bool   // what is typed is handed on while it is typed

	Unopened Message // what is said if the form cannot be opened; empty: that nothing was changed
}

// FieldKind says what a field takes.
type FieldKind string

// The kinds of field.
const (
	FieldLine      FieldKind = "line"
	FieldParagraph FieldKind = "paragraph"
	FieldChoice    FieldKind = "choice"  // one of Options
	FieldChoices   FieldKind = "choices" // any of Options, joined by commas
	FieldPerson    FieldKind = "person"  // a user ID
	FieldMoment    FieldKind = "moment"  // RFC 3339
)

// Field is one value of a form.
type Field struct {
	Key      string
	Label    string
	Hint     string
	Kind     FieldKind
	Options  []Option
	Value    string // filled in beforehand
	Optional bool
}

// Option is one choice of a field.
type Option struct{ Value, Label string }
