package api

import (
	"bytes"
	"net/http"
	"testing"

	"tagout"
)

// signingSource is a source whose sender signs: the header X-Signed is the body.
type signingSource struct{ fakeSource }

func (*signingSource) Signs() bool { return true }

func (*signingSource) Verify(in tagout.Delivery) error {
	if signed := in.Header["X-Signed"]; len(signed) == 0 || !bytes.Equal([]byte(signed[0]), in.Body) {
		return tagout.Errorf(tagout.Unauthorized, "The header X-Signed is not the body.")
	}
	return nil
}

func TestWhoSignsNeedsNoTokenAndWhoMustSignMayNotLeaveItOut(t *testing.T) {
	t.Parallel()
	signed, wrong := header("X-Signed", alertBody), header("X-Signed", `{"name":"another"}`)
	basic := func(password string) with {
		return func(r *http.Request) { r.SetBasicAuth("anybody", password) }
	}
	for name, c := range map[string]struct {
		path   string
		with   []with
		status int
	}{
		"a signature":                       {"signed", []with{signed}, 202},
		"a signature through a proxy":       {"signed", []with{signed, header("X-Forwarded-For", "203.0.113.7")}, 202},
		"none":                              {"signed", nil, 401},
		"of another body":                   {"signed", []with{wrong}, 401},
		"a program that may report":         {"signed", []with{bearing(reportToken)}, 202},
		"a program that may only read":      {"signed", []with{signed, bearing(readToken)}, 403},
		"both asked for, both there":        {"both", []with{signed, bearing(sourceToken)}, 202},
		"both asked for, no signature":      {"both", []with{bearing(sourceToken)}, 401},
		"both asked for, no token":          {"both", []with{signed}, 401},
		"the token as a password":           {"generic", []with{basic(sourceToken)}, 202},
		"another password":                  {"generic", []with{basic("guessed")}, 401},
		"no password":                       {"generic", []with{basic("")}, 401},
		"a password that may report":        {"generic", []with{basic(reportToken)}, 202},
		"a signature where none is checked": {"generic", []with{signed}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &signingSource{}
			b := newBench(func(o *Options) {
				o.AllowOpenSources = true
				o.Sources["signed"] = Source{Source: source}
				o.Sources["both"] = Source{Source: source, Token: sourceToken}
			})
			b.do("POST", "/v1/alerts/"+c.path, alertBody, c.with...).is(t, c.status)
			if taken := len(b.desk.accepted) > 0; taken != (c.status == 202) {
				t.Errorf("answered %d, taken %t", c.status, taken)
			}
		})
	}
}

func TestWhoCannotSignUsesUpNothingOfTheSendersShare(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) {
		o.RatePerSource = 2
		o.Sources["signed"] = Source{Source: &signingSource{}}
	})
	for range 10 {
		b.do("POST", "/v1/alerts/signed", alertBody).isProblem(t, 401, tagout.Unauthorized)
	}
	signed := header("X-Signed", alertBody)
	b.do("POST", "/v1/alerts/signed", alertBody, signed).is(t, 202)
	b.do("POST", "/v1/alerts/signed", alertBody, signed).is(t, 202)
	b.do("POST", "/v1/alerts/signed", alertBody, signed).isProblem(t, 503, tagout.TooMany)
}
