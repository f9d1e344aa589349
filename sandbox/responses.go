package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

const (
	responseUses     = 5
	responseLifetime = 30 * time.Minute
)

// responseGrant is the right to answer one command or click at its response_url.
type responseGrant struct {
	channel, user string
	ts            string // the message that was clicked; empty for commands, which have none
	thread        string
	uses          int
	expires       time.Time
}

// grantLocked makes a response URL, and forgets those that are over.
func (s *Sandbox) grantLocked(g *responseGrant) string {
	if now := s.opts.Now(); len(s.responses) > 1000 {
		maps.DeleteFunc(s.responses, func(_ string, g *responseGrant) bool { return now.After(g.expires) })
	}
	g.expires = s.opts.Now().Add(responseLifetime)
	token := randomHex(20)
	s.responses[token] = g
	return s.baseLocked() + "/response/" + token
}

func (a ack) empty() bool {
	body := bytes.TrimSpace(a.body)
	return len(body) == 0 || string(body) == "null" || string(body) == "{}"
}

func ackArgs(a ack) map[string]string {
	c := &call{args: map[string]string{}}
	if a.text {
		return map[string]string{"text": string(a.body)}
	}
	_ = c.readJSON(bytes.NewReader(a.body))
	return c.args
}

// badAck notes an acknowledgement that Slack would drop; the person sees a notice.
func (s *Sandbox) badAck(user, code string, a ack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.badAckLocked(user, code, a)
}

func (s *Sandbox) badAckLocked(user, code string, a ack) error {
	s.recordLocked("ack:"+kindInteraction, ackArgs(a), code)
	s.emitLocked("notice", user, obj{"user": user, "text": "We had some trouble connecting: " + code})
	return Error(code)
}

// takeCommandAck shows the message in the acknowledgement of a command. A message
// that Slack would refuse is dropped without a word to the app, as Slack does, but
// stands in Calls with its error.
func (s *Sandbox) takeCommandAck(channel, user string, a ack) {
	if a.empty() {
		return
	}
	c := &call{name: "ack:" + kindCommand, args: ackArgs(a)}
	s.mu.Lock()
	defer s.mu.Unlock()
	code := ""
	if err := s.respondLocked(&responseGrant{channel: channel, user: user}, c); err != nil {
		code = err.Error()
		s.emitLocked("notice", user, obj{"user": user, "text": "The app's answer was dropped: " + code})
	}
	s.recordLocked(c.name, c.args, code)
}

func (s *Sandbox) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	c, _, err := readCall(r)
	c.name = "response_url"
	if s.isDown() {
		s.record(c, "service_unavailable")
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	if fault := s.takeFault(c); fault != nil {
		s.record(c, fault.Kind.callError())
		s.applyFault(w, r, fault)
		return
	}
	status := http.StatusOK
	if err == nil {
		status, err = s.useGrant(r.PathValue("token"), c)
	}
	if err != nil {
		s.record(c, err.Error())
		if status == http.StatusOK {
			status = http.StatusBadRequest
		}
		writeJSON(w, status, obj{"ok": false, "error": err.Error()})
		return
	}
	s.record(c, "")
	writeJSON(w, http.StatusOK, obj{"ok": true})
}

// useGrant spends one use of a response URL.
func (s *Sandbox) useGrant(token string, c *call) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.responses[token]
	switch {
	case g == nil || s.opts.Now().After(g.expires):
		return http.StatusNotFound, fail("expired_url")
	case g.uses >= responseUses:
		return http.StatusNotFound, fail("used_url")
	}
	if err := s.respondLocked(g, c); err != nil {
		return http.StatusBadRequest, err
	}
	g.uses++
	return http.StatusOK, nil
}

// respondLocked replaces, deletes or posts what a response says. Without a clicked
// message there is nothing to replace: Slack then posts a new one.
func (s *Sandbox) respondLocked(g *responseGrant, c *call) error {
	original := s.originalLocked(g)
	if c.flag("delete_original") {
		if original == nil {
			return fail("message_not_found")
		}
		s.removeLocked(original)
		return nil
	}
	in, err := s.contentOf(c)
	if err != nil {
		return err
	}
	if in.empty() {
		return fail("no_text")
	}
	if c.flag("replace_original") && original != nil {
		s.rewriteLocked(original, in)
		return nil
	}
	m := s.botMessageLocked(g.channel, in)
	m.ThreadTS = c.arg("thread_ts")
	if c.arg("response_type") == "in_channel" {
		if ch := s.channelLocked(g.channel); ch.IsArchived {
			return fail("is_archived")
		}
		s.postLocked(m)
		return nil
	}
	s.whisperLocked(g.user, m)
	return nil
}

// originalLocked finds the message that was clicked, if it is still there.
func (s *Sandbox) originalLocked(g *responseGrant) *Message {
	if g.ts == "" {
		return nil
	}
	if m := s.messageLocked(g.channel, g.ts); m != nil {
		return m
	}
	i := slices.IndexFunc(s.whispers[g.user], func(m *Message) bool { return m.TS == g.ts })
	if i < 0 {
		return nil
	}
	return s.whispers[g.user][i]
}

func (s *Sandbox) removeLocked(m *Message) {
	if !m.Ephemeral {
		s.deleteLocked(m)
		return
	}
	user := m.EphemeralTo
	s.whispers[user] = slices.DeleteFunc(s.whispers[user], func(x *Message) bool { return x == m })
	s.emitLocked("message_deleted", user, obj{"channel": m.Channel, "ts": m.TS})
}

// rewriteLocked replaces the whole content of a message.
func (s *Sandbox) rewriteLocked(m *Message, in content) {
	m.Blocks, m.Attachments = nil, nil
	if in.metadata == nil {
		in.metadata = json.RawMessage(nil)
	}
	s.fillLocked(m, in)
	m.Edited = &Edited{User: BotUserID, TS: s.nextTSLocked()}
	if m.Ephemeral {
		s.emitLocked("ephemeral", m.EphemeralTo, obj{"channel": m.Channel, "user": m.EphemeralTo, "message": m.clone()})
		return
	}
	s.emitLocked("message_changed", "", obj{"channel": m.Channel, "message": m.clone()})
}
