package outgoing

import (
	"slices"
	"strings"
	"unicode"

	"tagout"
)

// Line is s as one line of at most n characters: white space and what cannot be printed
// becomes a space, and what is too long ends in ….
func Line(s string, n int) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) && !joins(r) })
	return Cut(strings.Join(words, " "), n)
}

// joins reports whether a character that is not shown belongs to those around it, as in emoji.
func joins(r rune) bool { return r == '\u200d' || r >= '\ufe00' && r <= '\ufe0f' }

// Lines is s with its line breaks, and nothing else that cannot be printed, in at most n
// characters.
func Lines(s string, n int) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return Cut(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || unicode.IsGraphic(r) || joins(r):
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		}
		return unicode.ReplacementChar
	}, s), n)
}

// Cut is s in at most n characters, ending in … if something was cut off.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(0, n-1)]) + "…"
}

// Headline is a page in one line of at most n characters: incident, severity, title.
func Headline(p tagout.Page, n int) string {
	if p.Incident == 0 { // a trial, of no incident
		return Line(p.Message.Title, n)
	}
	return Line(Start(p)+": "+Title(p), n)
}

// Start is how the page of an incident begins, such as "INC-7 SEV-1".
func Start(p tagout.Page) string { return p.Incident.String() + " " + p.Severity.Label() }

// Title is the page's title without the incident and severity that it may begin with.
func Title(p tagout.Page) string {
	return strings.TrimPrefix(p.Message.Title, Start(p)+": ")
}

// Text is the page as plain text of at most n characters: what it says, why its reader gets
// it, and, whatever else is cut off, where to read on and how to acknowledge.
func Text(p tagout.Page, n int) string {
	m := p.Message
	m.Title = Headline(p, n)
	text := m.String()
	if p.Why != "" && !strings.Contains(text, p.Why) {
		text += "\n\nWhy: " + p.Why
	}
	var last string
	for _, line := range []string{p.URL, Acknowledge(p)} {
		if line != "" {
			last += "\n" + line
		}
	}
	if last != "" {
		last = "\n" + last
	}
	return Lines(text, n-len([]rune(last))) + last
}

// Acknowledge says how to acknowledge the page. A trial, of no incident, has its link alone.
func Acknowledge(p tagout.Page) string {
	switch {
	case p.Incident == 0 && p.AckURL != "":
		return "Acknowledge: " + p.AckURL
	case p.Incident == 0:
		return ""
	case p.AckURL != "":
		return "Acknowledge: " + p.AckURL + " or /ack " + p.Incident.String() + " in Slack"
	}
	return "Acknowledge: /ack " + p.Incident.String() + " in Slack"
}

// Key is what names the page's incident to a service that tells repeats by it.
func Key(p tagout.Page) string {
	if p.Dedup == "" {
		return string(p.ID)
	}
	return p.Dedup
}

// Roles are the roles that a broadcaster is limited to; none means all.
type Roles []string

// Pages reports whether any of these roles is among them.
func (r Roles) Pages(roles []string) bool {
	return len(r) == 0 || slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(r, role) })
}
