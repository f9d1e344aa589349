package gate_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
)

const evaluate = "/ofrep/v1/evaluate/flags"

// post sends a body as JSON and returns the status, the headers and the decoded answer.
func post(t testing.TB, g *gate.Gate, path, body string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	var answer map[string]any
	if w.Body.Len() > 0 && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s is not JSON: %v", w.Body, err)
		}
	}
	return w.Code, w.Header(), answer
}

func TestAFlagSaysModeReasonAndWhatToDo(t *testing.T) {
	t.Parallel()
	h := holdOn("h1", "mailer/email", tagout.Capped)
	h.Cap, h.DisabledTools, h.Incident = tagout.Cap{Amount: 500, Per: "day"}, []string{"send", "@low"}, 7
	g := loaded(t, gate.Options{}, h)
	pin(t, g, map[string]string{"prompt": "v41"})
	held := map[string]any{"mode": "capped", "incident": "INC-7", "scope": "mailer/email", "reason": "reason of h1", "spendCap": 500.0, "spendCapPer": "day",
		"disabledTools": "read,send", "fallback": "send the plain template", "versions.prompt": "v41"}
	running := map[string]any{"mode": "running", "versions.prompt": "v41"}
	cases := map[string]struct {
		key, context string
		want         map[string]any
	}{
		"mode, held":       {"mailer.mode", `{"channel":"email"}`, map[string]any{"key": "mailer.mode", "value": "capped", "reason": "TARGETING_MATCH", "variant": "capped", "metadata": held}},
		"allowed, held":    {"mailer.allowed", `{"channel":"Email","tool":"send"}`, map[string]any{"key": "mailer.allowed", "value": false, "reason": "TARGETING_MATCH", "variant": "denied", "metadata": held}},
		"mode, running":    {"mailer.mode", `{"channel":"sms","region":"eu","targetingKey":"mailer-1","version":"v41"}`, map[string]any{"key": "mailer.mode", "value": "running", "reason": "DEFAULT", "variant": "running", "metadata": running}},
		"allowed, running": {"mailer.allowed", `{"channel":"sms"}`, map[string]any{"key": "mailer.allowed", "value": true, "reason": "DEFAULT", "variant": "allowed", "metadata": running}},
		"a dotted name":    {"acme.researcher.mode", `{}`, map[string]any{"key": "acme.researcher.mode", "value": "running", "reason": "DEFAULT", "variant": "running", "metadata": map[string]any{"mode": "running"}}},
	}
	for name, c := range cases {
		status, header, got := post(t, g, evaluate+"/"+c.key, `{"context":`+c.context+`}`)
		if status != http.StatusOK || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %d %v\nwant %v", name, status, got, c.want)
		}
		if header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q", name, header.Get("Cache-Control"))
		}
	}
}

func TestAnAttributeThatIsNoStringCountsAsMissing(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{}, holdOn("h1", "mailer/email", tagout.Halted))
	for _, context := range []string{
		`{"channel":5}`, `{"channel":null}`, `{"channel":["sms"]}`, `{"channel":{"sms":"sms"}}`, `{"channel":true}`, `{"Channel":"sms"}`, `{}`, `null`,
		`{"channel":""}`, `{"channel":"s\u0000ms"}`, `{"channel":"\ud800"}`,
	} {
		_, _, got := post(t, g, evaluate+"/mailer.mode", `{"context":`+context+`}`)
		if got["value"] != "halted" {
			t.Errorf("%s: %v", context, got)
		}
	}
	for _, body := range []string{``, `{}`, `null`, `{"other":1}`} {
		if _, _, got := post(t, g, evaluate+"/mailer.mode", body); got["value"] != "halted" {
			t.Errorf("body %q: %v", body, got)
		}
	}
	if _, _, got := post(t, g, evaluate+"/mailer.mode", `{"context":{"channel":"sms","other":{"deep":[1]},"targetingKey":7}}`); got["value"] != "running" {
		t.Errorf("what else it says: %v", got)
	}
}

func TestBadRequestsAreAnsweredInOFREP(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	long := `{"context":{"channel":"` + strings.Repeat("x", 70_000) + `"}}`
	cases := map[string]struct {
		path, body, contentType string
		status                  int
		code                    string
	}{
		"undeclared agent":   {"/ghost.mode", `{}`, "application/json", 404, "FLAG_NOT_FOUND"},
		"unknown flag":       {"/mailer.colour", `{}`, "application/json", 404, "FLAG_NOT_FOUND"},
		"no dot":             {"/mailer", `{}`, "application/json", 404, "FLAG_NOT_FOUND"},
		"no key":             {"/", `{}`, "application/json", 404, "FLAG_NOT_FOUND"},
		"cut off":            {"/mailer.mode", `{"context":{"cha`, "application/json", 400, "PARSE_ERROR"},
		"trailing text":      {"/mailer.mode", `{} {}`, "application/json", 400, "PARSE_ERROR"},
		"no object":          {"/mailer.mode", `[1]`, "application/json", 400, "PARSE_ERROR"},
		"context a string":   {"/mailer.mode", `{"context":"email"}`, "application/json", 400, "INVALID_CONTEXT"},
		"context a list":     {"/mailer.mode", `{"context":[]}`, "application/json", 400, "INVALID_CONTEXT"},
		"too large":          {"/mailer.mode", long, "application/json", 413, "PARSE_ERROR"},
		"a form":             {"/mailer.mode", `{}`, "application/x-www-form-urlencoded", 415, "PARSE_ERROR"},
		"no type":            {"/mailer.mode", `{}`, "", 415, "PARSE_ERROR"},
		"bulk, cut off":      {"", `{`, "application/json", 400, "PARSE_ERROR"},
		"bulk, context list": {"", `{"context":[]}`, "application/json", 400, "INVALID_CONTEXT"},
	}
	for name, c := range cases {
		status, _, got := post(t, g, evaluate+c.path, c.body, "Content-Type", c.contentType)
		if status != c.status || got["errorCode"] != c.code || got["errorDetails"] == "" {
			t.Errorf("%s: %d %v, want %d %s", name, status, got, c.status, c.code)
		}
		if key, _ := got["key"].(string); key != strings.TrimPrefix(c.path, "/") {
			t.Errorf("%s: key = %q", name, key)
		}
	}
}

