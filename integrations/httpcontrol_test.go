package integrations_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"tagout"
	"tagout/integrations"
)

// yamlVendor is an adapter whose settings are written as in the configuration.
func yamlVendor(kind, settings string) tagout.Vendor {
	return tagout.Vendor{Name: kind, Kind: kind, Place: "tagout.yaml:7:3", Decode: func(into any) error {
		return yaml.UnmarshalWithOptions([]byte(settings), into, yaml.Strict())
	}}
}

func newHTTPControl(t *testing.T, settings string) tagout.Control {
	t.Helper()
	c, err := integrations.NewControl(yamlVendor("http", settings), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everyMode are settings of a switch that takes any hold.
func everyMode(url string) string {
	return fmt.Sprintf(`
modes: [halted, paused, review, capped]
partial: widen
renew: true
auth: {bearer: %s}
apply:
  url: %q
  headers: {Idempotency-Key: "{{.Agent}}-{{.Generation}}"}
  body: |
    {"agent": {{json .Agent}}, "mode": {{json .Mode}}, "held": {{.Held}}, "generation": {{.Generation}},
     "valid_until": {{json .ValidUntil}}, "holds": {{json .Holds}}, "versions": {{json .Versions}}}
read:
  url: "%s&agent={{query .Agent}}"
  path: mode
  values: {halted: halted, paused: paused, running: running}
`, token, url, url)
}

func httpApply(t *testing.T) rig { return applyRig(t, newHTTPRig(t)) }
func httpRead(t *testing.T) rig  { return readRig(newHTTPRig(t)) }

func newHTTPRig(t *testing.T) controlRig {
	r := newReceiver(t)
	r.answer = `{"mode":"running"}`
	return controlRig{r, newHTTPControl(t, everyMode(r.url)), wanted(), `{"mode":"` + echoed + `"}`}
}

func TestTheHTTPControlFillsItsTemplatesIn(t *testing.T) {
	t.Parallel()
	rig := newHTTPRig(t)
	w := wanted()
	w.Holds[0].Reason = "a \"quoted\"\nline"
	if err := rig.control.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	want := `{"agent":"mailer","mode":"halted","held":true,"generation":7,"valid_until":"2026-11-21T09:15:00Z","versions":{"prompt":"v41"},"holds":[
		{"scope":"mailer/email/eu","mode":"halted","incident":"INC-7","reason":"a \"quoted\"\nline"},
		{"scope":"* tool:@high","mode":"capped","cap":"500/day","disabled_tools":["send_email"]}]}`
	if !sameJSON(t, string(rig.far.bodies[0]), want) {
		t.Errorf("sent %s", rig.far.bodies[0])
	}
	if h := rig.far.http[0].Header; h.Get("Authorization") != "Bearer "+token || h.Get("Idempotency-Key") != "mailer-7" || h.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", h)
	}
}

// onOff is a switch with one request for each state.
const onOff = `
apply_held: {method: PUT, url: "%[1]s&to=held"}
apply_running: {method: PUT, url: "%[1]s&to=running"}
read: {url: "%[1]s", path: 'flags[0]["is.on"]', values: {"false": halted, "true": running}}
`

func TestAnHTTPSwitchKnowsTwoStates(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	control := newHTTPControl(t, fmt.Sprintf(onOff, r.url))
	for _, step := range []struct {
		mode       tagout.Mode
		to, answer string
		applied    []tagout.AppliedHold
		confirmed  bool
	}{
		{tagout.Paused, "held", `{"flags":[{"is.on":false}]}`, []tagout.AppliedHold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Paused}}, true},
		{tagout.Halted, "held", `{"flags":[{"is.on":true}]}`, nil, false}, // says yes, and runs on
		{tagout.Running, "running", `{"flags":[{"is.on":false}]}`, []tagout.AppliedHold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}, true},
	} {
		w := tagout.Wanted{Agent: "mailer"}
		if step.mode != tagout.Running {
			w.Holds = []tagout.Hold{{Scope: tagout.MustScope("mailer"), Mode: step.mode}}
		}
		if err := control.Apply(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if got := r.http[len(r.http)-1]; got.URL.Query().Get("to") != step.to || got.Method != http.MethodPut {
			t.Errorf("%s: sent %s %s", step.mode, got.Method, got.URL.Query().Get("to"))
		}
		r.say(0, step.answer)
		o, err := control.Read(t.Context(), "mailer")
		if err != nil || !reflect.DeepEqual(o.Applied, step.applied) || o.Confirms(w, nil) != step.confirmed {
			t.Errorf("%s: %+v, error %v", step.mode, o.Applied, err)
		}
	}
}

