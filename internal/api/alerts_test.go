package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tagout"
)

const alertBody = `{"name":"complaints","labels":{"agent":"mailer"},"summary":"zebra-payload"}`

func TestAlertsAreAnsweredWithTheirIncidents(t *testing.T) {
	t.Parallel()
	b := newBench()
	got := b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken)).is(t, http.StatusAccepted)
	if strings.TrimSpace(got.body) != `{"accepted":1,"incidents":["INC-7"]}` {
		t.Errorf("answered %s", got.body)
	}
	a := b.desk.accepted[0]
	if a.Source != "generic" || string(a.Raw) != alertBody {
		t.Errorf("the desk got source %q and raw body %s", a.Source, a.Raw)
	}
	if !b.source.saw.At.Equal(noon) || b.source.saw.Header["Authorization"] != nil {
		t.Errorf("the source saw time %s and headers %v", b.source.saw.At, b.source.saw.Header)
	}
}

func TestEveryAlertOfAnArrayKeepsItsOwnBody(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.do("POST", "/v1/alerts/generic", `[{"name":"a"},{"name":"b"}]`, bearing(sourceToken)).is(t, http.StatusAccepted)
	if len(b.desk.accepted) != 2 || string(b.desk.accepted[1].Raw) != `{"name":"b"}` {
		t.Errorf("the desk got %v", b.desk.accepted)
	}
}

func TestAlertsBelowTheirThresholdNameNoIncident(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.accept = func(a []tagout.Alert) ([]tagout.Folded, error) { return make([]tagout.Folded, len(a)), nil }
	got := b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken)).is(t, http.StatusAccepted)
	if strings.TrimSpace(got.body) != `{"accepted":1,"incidents":[]}` {
		t.Errorf("answered %s", got.body)
	}
}

func TestIncidentsAreNamedOnce(t *testing.T) {
	t.Parallel()
	var folded []tagout.Folded
	for _, id := range []tagout.IncidentID{7, 7, 8, 7, 9, 8} {
		folded = append(folded, tagout.Folded{Incident: &tagout.Incident{ID: id}})
	}
	if got := fmt.Sprint(incidentsOf(folded)); got != "[INC-7 INC-8 INC-9]" {
		t.Errorf("got %s", got)
	}
}

// TestASenderOfTooMuchReadsTheRefusal: it sends all before it reads anything, as most do.
func TestASenderOfTooMuchReadsTheRefusal(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) { o.MaxBody = 512 })
	for name, size := range map[string]int64{"announced": 4000, "not announced": -1} {
		body := strings.NewReader(`{"name":"` + strings.Repeat("x", 3989) + `"}`)
		r := httptest.NewRequest("POST", "/v1/alerts/generic", body)
		r.ContentLength = size
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+sourceToken)
		w := httptest.NewRecorder()
		if b.handler.ServeHTTP(w, r); w.Code != http.StatusRequestEntityTooLarge || body.Len() > 0 {
			t.Errorf("%s: %d, with %d bytes unread", name, w.Code, body.Len())
		}
	}
}

