package bot

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tagout"
)

// timeLayout is how a moment reads where Slack does not turn it to the reader's zone.
const timeLayout = "2006-01-02 15:04:05 UTC"

// dateFormat is how Slack shows a moment in the reader's own zone.
const dateFormat = "{date_num} {time_secs}"

// units is the length of s as Slack counts it: in UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

func unitsOf(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// cutUnits is s cut to at most n units at a rune boundary.
func cutUnits(s string, n int) string {
	at := 0
	for i, r := range s {
		if at += unitsOf(r); at > n {
			return s[:i]
		}
	}
	return s
}

// clipText is s cut to at most n units, ending in an ellipsis if it was cut.
func clipText(s string, n int) string {
	if len(s) <= n || units(s) <= n {
		return s
	}
	return cutUnits(s, n-1) + "…"
}

// clean makes foreign text safe to show: valid UTF-8, no control characters but line
// feeds and tabs, no characters that reorder the text around them.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r):
			return -1
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
			return -1
		}
		return r
	}, s)
}

// oneLine is clean text without line feeds.
func oneLine(s string) string {
	return strings.Join(strings.Fields(clean(s)), " ")
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text safe for mrkdwn.
func escape(s string) string { return escapes.Replace(s) }

// isID reports whether s has the shape of a Slack ID that starts with one of the letters.
// Anything else is shown as text, so that nothing foreign can pose as a mention.
func isID(s, letters string) bool {
	if len(s) < 2 || len(s) > 31 || !strings.Contains(letters, s[:1]) {
		return false
	}
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// wellFormed reports whether a span may be shown as what it says it is.
func wellFormed(s tagout.Span) bool {
	switch s.Kind {
	case tagout.SpanMention:
		return isID(s.Text, "UW")
	case tagout.SpanGroup:
		return isID(s.Text, "S")
	case tagout.SpanChannel:
		return isID(s.Text, "CGD")
	case tagout.SpanLink:
		return len(s.URL) <= 3000 && !strings.ContainsAny(s.URL, " <>|\"\n\t") &&
			(strings.HasPrefix(s.URL, "https://") || strings.HasPrefix(s.URL, "http://"))
	}
	return true
}

// spanText is what a span says, without markup.
func spanText(s tagout.Span) string {
	switch s.Kind {
	case tagout.SpanMention, tagout.SpanGroup:
		return "@" + clean(s.Text)
	case tagout.SpanChannel:
		return "#" + clean(s.Text)
	case tagout.SpanTime:
		return timeText(s.At)
	case tagout.SpanLink:
		if s.Text == "" {
			return clean(s.URL)
		}
	}
	return clean(s.Text)
}

func timeText(at time.Time) string { return at.UTC().Format(timeLayout) }

// plainText is a text without markup.
func plainText(t tagout.Text) string {
	var b strings.Builder
	for _, s := range t {
		b.WriteString(spanText(s))
	}
	return b.String()
}

// emojiName is what mrkdwn turns into a picture.
var emojiName = regexp.MustCompile(`:[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:`)

// formats reports whether mrkdwn would change how the text looks. A mark within a word,
// as in policy_violation, does not.
func formats(s string) bool {
	var before rune = ' '
	runes := []rune(s)
	for i, r := range runes {
		after := ' '
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		switch {
		case r == '`':
			return true
		case (r == '*' || r == '_' || r == '~') && !(isWord(before) && isWord(after)):
			return true
		case r == '>' && (before == '\n' || i == 0):
			return true
		}
		before = r
	}
	return emojiName.MatchString(strings.ToLower(s))
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// mrkdwn is a text as mrkdwn, and whether it will look as meant: false if a foreign part
// holds marks that would format it.
func mrkdwn(t tagout.Text) (text string, faithful bool) {
	var b strings.Builder
	faithful = true
	for _, s := range t {
		part, ok := mrkdwnSpan(s)
		faithful = faithful && ok
		b.WriteString(part)
	}
	return b.String(), faithful
}

func mrkdwnSpan(s tagout.Span) (string, bool) {
	if !wellFormed(s) {
		text := spanText(s)
		return escape(text), !formats(text)
	}
	text := spanText(s)
	switch s.Kind {
	case tagout.SpanMention:
		return "<@" + s.Text + ">", true
	case tagout.SpanGroup:
		return "<!subteam^" + s.Text + ">", true
	case tagout.SpanChannel:
		return "<#" + s.Text + ">", true
	case tagout.SpanLink:
		return "<" + escape(s.URL) + "|" + escape(strings.ReplaceAll(oneLine(text), "|", "¦")) + ">", true
	case tagout.SpanTime:
		return "<!date^" + strconv.FormatInt(s.At.Unix(), 10) + "^" + dateFormat + "|" + text + ">", true
	case tagout.SpanBold:
		if text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "*\n") {
			return escape(text), !formats(text)
		}
		return "*" + escape(text) + "*", !formats(text)
	case tagout.SpanCode:
		if text == "" || strings.ContainsAny(text, "`\n") {
			return escape(text), false
		}
		return "`" + escape(text) + "`", true
	}
	return escape(text), !formats(text)
}
