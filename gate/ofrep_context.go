package gate

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"tagout"
)

// maxRequest is the most that a request may send, in bytes.
const maxRequest = 64 << 10

// problem is why a request cannot be answered.
type problem struct {
	status int
	failure
}

// The longest names of an instance and of its version that are kept, in bytes.
const (
	longestInstance = 128
	longestVersion  = 64
)

// asking is what a request says of the action, and of who asks.
type asking struct {
	tagout.Attributes
	instance string // "": not said
	version  string
}

// readContext reads what the agent says about its action. An empty body says nothing.
func (g *Gate) readContext(r *http.Request) (asking, *problem) {
	var none asking
	if r.Method != http.MethodPost {
		return none, &problem{http.StatusMethodNotAllowed, failure{"", codeParse, "use POST"}}
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return none, &problem{http.StatusUnsupportedMediaType, failure{"", codeParse, "send application/json"}}
	}
	buffer, _ := g.buffers.Get().(*bytes.Buffer)
	if buffer == nil {
		buffer = new(bytes.Buffer)
	}
	buffer.Reset()
	defer g.buffers.Put(buffer)
	_, err := buffer.ReadFrom(io.LimitReader(r.Body, maxRequest+1))
	switch {
	case err != nil:
		return none, &problem{http.StatusBadRequest, failure{"", codeParse, "the body could not be read to its end"}}
	case buffer.Len() > maxRequest:
		return none, &problem{http.StatusRequestEntityTooLarge, failure{"", codeParse, "the body is larger than 64 KB"}}
	case buffer.Len() == 0:
		return none, nil
	}
	return parseContext(buffer.Bytes())
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json"
}

// parseContext reads the body of an evaluation. Attributes that are no strings count as
// missing, and so do those that come twice: missing gets the strictest answer. What else the
// context holds is not looked at.
func parseContext(body []byte) (asking, *problem) {
	var asked asking
	if !json.Valid(body) {
		return asked, &problem{http.StatusBadRequest, failure{"", codeParse, "the body is not valid JSON"}}
	}
	var context []byte
	switch value := bytes.TrimSpace(body); value[0] {
	case '{':
		context = members(value, [...]string{"context", "", "", "", ""})[0]
	case 'n': // null says nothing
	default:
		return asked, &problem{http.StatusBadRequest, failure{"", codeParse, `the body must be an object such as {"context":{"channel":"email"}}`}}
	}
	switch {
	case len(context) == 0 || context[0] == 'n':
		return asked, nil
	case context[0] != '{':
		return asked, &problem{http.StatusBadRequest, failure{"", codeInvalidContext, "the context must be an object"}}
	}
	said := members(context, [...]string{"channel", "region", "tool", "targetingKey", "version"})
	asked.Attributes = tagout.Attributes{Channel: text(said[0]), Region: text(said[1]), Tool: text(said[2]), Key: text(said[3])}.Canonical()
	asked.instance, asked.version = clip(asked.Key, longestInstance), clip(text(said[4]), longestVersion)
	return asked, nil
}

// clip is s cut to at most n bytes, at a rune boundary.
func clip(s string, n int) string {
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