func TestOtherMethodsAndPathsAreRefused(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	for _, c := range []struct {
		method, path string
		status       int
	}{{"GET", evaluate, 405}, {"GET", evaluate + "/mailer.mode", 405}, {"PUT", evaluate, 405}, {"POST", "/ofrep/v1/evaluate/flag", 404}, {"POST", "/", 404}} {
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(`{}`)))
		if w.Code != c.status || w.Code == 405 && w.Header().Get("Allow") != "POST" {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	r := httptest.NewRequest(http.MethodPost, evaluate+"/mailer.mode", io.MultiReader(strings.NewReader("{"), brokenReader{}))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("status = %d", w.Code)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBulkListsTheFlagsOfEveryDeclaredAgent(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{}, holdOn("h1", "mailer", tagout.Halted), holdOn("h2", "ghost", tagout.Halted))
	status, _, got := post(t, g, evaluate, `{"context":{}}`)
	flags, _ := got["flags"].([]any)
	values := map[string]any{}
	for _, f := range flags {
		one, _ := f.(map[string]any)
		values[one["key"].(string)] = one["value"]
	}
	want := map[string]any{"mailer.mode": "halted", "mailer.allowed": false, "mailer.frozen": true,
		"acme.researcher.mode": "running", "acme.researcher.allowed": true, "acme.researcher.frozen": false}
	if status != http.StatusOK || !reflect.DeepEqual(values, want) || got["metadata"] == nil {
		t.Errorf("%d %v", status, got)
	}
}

func TestBulkIsNotSentAgainUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock, StaleAfter: time.Minute})
	tagOf := func(context string) string {
		_, header, _ := post(t, g, evaluate, `{"context":`+context+`}`)
		return header.Get("ETag")
	}
	email := tagOf(`{"channel":"email"}`)
	if email == "" || strings.HasPrefix(email, "W/") || email != tagOf(`{"channel":"EMAIL"}`) || email == tagOf(`{"channel":"sms"}`) {
		t.Errorf("ETags: %s, %s, %s", email, tagOf(`{"channel":"EMAIL"}`), tagOf(`{"channel":"sms"}`))
	}
	again := func(sent string) int {
		status, header, got := post(t, g, evaluate, `{"context":{"channel":"email"}}`, "If-None-Match", sent)
		if status == http.StatusNotModified && (got != nil || header.Get("ETag") == "") {
			t.Errorf("304 with %v and ETag %q", got, header.Get("ETag"))
		}
		return status
	}
	for sent, want := range map[string]int{email: 304, `"x", ` + email: 304, "W/" + email: 304, "*": 304, `"x"`: 200, "": 200} {
		if got := again(sent); got != want {
			t.Errorf("If-None-Match %s: %d, want %d", sent, got, want)
		}
	}
	g.Refresh(g.StartRead(), nil, nil)
	if got := again(email); got != 304 {
		t.Errorf("nothing changed: %d", got)
	}
	hang(t, g, stopOf("h1", "acme.researcher", tagout.Halted))
	if got := again(email); got != 200 {
		t.Errorf("a stop: %d", got)
	}
	email = tagOf(`{"channel":"email"}`)
	clock.Pass(2 * time.Minute)
	if got := again(email); got != 200 {
		t.Errorf("stale: %d", got)
	}
}

func TestDoubtIsToldAsTheReason(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := open(t, gate.Options{Clock: clock, StaleAfter: time.Minute})
	reason := func() any {
		_, _, got := post(t, g, evaluate+"/mailer.mode", `{"context":{"channel":"sms"}}`)
		if got["value"] == "halted" {
			return got["reason"]
		}
		return got["value"]
	}
	if got := reason(); got != "UNKNOWN" {
		t.Errorf("before the first read: %v", got)
	}
	g.Refresh(g.StartRead(), nil, nil)
	if got := reason(); got != "running" {
		t.Errorf("after it: %v", got)
	}
	clock.Pass(time.Hour)
	if got := reason(); got != "STALE" {
		t.Errorf("an hour later: %v", got)
	}
}