func TestAnHTTPSwitchThatStandsIsNotSentAgainUntilItDrifts(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	control := newHTTPControl(t, fmt.Sprintf(onOff, r.url))
	w := tagout.Wanted{Agent: "mailer", Holds: []tagout.Hold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}}
	puts := func() (count int) {
		for _, req := range r.http {
			if req.Method == http.MethodPut {
				count++
			}
		}
		return count
	}
	for i, step := range []struct {
		answer string
		puts   int
	}{{`{"flags":[{"is.on":false}]}`, 1}, {`{"flags":[{"is.on":false}]}`, 1}, {`{"flags":[{"is.on":true}]}`, 1}, {`{"flags":[{"is.on":false}]}`, 2}} {
		if err := control.Apply(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		r.say(0, step.answer)
		if _, err := control.Read(t.Context(), "mailer"); err != nil {
			t.Fatal(err)
		}
		if puts() != step.puts {
			t.Errorf("step %d: sent %d times", i, puts())
		}
	}
}

func TestAnHTTPSwitchRefusesWhatItCannotExpress(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	control := newHTTPControl(t, fmt.Sprintf(onOff, r.url))
	hold := func(scope string, mode tagout.Mode) tagout.Hold {
		return tagout.Hold{Scope: tagout.MustScope(scope), Mode: mode}
	}
	for name, c := range map[string]struct {
		holds []tagout.Hold
		names string
		sent  int
	}{
		"a mode":           {[]tagout.Hold{hold("mailer", tagout.Review)}, "mailer ◆ review", 0},
		"a part":           {[]tagout.Hold{hold("mailer/email", tagout.Halted)}, "mailer/email", 0},
		"a tool":           {[]tagout.Hold{hold("* tool:@high", tagout.Halted)}, "mailer tool:@high", 0},
		"a part and all":   {[]tagout.Hold{hold("mailer/email", tagout.Review), hold("*", tagout.Halted)}, "", 1},
		"less, and strict": {[]tagout.Hold{hold("mailer/email", tagout.Halted), hold("mailer", tagout.Paused)}, "mailer/email ■ halted", 1},
	} {
		before := len(r.requests())
		err := control.Apply(t.Context(), tagout.Wanted{Agent: "mailer", Holds: c.holds})
		if tagout.IsFinal(err) != (c.names != "") || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: error %v", name, err)
		}
		if sent := len(r.requests()) - before; sent != c.sent {
			t.Errorf("%s: %d requests", name, sent)
		}
	}
}

func TestAnHTTPSwitchMayHoldTheWholeForAPart(t *testing.T) {
	t.Parallel()
	rig := newHTTPRig(t)
	if err := rig.control.Apply(t.Context(), rig.wanted); err != nil {
		t.Fatal(err)
	}
	rig.far.say(0, `{"mode":"halted"}`)
	o, err := rig.control.Read(t.Context(), "mailer")
	if err != nil || !o.Confirms(rig.wanted, nil) || len(o.Applied) != 2 {
		t.Errorf("%+v, error %v", o, err)
	}
}

