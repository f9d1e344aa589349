package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAnswersOfAnyFramingAreReadWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 10_000) // net/http sends it in chunks
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		switch r.URL.Path {
		case "/long":
			_, _ = w.Write([]byte(long))
		case "/refused":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte("short"))
		}
	}))
	t.Cleanup(server.Close)
	w, err := dial(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{{"/short", 200, "short"}, {"/long", 200, long}, {"/refused", 503, ""}, {"/short", 200, "short"}} {
		status, body, err := w.post(c.path, "secret", []byte(`{}`))
		if err != nil || status != c.status || string(body) != c.body {
			t.Fatalf("%s: %d with %d bytes, %v", c.path, status, len(body), err)
		}
	}
}

func TestTheSpreadIsOfAllThatWasSeen(t *testing.T) {
	t.Parallel()
	var l latencies
	for n := 100; n > 0; n-- {
		l = append(l, time.Duration(n)*time.Millisecond)
	}
	if got := strings.Join(l.spread(), " "); got != "50 ms 99 ms 100 ms" {
		t.Errorf("got %s", got)
	}
	if got := strings.Join(latencies(nil).spread(), " "); got != "– – –" {
		t.Errorf("of nothing: %s", got)
	}
}

func TestReportsAreMarkdown(t *testing.T) {
	t.Parallel()
	r := &report{title: "T"}
	r.note("n = %d", 3)
	r.columns("a", "b")
	r.row("x", thousands(1234567))
	var out bytes.Buffer
	r.print(&out)
	if want := "\n### T\n\n- n = 3\n\n| a | b |\n| --- | --- |\n| x | 1,234,567 |\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestWhatToMeasureIsNamed(t *testing.T) {
	t.Parallel()
	if _, err := choose([]string{"kill", "dance"}); err == nil || !strings.Contains(err.Error(), "dance") {
		t.Errorf("got %v", err)
	}
	if _, err := choose(nil); err == nil || !strings.Contains(err.Error(), "intake") {
		t.Errorf("got %v", err)
	}
	if chosen, err := choose([]string{"page", "kill"}); err != nil || len(chosen) != 2 || chosen[0].name != "page" {
		t.Errorf("got %v, %v", chosen, err)
	}
}
