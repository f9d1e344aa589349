package sandbox

import (
	"fmt"
	"net/http"
)

// stream is one reader of server-sent events.
type stream struct {
	user   string // whose eyes; empty sees everything
	events chan sse
	lost   chan struct{} // closed when the reader was too slow
}

type sse struct {
	id   int
	kind string
	data []byte
}

// emitLocked tells the streams and everybody who waits. only restricts the event to
// one user's streams. A reader that falls behind is cut off; it reads /ui/state again.
func (s *Sandbox) emitLocked(kind, only string, data obj) {
	s.eventID++
	if len(s.streams) > 0 {
		event := sse{id: s.eventID, kind: kind, data: encode(data)}
		for st := range s.streams {
			if only != "" && st.user != "" && st.user != only {
				continue
			}
			select {
			case st.events <- event:
			default:
				delete(s.streams, st)
				close(st.lost)
			}
		}
	}
	s.changedLocked()
}

func (s *Sandbox) emitChannelLocked(c *Channel) {
	s.emitLocked("channel", "", obj{"channel": c.clone()})
}

func (s *Sandbox) serveStream(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "streaming is not supported here", http.StatusNotImplemented)
		return
	}
	st := &stream{user: r.URL.Query().Get("user"), events: make(chan sse, 1024), lost: make(chan struct{})}
	s.mu.Lock()
	hello := s.eventID
	s.streams[st] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.streams, st)
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	send := func(e sse) {
		_, _ = fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.id, e.kind, e.data)
		flusher.Flush()
	}
	send(sse{id: hello, kind: "hello", data: encode(obj{"user": st.user})})
	for {
		select {
		case e := <-st.events:
			send(e)
		case <-st.lost:
			return
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}
