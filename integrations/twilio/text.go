package twilio

import (
	"strings"

	"tagout"
	"tagout/integrations/outgoing"
)

const (
	maxText  = 320 // characters of a message: two to five SMS
	maxTitle = 90
	maxLink  = 180 // a longer link leaves too little room for what happened
)

// marks are shapes that would double the price of a message and say nothing.
var marks = strings.NewReplacer("■ ", "", "▮▮ ", "", "◆ ", "", "▲ ", "", "● ", "", "→", "->", "–", "-", "—", "-", "“", `"`, "”", `"`, "’", "'")

// Text is a page as a text message of at most 320 characters: the incident, how bad it is,
// its scope and what is held, and, whatever else is cut off, how to acknowledge.
func Text(p tagout.Page) string {
	last := acknowledge(p)
	lines := []string{outgoing.Headline(p, maxTitle)}
	for _, f := range p.Message.Facts {
		lines = append(lines, outgoing.Line(f.Label+": "+f.Value.String(), maxText))
	}
	if len(p.Message.Facts) == 0 {
		lines = append(lines, outgoing.Line(p.Why, maxText))
	}
	text := marks.Replace(strings.TrimSpace(strings.Join(lines, "\n")))
	if last == "" {
		return outgoing.Cut(text, maxText)
	}
	return outgoing.Cut(text, maxText-len([]rune(last))-1) + "\n" + last
}

func acknowledge(p tagout.Page) string {
	switch {
	case p.Incident == 0:
		return ""
	case p.AckURL != "" && len(p.AckURL) <= maxLink:
		return "Ack: " + p.AckURL
	}
	return "Ack: /ack " + p.Incident.String() + " in Slack"
}
