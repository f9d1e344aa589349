package prometheus_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations/prometheus"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func result(kind, value string) string {
	return `{"status":"success","data":{"resultType":"` + kind + `","result":` + value + `}}`
}

// asks starts a Prometheus that answers as told, and returns a client of it.
func asks(t *testing.T, status int, body string, saw *http.Request) *prometheus.Telemetry {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if saw != nil {
			*saw = *r
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	made, err := prometheus.New(tagout.PrometheusSettings{URL: server.URL + "/prom/", Token: "s3cret", Timeout: time.Minute}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAValueIsOneNumberOrIsNotKnown(t *testing.T) {
	t.Parallel()
	const sample = `{"metric":{},"value":[1763726400,"0.994"]}`
	for name, c := range map[string]struct {
		status int
		body   string
		want   float64
		code   tagout.Code
		says   string
	}{
		"a vector":           {200, result("vector", "["+sample+"]"), 0.994, "", ""},
		"a scalar":           {200, result("scalar", `[1763726400,"3"]`), 3, "", ""},
		"no data":            {200, result("vector", "[]"), 0, tagout.NotFound, "no data"},
		"several series":     {200, result("vector", "["+sample+","+sample+"]"), 0, tagout.Invalid, "2 series"},
		"a matrix":           {200, result("matrix", "[]"), 0, tagout.Invalid, "no single number"},
		"a text":             {200, result("string", `[1763726400,"s3cret"]`), 0, tagout.Unavailable, "something else"},
		"a bad query":        {400, `{"status":"error","errorType":"bad_data","error":"parse error: s3cret"}`, 0, tagout.Invalid, "does not understand the query"},
		"a query that fails": {422, `{"status":"error","errorType":"execution","error":"s3cret"}`, 0, tagout.Invalid, "could not evaluate"},
		"a slow query":       {503, `{"status":"error","errorType":"timeout","error":"s3cret"}`, 0, tagout.Unavailable, "answered 503"},
		"a wrong token":      {401, "s3cret", 0, tagout.Unavailable, "does not accept the key or token (401)"},
		"a page":             {200, "<html>s3cret", 0, tagout.Unavailable, "something else than expected"},
		"out of order":       {502, "s3cret", 0, tagout.Unavailable, "answered 502"},
		"a redirect":         {302, "", 0, tagout.Unavailable, "redirect"},
	} {
		var saw http.Request
		value, err := asks(t, c.status, c.body, &saw).Value(t.Context(), `up{a="b"}`, noon)
		if value != c.want || tagout.CodeOf(err) != c.code || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %v, %v", name, value, err)
		}
		if saw.URL.Path != "/prom/api/v1/query" || saw.Form.Get("query") != `up{a="b"}` || saw.Header.Get("Authorization") != "Bearer s3cret" || saw.Form.Get("time") == "" {
			t.Errorf("%s: it was asked %s %v", name, saw.URL, saw.Form)
		}
	}
}

func TestValuesOfATimeAreReadInOrder(t *testing.T) {
	t.Parallel()
	var saw http.Request
	series := `{"metric":{},"values":[[1763726400,"0.5"],[1763728200,"1"]]}`
	points, err := asks(t, 200, result("matrix", "["+series+"]"), &saw).Values(t.Context(), "up", noon.Add(-time.Hour), noon, 30*time.Minute)
	if err != nil || len(points) != 2 || points[0].Value != 0.5 || !points[1].At.Equal(time.Unix(1763728200, 0)) {
		t.Errorf("%v, %v", points, err)
	}
	if saw.URL.Path != "/prom/api/v1/query_range" || saw.Form.Get("step") != "1800" {
		t.Errorf("it was asked %s %v", saw.URL, saw.Form)
	}
	if _, err := asks(t, 200, result("matrix", "["+series+","+series+"]"), nil).Values(t.Context(), "up", noon.Add(-time.Hour), noon, time.Hour); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("two series: %v", err)
	}
	if points, err := asks(t, 200, result("matrix", "[]"), nil).Values(t.Context(), "up", noon.Add(-time.Hour), noon, time.Hour); err != nil || len(points) != 0 {
		t.Errorf("no data: %v, %v", points, err)
	}
}

func TestAPrometheusThatDoesNotAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(func() { close(over); server.Close() })
	slow, err := prometheus.New(tagout.PrometheusSettings{URL: server.URL, Timeout: time.Millisecond}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Value(t.Context(), "up", noon); tagout.CodeOf(err) != tagout.Unavailable || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("%v", err)
	}
}

func TestAnAddressThatWouldShowTheTokenIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings tagout.PrometheusSettings
		fine     bool
	}{
		"plain, without a token":     {tagout.PrometheusSettings{URL: "http://prometheus:9090"}, true},
		"plain, with a token":        {tagout.PrometheusSettings{URL: "http://prometheus:9090", Token: "s3cret"}, false},
		"plain, with a password":     {tagout.PrometheusSettings{URL: "http://prometheus:9090", Username: "u", Password: "s3cret"}, false},
		"here, with a token":         {tagout.PrometheusSettings{URL: "http://127.0.0.1:9090", Token: "s3cret"}, true},
		"encrypted, with a token":    {tagout.PrometheusSettings{URL: "https://prometheus.example.com/prom", Token: "s3cret"}, true},
		"a password in it":           {tagout.PrometheusSettings{URL: "https://u:s3cret@prometheus.example.com"}, false},
		"a query in it":              {tagout.PrometheusSettings{URL: "https://prometheus.example.com/?token=s3cret"}, false},
		"a file":                     {tagout.PrometheusSettings{URL: "file:///etc/s3cret"}, false},
		"a token and a password":     {tagout.PrometheusSettings{URL: "https://prometheus.example.com", Token: "s3cret", Password: "s3cret"}, false},
		"nothing that is an address": {tagout.PrometheusSettings{URL: "s3cret"}, false},
	} {
		c.settings.Place = "tagout.yaml:3:5"
		_, err := prometheus.New(c.settings, http.DefaultClient)
		if (err == nil) != c.fine || err != nil && (tagout.CodeOf(err) != tagout.Invalid || strings.Contains(err.Error(), "s3cret") || !strings.HasPrefix(err.Error(), "tagout.yaml:3:5: ")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
