package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxSockets    = 10
	warningNotice = 10 * time.Second // between a "warning" and the end of the connection
	writeTimeout  = 5 * time.Second
)

// socket is one Socket Mode connection. Frames are queued and written by one
// goroutine; another one reads acknowledgements.
type socket struct {
	conn   *websocket.Conn
	frames chan json.RawMessage
	last   chan struct{} // closed: write what is queued, then close
	ending sync.Once
}

func (k *socket) end() { k.ending.Do(func() { close(k.last) }) }

// envelope is a payload on its way over Socket Mode.
type envelope struct {
	id      string
	kind    string
	payload json.RawMessage
	attempt int
	reason  string
	on      []*socket // one entry a copy that is not acknowledged; nil waits for a connection
	acks    chan json.RawMessage
}

func (s *Sandbox) connectionsOpen(*call) (obj, error) {
	ticket := newUUID()
	s.tickets[ticket] = true
	address := "ws" + strings.TrimPrefix(s.baseLocked(), "http") + "/socket?ticket=" + ticket
	return obj{"url": address}, nil
}

func (s *Sandbox) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	good := s.tickets[ticket] && !s.down && !s.closed
	delete(s.tickets, ticket)
	down := s.down || s.closed
	s.mu.Unlock()
	if !good {
		status := http.StatusForbidden
		if down {
			status = http.StatusServiceUnavailable
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	k := &socket{conn: conn, frames: make(chan json.RawMessage, 1024), last: make(chan struct{})}
	if !s.admit(k) {
		_ = conn.Close()
		return
	}
	s.readAcks(k)
}

// admit greets a new connection and gives it what waited for one.
func (s *Sandbox) admit(k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.down {
		return false
	}
	s.jobs.Go(func() { s.writeFrames(k) })
	if len(s.sockets) >= maxSockets {
		k.frames <- disconnectFrame("too_many_websockets")
		k.end()
		return true
	}
	s.sockets = append(s.sockets, k)
	k.frames <- encode(obj{
		"type": "hello", "num_connections": len(s.sockets), "connection_info": obj{"app_id": AppID},
		"debug_info": obj{"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
	})
	for _, env := range s.pending {
		for i := range env.on {
			if env.on[i] == nil {
				s.sendLocked(env, i)
			}
		}
	}
	s.changedLocked()
	return true
}

func disconnectFrame(reason string) json.RawMessage {
	return encode(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "sandbox"}})
}

func (s *Sandbox) writeFrames(k *socket) {
	ping := time.NewTicker(s.opts.PingEvery)
	defer ping.Stop()
	defer func() { _ = k.conn.Close() }()
	deadline := func() time.Time { return time.Now().Add(writeTimeout) }
	_ = k.conn.WriteControl(websocket.PingMessage, []byte("Ping"), deadline())
	for {
		select {
		case f := <-k.frames:
			_ = k.conn.SetWriteDeadline(deadline())
			if k.conn.WriteMessage(websocket.TextMessage, f) != nil {
				return
			}
		case <-ping.C:
			if k.conn.WriteControl(websocket.PingMessage, []byte("Ping"), deadline()) != nil {
				return
			}
		case <-k.last:
			k.flush(deadline)
			return
		}
	}
}

// flush writes what is still queued and says goodbye.
func (k *socket) flush(deadline func() time.Time) {
	for {
		select {
		case f := <-k.frames:
			_ = k.conn.SetWriteDeadline(deadline())
			if k.conn.WriteMessage(websocket.TextMessage, f) != nil {
				return
			}
		default:
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = k.conn.WriteControl(websocket.CloseMessage, bye, deadline())
			return
		}
	}
}

// readAcks reads until the connection ends, then hands unsettled envelopes on.
func (s *Sandbox) readAcks(k *socket) {
	for {
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := k.conn.ReadJSON(&ack); err != nil {
			break
		}
		s.settle(k, ack.EnvelopeID, ack.Payload)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.end()
	s.leaveLocked(k)
	for _, env := range s.pending {
		for i := range env.on {
			if env.on[i] == k {
				env.attempt++
				env.reason = "connection_closed"
				s.sendLocked(env, i)
			}
		}
	}
	s.changedLocked()
}

// settle takes one acknowledgement; those of unknown envelopes are ignored.
func (s *Sandbox) settle(k *socket, id string, payload json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	env := s.pending[id]
	if env == nil || len(env.on) == 0 {
		return
	}
	i := max(0, slices.Index(env.on, k))
	env.on = slices.Delete(env.on, i, i+1)
	env.acks <- payload // buffered for every copy
}

// sendLocked puts copy i of an envelope on the next connection, or leaves it waiting.
func (s *Sandbox) sendLocked(env *envelope, i int) {
	env.on[i] = nil
	if len(s.sockets) == 0 {
		return
	}
	s.turn++
	k := s.sockets[s.turn%len(s.sockets)]
	frame := obj{
		"envelope_id": env.id, "type": env.kind, "payload": env.payload,
		"accepts_response_payload": env.kind != kindEvent,
	}
	if env.kind == kindEvent || env.attempt > 0 {
		frame["retry_attempt"], frame["retry_reason"] = env.attempt, env.reason
	}
	select {
	case k.frames <- encode(frame):
		env.on[i] = k
	default: // the app does not read: give the connection up
		k.end()
	}
}

func (s *Sandbox) leaveLocked(k *socket) {
	s.sockets = slices.DeleteFunc(s.sockets, func(x *socket) bool { return x == k })
}

func (s *Sandbox) closeSocketsLocked() {
	for _, k := range s.sockets {
		k.end()
		_ = k.conn.Close()
	}
	s.sockets = nil
}

// Disconnect tells every connection to go: "warning" leaves it ten more seconds,
// "refresh_requested" and "link_disabled" end it at once.
func (s *Sandbox) Disconnect(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range slices.Clone(s.sockets) {
		select {
		case k.frames <- disconnectFrame(reason):
		default:
		}
		if reason == "warning" {
			time.AfterFunc(warningNotice, k.end)
			continue
		}
		s.leaveLocked(k)
		k.end()
	}
	s.changedLocked()
}
