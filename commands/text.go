package commands

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"tagout"
)

// line is foreign text on one line: valid UTF-8 without control characters, which neither
// a database nor a terminal should meet.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(text)
}

// prose is foreign text as [line] cleans it, with its line breaks kept.
func prose(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for n := range lines {
		lines[n] = line(lines[n])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// clip is foreign text cut to what an answer may quote.
func clip(text string) string { return cutTo(text, 40) }

// cutTo cuts text to n characters, with an ellipsis if it was longer, and leaves no half of a
// secret. What is shown of somebody else's text is cut by the masks of the configuration.
func cutTo(text string, n int) string { return (*tagout.Redaction)(nil).Cut(text, n) }

// count is "1 tool" or "3 tools".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// moment is a time to the millisecond, for answers about stops.
func moment(t time.Time) string { return t.UTC().Format("15:04:05.000 UTC") }

// severityList is "sev1, sev2, sev3".
func severityList(p *tagout.Policy) string {
	keys := p.SeverityKeys()
	names := make([]string, len(keys))
	for n, key := range keys {
		names[n] = string(key)
	}
	return strings.Join(names, ", ")
}

// detail is a command's longer help: who may use it, examples, and whatever else there is
// to say.
func detail(who string, examples []string, more ...string) string {
	text := "Who may: " + who + "\nExample: " + strings.Join(examples, "\nExample: ")
	if len(more) > 0 {
		text += "\n" + strings.Join(more, "\n")
	}
	return text
}

// Sentences about who may use a command.
const (
	anyoneAndStopTokens      = "anyone in the workspace, guests too, and API tokens that may stop."
	anyoneAndReadTokens      = "anyone in the workspace, guests too, and API tokens that may read."
	anyPerson                = "anyone in the workspace, guests too; no API token."
	fullMembers              = "full members of the workspace; no guest and no API token."
	fullMembersAndReadTokens = "full members of the workspace, and API tokens that may read; no guest."
)

// person returns Forbidden unless somebody in Slack asks.
func person(u tagout.User, what string) error {
	if u.ID == "" || u.Bot {
		return tagout.Errorf(tagout.Forbidden, "Only a person in Slack can %s; API tokens and bots cannot.", what)
	}
	return nil
}

// member returns Forbidden unless a full member of the workspace asks.
func member(u tagout.User, what string) error {
	if err := person(u, what); err != nil {
		return err
	}
	if u.Guest {
		return tagout.Errorf(tagout.Forbidden, "Guests can stop an agent and declare an incident, but not %s. Ask a member of the workspace.", what)
	}
	return nil
}
