package tagout

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// How far around a cut is looked for what it would divide, in bytes.
const (
	beforeCut = 320  // the longest usual secret that has spaces or an @ in it
	afterCut  = 1024 // enough to recognise one by its beginning
	farthest  = 8192 // an unbroken run of text is followed so far
)

// Cut is text with what must not be shown masked, then cut to n characters, with an ellipsis if
// it was longer: in this order, so that no half of a secret is left that nobody recognises. A
// nil one masks nothing, and cuts as what is recorded is cut.
func (r *Redaction) Cut(text string, n int) string {
	text = strings.TrimSpace(r.Text(text))
	if len(text) <= n || utf8.RuneCountInString(text) <= n {
		return text
	}
	return text[:undivided(usualMasks(), text, len(string([]rune(text)[:n])))] + "…"
}

// Clip is s cut to at most n bytes at a rune boundary, with an ellipsis if it was cut. It is for
// what is recorded, so it masks nothing; but what a mask would find across the cut is left out
// whole: where it is shown, nobody would recognise half of it. A nil one knows the usual masks.
// What was clipped is not changed by clipping it again.
func (r *Redaction) Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	masks := usualMasks() // also those that are turned off: they may be turned on again
	if r != nil {
		masks = append(slices.Clone(masks), r.masks...)
	}
	return s[:undivided(masks, s, n)] + "…"
}

// clip is [Redaction.Clip] for what knows no configuration. Whoever does clips before.
func clip(s string, n int) string { return (*Redaction)(nil).Clip(s, n) }

// undivided is where to cut text, at n or before it, so that no secret is cut in two.
func undivided(masks []mask, text string, n int) int {
	for moved := true; moved && n > 0; {
		moved = false
		from, to := around(text, n)
		for _, m := range masks {
			for _, found := range m.pattern.FindAllStringIndex(text[from:to], -1) {
				if begin := from + found[0]; begin < n && n < from+found[1] && m.hides(text[begin:from+found[1]]) {
					n, moved = begin, true
				}
			}
		}
	}
	return n
}

// hides reports whether anything of what the pattern found is masked.
func (m mask) hides(found string) bool {
	if m.within == nil {
		return true
	}
	from, to := m.within(found)
	return from < to
}

// around is the part of a text in which a secret can stand that a cut at n divides.
func around(text string, n int) (from, to int) {
	from, to = n, n
	for from > 0 && n-from < farthest && !isBlank(text[from-1]) {
		from--
	}
	for to < len(text) && to-n < farthest && !isBlank(text[to]) {
		to++
	}
	from, to = max(0, from-beforeCut), min(len(text), to+afterCut)
	if key := strings.LastIndex(text[:n], "-----BEGIN "); key >= 0 {
		from = min(from, key)
	}
	return from, to
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
