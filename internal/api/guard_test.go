package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

func TestEveryAnswerKeepsBrowsersAway(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, path := range []string{"/healthz", "/v1/openapi.json", "/v1/incidents", "/nowhere"} {
		h := b.do("GET", path, "", header("Origin", "https://evil.example")).Header
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") ||
			h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is answered with %v", path, h)
		}
	}
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, path := range []string{"/", "/v1", "/v1/zebra", "/v1/alerts", "/docs", "/schemas/x.json", "/openapi.json", "/metrics"} {
		got := b.do("GET", path, "", bearing(allToken))
		got.isProblem(t, 404, tagout.NotFound)
		if strings.Contains(got.body, "zebra") {
			t.Errorf("it repeats what was asked: %s", got.body)
		}
	}
	for path, allow := range map[string]string{"/v1/alerts/generic": "POST", "/v1/commands/kill": "POST", "/v1/incidents": "GET", "/healthz": "GET"} {
		method := "DELETE"
		got := b.do(method, path, "", bearing(allToken))
		got.isProblem(t, 405, tagout.Invalid)
		if got.Header.Get("Allow") != allow {
			t.Errorf("%s allows %q", path, got.Header.Get("Allow"))
		}
	}
	b.do("HEAD", "/healthz", "").is(t, 200)
}

// panicking is a desk with a defect.
type panicking struct {
	*fakeDesk
	with any
}

func (p panicking) Incidents(context.Context, tagout.IncidentQuery) ([]*tagout.Incident, error) {
	panic(p.with)
}

func (p panicking) Accept(context.Context, []tagout.Alert) ([]tagout.Folded, error) { panic(p.with) }

func TestAPanicIsAnsweredAndNotTold(t *testing.T) {
	t.Parallel()
	for _, with := range []any{"zebra-payload", bytes.ErrTooLarge} {
		var log bytes.Buffer
		b := newBench(func(o *Options) {
			o.Desk = panicking{o.Desk.(*fakeDesk), with}
			o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		})
		b.do("GET", "/v1/incidents", "", bearing(readToken)).isProblem(t, 500, tagout.Internal)
		got := b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken))
		got.isProblem(t, 500, tagout.Internal)
		if strings.Contains(got.body+log.String(), "zebra") || !strings.Contains(log.String(), "handler panicked") {
			t.Errorf("told %s, logged %s", got.body, log.String())
		}
	}
}

func TestTheLogHoldsNothingThatWasSent(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := newBench(func(o *Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	b.do("POST", "/v1/alerts/generic?zebra=zebra", alertBody, bearing(sourceToken), header("User-Agent", "zebra"))
	b.do("POST", "/v1/alerts/zebra", `{"zebra":`, bearing("zebra-secret"))
	b.do("POST", "/v1/commands/kill", `{"text":"zebra"}`, bearing(stopToken))
	b.do("GET", "/v1/incidents/zebra?agent=zebra", "", bearing(readToken))
	text := log.String()
	if strings.Contains(text, "zebra") || strings.Contains(text, "secret") || strings.Count(text, `"msg":"request"`) != 4 ||
		!strings.Contains(text, `"route":"POST /v1/alerts/{source}","status":202`) {
		t.Errorf("logged %s", text)
	}
}

func TestRequestsAreCountedByRouteAndStatus(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	b := newBench(func(o *Options) { o.Gatherer, o.Registerer = registry, registry })
	b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken))
	b.do("GET", "/zebra", "")
	got := b.do("GET", "/metrics", "").is(t, 200)
	if !strings.Contains(got.body, `tagout_http_request_seconds_count{route="POST /v1/alerts/{source}",status="202"} 1`) || strings.Contains(got.body, "zebra") {
		t.Errorf("the metrics are %s", got.body)
	}
}

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	var starting, loaded bool
	var degraded []string
	b := newBench(func(o *Options) {
		o.Ready = func() (bool, []string) { return starting, degraded }
		o.Gate = func() tagout.GateStatus { return tagout.GateStatus{HoldsLoaded: loaded} }
	})
	for _, c := range []struct {
		starting, loaded bool
		degraded         []string
		status           int
		body             string
	}{
		{false, true, nil, 200, `{"status":"ready","degraded":[],"leads":true}`},
		{false, true, []string{"database"}, 200, `{"status":"ready","degraded":["database"],"leads":true}`},
		{false, false, []string{"database"}, 200, `{"status":"ready","degraded":["database","holds"],"leads":true}`},
		{true, true, nil, 503, `{"status":"unavailable","degraded":[],"leads":true}`},
	} {
		starting, loaded, degraded = c.starting, c.loaded, c.degraded
		if got := b.do("GET", "/readyz", "").is(t, c.status); strings.TrimSpace(got.body) != c.body {
			t.Errorf("readiness is %s, want %s", got.body, c.body)
		}
		if got := b.do("GET", "/healthz", "").is(t, 200); got.body != "ok\n" {
			t.Errorf("health is %q", got.body)
		}
	}
}

