package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

const secretToken = "s3cret-token"

// call is one request that the server got.
type call struct{ path, auth, key, text string }

// server is a Tagout that answers as told; a status of 0 drops the connection.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	calls []call
}

func newServer(t *testing.T, answers ...func(http.ResponseWriter)) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Text string }
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &body)
		s.mu.Lock()
		n := min(len(s.calls), len(answers)-1)
		s.calls = append(s.calls, call{r.Method + " " + r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), body.Text})
		s.mu.Unlock()
		answers[n](w)
	}))
	t.Cleanup(s.Close)
	return s
}

// got is what came since the last time.
func (s *server) got() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func says(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func dropped(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		connection.Close()
	}
}

// runs runs a command line, and checks that it shows no secret.
func runs(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	if strings.Contains(out.String()+errs.String(), "s3cret") {
		t.Errorf("%q shows the token: %s %s", args, out.String(), errs.String())
	}
	return code, out.String(), errs.String()
}

const done = `{"text":"mailer/email ■ halted\nINC-7","incident":"INC-7","pending":false,"holds":[{"id":"h","scope":"mailer/email","mode":"halted"}]}`

func TestAVerbSendsWhatWouldBeTypedInSlack(t *testing.T) {
	t.Parallel()
	s := newServer(t, says(200, done))
	keys := map[string]bool{}
	for _, verb := range []string{"kill", "pause", "hold", "status"} {
		code, out, errs := runs(t, verb, "--server", s.URL, "--token", secretToken, "mailer/email", "cap=500/day", "spike", "of", "complaints")
		if code != 0 || out != "mailer/email ■ halted\nINC-7\n" || errs != "" {
			t.Errorf("%s: exit %d, %q, %q", verb, code, out, errs)
		}
		got := s.got()[0]
		keys[got.key] = true
		if got.path != "POST /v1/commands/"+verb || got.text != "mailer/email cap=500/day spike of complaints" || got.auth != "Bearer "+secretToken || len(got.key) < 16 {
			t.Errorf("%s: sent %+v", verb, got)
		}
	}
	if len(keys) != 4 {
		t.Error("two commands have the same key")
	}
	code, out, _ := runs(t, "kill", "--server", s.URL, "--token", secretToken, "--json", "mailer")
	if code != 0 || out != strings.ReplaceAll(done, "\n", "")+"\n" {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestTheExitCodeTellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	problem := `{"status":403,"code":"forbidden","detail":"A token may stop, read and report; resuming and approving need a person in Slack."}`
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		code    int
		says    string
		calls   int
	}{
		"done":                  {[]func(http.ResponseWriter){says(200, done)}, 0, "halted", 1},
		"pending":               {[]func(http.ResponseWriter){says(200, `{"text":"mailer ■ halted, INC pending","incident":null,"pending":true,"holds":[]}`)}, 3, "not recorded", 1},
		"refused":               {[]func(http.ResponseWriter){says(403, problem)}, 4, "need a person in Slack", 1},
		"unknown token":         {[]func(http.ResponseWriter){says(401, `{"detail":"Send a token."}`)}, 4, "Send a token.", 1},
		"invalid":               {[]func(http.ResponseWriter){says(422, `{"detail":"Nothing was done."}`)}, 1, "Nothing was done.", 1},
		"unavailable":           {[]func(http.ResponseWriter){says(503, `{"detail":"Draining."}`)}, 1, "Draining.", 1},
		"redirect":              {[]func(http.ResponseWriter){says(307, "")}, 1, "Check --server", 1},
		"a page":                {[]func(http.ResponseWriter){says(200, "<html>")}, 1, "Check --server", 1},
		"other JSON":            {[]func(http.ResponseWriter){says(200, `{"ok":true}`)}, 1, "nothing is known to be done", 1},
		"dropped once":          {[]func(http.ResponseWriter){dropped, says(200, done)}, 0, "halted", 2},
		"dropped twice":         {[]func(http.ResponseWriter){dropped, dropped, says(200, done)}, 1, "did not answer", 2},
		"dropped, then refused": {[]func(http.ResponseWriter){dropped, says(403, problem)}, 4, "Slack", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.answers...)
			for _, flags := range [][]string{nil, {"--json"}} {
				code, out, errs := runs(t, append([]string{"kill", "--server", s.URL, "--token", secretToken, "mailer"}, flags...)...)
				calls := s.got()
				if code != c.code || !strings.Contains(out+errs, c.says) || len(calls) != c.calls {
					t.Errorf("exit %d after %d calls: %s %s", code, len(calls), out, errs)
				}
				if len(calls) == 2 && calls[0].key != calls[1].key {
					t.Error("the second attempt is another request")
				}
				if flags != nil && !json.Valid([]byte(out)) {
					t.Errorf("%q is not JSON", out)
				}
			}
		})
	}
}

func TestAVerbThatCannotBeSentSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nobody there":   {[]string{"kill", "--server", "http://127.0.0.1:1", "--token", secretToken, "mailer"}, 1, "127.0.0.1:1 did not answer"},
		"no URL":         {[]string{"kill", "--server", "tagout", "--token", secretToken, "mailer"}, 1, "--server"},
		"no token":       {[]string{"kill", "--server", "http://127.0.0.1:1", "--token", "", "mailer"}, 4, "TAGOUT_TOKEN"},
		"mangled token":  {[]string{"kill", "--server", "http://127.0.0.1:1", "--token", secretToken + "\n", "mailer"}, 4, "Copy it again"},
		"secret in URL":  {[]string{"status", "--server", "http://u:s3cret@127.0.0.1:1", "--token", "x"}, 1, "did not answer"},
		"unknown option": {[]string{"kill", "--force", "mailer"}, 2, "--force"},
	} {
		if code, out, errs := runs(t, c.args...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, %s %s", name, code, out, errs)
		}
	}
}

func TestAnAnswerCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t, says(200, `{"text":"a\u001b[2Jb\u202ec\nd\te"}`))
	if _, out, _ := runs(t, "status", "--server", s.URL, "--token", secretToken); out != "a[2Jbc\nd\te\n" {
		t.Errorf("printed %q", out)
	}
}