func TestBadAlertsAreRefusedWithoutRepeatingThem(t *testing.T) {
	t.Parallel()
	big := `{"name":"` + strings.Repeat("x", 600) + `"}`
	for name, c := range map[string]struct {
		path, body string
		with       []with
		status     int
		code       tagout.Code
	}{
		"no token":             {"/v1/alerts/generic", alertBody, nil, 401, tagout.Unauthorized},
		"wrong token":          {"/v1/alerts/generic", alertBody, []with{bearing("zebra")}, 401, tagout.Unauthorized},
		"empty token":          {"/v1/alerts/generic", alertBody, []with{bearing("")}, 401, tagout.Unauthorized},
		"another scheme":       {"/v1/alerts/generic", alertBody, []with{header("Authorization", "Basic "+sourceToken)}, 401, tagout.Unauthorized},
		"token without report": {"/v1/alerts/generic", alertBody, []with{bearing(stopToken)}, 403, tagout.Forbidden},
		"open, not allowed":    {"/v1/alerts/open", alertBody, nil, 401, tagout.Unauthorized},
		"unknown source":       {"/v1/alerts/zebra", alertBody, []with{bearing(sourceToken)}, 404, tagout.NotFound},
		"not JSON":             {"/v1/alerts/generic", `{"name":zebra`, []with{bearing(sourceToken)}, 400, tagout.Invalid},
		"empty":                {"/v1/alerts/generic", ``, []with{bearing(sourceToken)}, 400, tagout.Invalid},
		"semantically wrong":   {"/v1/alerts/generic", `{"summary":"zebra"}`, []with{bearing(sourceToken)}, 422, tagout.Invalid},
		"too large":            {"/v1/alerts/generic", big, []with{bearing(sourceToken)}, 413, tagout.TooLarge},
		"too large, unsized": {"/v1/alerts/generic", big, []with{bearing(sourceToken), func(r *http.Request) { r.ContentLength = -1 }},
			413, tagout.TooLarge},
		"shorter than said": {"/v1/alerts/generic", alertBody, []with{bearing(sourceToken), func(r *http.Request) { r.ContentLength = 400 }},
			400, tagout.Invalid},
		"form":       {"/v1/alerts/generic", alertBody, []with{bearing(sourceToken), header("Content-Type", "application/x-www-form-urlencoded")}, 415, tagout.Invalid},
		"plain text": {"/v1/alerts/generic", alertBody, []with{bearing(sourceToken), header("Content-Type", "text/plain")}, 415, tagout.Invalid},
		"no type":    {"/v1/alerts/generic", alertBody, []with{bearing(sourceToken), func(r *http.Request) { r.Header.Del("Content-Type") }}, 415, tagout.Invalid},
		"compressed": {"/v1/alerts/generic", alertBody, []with{bearing(sourceToken), header("Content-Encoding", "gzip")}, 415, tagout.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(func(o *Options) { o.MaxBody = 512 })
			got := b.do("POST", c.path, c.body, c.with...)
			got.isProblem(t, c.status, c.code)
			if strings.Contains(got.body, "zebra") || len(b.desk.accepted) > 0 {
				t.Errorf("answered %s after the desk got %d alerts", got.body, len(b.desk.accepted))
			}
			if c.status == 401 && got.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Error("a 401 does not say how to authenticate")
			}
		})
	}
}

func TestJSONIsTakenUnderItsOtherNames(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, kind := range []string{"application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"} {
		b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken), header("Content-Type", kind)).is(t, http.StatusAccepted)
	}
}

func TestATokenThatMayReportServesEverySource(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.do("POST", "/v1/alerts/generic", alertBody, bearing(reportToken)).is(t, http.StatusAccepted)
	b.do("POST", "/v1/alerts/open", alertBody, bearing(reportToken)).is(t, http.StatusAccepted)
}

func TestOpenSourcesAreForProgramsOnThisMachine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with   []with
		status int
	}{
		"straight":              {nil, 202},
		"own page":              {[]with{header("Origin", "http://127.0.0.1:8080")}, 202},
		"own page by name":      {[]with{header("Origin", "http://localhost:8080")}, 202},
		"own page by IPv6":      {[]with{header("Origin", "http://[::1]:8080")}, 202},
		"foreign page":          {[]with{header("Origin", "https://evil.example")}, 401},
		"foreign page, rebound": {[]with{header("Origin", "http://evil.example:8080"), func(r *http.Request) { r.Host = "evil.example:8080" }}, 401},
		"page without origin":   {[]with{header("Origin", "null")}, 401},
		"X-Forwarded-For":       {[]with{header("X-Forwarded-For", "127.0.0.1")}, 401},
		"X-Forwarded-For empty": {[]with{header("X-Forwarded-For", "")}, 401},
		"Forwarded":             {[]with{header("Forwarded", "for=127.0.0.1")}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(func(o *Options) { o.AllowOpenSources = true })
			b.do("POST", "/v1/alerts/open", alertBody, c.with...).is(t, c.status)
			b.do("POST", "/v1/failures", `{"agent":"mailer","summary":"s"}`, c.with...).is(t, c.status)
			b.do("POST", "/v1/alerts/generic", alertBody, c.with...).isProblem(t, 401, tagout.Unauthorized)
		})
	}
}

