package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout/internal/handclock"
	"tagout/sandbox"
)

// patience bounds every wait; no test passes or fails by how long it takes.
const patience = 2 * time.Minute

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// workspace is a sandbox that listens, and a client of its Web API.
type workspace struct {
	*sandbox.Sandbox
	URL string
	API *slack.Client
}

func open(t *testing.T, o sandbox.Options) workspace {
	t.Helper()
	if o.AckTimeout == 0 {
		o.AckTimeout = patience // only tests about time-outs want a short one
	}
	s := sandbox.New(o)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	return workspace{Sandbox: s, URL: server.URL, API: client(server.URL, "xoxb-sandbox", "xapp-sandbox")}
}

func client(base, bot, app string) *slack.Client {
	return slack.New(bot, slack.OptionAppLevelToken(app), slack.OptionAPIURL(base+"/api/"))
}

func newHand() *handclock.Clock { return handclock.At(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)) }

// answering connects a real Socket Mode client that acknowledges every request with
// what answer returns.
func (w workspace) answering(t *testing.T, answer func(socketmode.Event) any) {
	t.Helper()
	before := w.Connections()
	ctx, cancel := context.WithCancel(context.Background())
	sm := socketmode.New(w.API)
	var group sync.WaitGroup
	group.Go(func() { _ = sm.RunContext(ctx) })
	group.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-sm.Events:
				if e.Request == nil || e.Request.EnvelopeID == "" {
					continue
				}
				if payload := answer(e); payload != nil {
					_ = sm.AckCtx(ctx, e.Request.EnvelopeID, payload)
				} else {
					_ = sm.AckCtx(ctx, e.Request.EnvelopeID, nil)
				}
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	w.until(t, "the app to connect", func(s *sandbox.Sandbox) bool { return s.Connections() > before })
}

func (w workspace) until(t *testing.T, what string, ok func(*sandbox.Sandbox) bool) {
	t.Helper()
	if err := w.WaitFor(soon(t), what, ok); err != nil {
		t.Fatal(err)
	}
}

// post posts a message as the app and returns its timestamp.
func (w workspace) post(t *testing.T, channel string, options ...slack.MsgOption) string {
	t.Helper()
	_, ts, err := w.API.PostMessageContext(soon(t), channel, options...)
	if err != nil {
		t.Fatalf("posting to %s: %v", channel, err)
	}
	return ts
}

// line is a raw Socket Mode connection, for what a well-behaved client hides.
type line struct {
	t    *testing.T
	conn *websocket.Conn
}

type frame struct {
	Type         string          `json:"type"`
	Reason       string          `json:"reason"`
	EnvelopeID   string          `json:"envelope_id"`
	Payload      json.RawMessage `json:"payload"`
	RetryAttempt int             `json:"retry_attempt"`
	Connections  int             `json:"num_connections"`
}

// dial opens a raw connection and reads its hello.
func (w workspace) dial(t *testing.T) *line {
	t.Helper()
	l, first := w.dialRaw(t)
	if first.Type != "hello" {
		t.Fatalf("first frame is %+v, want hello", first)
	}
	return l
}

func (w workspace) dialRaw(t *testing.T) (*line, frame) {
	t.Helper()
	_, address, err := w.API.StartSocketModeContext(soon(t))
	if err != nil {
		t.Fatalf("opening a connection: %v", err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(soon(t), address, nil)
	if err != nil {
		t.Fatalf("dialling: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	l := &line{t: t, conn: conn}
	return l, l.read()
}

func (l *line) read() frame {
	l.t.Helper()
	_ = l.conn.SetReadDeadline(time.Now().Add(patience))
	var f frame
	if err := l.conn.ReadJSON(&f); err != nil {
		l.t.Fatalf("reading a frame: %v", err)
	}
	return f
}

func (l *line) ack(id string, payload any) {
	l.t.Helper()
	if err := l.conn.WriteJSON(map[string]any{"envelope_id": id, "payload": payload}); err != nil {
		l.t.Fatalf("acknowledging: %v", err)
	}
}

// ended waits until the other side has closed the connection.
func (l *line) ended() {
	l.t.Helper()
	_ = l.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := l.conn.ReadMessage(); err != nil {
			if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() {
				l.t.Fatal("the connection stays open")
			}
			return
		}
	}
}

// background runs what blocks until the app answers.
func background[T any](run func() T) <-chan T {
	out := make(chan T, 1)
	go func() { out <- run() }()
	return out
}

func wait[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
}

// call makes a Web API call by hand and returns the raw answer.
func (w workspace) call(t *testing.T, method, token string, form map[string]string) (int, map[string]any) {
	t.Helper()
	values := url.Values{}
	for k, v := range form {
		values.Set(k, v)
	}
	request, err := http.NewRequestWithContext(soon(t), http.MethodPost, w.URL+"/api/"+method, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatalf("%s answered %d without JSON", method, response.StatusCode)
	}
	return response.StatusCode, out
}
