package replicas

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"tagout"
)

// The paths of this edge.
const (
	stopsPath = "/v1/replicas/stops"
	lookPath  = "/v1/replicas/look"
)

func freshID() string { return tagout.DeriveID("replica", rand.Text()) }

// handed is a stop that another replica hands on.
type handed struct {
	Stop tagout.StopRequest `json:"stop"`
}

// taken is the answer: the stop is in force here, and recorded unless Incident is 0.
type taken struct {
	Replica  string            `json:"replica"`
	Incident tagout.IncidentID `json:"incident,omitempty"`
}

// question asks what a replica knows; Agent may be empty.
type question struct {
	Agent string `json:"agent"`
}

// knowledge is the answer.
type knowledge struct {
	Leads   bool            `json:"leads"`
	Current bool            `json:"current"` // it has just read the holds
	Sight   tagout.Sighting `json:"sighting"`
}

// Handler serves the other replicas under /v1/replicas/: what is not signed by one of them,
// is older than five minutes or comes again gets 401.
func (p *Peers) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+stopsPath, p.signed(stopsPath, p.takeStop))
	mux.HandleFunc("POST "+lookPath, p.signed(lookPath, p.look))
	return mux
}

// signed lets only signed requests for this path through, and signs the answer.
func (p *Peers) signed(path string, serve func(ctx context.Context, body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(w, tagout.Errorf(tagout.TooLarge, "A message between replicas has at most %d bytes.", maxBody))
			return
		}
		id, err := p.verify(r.Header, body)
		purpose, name, _ := strings.Cut(id, " ")
		if err != nil || purpose != path || !p.seen.first(id, p.clock.Now()) {
			p.metrics.refused.Inc()
			refuse(w, errUnsigned)
			return
		}
		answer, err := serve(r.Context(), body)
		var text []byte
		if err == nil {
			text, err = json.Marshal(answer)
		}
		if err == nil {
			err = p.sign(w.Header(), "answer "+name, text)
		}
		if err != nil {
			refuse(w, err)
			return
		}
		_, _ = w.Write(text) // who asked may have gone
	}
}

// takeStop obeys a stop that another replica hands on. It is that replica's request: the
// hold keeps its ID, so that nothing is held or recorded twice. Nothing here can loosen.
func (p *Peers) takeStop(ctx context.Context, body []byte) (any, error) {
	var h handed
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is not a stop.")
	}
	s := h.Stop
	mode, err := tagout.ParseMode(string(s.Hold.Mode))
	if err != nil || mode == tagout.Running || s.Hold.ID == "" { // a lifting has no form in which it could travel
		return nil, tagout.Errorf(tagout.Invalid, "Only a stop can be handed on: a hold with an ID, stricter than running.")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	result, err := p.options.Stop(ctx, s)
	if err != nil {
		return nil, err
	}
	p.metrics.taken.Inc()
	t := taken{Replica: p.options.Me.Name(), Incident: result.RecordedAs}
	if result.Incident != nil {
		t.Incident = result.Incident.ID
	}
	p.log.Info("another replica handed on a stop", "hold", s.Hold.ID, "scope", s.Hold.Scope.String(), "incident", t.Incident.String())
	return t, nil
}

// look tells what this replica knows.
func (p *Peers) look(_ context.Context, body []byte) (any, error) {
	var q question
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is not a question.")
	}
	k := knowledge{Leads: p.options.Leads(), Current: p.clock.Now().Sub(p.options.ReadAt()) < currentFor}
	if q.Agent != "" {
		k.Sight = p.options.Look(q.Agent)
	}
	return k, nil
}

// refuse answers with a problem document.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch tagout.CodeOf(err) {
	case tagout.Unauthorized:
		status = http.StatusUnauthorized
	case tagout.Invalid:
		status = http.StatusUnprocessableEntity
	case tagout.TooLarge:
		status = http.StatusRequestEntityTooLarge
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "urn:tagout:problem:" + string(tagout.CodeOf(err)), "title": http.StatusText(status), "status": status,
		"code": tagout.CodeOf(err), "detail": tagout.Sentence(err),
	})
}
