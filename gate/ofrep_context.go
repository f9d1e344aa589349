package gate

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"tagout"
)

// maxRequest is the most that a request may send, in bytes.
const maxRequest = 64 << 10

// problem is why a request cannot be answered.
type problem struct {
	status int
	failure
}

// readContext reads what the agent says about its action. An empty body says nothing.
func (g *Gate) readContext(r *http.Request) (tagout.Attributes, *problem) {
	var none tagout.Attributes
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
func parseContext(body []byte) (tagout.Attributes, *problem) {
	var asked tagout.Attributes
	if !json.Valid(body) {
		return asked, &problem{http.StatusBadRequest, failure{"", codeParse, "the body is not valid JSON"}}
	}
	var context []byte
	switch value := bytes.TrimSpace(body); value[0] {
	case '{':
		context = member(value, "context")
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
	asked.Channel, asked.Region, asked.Tool = text(member(context, "channel")), text(member(context, "region")), text(member(context, "tool"))
	return asked.Canonical(), nil
}
