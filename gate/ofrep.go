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
//	POST /ofrep/v1/evaluate/flags         both flags of every declared agent, with an ETag
//
// Flags are `<agent>.mode` (string) and `<agent>.allowed` (bool). It asks for no
// credentials, and no answer of it may be cached.
func (g *Gate) Handler() http.Handler { return http.HandlerFunc(g.serve) }

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	key, single := strings.CutPrefix(r.URL.Path, flagsPath+"/")
	if !single && r.URL.Path != flagsPath {
		http.NotFound(w, r)
		return
	}
	w.Header()["Cache-Control"] = g.shared.noStore
	asked, problem := g.readContext(r)
	if problem != nil {
		if single {
			problem.Key = key
		}
		g.refuse(w, problem.status, problem.failure)
		return
	}
	if single {
		g.serveFlag(w, key, asked)
		return
	}
	g.serveFlags(w, r, asked)
}

// sharedHeaders are values that every answer has; net/http only reads them.
type sharedHeaders struct{ noStore, json []string }

func newSharedHeaders() sharedHeaders {
	return sharedHeaders{[]string{"no-store"}, []string{"application/json"}}
}

func (g *Gate) refuse(w http.ResponseWriter, status int, f failure) {
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
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
func (g *Gate) serveFlag(w http.ResponseWriter, key string, asked tagout.Attributes) {
	agent, name := splitKey(key)
	v := g.now.Load()
	if _, known := v.agents[agent]; known {
		a := g.answer(v, g.doubt(v), agent, asked)
		if body := a.bytes(name); body != nil {
			g.metrics.evaluated(a.decision.Mode)
			g.send(w, http.StatusOK, body)
			return
		}
	}
	g.metrics.unknown.Inc()
	g.refuse(w, http.StatusNotFound, failure{key, codeNotFound, "there is no such flag: ask for AGENT.mode or AGENT.allowed of a declared agent"})
}

// splitKey parts a key at its last dot, since names of agents may have dots.
func splitKey(key string) (agent, name string) {
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return "", ""
	}
	return key[:dot], key[dot+1:]
}

// serveFlags answers for both flags of every declared agent.
func (g *Gate) serveFlags(w http.ResponseWriter, r *http.Request, asked tagout.Attributes) {
	v := g.now.Load()
	unsure := g.doubt(v)
	tag := g.etag(v, unsure, asked)
	w.Header().Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := []byte(`{"flags":[`)
	for i, name := range g.declared {
		if i > 0 {
			body = append(body, ',')
		}
		a := g.answer(v, unsure, name, asked)
		g.metrics.evaluated(a.decision.Mode)
		body = append(append(append(body, a.mode...), ','), a.allowed...)
	}
	metadata := encode(map[string]any{"generation": v.generation})
	body = append(append(body, `],"metadata":`...), metadata...)
	g.send(w, http.StatusOK, append(body, '}'))
}

// etag names the answer to these attributes: it changes with every change of any hold,
// with the doubt about them, and with what was asked.
func (g *Gate) etag(v *view, unsure doubt, asked tagout.Attributes) string {
	text, _ := json.Marshal([]string{g.epoch, strconv.FormatInt(v.generation, 10), unsure.reason, unsure.sentence,
		asked.Channel, asked.Region, asked.Tool}) // strings marshal
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
