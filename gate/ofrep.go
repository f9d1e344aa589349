package gate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tagout"
)

// flagsPath is where OFREP evaluates: all flags, or with "/" and a key one of them.
const flagsPath = "/ofrep/v1/evaluate/flags"

// Error codes of OpenFeature that the gate gives.
const (
	codeNotFound       = "FLAG_NOT_FOUND"
	codeParse          = "PARSE_ERROR"
	codeInvalidContext = "INVALID_CONTEXT"
	codeGeneral        = "GENERAL"
)

// failure is an OFREP error.
type failure struct {
	Key          string `json:"key,omitempty"`
	ErrorCode    string `json:"errorCode"`
	ErrorDetails string `json:"errorDetails"`
}

func newEpoch() string { return rand.Text() }

// Handler answers OFREP 0.3.0 evaluations:
//
//	POST /ofrep/v1/evaluate/flags/{key}   one flag
//	POST /ofrep/v1/evaluate/flags         the flags of every declared agent, with an ETag
//	GET  /ofrep/v1/events                 server-sent events that tell when to ask again
//
// Flags are `<agent>.mode` (string), `<agent>.allowed` and `<agent>.frozen` (bool). It asks
// for credentials only of agents with a token, and no answer of it may be cached.
func (g *Gate) Handler() http.Handler { return http.HandlerFunc(g.serve) }

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == eventsPath {
		g.serveEvents(w, r)
		return
	}
	key, single := strings.CutPrefix(r.URL.Path, flagsPath+"/")
	if !single && r.URL.Path != flagsPath {
		http.NotFound(w, r)
		return
	}
	w.Header()["Cache-Control"] = g.shared.noStore
	who, problem := g.caller(r)
	var asked asking
	if problem == nil {
		asked, problem = g.readContext(r)
	}
	if problem != nil {
		if single {
			problem.Key = key
		}
		g.refuse(w, problem.status, problem.failure)
		return
	}
	if single {
		g.serveFlag(w, key, asked, who)
		return
	}
	g.serveFlags(w, r, asked, who)
}

// sharedHeaders are values that every answer has; net/http only reads them.
type sharedHeaders struct{ noStore, json []string }

func newSharedHeaders() sharedHeaders {
	return sharedHeaders{[]string{"no-store"}, []string{"application/json"}}
}

func (g *Gate) refuse(w http.ResponseWriter, status int, f failure) {
	switch status {
	case http.StatusMethodNotAllowed:
		if w.Header().Get("Allow") == "" {
			w.Header().Set("Allow", http.MethodPost)
		}
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	g.send(w, status, encode(f))
}

func (g *Gate) send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = g.shared.json
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked is gone
}

// serveFlag answers for one flag.
func (g *Gate) serveFlag(w http.ResponseWriter, key string, asked asking, who caller) {
	agent, name := splitKey(key)
	v := g.now.Load()
	if one, known := v.agents[agent]; known {
		if !g.admits(agent, who) {
			refused := unauthorized()
			refused.Key = key
			g.refuse(w, refused.status, refused.failure)
			return
		}
		attributes := asked.Attributes
		if name == frozenFlag {
			attributes = tagout.Attributes{}
		}
		a := g.answer(v, g.doubt(v), agent, attributes)
		if body := a.bytes(name); body != nil {
			g.metrics.evaluated(a.decision.Mode)
			g.saw(one, asked.instance, asked.version, viaOFREP)
			g.send(w, http.StatusOK, body)
			return
		}
	}
	g.metrics.unknown.Inc()
	g.refuse(w, http.StatusNotFound, failure{key, codeNotFound, "there is no such flag: ask for AGENT.mode, AGENT.allowed or AGENT.frozen of a declared agent"})
}

// splitKey parts a key at its last dot, since names of agents may have dots.
func splitKey(key string) (agent, name string) {
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return "", ""
	}
	return key[:dot], key[dot+1:]
}

// serveFlags answers for the flags of every agent that the caller may ask about.
func (g *Gate) serveFlags(w http.ResponseWriter, r *http.Request, asked asking, who caller) {
	v := g.now.Load()
	unsure := g.doubt(v)
	agents := g.visible(who)
	for _, name := range agents {
		if _, own := g.access.tokens[name]; own || len(g.declared) == 1 {
			g.saw(v.agents[name], asked.instance, asked.version, viaOFREP)
		}
	}
	tag := g.etag(v, unsure, asked.Attributes, who)
	w.Header().Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := []byte(`{"flags":[`)
	for i, name := range agents {
		if i > 0 {
			body = append(body, ',')
		}
		a := g.answer(v, unsure, name, asked.Attributes)
		g.metrics.evaluated(a.decision.Mode)
		body = append(append(append(body, a.mode...), ','), a.allowed...)
		body = append(append(body, ','), g.answer(v, unsure, name, tagout.Attributes{}).frozen...)
	}
	metadata := encode(map[string]any{"generation": v.generation})
	body = append(append(body, `],"metadata":`...), metadata...)
	body = append(append(body, `,"eventStreams":`...), advertisement(who)...)
	g.send(w, http.StatusOK, append(body, '}'))
}

// etag names the answer to these attributes: it changes with every change of any hold,
// with the doubt about them, and with what was asked.
func (g *Gate) etag(v *view, unsure doubt, asked tagout.Attributes, who caller) string {
	text, _ := json.Marshal([]string{g.epoch, strconv.FormatInt(v.generation, 10), unsure.reason, unsure.sentence,
		asked.Channel, asked.Region, asked.Tool, asked.Key, who.ticket}) // strings marshal
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// matches reports whether an If-None-Match header names the tag.
func matches(header, tag string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(one string) bool {
		one = strings.TrimSpace(one)
		return one == "*" || strings.TrimPrefix(one, "W/") == tag
	})
}
