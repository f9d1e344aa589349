package tagout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"
)

// Limits of a status note, in characters: what is sent is never cut.
const (
	MaxNotePart = 2000 // what is known, and what is done
	maxNoteText = 7000
	maxSubject  = 140
	noteTime    = "2006-01-02 15:04 UTC"
)

// NoteFields are what a template of status notes can use. All of them are text.
type NoteFields struct {
	Incident string // INC-7
	Severity string // SEV-1
	Title    string // of the incident
	Class    string // of the failure, in words
	Agent    string // the AI system, in words
	Scope    string // mailer/email/eu
	State    string // open, contained, …
	Detected string // when it was noticed
	Now      string // when the note was written
	Known    string // of the form: what is known
	Doing    string // of the form: what is done
	Next     string // when they will hear more; empty: not promised
	AI       string // a sentence that an AI system was involved, and which
	Affected string // what of it is affected
	Stopped  string // what is stopped, and whether that was observed
	Contact  string // how to reach a human
}

// NoteTemplate is the text of a status note with fields to be filled in. A first line
// `Subject: …` is the subject.
type NoteTemplate struct {
	Name        string
	Transparent bool // it says that an AI system was involved, what is affected, what is stopped, and how to reach a human
	parsed      *template.Template
}

// sampleNote is what templates are tried on when they are read.
func sampleNote() NoteFields {
	return NoteFields{
		Incident: "INC-7", Severity: "SEV-1", Title: "sample-title", Class: "Policy violation", Agent: "Lifecycle mailer", Scope: "mailer/email/eu",
		State: "contained", Detected: "2026-11-21 10:04 UTC", Now: "2026-11-21 10:20 UTC", Known: "sample-known", Doing: "sample-doing",
		Next: "2026-11-21 11:00 UTC", AI: "sample-ai", Affected: "sample-affected", Stopped: "sample-stopped", Contact: "sample-contact",
	}
}

