package gate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
)

const events = "/ofrep/v1/events"

// patience ends a test in which something that must come does not; no test takes it.
const patience = 2 * time.Minute

// listener reads an event stream.
type listener struct {
	t      testing.TB
	status int
	header http.Header
	lines  *bufio.Scanner
}

// listen opens an event stream that ends with the test.
func listen(t testing.TB, server *httptest.Server, query string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+events+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); response.Body.Close() })
	return &listener{t, response.StatusCode, response.Header, bufio.NewScanner(response.Body)}
}

// next is the ID of the next event, which must ask to fetch again; "" at the end.
func (l *listener) next() (id string) {
	l.t.Helper()
	for l.lines.Scan() {
		line := l.lines.Text()
		if after, ok := strings.CutPrefix(line, "id: "); ok {
			id = after
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var event struct{ Type string }
			if err := json.Unmarshal([]byte(data), &event); err != nil || event.Type != "refetchEvaluation" {
				l.t.Errorf("event %s: %v", data, err)
			}
			return id
		}
	}
	return ""
}

func startServer(t testing.TB, g *gate.Gate) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(g.Handler())
	t.Cleanup(server.Close)
	return server
}

func TestAStreamTellsOfEveryChangeThatConcernsIt(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	server := startServer(t, g)
	all, mailer := listen(t, server, ""), listen(t, server, "?agent=Mailer")
	if all.status != 200 || all.header.Get("Content-Type") != "text/event-stream" || all.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", all.status, all.header)
	}
	first, begin := all.next(), mailer.next()
	if first == "" || begin == "" {
		t.Fatal("a stream begins without an event")
	}
	hang(t, g, stopOf("h1", "acme.researcher", tagout.Halted))
	second := all.next()
	if second == first {
		t.Errorf("the same ID twice: %s", second)
	}
	hang(t, g, stopOf("h2", "mailer/email", tagout.Halted))
	third, next := all.next(), mailer.next()
	if third != next || third == second {
		t.Errorf("all were told %s, those of the mailer %s", third, next)
	}
	g.Committed([]tagout.Hold{holdOn("h2", "mailer/email", tagout.Halted)})
	g.Lift([]tagout.HoldID{"h2"}, nil)
	if fourth := mailer.next(); fourth == next {
		t.Error("a lift was not told")
	}
}

func TestABulkAnswerNamesTheStreamOfItsChanges(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	_, _, got := post(t, g, evaluate, `{"context":{}}`)
	want := `[{"endpoint":{"requestUri":"/ofrep/v1/events"},"type":"sse"}]`
	if text, _ := json.Marshal(got["eventStreams"]); string(text) != want {
		t.Errorf("eventStreams = %s, want %s", text, want)
	}
}

func TestTurningStaleIsToldToStreams(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock, StaleAfter: time.Minute})
	l := listen(t, startServer(t, g), "")
	l.next()
	clock.Pass(2 * time.Minute)
	if l.next() == "" {
		t.Fatal("the stream ended")
	}
	g.Refresh(g.StartRead(), nil, nil)
	if l.next() == "" {
		t.Fatal("the stream ended")
	}
}

func TestTooManyStreamsAreSentAwayForAWhile(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{MaxStreams: 2})
	server := startServer(t, g)
	for range 2 {
		listen(t, server, "").next()
	}
	l := listen(t, server, "")
	if l.status != http.StatusTooManyRequests || l.header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", l.status, l.header.Get("Retry-After"))
	}
}

func TestAStreamThatEndedMakesRoom(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{MaxStreams: 1})
	server := startServer(t, g)
	for range 5 {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		for status := 0; status != http.StatusOK; {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+events, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			status = response.StatusCode
			response.Body.Close()
		}
		cancel()
	}
}

func TestStreamsEndWithTheGate(t *testing.T) {
	t.Parallel()
	g, err := gate.New(gate.Options{Agents: agents()})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t, startServer(t, g), "")
	l.next()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if id := l.next(); id != "" {
		t.Errorf("told %s after the end", id)
	}
}

func TestManyStreamsHearTheLastOfManyChanges(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	server := startServer(t, g)
	const clients, changes = 300, 20
	listeners := make([]*listener, clients)
	for i := range listeners {
		listeners[i] = listen(t, server, "?agent=mailer")
		listeners[i].next()
	}
	for i := range changes { // nobody reads meanwhile
		hang(t, g, stopOf(fmt.Sprintf("h%d", i), "mailer/email", tagout.Halted))
	}
	hang(t, g, stopOf("last", "mailer", tagout.Halted))
	late := listen(t, server, "?agent=mailer").next()
	for i, l := range listeners {
		for id := l.next(); id != late; id = l.next() {
			if id == "" {
				t.Fatalf("client %d never heard the last change", i)
			}
		}
	}
}

func TestOnlyGETOpensAStream(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	for _, c := range []struct {
		method, query string
		status        int
	}{{"POST", "", 405}, {"GET", "?agent=ghost", 404}, {"GET", "?agent=", 404}, {"GET", "", 505}} { // a recorder has no connection
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, httptest.NewRequest(c.method, events+c.query, nil))
		if w.Code != c.status || c.status == 405 && w.Header().Get("Allow") != "GET" {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.query, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestWhatIsNoStopIsToldAlthoughOthersAreStoppedAllTheTime(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	mailer := listen(t, startServer(t, g), "?agent=mailer")
	mailer.next()
	_ = g.Hang(t.Context(), stopOf("one", "mailer", tagout.Halted))
	stopped := mailer.next()
	g.Committed([]tagout.Hold{holdOn("one", "mailer", tagout.Halted)})
	g.Lift([]tagout.HoldID{"one"}, nil)
	told := make(chan string, 1)
	go func() { told <- mailer.next() }()
	for i := 0; ; i++ {
		select {
		case lifted := <-told:
			if lifted == "" || lifted == stopped {
				t.Errorf("told of %q after %q", lifted, stopped)
			}
			return
		default:
			_ = g.Hang(t.Context(), stopOf(fmt.Sprint("other-", i), "researcher", tagout.Halted))
		}
	}
}
