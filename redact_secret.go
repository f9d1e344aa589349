package tagout

import "regexp"

// namedSecret finds what is called a secret in running text, log lines, addresses and bits of
// JSON, be that text in JSON again: password=…, "api_key": "…", ?token=…, https://user:…@host.
// Its one group that took part is the secret itself.
var namedSecret = regexp.MustCompile(`(?i)` +
	`\b(?:[a-z0-9]+[_.-])*(?:` +
	`(?:password|passwd|passphrase|pwd|secret|api[_-]?key|(?:private|access|secret|signing)[_-]?key|(?:auth|access|refresh|session|id|bearer)[_-]?token)\\{0,3}["']?\s{0,3}[:=]` +
	`|token=` +
	`)\s{0,3}(?:\\{1,3}"((?:\\*[^"\\‹\n])+)|"([^"‹\n]+)|'([^'‹\n]+)|\\{0,3}([^\s"'‹&,;(){}\[\]\\][^\s"'‹&,;(){}\[\]]*))` +
	`|\bauthorization\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?([^\s"'‹,;\\][^"'‹,;\n\\]*)` +
	`|\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:'"]*:([^\s/@'"‹]+)@`)

// secretIn is where the secret stands in what namedSecret found.
func secretIn(found string) (from, to int) {
	groups := namedSecret.FindStringSubmatchIndex(found)
	for n := 2; n+1 < len(groups); n += 2 {
		if groups[n] >= 0 {
			return groups[n], groups[n+1]
		}
	}
	return 0, 0
}

// accountNumber finds what may be an international bank account number.
var accountNumber = regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b`)

// accountIn is the longest beginning of a text that is an international bank account number,
// by its check digits. It ends where a group ends.
func accountIn(text string) (from, to int) {
	for end := len(text); end >= 15; end-- {
		if (end == len(text) || text[end] == ' ') && isAccount(text[:end]) {
			return 0, end
		}
	}
	return 0, 0
}

func isAccount(text string) bool {
	rest, digits := 0, 0
	for _, part := range []string{text[4:], text[:4]} {
		for _, c := range []byte(part) {
			switch {
			case c >= '0' && c <= '9':
				rest = (rest*10 + int(c-'0')) % 97
			case c >= 'A' && c <= 'Z':
				rest = (rest*100 + int(c-'A') + 10) % 97
			default:
				continue
			}
			digits++
		}
	}
	return digits >= 15 && digits <= 34 && rest == 1
}
