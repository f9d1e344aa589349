package api

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
)

// healthz says that the process lives.
func (e *edge) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}

// readiness is whether this replica should be sent requests.
type readiness struct {
	Status   string   `json:"status"` // ready or unavailable
	Degraded []string `json:"degraded"`
	Leads    bool     `json:"leads"` // it alone loosens controls and edits cards
}

// readyz answers 503 only while starting or draining. A replica without its database is
// ready: it takes stops, and its gate answers halted for what it does not know.
func (e *edge) readyz(w http.ResponseWriter, _ *http.Request) {
	starting, degraded := e.Ready()
	answer, status := readiness{Status: "ready", Degraded: slices.Clone(degraded), Leads: e.Leads()}, http.StatusOK
	if !e.Gate().HoldsLoaded && !slices.Contains(degraded, "holds") {
		answer.Degraded = append(answer.Degraded, "holds")
	}
	if answer.Degraded == nil {
		answer.Degraded = []string{}
	}
	if starting {
		answer.Status, status = "unavailable", http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone away: nobody left to tell
}
