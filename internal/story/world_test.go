// Package story_test tells what people do and see: the whole program against the sandbox, over
// Socket Mode and signed HTTP, on both databases.
package story_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"tagout"
	"tagout/cmd/tagout/app"
	"tagout/internal/config"
	"tagout/internal/pgtest"
	"tagout/sandbox"
)

// abreast is how many stories play at once where nobody says otherwise: they mostly wait.
const abreast = 4

func TestMain(m *testing.M) {
	flag.Parse()
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		given.Value.Set(strconv.Itoa(abreast))
	}
	pgtest.Main(m, throwAway)
}

// patience bounds every wait; no story passes or fails by how long something takes.
const patience = 2 * time.Minute

// setting is where a story plays.
type setting struct {
	database string // sqlite or postgres
	slack    string // socket or http
}

var (
	everywhere = []setting{{"sqlite", "socket"}, {"sqlite", "http"}, {"postgres", "socket"}, {"postgres", "http"}}
	bothStores = []setting{{"sqlite", "socket"}, {"postgres", "http"}}
)

// tell runs a story in each setting.
func tell(t *testing.T, settings []setting, story func(*testing.T, *world)) {
	t.Helper()
	tellWith(t, settings, func(*params) {}, story)
}

// tellWith is tell with other parameters.
func tellWith(t *testing.T, settings []setting, change func(*params), story func(*testing.T, *world)) {
	t.Helper()
	t.Parallel()
	for _, s := range settings {
		t.Run(s.database+"/"+s.slack, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			change(&w.params)
			w.starts()
			story(t, w)
		})
	}
}

// world is a running Tagout with everything around it.
type world struct {
	t       *testing.T
	ctx     context.Context
	setting setting
	dir     string
	params  params
	slack   *sandbox.Sandbox
	mailer  *machine
	mails   *mailbox
	log     *journalist
	clock   tagout.Clock         // nil: the machine's
	tune    func(*config.Config) // changes a configuration that was read; may be nil
	app     *app.App
	server  *httptest.Server
	address string
	// slackDown and databaseDown tell what the story has taken away.
	slackDown, databaseDown bool
}

// params fill the configuration of a story.
type params struct {
	Listen, Database, Journal, SlackMode, SlackURL, ControlURL, SMTP               string
	Repeat, Expires, Monitor, ContainDeadline, Inform, RemindAt, Lease, StaleAfter string
	Quiet, QuietUntil                                                              string // hours of U0PROGRAM, UTC; empty: none
	FlagdListen                                                                    string // empty: off
	Rotation                                                                       string // of the platform owner; empty: none
	GitHub                                                                         string // where issues of acme/mailer are made; empty: no tracker
	PagerDuty                                                                      string // where its events go; empty: none
	Prometheus                                                                     string // its address; empty: none
	RollbackWithin                                                                 string
	Digest                                                                         bool   // each Monday at 9:00 in New York
	Pin                                                                            bool   // of SEV-3
	Idle                                                                           bool   // SEV-3 holds nothing
	Maintenance                                                                    string // of the researcher, for 90 minutes by this schedule in Berlin
	Drills                                                                         string // the mailer has a canary, and is drilled by this schedule
	Pool                                                                           int    // connections to Postgres, each a process that has to start; 0: as many as by default
	Stages                                                                         string // of a resumption after a SEV-1; empty: at once
	Signoffs                                                                       string // of a SEV-1; empty: Legal
	Ordered                                                                        bool   // they sign in turn, and a SEV-2 needs two people
	Hurry                                                                          int    // how much faster than Slack's limits Tagout sends here; 1 where the story is about them
}

// hurry is the pace of stories that are not about Slack's limits: they only wait for them.
const hurry = 25

// newWorld is a world in which Slack waits for whatever comes: how busy the machine is, is no story.
func newWorld(t *testing.T, s setting) *world {
	t.Helper()
	return newWorldWith(t, s, sandbox.Options{AckTimeout: patience})
}

// newMortalWorld is one in which Tagout dies. Slack waits as long as it really does there.
func newMortalWorld(t *testing.T, database string) *world {
	t.Helper()
	return newWorldWith(t, setting{database, "socket"}, sandbox.Options{})
}

