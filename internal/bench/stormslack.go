package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tagout/sandbox"
)

// stormSlack is a workspace that notes what a storm makes of it.
type stormSlack struct {
	*workspace
	mu      sync.Mutex
	last    time.Time                 // when anything was asked, but whether Slack is there
	counts  map[string]int            // of calls, by method
	arrived map[string]time.Time      // when each message first came, by its key
	updated map[[2]string][]time.Time // when each message was updated, by channel and timestamp
}

func openStormSlack(o sandbox.Options, teams []string) *stormSlack {
	o.Users = peopleOf(teams)
	s := &stormSlack{workspace: &workspace{slack: sandbox.New(o)}, last: time.Now(), counts: map[string]int{}, arrived: map[string]time.Time{}, updated: map[[2]string][]time.Time{}}
	s.serve(s.watch(s.slack.Handler()))
	return s
}

// answered notes with which status a request was answered.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// watch notes every call, and when it had come in.
func (s *stormSlack) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		method, isCall := strings.CutPrefix(r.URL.Path, "/api/")
		if !isCall || method == "auth.test" {
			next.ServeHTTP(out, r)
			return
		}
		at := time.Now()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &answered{out, http.StatusOK}
		next.ServeHTTP(answer, r)
		s.note(method, at, answer.status, body)
	})
}

func (s *stormSlack) note(method string, at time.Time, status int, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	s.counts[method]++
	form, err := url.ParseQuery(string(body))
	if err != nil || status != http.StatusOK {
		return
	}
	switch method {
	case "chat.postMessage":
		if key := keyOf([]byte(form.Get("metadata"))); key != "" && s.arrived[key].IsZero() {
			s.arrived[key] = at
		}
	case "chat.update":
		place := [2]string{form.Get("channel"), form.Get("ts")}
		s.updated[place] = append(s.updated[place], at)
	}
}

// keyOf is the key that Tagout gives a message, or "".
func keyOf(metadata []byte) string {
	var m struct {
		Payload struct {
			Key string `json:"key"`
		} `json:"event_payload"`
	}
	_ = json.Unmarshal(metadata, &m)
	return m.Payload.Key
}

func (s *stormSlack) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.last) > quietFor
}

func (s *stormSlack) calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

func (s *stormSlack) arrival(key string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.arrived[key]
	return at, ok
}

// mostUpdates is how often a single message was updated within a second at most.
func (s *stormSlack) mostUpdates() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 0
	for _, at := range s.updated {
		most = max(most, crowded(at))
	}
	return most
}

// crowded is how many moments, in order, lie within one second at most. What is let through
// exactly a second apart may arrive a little closer.
func crowded(at []time.Time) int {
	const second = 950 * time.Millisecond
	most, first := 0, 0
	for n := range at {
		for at[n].Sub(at[first]) >= second {
			first++
		}
		most = max(most, n-first+1)
	}
	return most
}

// each calls f with every message that is there.
func (s *stormSlack) each(f func(m sandbox.Message)) {
	for _, c := range s.slack.Channels() {
		for _, m := range s.slack.Messages(c.ID) {
			f(m)
		}
	}
}

func (s *stormSlack) messages() (n int) {
	s.each(func(sandbox.Message) { n++ })
	return n
}
