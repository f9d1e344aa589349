package gate

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"tagout"
)

// eventsPath is where event streams begin; bulk answers name it.
const eventsPath = "/ofrep/v1/events"

// DefaultMaxStreams is how many event streams a gate keeps open if [Options] do not say.
const DefaultMaxStreams = 25_000

// The pause that a client is asked for when there are too many, in seconds.
const (
	leastPause = 5
	mostPause  = 30
)

// refetch is the event that makes a client ask again.
func refetch(epoch string, generation int64) []byte {
	return fmt.Appendf(nil, "id: %s-%d\ndata: {\"type\":\"refetchEvaluation\"}\n\n", epoch, generation)
}

// greeting begins a stream. The body ends with the connection.
const greeting = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n" +
	"X-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: 2000\n"

// serveEvents opens an event stream. It begins with an event, so that a change between the
// answer that named the stream and now is not missed; and so nothing need be kept for
// clients that were away.
func (g *Gate) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header()["Cache-Control"] = g.shared.noStore
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		g.refuse(w, http.StatusMethodNotAllowed, failure{"", codeParse, "use GET"})
		return
	}
	agents, problem := g.audience(r)
	if problem != nil {
		g.refuse(w, problem.status, problem.failure)
		return
	}
	if g.streams.count() >= g.options.MaxStreams {
		g.shed(w)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		g.refuse(w, http.StatusHTTPVersionNotSupported, failure{"", codeGeneral, "event streams need HTTP/1.1"})
		return
	}
	if buffered.Reader.Buffered() > 0 { // whoever sends more does not wait for an answer
		_ = conn.Close()
		return
	}
	// The request's goroutine and its buffers end here: a stream costs one small goroutine.
	go g.converse(conn, agents)
}

// converse serves a stream until its client goes.
func (g *Gate) converse(conn net.Conn, agents []string) {
	one, ok := g.join(conn, agents)
	if !ok {
		_ = conn.Close()
		return
	}
	defer g.streams.leave(one)
	one.owed.Store(&notice{append([]byte(greeting), refetch(g.epoch, g.now.Load().generation)...)})
	one.flush()
	var ignored [16]byte
	for {
		if _, err := conn.Read(ignored[:]); err != nil {
			return
		}
	}
}

// shed sends a client away for a while, not all for the same.
func (g *Gate) shed(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(leastPause+rand.IntN(mostPause-leastPause)))
	g.metrics.shed.Inc()
	g.refuse(w, http.StatusTooManyRequests, failure{"", codeGeneral, "too many event streams are open; ask again later, or poll"})
}

// audience lists the agents that a stream hears of: those that the request names, or all
// that the client may see.
func (g *Gate) audience(r *http.Request) ([]string, *problem) {
	who, refused := g.listener(r)
	if refused != nil {
		return nil, refused
	}
	asked := r.URL.Query()["agent"]
	if len(asked) == 0 {
		return g.visible(who), nil
	}
	for i, name := range asked {
		canonical, err := tagout.CanonicalName(name)
		if err != nil || g.shapes[canonical] == nil {
			return nil, &problem{http.StatusNotFound, failure{"", codeNotFound, "there is no such agent"}}
		}
		if !g.admits(canonical, who) {
			return nil, unauthorized()
		}
		asked[i] = canonical
	}
	return sorted(asked), nil
}

// advertisement names the event stream of whoever asked, for a bulk answer.
func advertisement(who caller) []byte {
	uri := eventsPath
	if who.ticket != "" {
		uri += "?" + url.Values{"ticket": {who.ticket}}.Encode()
	}
	type endpoint struct {
		RequestURI string `json:"requestUri"`
	}
	return encode([]struct {
		Type     string   `json:"type"`
		Endpoint endpoint `json:"endpoint"`
	}{{"sse", endpoint{uri}}})
}
