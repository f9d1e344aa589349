package story_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

var controlSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of the story's mailer!!"))

// machine is the agent's own enforcement point: a webhook that does what it is told, unless
// the story says otherwise.
type machine struct {
	server *httptest.Server
	hook   *standardwebhooks.Webhook

	mu       sync.Mutex
	holds    []json.RawMessage
	versions map[string]string // that it reports, and takes
	asked    map[string]string // the versions that it was asked for last
	wanted   int
	bodies   []string // all that it was ever sent
	deaf     bool     // accepts, and goes on running
	broken   bool     // answers 500
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(controlSecret)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{hook: hook, versions: map[string]string{"prompt": "v42"}}
	m.server = httptest.NewServer(m)
	t.Cleanup(m.server.Close)
	return m
}

func (m *machine) url() string { return m.server.URL + "/control" }

// ServeHTTP is the webhook control contract, with signatures checked.
func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := m.hook.Verify(body, r.Header); err != nil {
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	if r.Method == http.MethodPost {
		m.bodies = append(m.bodies, string(body))
		m.take(body)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"agent": "mailer", "generation": 1, "applied": append([]json.RawMessage{}, m.holds...), "versions": m.versions})
}

func (m *machine) take(body []byte) {
	var wanted struct {
		Holds    []json.RawMessage `json:"holds"`
		Versions map[string]string `json:"versions"`
	}
	if json.Unmarshal(body, &wanted) != nil || m.deaf {
		return
	}
	m.wanted++
	m.holds = wanted.Holds
	m.asked = wanted.Versions
	for component, version := range wanted.Versions {
		if _, own := m.versions[component]; own {
			m.versions[component] = version
		}
	}
}

func (m *machine) set(change func(*machine)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *machine) version(component string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.versions[component]
}

// isAsked are the versions that it was asked for last.
func (m *machine) isAsked() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

// holding reports whether the control was told to hold this scope.
func (m *machine) holding(scope string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, hold := range m.holds {
		var h struct {
			Scope string `json:"scope"`
		}
		if json.Unmarshal(hold, &h) == nil && h.Scope == scope {
			return true
		}
	}
	return false
}

// mailbox is a real SMTP server on this machine.
type mailbox struct {
	address string
	mu      sync.Mutex
	mails   []mail
}

type mail struct{ to, text string }

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{address: listener.Addr().String()}
	server := smtp.NewServer(m)
	server.Domain = "localhost"
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return m
}

// NewSession accepts everybody.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: m}, nil }

type session struct {
	box *mailbox
	to  string
}

func (s *session) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *session) Reset()                                    {}
func (s *session) Logout() error                             { return nil }
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, mail{s.to, string(text)})
	return err
}

// count counts the mails to an address that contain a text.
func (m *mailbox) count(to, text string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, mail := range m.mails {
		if mail.to == to && strings.Contains(mail.text, text) {
			n++
		}
	}
	return n
}

// journalist keeps the log, and fails the story for every error that it did not expect.
type journalist struct {
	mu       sync.Mutex
	lines    bytes.Buffer
	expected []string
}

func newJournalist(t *testing.T) *journalist {
	j := &journalist{}
	t.Cleanup(func() {
		for line := range strings.Lines(j.text()) {
			if strings.Contains(line, `"level":"ERROR"`) && !j.expects(line) {
				t.Errorf("unexpected error in the log: %s", line)
			}
			if strings.Contains(line, "a secret of the story") || strings.Contains(line, "xoxb-sandbox") || strings.Contains(line, "generic-token") {
				t.Errorf("a secret in the log: %s", line)
			}
		}
	})
	return j
}

func (j *journalist) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(p)
}

func (j *journalist) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (j *journalist) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

// expect lets errors with this text pass: the story is about them.
func (j *journalist) expect(texts ...string) { j.expected = append(j.expected, texts...) }

func (j *journalist) expects(line string) bool {
	for _, text := range j.expected {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

func (j *journalist) has(text string) bool { return strings.Contains(j.text(), text) }

func (j *journalist) tail(n int) string {
	lines := strings.Split(j.text(), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
