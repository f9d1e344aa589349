package httpcontrol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"text/template"
	"time"

	"tagout"
)

// maxBody is how many bytes a request may have.
const maxBody = 1 << 20

// requestSettings are one request; url, the values of headers and body are templates.
type requestSettings struct {
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url" need:"true"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
}

// facts are what a template can name.
type facts struct {
	Agent      string
	Mode       string // the strictest of the holds, or running
	Held       bool
	Holds      []holdFacts
	Generation int64
	ValidUntil time.Time
	Versions   map[string]string
	Component  string // in the requests of one component
	Version    string // of the component: the wanted one
}

type holdFacts struct {
	Scope         string   `json:"scope"`
	Mode          string   `json:"mode"`
	Incident      string   `json:"incident,omitempty"`
	Reason        string   `json:"reason,omitempty"`
	Cap           string   `json:"cap,omitempty"`
	DisabledTools []string `json:"disabled_tools,omitempty"`
}

func factsOf(w tagout.Wanted, mode tagout.Mode) facts {
	f := facts{Agent: w.Agent, Mode: string(mode), Held: mode != tagout.Running, Holds: []holdFacts{}, Generation: w.Generation, ValidUntil: w.ValidUntil.UTC(), Versions: w.Versions}
	if f.Versions == nil {
		f.Versions = map[string]string{}
	}
	for _, h := range w.Holds {
		one := holdFacts{Scope: h.Scope.String(), Mode: string(h.Mode), Reason: h.Reason, Cap: h.Cap.String(), DisabledTools: h.DisabledTools}
		if h.Incident != 0 {
			one.Incident = h.Incident.String()
		}
		f.Holds = append(f.Holds, one)
	}
	return f
}

// request is a requestSettings that was read.
type request struct {
	name    string // its key in the configuration
	method  string
	url     *template.Template
	headers map[string]*template.Template
	body    *template.Template
	isJSON  bool
	host    string // where it goes, whatever the facts
}

// rendered is a request for certain facts.
type rendered struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

// newRequest reads the templates, and tries them on agents that run and are held. The
// error is a sentence and a fix, and never holds what stands in a template.
func newRequest(name, method string, s requestSettings, signed bool) (*request, error) {
	if s.Method != "" {
		method = strings.ToUpper(s.Method)
	}
	r := &request{name: name, method: method, headers: map[string]*template.Template{}}
	if !regexp.MustCompile(`^[A-Z]+$`).MatchString(method) {
		return nil, tagout.Errorf(tagout.Invalid, "The method of %s is none. Fix: Write GET, POST, PUT, PATCH or DELETE.", name)
	}
	var err error
	if r.url, err = parse(name+".url", s.URL); err != nil {
		return nil, err
	}
	if r.body, err = parse(name+".body", s.Body); err != nil {
		return nil, err
	}
	contentType := "application/json"
	for header, value := range s.Headers {
		if r.headers[header], err = parse(name+".headers."+header, value); err != nil {
			return nil, err
		}
		if strings.EqualFold(header, "Content-Type") {
			contentType = value
		}
	}
	r.isJSON = s.Body != "" && strings.Contains(contentType, "json")
	for _, sample := range samples() {
		if err := r.try(sample, signed); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// samples are facts on which templates are tried before they are needed.
func samples() []facts {
	hold := tagout.Hold{Scope: tagout.MustScope("agent/channel"), Mode: tagout.Halted, Incident: 1, Reason: `a "reason"`}
	held := tagout.Wanted{Agent: "agent", Generation: 2, ValidUntil: time.Unix(0, 0), Holds: []tagout.Hold{hold}, Versions: map[string]string{"prompt": "v1"}}
	samples := []facts{factsOf(held, tagout.Halted), factsOf(tagout.Wanted{Agent: "agent"}, tagout.Running)}
	for i := range samples {
		samples[i].Component, samples[i].Version = "prompt", "v1"
	}
	return samples
}

func (r *request) try(sample facts, signed bool) error {
	made, err := r.render(sample)
	if err != nil {
		return err
	}
	switch {
	case made.url.Scheme != "http" && made.url.Scheme != "https" || made.url.Hostname() == "":
		return tagout.Errorf(tagout.Invalid, "The url of %s is not an http or https URL. Fix: Write it as https://host/path.", r.name)
	case signed && !secure(made.url):
		return tagout.Errorf(tagout.Invalid, "The url of %s would send its credential unencrypted to another machine. Fix: Use https.", r.name)
	case r.isJSON && !json.Valid(made.body):
		return tagout.Errorf(tagout.Invalid, "The body of %s is not JSON once it is filled in. Fix: Write text as {{json .Agent}}, which quotes and escapes it, or set the header Content-Type to what it is.", r.name)
	case r.host != "" && r.host != made.url.Host:
		return tagout.Errorf(tagout.Invalid, "The url of %s leads to another host for another state. Fix: Write the host as it is.", r.name)
	}
	r.host = made.url.Host
	return nil
}

// parse reads one template. What is wrong with it is told by its place, since its text may
// hold secrets.
func parse(name, text string) (*template.Template, error) {
	made, err := template.New("").Option("missingkey=zero").Funcs(template.FuncMap{
		"json":  func(v any) (string, error) { text, err := json.Marshal(v); return string(text), err },
		"query": url.QueryEscape,
		"path":  url.PathEscape,
	}).Parse(text)
	if err != nil {
		return nil, unusable(name, err)
	}
	return made, nil
}

// unusable says where a template is wrong.
func unusable(name string, err error) error {
	where := ""
	if at := regexp.MustCompile(`^template: :(\d+)`).FindStringSubmatch(err.Error()); at != nil {
		where = " in line " + at[1]
	}
	return tagout.Errorf(tagout.Invalid, "The template %s cannot be used%s. Fix: Use the fields .Agent .Mode .Held .Holds .Generation .ValidUntil .Versions .Component .Version and the functions json, query and path.", name, where)
}

// render fills the templates in.
func (r *request) render(f facts) (*rendered, error) {
	address, err := fill(r.name+".url", r.url, f)
	if err != nil {
		return nil, err
	}
	parsed, err := url.Parse(strings.TrimSpace(string(address)))
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "The url of %s is none once it is filled in. Fix: Write names in it as {{path .Agent}} or {{query .Agent}}.", r.name)
	}
	made := &rendered{method: r.method, url: parsed, header: http.Header{}}
	made.header.Set("User-Agent", "tagout")
	if made.body, err = fill(r.name+".body", r.body, f); err != nil {
		return nil, err
	}
	if len(made.body) > 0 {
		made.header.Set("Content-Type", "application/json")
	}
	for name, value := range r.headers {
		text, err := fill(r.name+".headers."+name, value, f)
		if err != nil {
			return nil, err
		}
		made.header.Set(name, strings.TrimSpace(string(text)))
	}
	return made, nil
}

var errTooLong = errors.New("too long")

// limited is a buffer with an end.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxBody {
		return 0, fmt.Errorf("%w: more than %d bytes", errTooLong, maxBody)
	}
	return l.Buffer.Write(p)
}

func fill(name string, t *template.Template, f facts) ([]byte, error) {
	var into limited
	if err := t.Execute(&into, f); err != nil {
		if errors.Is(err, errTooLong) {
			return nil, tagout.Errorf(tagout.TooLarge, "The template %s makes more than 1 MiB. Fix: Leave out what the other side does not need.", name)
		}
		return nil, unusable(name, err)
	}
	return into.Bytes(), nil
}
