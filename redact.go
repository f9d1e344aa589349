package tagout

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Limits of what may be configured to be masked, so that no list of patterns makes every
// message slow.
const (
	MaxMasks       = 32  // patterns beside the usual ones
	MaxMaskPattern = 300 // characters of one pattern
)

// Redaction masks what must not stand in messages: e-mail addresses, phone numbers, secrets.
// What is masked stays whole in the record. A nil one masks nothing. Make it with
// [NewRedaction].
type Redaction struct {
	masks []mask
	spare []string // lower-cased
}

// mask is one kind of text that is not shown.
type mask struct {
	name    string
	pattern *regexp.Regexp
	within  func(found string) (from, to int) // what to mask of what the pattern finds, if any; nil: all of it
}

// usualMasks are there without being configured; they are read once.
var usualMasks = sync.OnceValue(func() []mask {
	return []mask{
		{name: "private key", pattern: regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\z)`)},
		{name: "token", pattern: regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[a-z0-9._~+/=-]{16,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\bwhsec_[\w+/-]{16,}=*|\b(?:xox[a-z]|xapp|sk|pk|rk|gh[pousr]|glpat)[-_][\w-]{16,}|\bgithub_pat_\w{20,}|\bA[KS]IA[0-9A-Z]{16}\b`)},
		{name: "secret", pattern: namedSecret, within: secretIn},
		{name: "e-mail", pattern: regexp.MustCompile(`(?i)[\pL\pN._%+'-]{1,64}@[\pL\pN](?:[\pL\pN.-]{0,250}[\pL\pN])?\.\pL{2,24}`)},
		{name: "bank account", pattern: accountNumber, within: accountIn},
		{name: "card", pattern: regexp.MustCompile(`\b\d(?:[ -]?\d){12,}\b`), within: cardIn},
		{name: "phone", pattern: regexp.MustCompile(`\+\d[\d ().-]{6,18}\d|\(\d{3}\) ?\d{3}-\d{4}\b`)},
	}
})

// UsualMasks names what is masked unless it is turned off.
func UsualMasks() []string {
	var names []string
	for _, m := range usualMasks() {
		names = append(names, m.name)
	}
	return names
}

// RedactionPolicy is what is configured to be masked.
type RedactionPolicy struct {
	Patterns map[string]string // regular expressions (RE2), by the name that stands in the place of what they find
	Off      []string          // usual masks that are not wanted
	Spare    []string          // texts that are shown all the same, such as our own addresses
}

// NewRedaction reads a policy. It returns Invalid, naming the pattern, for one that cannot be
// read, matches nothing at all, or is longer than [MaxMaskPattern], and for more than
// [MaxMasks] of them. Patterns take time in proportion to the text, whatever they are.
func NewRedaction(p RedactionPolicy) (*Redaction, error) {
	if len(p.Patterns) > MaxMasks {
		return nil, Errorf(Invalid, "%d patterns are more than the %d that are taken.", len(p.Patterns), MaxMasks)
	}
	r := &Redaction{}
	for _, name := range sortedKeys(p.Patterns) {
		m, err := readMask(name, p.Patterns[name])
		if err != nil {
			return nil, err
		}
		r.masks = append(r.masks, m)
	}
	for _, off := range p.Off {
		if !slices.Contains(UsualMasks(), off) {
			return nil, Errorf(Invalid, "%q is none of the usual masks: %s.", clip(off, 40), strings.Join(UsualMasks(), ", "))
		}
	}
	for _, m := range usualMasks() {
		if !slices.Contains(p.Off, m.name) {
			r.masks = append(r.masks, m)
		}
	}
	for _, text := range p.Spare {
		if text != "" {
			r.spare = append(r.spare, strings.ToLower(text))
		}
	}
	return r, nil
}

func readMask(name, pattern string) (mask, error) {
	switch {
	case name == "" || len(name) > 40 || strings.ContainsAny(name, "‹›\n"):
		return mask{}, Errorf(Invalid, "%q does not do as the name of a pattern: write a few words that stand in its place.", clip(name, 40))
	case len(pattern) > MaxMaskPattern:
		return mask{}, Errorf(Invalid, "The pattern %s has more than %d characters.", name, MaxMaskPattern)
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return mask{}, Errorf(Invalid, "The pattern %s is no regular expression.", name)
	}
	if compiled.MatchString("") {
		return mask{}, Errorf(Invalid, "The pattern %s finds even nothing, so it would mask every text.", name)
	}
	return mask{name: name, pattern: compiled}, nil
}