func TestSettingsOfAnHTTPControlAreTriedAtTheStart(t *testing.T) {
	t.Parallel()
	read := `read: {url: "https://x.example/", values: {"off": halted}}`
	for name, c := range map[string]struct{ settings, says string }{
		"no request":       {read, "apply"},
		"both":             {`apply: {url: "https://x.example/"}` + "\n" + `apply_held: {url: "https://x.example/"}` + "\n" + read, "either"},
		"half":             {`apply_held: {url: "https://x.example/"}` + "\n" + read, "both"},
		"syntax":           {`apply: {url: "https://x.example/", body: "{{.Agent"}` + "\n" + read, "apply.body"},
		"field":            {`apply: {url: "https://x.example/", body: "a\n{{.Nobody}}"}` + "\n" + read, "line 2"},
		"function":         {`apply: {url: "https://x.example/", headers: {X-A: "{{s3cret .Agent}}"}}` + "\n" + read, "apply.headers.X-A"},
		"not JSON":         {`apply: {url: "https://x.example/", body: "{\"a\": {{.Agent}}}"}` + "\n" + read, "json .Agent"},
		"scheme":           {`apply: {url: "ftp://x.example/"}` + "\n" + read, "https"},
		"unencrypted":      {`auth: {bearer: s3cret}` + "\n" + `apply: {url: "http://x.example/"}` + "\n" + read, "unencrypted"},
		"host by fact":     {`apply: {url: "https://{{.Mode}}.example/"}` + "\n" + read, "another host"},
		"two credentials":  {`auth: {bearer: s3cret, header: {name: a, value: b}}` + "\n" + `apply: {url: "https://x.example/"}` + "\n" + read, "more than one"},
		"token URL":        {`auth: {oauth2: {token_url: "http://x.example/", client_id: a, client_secret: s3cret}}` + "\n" + `apply: {url: "https://x.example/"}` + "\n" + read, "token_url"},
		"path":             {`apply: {url: "https://x.example/"}` + "\n" + `read: {url: "https://x.example/", path: "a[x]", values: {"off": halted}}`, "path"},
		"no mode":          {`apply: {url: "https://x.example/"}` + "\n" + `read: {url: "https://x.example/", values: {"off": sleepy}}`, "read.values"},
		"nothing observed": {`apply: {url: "https://x.example/"}` + "\n" + `read: {url: "https://x.example/", values: {"on": running}}`, "observed"},
		"version unread":   {`apply: {url: "https://x.example/"}` + "\n" + read + "\n" + `versions: {prompt: {apply: {url: "https://x.example/{{.Version}}"}}}`, "read.versions.prompt"},
		"version request":  {`apply: {url: "https://x.example/"}` + "\n" + read + "\n" + `versions: {prompt: {apply: {url: "https://x.example/", body: "{{.Verison}}"}, read: {url: "https://x.example/"}}}`, "versions.prompt.apply.body"},
		"method":           {`apply: {method: "GET /", url: "https://x.example/"}` + "\n" + read, "method"},
	} {
		_, err := integrations.NewControl(yamlVendor("http", c.settings), integrations.Deps{})
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "tagout.yaml:7:3") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// tokenServer grants tokens t-1, t-2, … for the right credentials.
func tokenServer(t *testing.T) (url string, say func(status int)) {
	var mu sync.Mutex
	count, status := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id, secret, _ := r.BasicAuth()
		if status != 0 || r.FormValue("grant_type") != "client_credentials" || id != "tagout" || secret != password || r.FormValue("scope") != "switch" {
			w.WriteHeader(max(status, 401))
			_, _ = io.WriteString(w, `{"error":"`+echoed+`"}`)
			return
		}
		count++
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprint("t-", count), "token_type": "Bearer", "expires_in": 3600})
	}))
	t.Cleanup(server.Close)
	return server.URL, func(s int) { mu.Lock(); defer mu.Unlock(); status = s }
}

func TestAnOAuth2TokenIsFetchedKeptAndRenewedWhenRefused(t *testing.T) {
	t.Parallel()
	tokens, say := tokenServer(t)
	good := "t-1"
	var shown []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.Header.Get("Authorization"))
		if shown[len(shown)-1] != "Bearer "+good {
			w.WriteHeader(401)
			return
		}
		_, _ = io.WriteString(w, `"off"`)
	}))
	defer api.Close()
	settings := fmt.Sprintf(`
auth: {oauth2: {token_url: %q, client_id: tagout, client_secret: %s, scopes: [switch]}}
apply: {url: %q}
read: {url: %q, values: {"off": halted}}
`, tokens, password, api.URL, api.URL)
	control := newHTTPControl(t, settings)
	read := func() error {
		_, err := control.Read(t.Context(), "mailer")
		mentionsNoSecret(t, err)
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	good = "t-2"
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Bearer t-1", "Bearer t-1", "Bearer t-1", "Bearer t-2"}; !reflect.DeepEqual(shown, want) {
		t.Errorf("showed %v", shown)
	}
	good = "nobody's"
	if err := read(); !tagout.IsFinal(err) {
		t.Errorf("error %v", err)
	}
	for status, final := range map[int]bool{400: true, 401: true, 503: false} {
		say(status)
		if err := read(); err == nil || tagout.IsFinal(err) != final {
			t.Errorf("token server %d: error %v", status, err)
		}
	}
}
