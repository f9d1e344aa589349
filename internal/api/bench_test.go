package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/handclock"
)

const (
	allToken    = "all-secret"
	stopToken   = "stop-secret"
	readToken   = "read-secret"
	reportToken = "report-secret"
	sourceToken = "source-secret"
)

func testPolicy() *tagout.Policy {
	return &tagout.Policy{
		Roles: map[string]*tagout.Role{"legal": {Key: "legal"}, "mops": {Key: "mops"}},
		Classes: map[string]*tagout.FailureClass{
			"integration_failure": {Key: "integration_failure", Retry: true, Retries: 3, Handoff: "engineering"},
			"flaky":               {Key: "flaky", Retry: true, Retries: 1},
			"policy_violation":    {Key: "policy_violation", Handoff: "legal"},
		},
		Agents: tagout.Registry{
			"mailer": {
				Name: "mailer", Title: "Lifecycle mailer", Owner: "mops", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"},
				Tools: map[string]tagout.Risk{"send_email": tagout.HighRisk, "create_list": tagout.MediumRisk, "read_crm": tagout.LowRisk},
				Lease: 30 * time.Second, Fallback: "send the plain template", Canary: tagout.MustScope("mailer/sms/us"),
			},
			"researcher": {Name: "researcher"},
		},
	}
}

// bench is an edge with its fakes.
type bench struct {
	desk    *fakeDesk
	store   *fakeStore
	source  *fakeSource
	clock   *handclock.Clock
	calls   []tagout.Invocation
	handler http.Handler
}

func newBench(change ...func(*Options)) *bench {
	policy := testPolicy()
	b := &bench{
		desk:  &fakeDesk{policy: policy, incidents: map[tagout.IncidentID]*tagout.Incident{}},
		store: &fakeStore{}, source: &fakeSource{}, clock: handclock.At(noon),
	}
	o := Options{
		Desk: b.desk, Store: b.store, Policy: policy, Clock: b.clock, DecodeFailure: decodeFailure, Commands: b.commands(),
		Sources: map[string]Source{"generic": {Source: b.source, Token: sourceToken}, "open": {Source: b.source}},
		Tokens: []Token{
			{Name: "all", Secret: allToken, May: []tagout.Right{tagout.MayStop, tagout.MayRead, tagout.MayReport}},
			{Name: "stopper", Secret: stopToken, May: []tagout.Right{tagout.MayStop}},
			{Name: "reader", Secret: readToken, May: []tagout.Right{tagout.MayRead}},
			{Name: "reporter", Secret: reportToken, May: []tagout.Right{tagout.MayReport}},
			{Name: "off", Secret: "", May: []tagout.Right{tagout.MayStop, tagout.MayRead, tagout.MayReport}},
		},
	}
	for _, c := range change {
		c(&o)
	}
	b.handler = New(o)
	return b
}

// ticking gives an edge the machine's clock, so that its rate limits refill.
func ticking(o *Options) { o.Clock = tagout.SystemClock{} }

// commands are one for every right, each telling that it ran.
func (b *bench) commands() []tagout.Command {
	run := func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
		b.calls = append(b.calls, in)
		scope := tagout.MustScope("mailer/email")
		return tagout.Reply{
			Message: tagout.Say("done: ", in.Text),
			Outcome: tagout.Outcome{Incident: 7, Holds: []tagout.Hold{{ID: "h1", Scope: scope, Mode: tagout.Halted, Reason: "not told"}}},
		}, nil
	}
	asks := func(context.Context, tagout.Invocation) (tagout.Reply, error) {
		return tagout.Reply{Message: tagout.Say("Say which scope."), Form: &tagout.Form{ID: "kill"}}, nil
	}
	return []tagout.Command{
		{Name: "kill", Usage: "SCOPE", Right: tagout.MayStop, Run: run}, {Name: "status", Right: tagout.MayRead, Run: run},
		{Name: "note", Right: tagout.MayReport, Run: run}, {Name: "resume", Right: tagout.MayNot, Run: run},
		{Name: "asks", Usage: "SCOPE", Right: tagout.MayStop, Run: asks},
	}
}

// call is one request and its answer.
type call struct {
	*http.Response
	body string
}

type with func(*http.Request)

func bearing(token string) with {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func header(name, value string) with {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func (b *bench) do(method, path, body string, more ...with) call {
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, from)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range more {
		change(r)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return call{w.Result(), w.Body.String()}
}

// into reads the answer's JSON.
func (c call) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(c.body), v); err != nil {
		t.Fatalf("the answer is not the JSON that was expected: %v\n%s", err, c.body)
	}
}

// isProblem checks that the answer is a whole problem document of this status and code.
func (c call) isProblem(t testing.TB, status int, code tagout.Code) Problem {
	t.Helper()
	var p Problem
	if c.StatusCode != status || c.Header.Get("Content-Type") != problemType {
		t.Fatalf("got %d %s, want %d as a problem document\n%s", c.StatusCode, c.Header.Get("Content-Type"), status, c.body)
	}
	c.into(t, &p)
	if p.Status != status || p.Code != code || p.Title == "" || p.Detail == "" || p.Type != "urn:tagout:problem:"+string(code) {
		t.Fatalf("the problem document is %s, want status %d and code %s", c.body, status, code)
	}
	return p
}

func (c call) is(t testing.TB, status int) call {
	t.Helper()
	if c.StatusCode != status {
		t.Fatalf("got %d, want %d\n%s", c.StatusCode, status, c.body)
	}
	return c
}

func inContext(ctx context.Context) with {
	return func(r *http.Request) { *r = *r.WithContext(ctx) }
}