// Text is s with the name of what was masked in its place: ‹e-mail›.
func (r *Redaction) Text(s string) string {
	if r == nil || len(s) < 3 {
		return s
	}
	for _, m := range r.masks {
		if !m.pattern.MatchString(s) {
			continue
		}
		s = m.pattern.ReplaceAllStringFunc(s, func(found string) string { return r.hide(m, found) })
	}
	return s
}

// hide is what is shown of what a mask's pattern found.
func (r *Redaction) hide(m mask, found string) string {
	if r.spares(strings.ToLower(found)) {
		return found
	}
	if m.within == nil {
		return "‹" + m.name + "›"
	}
	var shown strings.Builder
	for {
		from, to := m.within(found)
		if from == to {
			return shown.String() + found
		}
		shown.WriteString(found[:from] + "‹" + m.name + "›")
		found = found[to:]
	}
}

// spares reports whether a text is, or is a part of, what is shown all the same.
func (r *Redaction) spares(found string) bool {
	return slices.ContainsFunc(r.spare, func(text string) bool { return strings.Contains(text, found) })
}

// Spans masks what a text shows, but no mention, link address or command.
func (r *Redaction) Spans(t Text) Text {
	if r == nil || t == nil {
		return t
	}
	masked := slices.Clone(t)
	for n, s := range masked {
		switch s.Kind {
		case SpanPlain, SpanBold, SpanCode, SpanLink, SpanMessage:
			masked[n].Text = r.Text(s.Text)
		}
	}
	return masked
}

// Message masks all that a message shows. What its buttons carry stays as it is.
func (r *Redaction) Message(m Message) Message {
	if r == nil {
		return m
	}
	m.Title, m.Footer = r.Text(m.Title), r.Spans(m.Footer)
	m.Body, m.Facts, m.Lines, m.Buttons = slices.Clone(m.Body), slices.Clone(m.Facts), slices.Clone(m.Lines), slices.Clone(m.Buttons)
	for n := range m.Body {
		m.Body[n] = r.Spans(m.Body[n])
	}
	for n, f := range m.Facts {
		m.Facts[n] = Fact{Label: r.Text(f.Label), Value: r.Spans(f.Value)}
	}
	for n := range m.Lines {
		m.Lines[n] = r.Text(m.Lines[n])
	}
	for n := range m.Buttons {
		m.Buttons[n].Label, m.Buttons[n].Confirm = r.Text(m.Buttons[n].Label), r.Text(m.Buttons[n].Confirm)
	}
	return m
}

// cardIn finds the first number of a payment card among groups of digits: whole groups, 13 to
// 19 digits, with a check digit that fits. Other numbers may stand beside it. However long the
// text is, it looks no further than it must.
func cardIn(text string) (from, to int) {
	for from = nextGroup(text, 0); from < len(text); from = nextGroup(text, from) {
		var ends []int // of the groups that one number may have
		for n, digits := from, 0; n < len(text) && digits < 19; n = nextGroup(text, n) {
			end := endOfGroup(text, n)
			digits += end - n
			ends = append(ends, end)
			n = end
		}
		for _, end := range slices.Backward(ends) {
			if isCard(text[from:end]) {
				return from, end
			}
		}
		from = endOfGroup(text, from)
	}
	return 0, 0
}

// nextGroup is where the digits begin that are at n or after it.
func nextGroup(text string, n int) int {
	for n < len(text) && !isDigit(text[n]) {
		n++
	}
	return n
}

// endOfGroup is where the digits at n end.
func endOfGroup(text string, n int) int {
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isCard reports whether digits are the number of a payment card, by its check digit.
func isCard(text string) bool {
	sum, n := 0, 0
	for k := len(text) - 1; k >= 0; k-- {
		if text[k] < '0' || text[k] > '9' {
			continue
		}
		digit := int(text[k] - '0')
		if n%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum, n = sum+digit, n+1
	}
	return n >= 13 && n <= 19 && sum%10 == 0 && sum > 0
}
