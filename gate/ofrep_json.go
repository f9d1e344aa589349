package gate

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// An evaluation looks at three strings of a small object, tens of thousands of times a
// second. The functions here find them in text that encoding/json has declared valid, and
// rely on that.

// wanted is how many keys are looked for at once.
const wanted = 5

// members are the values of these keys in an object, in one pass: nil for a key that is
// missing or comes twice. An empty key is not looked for.
func members(object []byte, keys [wanted]string) [wanted][]byte {
	var found [wanted][]byte
	var times [wanted]int
	for rest := space(object[1:]); rest[0] == '"'; {
		name, after := split(rest)
		value, next := split(space(space(after)[1:])) // past the colon
		for i, key := range keys {
			if key != "" && named(name, key) {
				found[i] = value
				times[i]++
			}
		}
		if rest = space(next); rest[0] == ',' {
			rest = space(rest[1:])
		}
	}
	for i, n := range times {
		if n != 1 {
			found[i] = nil
		}
	}
	return found
}

// named reports whether a quoted name means the key, which is plain ASCII.
func named(name []byte, key string) bool {
	plain := name[1 : len(name)-1]
	if bytes.IndexByte(plain, '\\') < 0 {
		return string(plain) == key
	}
	return text(name) == key
}

// split parts valid JSON after its first value.
func split(s []byte) (value, rest []byte) {
	end, depth := 0, 0
	for {
		switch s[end] {
		case '"':
			end += quoted(s[end:])
		case '{', '[':
			depth++
			end++
		case '}', ']':
			depth--
			end++
		case ',', ':', ' ', '\t', '\n', '\r':
			end++
		default:
			end += literal(s[end:])
		}
		if depth == 0 {
			return s[:end], s[end:]
		}
	}
}

// quoted is the length of the string that s begins with.
func quoted(s []byte) int {
	for i := 1; ; i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// literal is the length of the number, true, false or null that s begins with.
func literal(s []byte) int {
	if end := bytes.IndexAny(s, ",:]} \t\n\r"); end >= 0 {
		return end
	}
	return len(s)
}

func space(s []byte) []byte { return bytes.TrimLeft(s, " \t\n\r") }

// text is the string that a JSON value is, or "" if it is none.
func text(value []byte) string {
	if len(value) == 0 || value[0] != '"' {
		return ""
	}
	plain := value[1 : len(value)-1]
	if bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return string(plain)
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}
