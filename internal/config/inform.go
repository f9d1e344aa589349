package config

import (
	"net/mail"
	"slices"
	"time"

	"tagout"
)

type remindersSection struct {
	At     int           `yaml:"at" min:"1" doc:"Percent of a deadline's time after which people are reminded of it."`
	Before time.Duration `yaml:"before" doc:"For long deadlines once more, so long before their end; 0s: not."`
}

type informSection struct {
	Contact   string                     `yaml:"contact" doc:"How people outside reach a human; stands in the notes."`
	Expires   time.Duration              `yaml:"expires" min:"1s" doc:"How long a drafted note can be signed."`
	Audiences map[string]audienceSection `yaml:"audiences" doc:"Who is told with /inform, by key; if left out: internal, in the announce channel."`
	Templates map[string]string          `yaml:"templates" doc:"Texts of the notes, as Go templates, by name; internal, sales, customer and regulator are there without."`
}

type audienceSection struct {
	Title        string            `yaml:"title" doc:"How people call it; the key if left out."`
	Channels     []string          `yaml:"channels" doc:"Slack channels that get the notes: #name or ID."`
	Emails       []string          `yaml:"emails" doc:"E-mail addresses or lists that get the notes."`
	Severities   []tagout.Severity `yaml:"severities" doc:"What it is told of; if left out: incidents of every severity."`
	Template     string            `yaml:"template" doc:"The template of its notes; if left out: the one of its key, else internal."`
	Within       time.Duration     `yaml:"within" min:"1s" doc:"Until it was told first, beside deadlines.inform."`
	Approve      []string          `yaml:"approve" doc:"Roles that must all sign before anything is sent; never who wrote it."`
	Transparency bool              `yaml:"transparency" doc:"People outside: the notes must say that an AI system was involved, what was affected, what was stopped and how to reach a human."`
	Private      bool              `yaml:"private" doc:"Its channels and lists may be told of private incidents."`
	Contact      string            `yaml:"contact" doc:"How these people reach a human; inform.contact if left out."`
}

// reminders checks when people are reminded, and tells every severity.
func (b *builder) reminders() {
	p, r := path{}.key("reminders"), b.doc.Reminders
	if q := p.key("at"); r.At > 99 && b.ok(q) {
		b.fail(q, "Write a number from 1 to 99, such as 80.", "A reminder after all of the time comes too late.")
	}
	for _, row := range b.cfg.Policy.Severities {
		row.Reminders = tagout.Reminders(r)
	}
}

func (b *builder) inform() {
	p := path{}.key("inform")
	inform := &b.cfg.Policy.Inform
	inform.Expires = b.doc.Inform.Expires
	inform.Templates = b.templates(p.key("templates"))
	for _, key := range b.keys(p.key("audiences")) {
		inform.Audiences = append(inform.Audiences, b.audience(p.key("audiences").member(key), key, b.doc.Inform.Audiences[key]))
	}
	if len(b.keys(p.key("audiences"))) == 0 {
		inform.Audiences = []tagout.Audience{{Key: "internal", Title: "internal", Channels: []string{b.doc.Slack.Announce}, Template: "internal", Contact: b.doc.Inform.Contact}}
	}
}

// templates reads the templates of the file and those that are there without.
func (b *builder) templates(p path) map[string]*tagout.NoteTemplate {
	made := map[string]*tagout.NoteTemplate{}
	for name, text := range tagout.NoteTemplates() {
		made[name], _ = tagout.ParseNoteTemplate(name, text) // a test reads them all
	}
	for _, name := range b.keys(p) {
		q := p.member(name)
		b.name(q, "template", name)
		if !b.ok(q) {
			continue
		}
		t, err := tagout.ParseNoteTemplate(name, b.doc.Inform.Templates[name])
		if err != nil && b.nodes[q.name].expanded {
			err = tagout.Errorf(tagout.Invalid, "what the variable holds is no template")
		}
		if err != nil {
			b.fail(q, "Use the fields that docs/informing.md lists, such as {{.Incident}} and {{.Known}}.", "This template does not work: %s.", err)
			continue
		}
		made[name] = t
	}
	return made
}

func (b *builder) audience(p path, key string, s audienceSection) tagout.Audience {
	b.name(p, "audience", key)
	a := tagout.Audience{
		Key: key, Title: or(s.Title, key), Channels: s.Channels, Emails: s.Emails, Severities: s.Severities, Template: s.Template,
		Approve: s.Approve, Transparency: s.Transparency, Private: s.Private, Contact: or(s.Contact, b.doc.Inform.Contact),
	}
	b.recipients(p, s)
	for i, severity := range s.Severities {
		b.ref(p.key("severities").item(i), "severity", string(severity), names(b.doc.Matrix))
	}
	b.refs(p.key("approve"), "role", s.Approve, names(b.doc.Roles))
	for i, role := range s.Approve {
		b.signs(p.key("approve").item(i), role)
	}
	known := b.cfg.Policy.Inform.Templates
	if a.Template == "" {
		if a.Template = "internal"; known[key] != nil {
			a.Template = key
		}
	}
	if b.ref(p.key("template"), "template", s.Template, names(known)) && b.sound(path{}.key("inform").key("templates")) {
		b.outside(p, a, known[a.Template])
	}
	if s.Within > 0 {
		b.within(a, s.Within)
	}
	return a
}

// recipients checks that an audience can be reached.
func (b *builder) recipients(p path, s audienceSection) {
	for i, channel := range s.Channels {
		b.channel(p.key("channels").item(i), channel)
	}
	b.addresses(p.key("emails"), s.Emails, "notes")
	if len(s.Channels)+len(s.Emails) == 0 && b.ok(p) && b.ok(p.key("channels")) && b.ok(p.key("emails")) {
		b.fail(p, "Add channels or emails.", "Nobody would get the notes to this audience.")
	}
}

// addresses checks a list of e-mail addresses, and that there is something to send what by.
func (b *builder) addresses(p path, list []string, what string) {
	for i, email := range list {
		q := p.item(i)
		if a, err := mail.ParseAddress(email); b.ok(q) && (err != nil || a.Address != email) {
			b.fail(q, "Write it as list@example.com.", "This is not an e-mail address.")
		}
	}
	if len(list) > 0 && !slices.ContainsFunc(b.doc.Pagers, func(a adapter) bool { return a.kind == "email" }) {
		b.notice(p, "", what+" cannot be sent there until pagers has an email entry")
	}
}

// outside checks what people outside the organisation are owed.
func (b *builder) outside(p path, a tagout.Audience, t *tagout.NoteTemplate) {
	switch {
	case !b.ok(p) || t == nil:
	case (a.Transparency || a.Template == "customer") && len(a.Approve) == 0 && b.ok(p.key("approve")):
		b.fail(p, "Add `approve: [legal]`, or the roles that must agree.", "What customers read must be approved, but this audience names nobody to sign.")
	case !a.Transparency:
	case !t.Transparent:
		b.fail(p, "Use {{.AI}}, {{.Affected}}, {{.Stopped}} and {{.Contact}} in it, or the template customer.",
			"The template of this audience does not say all that transparency asks for.")
	case a.Contact == "":
		b.fail(p, "Add `contact: …`, here or under inform.", "A transparency note must say how to reach a human.")
	}
}

// within gives the severities that an audience is told of its deadline.
func (b *builder) within(a tagout.Audience, limit time.Duration) {
	for key, row := range b.cfg.Policy.Severities {
		if a.ToldOf(key) {
			row.Tell = append(row.Tell, tagout.Telling{Audience: a.Key, Title: a.Title, Within: limit})
		}
	}
}
