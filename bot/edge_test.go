package bot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/bot"
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

// journal is a log that can be read back.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// edge is a bot against a sandbox.
type edge struct {
	*bot.Bot
	t     *testing.T
	slack *sandbox.Sandbox
	url   string
	desk  *desk
	inbox *memory
	log   *journal
}

// setup says what an edge is made of.
type setup struct {
	sandbox  sandbox.Options
	commands []tagout.Command
	prefix   string
	emoji    string // that flags a message
	workers  int
	template string
	http     bool // HTTP mode; otherwise Socket Mode
	idle     bool // neither: the test wants only effects
	inbox    *memory
	desk     *desk
	clock    tagout.Clock
	leads    func() bool // nil: always
	record   func(context.Context, tagout.IncidentID) (tagout.PackedRecord, error)
	draw     func([]tagout.Chart) ([]byte, error)
	slack    *edge // use this one's sandbox
	down     bool  // Slack is down at the start
}

func open(t *testing.T, s setup) *edge {
	t.Helper()
	e := &edge{t: t, desk: s.desk, inbox: s.inbox, log: &journal{}}
	if e.desk == nil {
		e.desk = newDesk()
	}
	if e.inbox == nil {
		e.inbox = newMemory()
	}
	if s.slack != nil {
		e.slack, e.url = s.slack.slack, s.slack.url
	} else {
		if s.sandbox.AckTimeout == 0 {
			s.sandbox.AckTimeout = patience // how busy the machine is tells nothing of the bot
		}
		e.slack = sandbox.New(s.sandbox)
		server := httptest.NewServer(e.slack.Handler())
		e.url = server.URL
		e.slack.SetBaseURL(server.URL)
		t.Cleanup(func() { e.slack.Close(); server.Close() })
	}
	e.slack.Down(s.down)
	made, err := bot.New(bot.Options{
		API: bot.NewAPI("xoxb-sandbox", e.url+"/api/", nil), Desk: e.desk, Inbox: e.inbox, Commands: s.commands,
		Announce: "#incidents", ChannelName: s.template, CommandPrefix: s.prefix, Emoji: s.emoji, Workers: s.workers, Clock: s.clock, Leads: s.leads, Record: s.record, Draw: s.draw,
		Logger: slog.New(slog.NewTextHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Bot = made
	if err := made.Start(soon(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Drain(soon(t)) })
	switch {
	case s.http:
		app := httptest.NewServer(made.Handler("sandbox-secret"))
		t.Cleanup(app.Close)
		e.slack.SetDeliveryURLs(app.URL+"/slack/commands", app.URL+"/slack/interactions", app.URL+"/slack/events")
	case !s.idle:
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		socket := made.Socket("xapp-sandbox")
		running.Go(func() { _ = socket.Run(ctx) })
		t.Cleanup(func() { cancel(); running.Wait() })
		if !s.down {
			e.until("two sockets", func(s *sandbox.Sandbox) bool { return s.Connections() == 2 })
		}
	}
	return e
}

func (e *edge) until(what string, ok func(*sandbox.Sandbox) bool) {
	e.t.Helper()
	if err := e.slack.WaitFor(soon(e.t), what, ok); err != nil {
		e.t.Fatalf("%v\nlog:\n%s", err, e.log)
	}
}

// whispered waits for an answer that only one person sees.
func (e *edge) whispered(user, text string) sandbox.Message {
	e.t.Helper()
	var found sandbox.Message
	e.until(fmt.Sprintf("%s to read %q", user, text), func(s *sandbox.Sandbox) bool {
		for _, m := range s.Ephemerals(user) {
			if strings.Contains(m.Visible(), text) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// said waits for a message in a channel.
func (e *edge) said(channel, text string) sandbox.Message {
	e.t.Helper()
	var found sandbox.Message
	e.until(fmt.Sprintf("%s to hold %q", channel, text), func(s *sandbox.Sandbox) bool {
		found = sandbox.Message{}
		for _, m := range s.Messages(channel) {
			if strings.Contains(m.Visible(), text) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// count is how many messages of a channel hold a text.
func (e *edge) count(channel, text string) int {
	n := 0
	for _, m := range e.slack.Messages(channel) {
		if strings.Contains(m.Visible(), text) {
			n++
		}
	}
	return n
}

// calls is how often a method was called with success.
func (e *edge) calls(method string) int {
	n := 0
	for _, c := range e.slack.Calls() {
		if c.Method == method && c.Error == "" {
			n++
		}
	}
	return n
}

// effect runs an effect as a durable job would: again and again until it is done or final.
func (e *edge) effect(kind tagout.EffectKind, id tagout.IncidentID, key string, data any) error {
	e.t.Helper()
	ctx := soon(e.t)
	for {
		err := e.Effects()[kind](ctx, tagout.NewEffect(kind, id, key, data))
		if err == nil || tagout.IsFinal(err) {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			e.t.Fatalf("the effect %s does not succeed: %v", kind, err)
		}
	}
}

// wait waits for a condition that no sandbox event tells of.
func (e *edge) wait(what string, ok func() bool) {
	e.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			e.t.Fatalf("waited in vain for %s\nlog:\n%s", what, e.log)
		}
	}
}

// recorder is commands that note how they were called.
type recorder struct {
	mu    sync.Mutex
	runs  []tagout.Invocation
	press []tagout.Click
	forms []tagout.Submission
}

func (r *recorder) ran() []tagout.Invocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]tagout.Invocation(nil), r.runs...)
}

func (r *recorder) pressed() []tagout.Click {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]tagout.Click(nil), r.press...)
}

func (r *recorder) submitted() []tagout.Submission {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]tagout.Submission(nil), r.forms...)
}

// command is a command that says what it was called with.
func (r *recorder) command(name string, right tagout.Right) tagout.Command {
	return tagout.Command{
		Name: name, Summary: "Does " + name + ".", Usage: "SCOPE", Right: right,
		Run: func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.runs = append(r.runs, in)
			return tagout.Reply{Message: tagout.Say(name + " was run with " + in.Text)}, nil
		},
	}
}

// button adds a button to a command.
func (r *recorder) button(c tagout.Command, action string) tagout.Command {
	clicks := maps.Clone(c.Clicks)
	if clicks == nil {
		clicks = map[string]func(context.Context, tagout.Click) (tagout.Reply, error){}
	}
	clicks[action] = func(_ context.Context, click tagout.Click) (tagout.Reply, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.press = append(r.press, click)
		return tagout.Reply{Message: tagout.Say(action + " was pressed with " + click.Value)}, nil
	}
	c.Clicks = clicks
	return c
}

var errDown = errors.New("the database is down")