func newWorldWith(t *testing.T, s setting, o sandbox.Options) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, setting: s, dir: t.TempDir(), log: newJournalist(t), mails: newMailbox(t), mailer: newMachine(t)}
	o.RetryDelays = []time.Duration{0, 0, 0}
	w.slack = sandbox.New(o)
	slackServer := httptest.NewServer(w.slack.Handler())
	t.Cleanup(func() { w.slack.Close(); slackServer.Close() })
	w.slack.SetBaseURL(slackServer.URL)
	w.address = keepPort(t)
	w.params = params{
		Listen: w.address, Journal: filepath.Join(w.dir, "stops.journal"), SlackMode: s.slack, SlackURL: slackServer.URL,
		ControlURL: w.mailer.url(), SMTP: w.mails.address,
		Repeat: "5m", Expires: "4h", Monitor: "0s", ContainDeadline: "60s", Inform: "30m", RemindAt: "80", Lease: "30s", RollbackWithin: "1m", StaleAfter: "120s", Hurry: hurry,
	}
	if s.database == "postgres" {
		w.params.Database, w.params.Pool = emptyPostgres(t), 6
	} else {
		w.params.Database = "sqlite://" + filepath.ToSlash(filepath.Join(w.dir, "tagout.db"))
	}
	if s.slack == "http" {
		base := "http://" + w.address + "/slack/"
		w.slack.SetDeliveryURLs(base+"commands", base+"interactions", base+"events")
	}
	return w
}

// configuration writes the story's configuration and returns its path.
func (w *world) configuration() string {
	w.t.Helper()
	text, err := os.ReadFile("testdata/story.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(string(text))).Execute(&b, w.params); err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.dir, "tagout.yaml")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// starts starts Tagout in this process.
func (w *world) starts() {
	w.t.Helper()
	cfg, err := config.Load(w.configuration(), config.Env{Lookup: func(string) (string, bool) { return "", false }, ReadFile: os.ReadFile})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.tune != nil {
		w.tune(cfg)
	}
	a, err := app.New(app.Options{Config: cfg, Clock: w.clock, Logger: w.log.logger(), Version: "story", Hurry: w.params.Hurry})
	if err != nil {
		w.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: a.Handler()}}
	server.Start()
	w.app, w.server = a, server
	w.t.Cleanup(w.stops)
	if err := a.Start(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	w.settlesIn(func() bool { return false })
}

// settlesIn waits until a started Tagout has all that the story did not take away, or has died.
func (w *world) settlesIn(died func() bool) {
	w.t.Helper()
	w.eventually("Tagout is ready", func() bool {
		status, text, err := w.try(http.MethodGet, "/readyz", "", nil)
		return died() || err == nil && status == http.StatusOK && (w.databaseDown || !bytes.Contains(text, []byte(`"database"`)))
	})
	if w.setting.slack == "socket" {
		w.eventually("the sockets are up", func() bool { return died() || w.slackDown || w.slack.Connections() >= 2 })
	}
}

// stops drains Tagout; the world around it goes on.
func (w *world) stops() {
	if w.app == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w.server.CloseClientConnections()
	w.server.Close()
	w.app.Stop(ctx)
	w.app = nil
}

// A story looks soon at first, and then less often, since each look costs the others time.
const firstLook, lastLook = 2 * time.Millisecond, 40 * time.Millisecond

// eventually waits until ok holds, looking again and again.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	pause := firstLook
	tick := time.NewTimer(pause)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !ok() {
		tick.Reset(pause)
		pause = min(pause*5/4, lastLook)
		select {
		case <-tick.C:
		case <-limit.C:
			w.t.Fatalf("waited in vain until %s\n%s", what, w.scene())
		}
	}
}

// get reads a JSON answer of Tagout's API with the break-glass token.
func (w *world) get(path string, into any) int {
	w.t.Helper()
	return w.call(http.MethodGet, path, "breakglass-token", nil, into)
}

// call sends one request and decodes the answer, if it is JSON and into is given.
func (w *world) call(method, path, token string, body, into any) int {
	w.t.Helper()
	status, data, err := w.try(method, path, token, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			w.t.Fatalf("%s %s answered %d: %s", method, path, status, data)
		}
	}
	return status
}

func (w *world) try(method, path, token string, body any) (int, []byte, error) {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(w.ctx, method, "http://"+w.address+path, reader)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, data, err
}

// scene is what a failed story shows: every message, and the log.
func (w *world) scene() string {
	var b strings.Builder
	for _, c := range w.slack.Channels() {
		fmt.Fprintf(&b, "--- #%s %s\n", c.Name, c.User)
		for _, m := range w.slack.Messages(c.ID) {
			fmt.Fprintf(&b, "%s %s: %s\n", m.TS, m.User, plain(m))
		}
	}
	for _, u := range sandbox.DefaultUsers() {
		for _, m := range w.slack.Ephemerals(u.ID) {
			fmt.Fprintf(&b, "--- only %s sees: %s\n", u.ID, plain(m))
		}
	}
	b.WriteString("--- calls\n")
	for _, c := range w.slack.Calls() {
		fmt.Fprintf(&b, "%s %s\n", c.Method, c.Error)
	}
	b.WriteString("--- log\n" + w.log.tail(60))
	return b.String()
}