var templateLine = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: (.*)$`)

// ParseNoteTemplate reads a Go text/template over [NoteFields] and tries it on a sample. It
// returns Invalid with the line of the template.
func ParseNoteTemplate(name, text string) (*NoteTemplate, error) {
	parsed, err := template.New("note").Parse(text)
	if err != nil {
		return nil, badTemplate(err)
	}
	t := &NoteTemplate{Name: name, parsed: parsed}
	sample := sampleNote()
	subject, body, err := t.Render(sample)
	if err != nil {
		return nil, err
	}
	all := subject + "\n" + body
	t.Transparent = !slices.ContainsFunc([]string{sample.AI, sample.Affected, sample.Stopped, sample.Contact}, func(part string) bool {
		return !strings.Contains(all, part)
	})
	return t, nil
}

func badTemplate(err error) error {
	line, what := "?", err.Error()
	if found := templateLine.FindStringSubmatch(what); found != nil {
		line, what = found[1], found[2]
	}
	if at := strings.LastIndex(what, ">: "); at >= 0 {
		what = what[at+3:]
	}
	return Errorf(Invalid, "line %s of the template: %s", line, clip(what, 200))
}

// Render fills the fields in. It returns Invalid if the result is empty or too long.
func (t *NoteTemplate) Render(f NoteFields) (subject, text string, err error) {
	var b strings.Builder
	if err := t.parsed.Execute(&b, f); err != nil {
		return "", "", badTemplate(err)
	}
	text = strings.TrimSpace(strings.ReplaceAll(b.String(), "\r\n", "\n"))
	subject = f.Incident + ": status note"
	if rest, has := strings.CutPrefix(text, "Subject:"); has {
		subject, text, _ = strings.Cut(rest, "\n")
	}
	subject, text = clip(strings.Join(strings.Fields(subject), " "), maxSubject), strings.TrimSpace(text)
	longest := 0
	for line := range strings.Lines(text) {
		longest = max(longest, len([]rune(line)))
	}
	switch {
	case text == "" || subject == "":
		return "", "", Errorf(Invalid, "the note would be empty")
	case len([]rune(text)) > maxNoteText || longest > maxNoteLine:
		return "", "", Errorf(Invalid,
			"the note would be longer than %d characters, or have a paragraph longer than %d; Slack would cut it",
			maxNoteText, maxNoteLine)
	}
	return subject, text, nil
}

const maxNoteLine = 2800

// NoteTemplates are the templates that are there without configuration, by name.
func NoteTemplates() map[string]string {
	return map[string]string{
		"internal": `Subject: {{.Incident}} {{.Severity}}: {{.Title}}
{{.Incident}} ({{.Severity}}, {{.Class}}) is {{.State}}. It was detected at {{.Detected}}.
What is known: {{.Known}}
What we do: {{.Doing}}
Affected: {{.Affected}}
Stopped: {{.Stopped}}
{{if .Next}}Next update by {{.Next}}.{{else}}No further update is planned.{{end}}
`,
		"sales": `Subject: {{.Incident}}: what to tell customers who ask
{{.AI}} Affected: {{.Affected}}.
What is known: {{.Known}}
What we do: {{.Doing}}
Stopped: {{.Stopped}}
Please say no more than this, and pass questions on to: {{.Contact}}
{{if .Next}}Next update by {{.Next}}.{{end}}
`,
		"customer": `Subject: About a problem with one of our AI systems
{{.AI}}
What was affected: {{.Affected}}
What happened: {{.Known}}
What we do about it: {{.Doing}}
What we stopped: {{.Stopped}}
To speak with a human: {{.Contact}}
{{if .Next}}You will hear from us again by {{.Next}}.{{end}}
`,
		"regulator": `Subject: Notice of an incident with an AI system ({{.Incident}})
{{.AI}} The incident was detected at {{.Detected}} and is classed as {{.Class}}, {{.Severity}}.
Affected: {{.Affected}}
Facts known at {{.Now}}: {{.Known}}
Measures: {{.Doing}}
Stopped: {{.Stopped}}
Contact: {{.Contact}}
{{if .Next}}A further report follows by {{.Next}}.{{end}}
`,
	}
}

// NoteFields are the fields of a note about the incident as it stands.
func (p *Policy) NoteFields(i *Incident, d NoteDraft, contact string, at time.Time) NoteFields {
	f := NoteFields{
		Incident: i.ID.String(), Severity: i.Severity.Label(), Title: i.Title, Class: p.ClassTitle(i.Class), Scope: i.Scope.String(), State: string(i.State),
		Detected: i.At(Detected).UTC().Format(noteTime), Now: at.UTC().Format(noteTime), Known: d.Known, Doing: d.Doing, Contact: contact,
		Agent: i.Scope.Agent, Stopped: i.stoppedText(),
	}
	if a := p.Agents[i.Scope.Agent]; a != nil && a.Title != "" {
		f.Agent = a.Title
	}
	f.AI = "An AI system was involved: " + f.Agent + "."
	f.Affected = f.Agent
	if i.Scope.Agent == "" {
		f.Agent, f.Affected = "not known yet", "not known yet"
		f.AI = "An AI system was involved; which one is being established."
		if len(i.ActiveHolds()) > 0 {
			f.Agent, f.Affected, f.AI = "all AI systems", "all AI systems", "AI systems were involved."
		}
	}
	for _, part := range []struct{ name, value string }{{"channel", i.Scope.Channel}, {"region", i.Scope.Region}, {"tool", i.Scope.Tool}} {
		if part.value != "" {
			f.Affected += ", " + part.name + " " + part.value
		}
	}
	if !d.Next.IsZero() {
		f.Next = d.Next.UTC().Format(noteTime)
	}
	return f
}

// stoppedText says what is stopped, and only of what was observed that it is.
func (i *Incident) stoppedText() string {
	active := i.ActiveHolds()
	switch {
	case len(active) == 0 && !i.At(Resumed).IsZero():
		return "nothing any more; it runs again since " + i.At(Resumed).UTC().Format(noteTime)
	case len(active) == 0:
		return "nothing"
	}
	var parts []string
	for _, h := range active {
		if part := h.Scope.String() + " " + string(h.Mode); !slices.Contains(parts, part) && len(parts) < 8 {
			parts = append(parts, part)
		}
	}
	text := strings.Join(parts, ", ")
	observed, all := i.Confirmed()
	switch {
	case !i.contained():
		return fmt.Sprintf("being stopped, confirmed at %d of %d points so far: %s", observed, all, text)
	case slices.ContainsFunc(i.Controls, ControlStatus.ByLease):
		return text + " (by lease, not observed)"
	}
	return text + " (confirmed)"
}