func TestTheAPIDescribesItself(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) { o.Version = "1.2.3" })
	got := b.do("GET", "/v1/openapi.json", "").is(t, 200)
	var doc struct {
		OpenAPI    string
		Info       struct{ Version string }
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	got.into(t, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Info.Version != "1.2.3" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("it is OpenAPI %s of version %s as %s", doc.OpenAPI, doc.Info.Version, got.Header.Get("Content-Type"))
	}
	var paths []string
	for path, methods := range doc.Paths {
		for method := range methods {
			paths = append(paths, method+" "+path)
		}
	}
	slices.Sort(paths)
	want := []string{
		"get /v1/actions", "get /v1/agents", "get /v1/agents/{agent}/gate", "get /v1/agents/{agent}/versions", "get /v1/drills", "get /v1/drills/{incident}", "get /v1/incidents", "get /v1/incidents/{id}", "get /v1/incidents/{id}/evidence",
		"get /v1/incidents/{id}/evidence/{sha256}",
		"get /v1/incidents/{id}/review", "get /v1/incidents/{id}/timeline", "get /v1/metrics/incidents", "get /v1/metrics/incidents.csv", "get /v1/oncall", "get /v1/release-check", "post /v1/alerts/{source}", "post /v1/changes", "post /v1/changes/{source}", "post /v1/commands/{name}", "post /v1/failures",
		"post /v1/pagers/{pager}", "post /v1/trackers/{tracker}", "post /v1/versions",
	}
	if !slices.Equal(paths, want) {
		t.Errorf("it describes %q", paths)
	}
	for _, unwanted := range []string{"ErrorModel", "$schema", `"Extra"`} {
		if strings.Contains(got.body, unwanted) {
			t.Errorf("it holds %s", unwanted)
		}
	}
	var references int
	for _, part := range strings.Split(got.body, `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		references++
		if doc.Components.Schemas[name] == nil {
			t.Errorf("%s is referred to, but not described", name)
		}
	}
	if references == 0 || !strings.Contains(string(doc.Paths["/v1/failures"]["post"]), `"required":["agent","summary"]`) {
		t.Error("the failure report is not described")
	}
}

// What the description lists is served, and needs a token.
func TestEveryDescribedOperationNeedsAToken(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) {
		o.Changes = map[string]tagout.ChangeInbox{"generic": fakeChanges{}}
		o.Inboxes, o.Trackers = map[string]tagout.PageInbox{"pagerduty": &fakeInbox{}}, map[string]tagout.TicketInbox{"github": fakeTickets{}}
	})
	var doc struct{ Paths map[string]map[string]any }
	b.do("GET", "/v1/openapi.json", "").into(t, &doc)
	fill := strings.NewReplacer("{id}", "7", "{agent}", "mailer", "{name}", "kill", "{source}", "generic", "{pager}", "pagerduty", "{tracker}", "github")
	for path, methods := range doc.Paths {
		for method := range methods {
			b.do(strings.ToUpper(method), fill.Replace(path), "", header("X", "y")).isProblem(t, http.StatusUnauthorized, tagout.Unauthorized)
		}
	}
}

func TestATokenIsFoundAmongOthers(t *testing.T) {
	t.Parallel()
	b := newBench()
	for token, status := range map[string]int{readToken: 200, readToken + " ": 200, "READ-SECRET": 401, readToken[1:]: 401, "off": 401} {
		b.do("GET", "/v1/agents", "", bearing(token)).is(t, status)
	}
	b.do("GET", "/v1/agents", "", header("Authorization", "bearer "+readToken)).is(t, 200)
	b.do("GET", "/v1/agents", "", header("Authorization", readToken)).is(t, 401)
	b.do("GET", "/v1/agents?token="+readToken, "").is(t, 401)
}

func TestAnAbortedAnswerStaysAborted(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) { o.Desk = panicking{o.Desk.(*fakeDesk), http.ErrAbortHandler} })
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("the server got %v instead of the order to abort", p)
		}
	}()
	b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken))
	t.Error("the abort was answered")
}

func TestBodiesMustSayThatTheyAreJSON(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, path := range []string{"/v1/commands/kill", "/v1/versions", "/v1/changes", "/v1/failures"} {
		b.do("POST", path, `{"text":"mailer"}`, bearing(allToken), header("Content-Type", "text/plain")).isProblem(t, 415, tagout.Invalid)
		b.do("POST", path, `{"text":"mailer"}`, bearing(allToken), func(r *http.Request) { r.Header.Del("Content-Type") }).isProblem(t, 415, tagout.Invalid)
	}
	if len(b.calls) > 0 {
		t.Error("the command ran")
	}
}
