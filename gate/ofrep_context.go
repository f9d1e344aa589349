package gate

import (
	"bytes"
	"encoding/json"
	"errors"
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

// request is the body of an evaluation. Attributes that are no strings count as missing,
// which gets the strictest answer; what else the context holds is not looked at.
type request struct {
	Context json.RawMessage `json:"context"`
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

// parseContext reads the body of an evaluation.
func parseContext(body []byte) (tagout.Attributes, *problem) {
	var asked tagout.Attributes
	var req request
	if err := json.Unmarshal(body, &req); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return asked, &problem{http.StatusBadRequest, failure{"", codeParse, `the body must be an object such as {"context":{"channel":"email"}}`}}
		}
		return asked, &problem{http.StatusBadRequest, failure{"", codeParse, "the body is not valid JSON"}}
	}
	if len(req.Context) == 0 {
		return asked, nil
	}
	var context map[string]json.RawMessage
	if err := json.Unmarshal(req.Context, &context); err != nil {
		return asked, &problem{http.StatusBadRequest, failure{"", codeInvalidContext, "the context must be an object"}}
	}
	for key, into := range map[string]*string{"channel": &asked.Channel, "region": &asked.Region, "tool": &asked.Tool} {
		if value := context[key]; len(value) > 0 && value[0] == '"' {
			_ = json.Unmarshal(value, into) // a JSON string, as was checked
		}
	}
	return asked.Canonical(), nil
}