func TestASenderIsToldToComeBackWhenAlertsWereNotStored(t *testing.T) {
	t.Parallel()
	down := tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	wrong := tagout.Errorf(tagout.Invalid, "The scope is wrong.")
	seven := &tagout.Incident{ID: 7}
	for name, c := range map[string]struct {
		folded []tagout.Folded
		err    error
		status int
		code   tagout.Code
	}{
		"nothing stored":         {nil, down, 503, tagout.Unavailable},
		"a defect":               {nil, errors.New("secret cause"), 500, tagout.Internal},
		"too slow":               {nil, context.DeadlineExceeded, 503, tagout.Unavailable},
		"one of two not yet":     {[]tagout.Folded{{Incident: seven}, {Err: down}}, errors.Join(down), 503, tagout.Unavailable},
		"one wrong, one not yet": {[]tagout.Folded{{Err: down}, {Err: wrong}}, errors.Join(down, wrong), 503, tagout.Unavailable},
		"one of two never":       {[]tagout.Folded{{Incident: seven}, {Err: wrong}}, errors.Join(wrong), 422, tagout.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			b.desk.accept = func([]tagout.Alert) ([]tagout.Folded, error) { return c.folded, c.err }
			got := b.do("POST", "/v1/alerts/generic", `[{"name":"a"},{"name":"b"}]`, bearing(sourceToken))
			got.isProblem(t, c.status, c.code)
			if (got.Header.Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
			}
			if strings.Contains(got.body, "secret") {
				t.Errorf("the cause was told: %s", got.body)
			}
		})
	}
}

func TestASourceThatSendsTooFastIsToldToComeBack(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) { o.RatePerSource = 2 })
	post := func() call { return b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken)) }
	post().is(t, 202)
	post().is(t, 202)
	got := post()
	got.isProblem(t, 503, tagout.TooMany)
	if got.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
	}
	b.do("POST", "/v1/alerts/open", alertBody, bearing(reportToken)).is(t, 202) // another source has its own share
	b.do("POST", "/v1/alerts/generic", alertBody, bearing("guess")).isProblem(t, 401, tagout.Unauthorized)
	b.clock.Pass(time.Second)
	post().is(t, 202)
}

func FuzzAlerts(f *testing.F) {
	for _, seed := range []string{alertBody, `[`, `[{"name":"a"},5]`, `null`, "\xff\xfe", strings.Repeat("[", 20_000), `{"name":1e999}`} {
		f.Add(seed, "application/json")
	}
	f.Add(alertBody, "application/json;;")
	b := newBench(ticking)
	f.Fuzz(func(t *testing.T, body, kind string) {
		b.desk.accepted = nil
		got := b.do("POST", "/v1/alerts/generic", body, bearing(sourceToken), header("Content-Type", kind))
		switch got.StatusCode {
		case 202, 400, 413, 415, 422:
		default:
			t.Errorf("%q of type %q was answered %d", body, kind, got.StatusCode)
		}
	})
}

// BenchmarkAlerts is the edge's own share of taking an alert: everything but the desk.
func BenchmarkAlerts(b *testing.B) {
	t := newBench(ticking)
	t.desk.accept = func(a []tagout.Alert) ([]tagout.Folded, error) {
		t.desk.accepted = t.desk.accepted[:0]
		return []tagout.Folded{{Incident: &tagout.Incident{ID: 7}}}, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := t.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken)); got.StatusCode != 202 {
			b.Fatal(got.body)
		}
	}
}

func TestWhatASourcePostedAndWasNotTakenIsNoted(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.do("POST", "/v1/alerts/generic", alertBody, bearing("another")).isProblem(t, http.StatusUnauthorized, tagout.Unauthorized)
	b.do("POST", "/v1/alerts/generic", "no JSON", bearing(sourceToken)).isProblem(t, http.StatusBadRequest, tagout.Invalid)
	b.do("POST", "/v1/alerts/nobody", alertBody, bearing(sourceToken)).isProblem(t, http.StatusNotFound, tagout.NotFound)
	b.do("POST", "/v1/failures", `{"summary":"s"}`, bearing(reportToken)).is(t, http.StatusUnprocessableEntity)
	b.do("POST", "/v1/alerts/generic", alertBody, bearing(sourceToken)).is(t, http.StatusAccepted)
	if got, want := strings.Join(b.desk.refused, "; "), "generic: unauthorized; generic: invalid; failures: invalid"; got != want {
		t.Errorf("noted are %s, want %s", got, want)
	}
}
