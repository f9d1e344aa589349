package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tagout"
)

//go:embed page
var page embed.FS

// entry is one line of the feed.
type entry struct {
	Lane lane      `json:"lane"`
	Text string    `json:"text,omitempty"`
	Bad  bool      `json:"bad,omitempty"`
	At   time.Time `json:"at"`
}

// feed spreads what the agents do to everybody who has the page open.
type feed struct {
	mu        sync.Mutex
	listeners map[chan []byte]struct{}
}

func newFeed() *feed { return &feed{listeners: map[chan []byte]struct{}{}} }

func (f *feed) say(e entry) {
	e.At = time.Now().UTC()
	f.send("act", e)
}

func (f *feed) notice(text string) { f.send("notice", map[string]string{"text": text}) }

func (f *feed) send(kind string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		return
	}
	event := fmt.Appendf(nil, "event: %s\ndata: %s\n\n", kind, data)
	f.mu.Lock()
	defer f.mu.Unlock()
	for ch := range f.listeners {
		select {
		case ch <- event:
		default: // a page that cannot keep up misses a line of the feed
		}
	}
}

func (f *feed) listen() (chan []byte, func()) {
	ch := make(chan []byte, 64)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[ch] = struct{}{}
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, ch)
	}
}

// routes serves the page at /, the sandbox below /sandbox/, the demo's own below /demo/,
// and Tagout for the rest.
func (d *Demo) routes(address string) http.Handler {
	static, _ := fs.Sub(page, "page") // the folder is embedded
	files := http.FileServerFS(static)
	var cut atomic.Bool // the agents are cut off from the gate
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", secured(files))
	mux.Handle("GET /demo/page/", http.StripPrefix("/demo/page", secured(files)))
	mux.Handle("/sandbox/", http.StripPrefix("/sandbox", d.sandbox.Handler()))
	mux.Handle("/demo/control", d.control)
	mux.HandleFunc("POST /demo/pager", d.pager)
	mux.HandleFunc("GET /demo/stream", d.stream)
	mux.HandleFunc("POST /demo/misbehave/{kind}", func(w http.ResponseWriter, r *http.Request) {
		if err := d.fleet.misbehave(r.PathValue("kind")); err != nil {
			http.Error(w, tagout.Sentence(err), http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /demo/cut/{state}", func(w http.ResponseWriter, r *http.Request) {
		cut.Store(r.PathValue("state") == "on")
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/ofrep/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cut.Load() {
			http.Error(w, "the demo has cut the agents off", http.StatusServiceUnavailable)
			return
		}
		d.app.Handler().ServeHTTP(w, r)
	}))
	mux.Handle("/", d.app.Handler())
	return onlyHere(address, mux)
}

// pager shows what a pager outside Slack was asked to send.
func (d *Demo) pager(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || d.control.hook.Verify(body, r.Header) != nil {
		http.Error(w, "the signature does not match", http.StatusUnauthorized)
		return
	}
	d.feed.send("page", json.RawMessage(body))
	w.WriteHeader(http.StatusNoContent)
}

// stream is the feed as server-sent events, beginning with the lanes as they are.
func (d *Demo) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	events, leave := d.feed.listen()
	defer leave()
	lanes, _ := json.Marshal(d.fleet.snapshot())
	fmt.Fprintf(w, "event: lanes\ndata: %s\n\n", lanes)
	flusher := http.NewResponseController(w)
	for flusher.Flush() == nil {
		select {
		case <-r.Context().Done():
			return
		case event := <-events:
			if _, err := w.Write(event); err != nil {
				return
			}
		}
	}
}

// secured adds the headers of a page that loads nothing from elsewhere.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// onlyHere refuses requests that name another host or come from another page: the demo can
// act as anyone, so no web page elsewhere may reach it, not even by DNS rebinding.
func onlyHere(address string, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(address)
	allowed := map[string]bool{address: true, "localhost:" + port: true, "127.0.0.1:" + port: true, "[::1]:" + port: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if r.URL.Path == "/sandbox/socket" { // Slack's client names Slack as its origin; the socket's ticket guards it
			origin = ""
		}
		if !allowed[r.Host] || origin != "" && !allowed[strings.TrimPrefix(origin, "http://")] {
			http.Error(w, "The demo answers only its own page on this machine.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
