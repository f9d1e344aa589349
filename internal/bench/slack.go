package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"tagout/sandbox"
)

// team and userOf name a role with one person.
func team(n int) string { return fmt.Sprintf("team%02d", n) }

func userOf(team string) string { return "U0" + strings.ToUpper(team) }

func teams(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = team(i)
	}
	return names
}

// workspace is a Slack in this process that the server talks to over TCP.
type workspace struct {
	slack *sandbox.Sandbox
	http  *httptest.Server

	mu    sync.Mutex
	posts []post
}

// post is one message that arrived, and when its request had come in.
type post struct {
	at      time.Time
	channel string
	body    string // text and blocks as they were sent
}

// openWorkspace makes a workspace with one person per team besides the usual ones.
func openWorkspace(teams []string) *workspace {
	w := &workspace{slack: sandbox.New(sandbox.Options{Users: peopleOf(teams)})}
	w.serve(w.watch(w.slack.Handler()))
	return w
}

func peopleOf(teams []string) []sandbox.User {
	users := sandbox.DefaultUsers()
	for _, name := range teams {
		users = append(users, sandbox.User{ID: userOf(name), Name: name, RealName: name})
	}
	return users
}

func (w *workspace) serve(handler http.Handler) {
	w.http = httptest.NewServer(handler)
	w.slack.SetBaseURL(w.http.URL)
}

// deliverTo makes the workspace send commands to a server.
func (w *workspace) deliverTo(s *server) {
	base := "http://" + s.address + "/slack/"
	w.slack.SetDeliveryURLs(base+"commands", base+"interactions", base+"events")
}

func (w *workspace) close() {
	w.slack.Close()
	w.http.Close()
}

// watch notes every message before the workspace takes it.
func (w *workspace) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/chat.postMessage" {
			at := time.Now()
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if form, err := url.ParseQuery(string(body)); err == nil {
				w.mu.Lock()
				w.posts = append(w.posts, post{at, form.Get("channel"), form.Get("text") + form.Get("blocks")})
				w.mu.Unlock()
			}
		}
		next.ServeHTTP(out, r)
	})
}

// paged is when the first direct message about an incident to a person came in: posted under
// the person's ID, or into their conversation.
func (w *workspace) paged(user, incident string) (time.Time, bool) {
	channel := w.slack.DM(user)
	about := regexp.MustCompile(`\b` + regexp.QuoteMeta(incident) + `\b`)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.posts {
		if (p.channel == user || p.channel == channel) && about.MatchString(p.body) {
			return p.at, true
		}
	}
	return time.Time{}, false
}
