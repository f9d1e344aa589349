package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tagout"
)

// control is the enforcement point beside the demo's mailer: it takes the wanted state that
// Tagout pushes, and says what is in force when it is read back.
type control struct {
	hook *standardwebhooks.Webhook
	feed *feed

	mu         sync.Mutex
	generation int64
	validUntil time.Time
	held       []heldScope
	version    string
}

type heldScope struct {
	Scope tagout.Scope `json:"scope"`
	Mode  tagout.Mode  `json:"mode"`
}

func newControl(secret string, f *feed) (*control, error) {
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	return &control{hook: hook, feed: f}, nil
}

func (c *control) setVersion(v string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version = v
}

// mode is what the control enforces for a lane, and halted once Tagout was not heard for
// longer than the lease.
func (c *control) mode(l *lane) (tagout.Mode, string) {
	if l.Agent != "mailer" {
		return tagout.Running, ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.validUntil.IsZero() && time.Now().After(c.validUntil) {
		return tagout.Halted, "the lease has ended"
	}
	var holds []tagout.Hold
	for _, h := range c.held {
		holds = append(holds, tagout.Hold{Scope: h.Scope, Mode: h.Mode})
	}
	agent := &tagout.Agent{Channels: []string{l.Channel}, Regions: []string{l.Region}, Tools: map[string]tagout.Risk{l.Tool: tagout.HighRisk}}
	return tagout.Evaluate("mailer", agent, holds, tagout.Attributes{Channel: l.Channel, Region: l.Region, Tool: l.Tool}).Mode, ""
}

// ServeHTTP is the webhook: POST takes the wanted state, GET reads back what is in force.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || c.hook.Verify(body, r.Header) != nil {
		http.Error(w, "the signature does not match", http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodPost {
		c.take(w, body)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"agent": "mailer", "generation": c.generation,
		"applied": append([]heldScope{}, c.held...), "versions": map[string]string{"prompt": c.version}})
}

func (c *control) take(w http.ResponseWriter, body []byte) {
	var wanted struct {
		Generation int64             `json:"generation"`
		ValidUntil time.Time         `json:"valid_until"`
		Holds      []heldScope       `json:"holds"`
		Versions   map[string]string `json:"versions"`
	}
	if err := json.Unmarshal(body, &wanted); err != nil {
		http.Error(w, "this is not a wanted state", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.generation, c.validUntil, c.held = wanted.Generation, wanted.ValidUntil, wanted.Holds
	if v := wanted.Versions["prompt"]; v != "" {
		c.version = v
	}
	c.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
