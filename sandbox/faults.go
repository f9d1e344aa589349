package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// FaultKind says how calls go wrong. Use the constants, RateLimited or APIError.
type FaultKind string

// Faults without a parameter.
const (
	ServerError    FaultKind = "server_error"    // HTTP 500
	Hang           FaultKind = "hang"            // no answer until the caller gives up or the fault is removed
	DropConnection FaultKind = "drop_connection" // the connection closes before the call has an effect
	LostReply      FaultKind = "lost_reply"      // the call takes effect, then the connection closes
)

const (
	rateLimitedPrefix = "rate_limited:"
	apiErrorPrefix    = "api_error:"
)

// RateLimited answers 429 with this Retry-After, rounded up to whole seconds.
func RateLimited(retryAfter time.Duration) FaultKind {
	return FaultKind(rateLimitedPrefix + retryAfter.String())
}

// APIError answers ok: false with an error name of Slack, such as "name_taken".
func APIError(code string) FaultKind { return FaultKind(apiErrorPrefix + code) }

// Fault makes Web API calls go wrong.
type Fault struct {
	Method  string // "*" is every method; "response_url" is one too
	Channel string // only calls whose channel begins so: an ID, or "U" for whatever goes to people; "" is every call
	Times   int    // how many calls; 0 is until removed
	Kind    FaultKind
}

type activeFault struct {
	Fault
	left    int
	removed chan struct{}
}

// Fault adds a fault and returns how to remove it. Of several faults that match, the
// oldest one acts. It panics if the kind is unknown, since no test means that.
func (s *Sandbox) Fault(f Fault) (remove func()) {
	if !f.Kind.valid() {
		panic(fmt.Sprintf("sandbox: unknown fault kind %q", f.Kind))
	}
	active := &activeFault{Fault: f, left: f.Times, removed: make(chan struct{})}
	s.mu.Lock()
	s.faults = append(s.faults, active)
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.dropFaultLocked(active)
	}
}

func (s *Sandbox) dropFaultLocked(gone *activeFault) {
	for i, f := range s.faults {
		if f == gone {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			close(gone.removed)
			return
		}
	}
}

func (k FaultKind) valid() bool {
	switch k {
	case ServerError, Hang, DropConnection, LostReply:
		return true
	}
	if wait, ok := strings.CutPrefix(string(k), rateLimitedPrefix); ok {
		_, err := time.ParseDuration(wait)
		return err == nil
	}
	return len(k) > len(apiErrorPrefix) && strings.HasPrefix(string(k), apiErrorPrefix)
}

// wait is the Retry-After of a fault that limits the rate; false for another.
func (k FaultKind) wait() (time.Duration, bool) {
	text, ok := strings.CutPrefix(string(k), rateLimitedPrefix)
	d, _ := time.ParseDuration(text)
	return max(d, time.Second), ok
}

// callError is what Calls shows of a call that met this fault.
func (k FaultKind) callError() string {
	if code, ok := strings.CutPrefix(string(k), apiErrorPrefix); ok {
		return code
	}
	if strings.HasPrefix(string(k), rateLimitedPrefix) {
		return "ratelimited"
	}
	return string(k)
}

// takeFault returns the fault that this call meets, or nil.
func (s *Sandbox) takeFault(c *call) *activeFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Method != "*" && f.Method != c.name || !strings.HasPrefix(c.args["channel"], f.Channel) {
			continue
		}
		if f.Times > 0 {
			f.left--
			if f.left == 0 && f.Kind != Hang {
				s.dropFaultLocked(f)
			}
			if f.left < 0 {
				continue
			}
		}
		return f
	}
	return nil
}

func (s *Sandbox) applyFault(w http.ResponseWriter, r *http.Request, f *activeFault) {
	switch f.Kind {
	case ServerError:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	case DropConnection:
		dropConnection(w)
	case Hang:
		s.hang(r, f)
		dropConnection(w)
	default:
		if wait, ok := f.Kind.wait(); ok {
			s.writeReply(w, nil, rateLimited(wait))
			return
		}
		s.writeReply(w, nil, fail(f.Kind.callError()))
	}
}

// hang blocks until the caller gives up, the fault is removed, or Close.
func (s *Sandbox) hang(r *http.Request, f *activeFault) {
	select {
	case <-f.removed:
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}

// dropConnection closes the caller's connection without an answer.
func dropConnection(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // HTTP/2 and recorders: the server aborts the response
}

// Down makes the whole of Slack unreachable for the app, or reachable again: the
// Web API answers 503, and sockets are closed and refused.
func (s *Sandbox) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	if down {
		s.closeSocketsLocked()
	}
	s.changedLocked()
}

func (s *Sandbox) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// Deactivate closes somebody's account. It does nothing if there is nobody of that ID.
func (s *Sandbox) Deactivate(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.users {
		if s.users[n].ID == user {
			s.users[n].Deleted = true
			s.changedLocked()
		}
	}
}

// Archive archives a channel behind the app's back. It does nothing if there is no
// such channel.
func (s *Sandbox) Archive(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channelLocked(channel); c != nil {
		c.IsArchived = true
		s.emitChannelLocked(c)
	}
}
