package goalert

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"tagout"
	"tagout/integrations/outgoing"
)

const (
	maxName   = 100    // characters of a person's name
	maxAlerts = 10_000 // remembered
	referTo   = "Tagout reference: "
)

// notice is what GoAlert's webhook posts: an alert, later what became of it by its number.
type notice struct {
	Type     string
	AlertID  int
	Details  string
	LogEntry string
}

// Heard reads a webhook of GoAlert, which can sign nothing that a receiver could check: its
// URL carries the webhook_token as a password, https://tagout:TOKEN@host/…, which arrives as
// basic authentication. It returns Unauthorized without it, and Invalid for what is not JSON
// of GoAlert.
func (p *Pager) Heard(_ context.Context, in tagout.Delivery) ([]tagout.Acknowledgement, error) {
	if !p.knows(in) {
		return nil, tagout.Errorf(tagout.Unauthorized, "The webhook_token is missing or wrong. Fix: Give GoAlert the URL https://tagout:TOKEN@host/v1/pagers/%s.", p.name)
	}
	var n notice
	if err := json.Unmarshal(in.Body, &n); err != nil || n.Type == "" {
		return nil, tagout.Errorf(tagout.Invalid, "This is not a webhook of GoAlert.")
	}
	switch n.Type {
	case "Alert":
		if key, ok := p.referred(n.Details); ok {
			p.alerts.learn(n.AlertID, key)
		}
	case "AlertStatus":
		who, ok := acknowledgedBy(n.LogEntry)
		if !ok {
			return nil, nil
		}
		if key, ok := p.alerts.acknowledge(n.AlertID); ok {
			return []tagout.Acknowledgement{{Dedup: key, By: who, At: in.At}}, nil
		}
	}
	return nil, nil
}

// knows reports whether a delivery shows the token.
func (p *Pager) knows(in tagout.Delivery) bool {
	r := http.Request{Header: http.Header(in.Header)}
	_, shown, ok := r.BasicAuth()
	if !ok {
		shown, ok = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(p.webhook))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok && p.webhook != ""
}

// acknowledgedBy reads a log entry such as "Acknowledged by Alice (SMS)". What no person did
// is no answer to a page.
func acknowledgedBy(entry string) (string, bool) {
	who, ok := strings.CutPrefix(entry, "Acknowledged by ")
	if at := strings.LastIndex(who, " ("); at > 0 && strings.HasSuffix(who, ")") {
		who = who[:at]
	}
	who = outgoing.Line(who, maxName)
	return who, ok && who != "" && who != "[unknown]"
}

// reference is a line by which an alert names our incident. Nobody else can write it.
func (p *Pager) reference(key string) string { return referTo + key + " " + p.mark(key) }

func (p *Pager) mark(key string) string {
	mac := hmac.New(sha256.New, []byte(p.webhook))
	mac.Write([]byte(key))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// referred finds the reference in an alert's details.
func (p *Pager) referred(details string) (string, bool) {
	at := strings.LastIndex(details, referTo)
	if at < 0 {
		return "", false
	}
	line, _, _ := strings.Cut(details[at+len(referTo):], "\n")
	key, mark, ok := strings.Cut(strings.TrimSpace(line), " ")
	return key, ok && key != "" && hmac.Equal([]byte(mark), []byte(p.mark(key)))
}

// alerts remembers which alert there belongs to which incident here. GoAlert tells of an
// acknowledgement by the alert's number only; it is learned again with every page, so
// that a restart loses it until the next round at most.
type alerts struct {
	mu    sync.Mutex
	keys  map[int]string
	order []int
	taken map[string]bool // acknowledged there
}

func newAlerts() *alerts { return &alerts{keys: map[int]string{}, taken: map[string]bool{}} }

func (a *alerts) learn(id int, key string) {
	if id <= 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.keys[id]; !known {
		a.order = append(a.order, id)
	}
	a.keys[id] = key
	if len(a.order) > maxAlerts {
		delete(a.taken, a.keys[a.order[0]])
		delete(a.keys, a.order[0])
		a.order = a.order[1:]
	}
}

// acknowledge notes that the alert was acknowledged there, and tells whose incident it is.
func (a *alerts) acknowledge(id int) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, ok := a.keys[id]
	if ok {
		a.taken[key] = true
	}
	return key, ok
}

func (a *alerts) acknowledged(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken[key]
}
