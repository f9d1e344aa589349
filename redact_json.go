package tagout

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// deepest is how deep a document is indented; what is nested deeper stays on that level, so
// that no document grows without bound.
const deepest = 40

// secretKey matches the names under which values are secrets whatever they look like.
var secretKey = regexp.MustCompile(`(?i)(?:^|[_\-. ])(?:password|passwd|passphrase|secret|api[_\-]?key|apikey|private[_\-]?key|access[_\-]?key|authorization|auth[_\-]?token|access[_\-]?token|refresh[_\-]?token|cookie)s?$`)

// JSON is a document with all its texts masked, indented, in the order in which it came. The
// values of keys such as password are masked whatever they look like. A number that is
// masked becomes text. It returns Invalid for what is no JSON document. A nil Redaction only
// indents.
func (r *Redaction) JSON(document []byte) ([]byte, error) {
	w := jsonMasker{mask: r}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err == io.EOF && len(w.open) == 0 && w.out.Len() > 0 {
			return append(w.out.Bytes(), '\n'), nil
		}
		if err != nil {
			return nil, Errorf(Invalid, "This is no JSON document.")
		}
		w.token(token)
	}
}

// jsonMasker writes one document, token by token.
type jsonMasker struct {
	mask   *Redaction
	out    bytes.Buffer
	open   []jsonLevel
	secret bool // the value of the key just written is one
}

// jsonLevel is an object or array that is open.
type jsonLevel struct {
	object bool
	secret bool // all that is in it is
	count  int  // keys and values so far
}

func (w *jsonMasker) token(t json.Token) {
	if d, ok := t.(json.Delim); ok && (d == '}' || d == ']') {
		last := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		if last.count > 0 {
			w.newline()
		}
		w.out.WriteRune(rune(d))
		return
	}
	isKey := w.separate()
	secret := !isKey && (w.secret || len(w.open) > 0 && w.open[len(w.open)-1].secret)
	w.secret = false
	switch v := t.(type) {
	case json.Delim:
		w.out.WriteRune(rune(v))
		w.open = append(w.open, jsonLevel{object: v == '{', secret: secret})
	case string:
		w.text(v, secret && v != "")
		if isKey {
			w.secret = w.mask != nil && secretKey.MatchString(v)
		}
	case json.Number:
		if masked := w.mask.Text(v.String()); masked != v.String() || secret {
			w.text(v.String(), secret)
		} else {
			w.out.WriteString(v.String())
		}
	case bool:
		if v {
			w.out.WriteString("true")
		} else {
			w.out.WriteString("false")
		}
	case nil:
		w.out.WriteString("null")
	}
}

// separate writes what stands before the next key or value, and reports whether it is a key.
func (w *jsonMasker) separate() bool {
	if len(w.open) == 0 {
		return false
	}
	level := &w.open[len(w.open)-1]
	level.count++
	if level.object && level.count%2 == 0 {
		w.out.WriteString(": ")
		return false
	}
	if level.count > 1 {
		w.out.WriteByte(',')
	}
	w.newline()
	return level.object
}

func (w *jsonMasker) newline() {
	w.out.WriteByte('\n')
	w.out.WriteString(strings.Repeat("  ", min(len(w.open), deepest)))
}

// text writes a text, masked.
func (w *jsonMasker) text(s string, secret bool) {
	if s = w.mask.Text(s); secret {
		s = "‹secret›"
	}
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always can be
	w.out.Write(bytes.TrimRight(quoted.Bytes(), "\n"))
}
