package tagout_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tagout"
)

func TestADocumentIsMaskedAndStaysWhole(t *testing.T) {
	t.Parallel()
	r, err := tagout.NewRedaction(tagout.RedactionPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ in, want string }{
		"texts, keys and numbers": {`{"b":"to ann@example.com","a":4111111111111111,"bob@example.com":[true,null,1.50]}`,
			"{\n  \"b\": \"to ‹e-mail›\",\n  \"a\": \"‹card›\",\n  \"‹e-mail›\": [\n    true,\n    null,\n    1.50\n  ]\n}\n"},
		"a key that says it all":     {`{"password":"hunter2","db_password":{"x":["y"]},"passwords_tried":3,"api-key":7}`, "{\n  \"password\": \"‹secret›\",\n  \"db_password\": {\n    \"x\": [\n      \"‹secret›\"\n    ]\n  },\n  \"passwords_tried\": 3,\n  \"api-key\": \"‹secret›\"\n}\n"},
		"after a secret all goes on": {`[{"secret":""},"plain"]`, "[\n  {\n    \"secret\": \"\"\n  },\n  \"plain\"\n]\n"},
		"markup stays text":          {`"<!channel> & </script>"`, "\"<!channel> & </script>\"\n"},
		"nothing in it":              {`{"a":{},"b":[]}`, "{\n  \"a\": {},\n  \"b\": []\n}\n"},
		"a line break in a secret":   {`"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"`, "\"‹private key›\"\n"},
	} {
		got, err := r.JSON([]byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, c.want)
		}
	}
	for _, bad := range []string{"", "{", `{"a":1`, "nope", `{"a"}`, `[1,]`} {
		if got, err := r.JSON([]byte(bad)); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%q became %q, %v", bad, got, err)
		}
	}
	if deep, err := r.JSON([]byte(strings.Repeat("[", 9000) + strings.Repeat("]", 9000))); err != nil || len(deep) > 2_000_000 {
		t.Errorf("%d bytes, %v", len(deep), err)
	}
}

func FuzzADocumentIsMasked(f *testing.F) {
	f.Add(`{"a":["x@example.com",1e9],"password":{"b":null}}`)
	f.Add(`[[],{},"\u0000\ud800"]`)
	r, _ := tagout.NewRedaction(tagout.RedactionPolicy{})
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		got, err := r.JSON([]byte(text))
		if err != nil || !json.Valid(got) {
			t.Fatalf("%q became %q, %v", text, got, err)
		}
		if strings.Contains(string(got), "ann@example.com") {
			t.Fatalf("%q shows %q", text, got)
		}
	})
}
