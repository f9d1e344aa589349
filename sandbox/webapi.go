package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// method is one Web API method: what it costs, what it needs, what it does. run is
// called with the workspace locked.
type method struct {
	tier   int // calls a minute; 0 is unlimited
	app    bool
	open   bool // needs no token
	scopes func(*call) []string
	run    func(*call) (obj, error)
}

// apiError is an answer with ok: false.
type apiError struct {
	code       string
	extra      obj
	retryAfter time.Duration
	status     int
}

func (e *apiError) Error() string { return e.code }

func fail(code string) error { return &apiError{code: code} }

// failWith is fail with the messages that Slack puts into response_metadata.
func failWith(code string, messages ...string) error {
	return &apiError{code: code, extra: obj{"response_metadata": obj{"messages": messages}}}
}

func failProblems(code string, problems []Problem) error {
	var messages []string
	for _, p := range problems {
		messages = append(messages, p.String())
	}
	return failWith(code, messages...)
}

func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request) {
	c, token, err := readCall(r)
	if s.isDown() {
		s.record(c, "service_unavailable")
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	s.heed(c)
	fault := s.takeFault(c)
	lost := fault != nil && fault.Kind == LostReply
	if fault != nil && !lost {
		if wait, limit := fault.Kind.wait(); limit {
			s.refuse(c, wait)
		}
		s.record(c, fault.Kind.callError())
		s.applyFault(w, r, fault)
		return
	}
	var reply json.RawMessage
	if err == nil {
		reply, err = s.answer(c, token)
	}
	code := ""
	if err != nil {
		code = err.Error()
	}
	var refused *apiError
	if errors.As(err, &refused) && refused.retryAfter > 0 {
		s.refuse(c, refused.retryAfter)
	}
	s.record(c, code)
	if lost {
		dropConnection(w)
		return
	}
	s.writeReply(w, reply, err)
}

// answer runs one call under the lock, after the checks that all methods share. The
// reply is encoded before the lock is released, since it may share state.
func (s *Sandbox) answer(c *call, token string) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, known := s.methods[c.name]
	if !known {
		return nil, &apiError{code: "unknown_method", extra: obj{"req_method": c.name}}
	}
	if !m.open {
		if err := s.checkTokenLocked(c, m, token); err != nil {
			return nil, err
		}
	}
	if err := s.checkScopesLocked(c, m); err != nil {
		return nil, err
	}
	if err := s.checkRateLocked(c, m); err != nil {
		return nil, err
	}
	reply, err := m.run(c)
	if err != nil {
		return nil, err
	}
	if reply == nil {
		reply = obj{}
	}
	reply["ok"] = true
	return encode(reply), nil
}

func (s *Sandbox) checkTokenLocked(c *call, m method, token string) error {
	switch token {
	case "":
		return fail("not_authed")
	case s.opts.AppToken:
		c.app = true
	case s.opts.BotToken:
	default:
		return fail("invalid_auth")
	}
	if c.app != m.app && c.name != "auth.test" {
		return fail("not_allowed_token_type")
	}
	return nil
}

// checkScopesLocked asks for one of the method's scopes.
func (s *Sandbox) checkScopesLocked(c *call, m method) error {
	if m.scopes == nil {
		return nil
	}
	needed := m.scopes(c)
	if len(needed) == 0 || s.hasScopeLocked(needed...) {
		return nil
	}
	return &apiError{code: "missing_scope", extra: obj{
		"needed": strings.Join(needed, ","), "provided": strings.Join(s.scopes, ","),
	}}
}

func (s *Sandbox) hasScopeLocked(any ...string) bool {
	for _, have := range s.scopes {
		for _, want := range any {
			if have == want {
				return true
			}
		}
	}
	return false
}

func (s *Sandbox) record(c *call, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordLocked(c.name, c.args, code)
}

func (s *Sandbox) recordLocked(name string, args map[string]string, code string) {
	if len(s.calls) >= maxCalls {
		s.calls = append([]Call(nil), s.calls[maxCalls/2:]...)
	}
	s.calls = append(s.calls, Call{Method: name, Args: args, Error: code, At: s.opts.Now()})
	s.changedLocked()
	if code != "" {
		s.log.Debug("sandbox refused a call", "method", name, "error", code)
	}
}

// writeReply sends a reply, or the error in its place.
func (s *Sandbox) writeReply(w http.ResponseWriter, reply json.RawMessage, err error) {
	s.mu.Lock()
	granted := strings.Join(s.scopes, ",")
	s.mu.Unlock()
	w.Header().Set("X-OAuth-Scopes", granted)
	if err == nil {
		writeJSON(w, http.StatusOK, reply)
		return
	}
	status, body := http.StatusOK, obj{}
	var refused *apiError
	if errors.As(err, &refused) {
		for k, v := range refused.extra {
			body[k] = v
		}
		if refused.status != 0 {
			status = refused.status
		}
		if refused.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(seconds(refused.retryAfter)))
		}
	}
	body["ok"], body["error"] = false, err.Error()
	writeJSON(w, status, body)
}

// seconds rounds up, so that a caller who waits that long has waited long enough.
func seconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(encode(v))
}
