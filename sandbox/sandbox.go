// Package sandbox is a Slack workspace in a box: a strict stand-in for Slack that
// runs in one process, needs no account and no network, and refuses what Slack
// refuses. An app under test points its API URL at Handler and believes that it
// talks to Slack; tests and the browser page play the people of the workspace.
//
// The package knows nothing about the app that it hosts.
package sandbox

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Identity of the workspace and of the one app that is installed in it.
const (
	TeamID     = "T0SANDBOX"
	TeamName   = "Sandbox"
	TeamDomain = "sandbox"
	AppID      = "A0TAGOUT"
	BotUserID  = "U0TAGOUT"
	BotID      = "B0TAGOUT"
)

// Options of a workspace. The zero value is a workspace with the default people,
// channels and tokens, on Socket Mode, with every scope granted and no rate limits.
type Options struct {
	Now      func() time.Time // the clock for timestamps and expiries; default time.Now
	Users    []User           // default DefaultUsers
	Channels []Channel        // default DefaultChannels
	Groups   []UserGroup      // default DefaultUserGroups

	BotToken      string // default "xoxb-sandbox"
	AppToken      string // default "xapp-sandbox"
	SigningSecret string // default "sandbox-secret"

	Scopes   []string // of the bot token; default DefaultScopes
	FreePlan bool     // no paid plan: user groups answer paid_teams_only
	Strict   bool     // enforce the rate limits: tiers by method, posts by channel

	Commands  []Command  // the registered slash commands; empty means that any is accepted
	Shortcuts []Shortcut // the registered shortcuts, for the browser page

	// A URL switches that kind of delivery from Socket Mode to signed HTTP requests.
	CommandURL, InteractionURL, EventURL string

	AckTimeout  time.Duration   // how long the app has to acknowledge; default 3 s
	RetryDelays []time.Duration // waits before an event is sent again; default 0, 1 min, 5 min
	PingEvery   time.Duration   // interval of websocket pings; default 5 s

	Logger *slog.Logger // default: discard
}

// Sandbox is one running workspace. All methods are safe for concurrent use.
type Sandbox struct {
	opts    Options
	log     *slog.Logger
	methods map[string]method
	client  *http.Client
	ctx     context.Context
	stop    context.CancelFunc
	jobs    sync.WaitGroup

	mu    sync.Mutex
	state // everything below is guarded by mu
}

// New returns a workspace that is ready to serve. Close it after use.
func New(o Options) *Sandbox {
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sandbox{
		opts: o,
		log:  o.Logger,
		ctx:  ctx,
		stop: cancel,
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}
	s.methods = s.webMethods()
	s.state = newState(o)
	return s
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if o.Channels == nil {
		o.Channels = DefaultChannels()
	}
	if o.Groups == nil {
		o.Groups = DefaultUserGroups()
	}
	if o.Scopes == nil {
		o.Scopes = DefaultScopes()
	}
	orDefault(&o.BotToken, "xoxb-sandbox")
	orDefault(&o.AppToken, "xapp-sandbox")
	orDefault(&o.SigningSecret, "sandbox-secret")
	if o.AckTimeout <= 0 {
		o.AckTimeout = 3 * time.Second
	}
	if o.RetryDelays == nil {
		o.RetryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if o.PingEvery <= 0 {
		o.PingEvery = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func orDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// Handler serves the Web API under /api/, Socket Mode, response URLs, files, the
// JSON API of the browser page under /ui/, and the page itself. It can be mounted
// under a prefix with http.StripPrefix.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("GET /socket", s.serveSocket)
	mux.HandleFunc("POST /response/{token}", s.serveResponseURL)
	mux.HandleFunc("GET /files/{id}", s.serveFile)
	mux.HandleFunc("POST /upload/{id}", s.serveUpload)
	s.routeUI(mux)
	mux.Handle("/", pageHandler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.learnBaseURL(r)
		mux.ServeHTTP(w, r)
	})
}

// Close ends every connection, stream and pending retry, and waits for them.
func (s *Sandbox) Close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	s.closeSocketsLocked()
	s.changedLocked()
	s.mu.Unlock()
	s.jobs.Wait()
	s.client.CloseIdleConnections()
}

// SetBaseURL fixes the address under which the app reaches Handler, for example
// "http://127.0.0.1:8080/slack". Without it the first request's Host is used.
func (s *Sandbox) SetBaseURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimRight(url, "/")
}

// SetDeliveryURLs switches to signed HTTP delivery; an empty URL means Socket Mode
// for that kind of payload.
func (s *Sandbox) SetDeliveryURLs(commands, interactions, events string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.urls = deliveryURLs{commands: commands, interactions: interactions, events: events}
}

// SetStrict makes the workspace enforce the rate limits, or no longer.
func (s *Sandbox) SetStrict(strict bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Strict = strict
}

// RefuseCharts makes the workspace refuse data_visualization blocks, as one to which Slack has
// not brought them yet, or take them again.
func (s *Sandbox) RefuseCharts(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noCharts = refuse
}

// SetScopes replaces the scopes granted to the bot token.
func (s *Sandbox) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = append([]string(nil), scopes...)
}

// learnBaseURL remembers how the app addresses us. RequestURI still carries a
// prefix that http.StripPrefix has taken off URL.Path.
func (s *Sandbox) learnBaseURL(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.baseURL != "" || r.Host == "" {
		return
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	prefix := strings.TrimSuffix(path, r.URL.Path)
	if prefix == path && r.URL.Path != "" {
		prefix = ""
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	s.baseURL = scheme + "://" + r.Host + strings.TrimRight(prefix, "/")
}
