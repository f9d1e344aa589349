package sandbox

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// call is one Web API request being answered.
type call struct {
	name string
	args map[string]string
	app  bool // made with the app-level token
}

func (c *call) arg(key string) string { return c.args[key] }

func (c *call) has(key string) bool {
	_, ok := c.args[key]
	return ok
}

func (c *call) flag(key string) bool {
	v := c.args[key]
	return v == "true" || v == "1"
}

// need returns an error that names the first missing argument.
func (c *call) need(keys ...string) error {
	for _, k := range keys {
		if c.args[k] == "" {
			return failWith("invalid_arguments", "[ERROR] missing required field: "+k)
		}
	}
	return nil
}

// number reads an integer argument; a missing one is the fallback.
func (c *call) number(key string, fallback int) (int, error) {
	if c.args[key] == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(c.args[key])
	if err != nil || n < 0 {
		return 0, failWith("invalid_arguments", "[ERROR] must be a number: "+key)
	}
	return n, nil
}

const (
	maxBody  = 8 << 20
	maxCalls = 20_000 // of which the older half is then forgotten
)

// readCall takes the arguments and the token from a form or JSON body, the query,
// and the Authorization header.
func readCall(r *http.Request) (*call, string, error) {
	c := &call{name: r.PathValue("method"), args: map[string]string{}}
	token := ""
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		if err := c.readJSON(r.Body); err != nil {
			return c, token, err
		}
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return c, token, fail("invalid_form_data")
		}
		c.readForm(r)
	default:
		if err := r.ParseForm(); err != nil {
			return c, token, fail("invalid_form_data")
		}
		c.readForm(r)
	}
	if token == "" {
		token = c.args["token"]
	}
	delete(c.args, "token")
	return c, token, nil
}

func (c *call) readForm(r *http.Request) {
	for k, v := range r.Form {
		if len(v) > 0 {
			c.args[k] = v[0]
		}
	}
}

func (c *call) readJSON(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return fail("invalid_json")
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return fail("invalid_json")
	}
	for k, v := range fields {
		var text string
		switch {
		case string(v) == "null":
		case json.Unmarshal(v, &text) == nil:
			c.args[k] = text
		default:
			c.args[k] = string(v)
		}
	}
	return nil
}
