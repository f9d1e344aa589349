package integrations_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// verdict is how a service answers a request that it understands.
type verdict struct {
	request request
	status  int
	answer  string
}

// pagerService is a service that refuses what the real one refuses.
type pagerService struct {
	url    string
	server *httptest.Server
	strict func(*http.Request, []byte) verdict

	mu       sync.Mutex
	how      behaviour
	status   int // answered instead, if not 0
	header   http.Header
	got      []request
	bodies   [][]byte
	headers  []http.Header
	refusals []string // what was refused though it should have been taken
	came     chan bool
}

func newPagerService(t *testing.T, strict func(*http.Request, []byte) verdict) *pagerService {
	t.Helper()
	s := &pagerService{strict: strict, header: http.Header{}, came: make(chan bool, 100)}
	over := make(chan struct{})
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, over) }))
	t.Cleanup(s.server.Close)
	t.Cleanup(func() { close(over) })
	s.url = s.server.URL
	return s
}

func (s *pagerService) serve(w http.ResponseWriter, r *http.Request, over <-chan struct{}) {
	body, _ := io.ReadAll(r.Body)
	v := s.strict(r, body)
	s.mu.Lock()
	s.got, s.bodies, s.headers = append(s.got, v.request), append(s.bodies, body), append(s.headers, r.Header)
	how, status := s.how, s.status
	if v.status >= 300 {
		s.refusals = append(s.refusals, v.answer)
	}
	for name := range s.header {
		w.Header().Set(name, s.header.Get(name))
	}
	s.mu.Unlock()
	s.came <- true
	w.Header().Set("Content-Type", "application/json")
	switch {
	case status != 0:
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"`+echoed+`","code":1,"status":400}`)
	case how == asksToComeBack:
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, echoed)
	case how == refusesForGood:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":"`+echoed+`","errors":["`+echoed+`"],"code":20003,"status":403}`)
	case how == hangs:
		select {
		case <-r.Context().Done():
		case <-over:
		}
	default:
		w.WriteHeader(v.status)
		_, _ = io.WriteString(w, v.answer)
	}
}

func (s *pagerService) behave(b behaviour)   { s.mu.Lock(); defer s.mu.Unlock(); s.how = b }
func (s *pagerService) requests() []request  { s.mu.Lock(); defer s.mu.Unlock(); return s.got }
func (s *pagerService) arrived() <-chan bool { return s.came }

// answers makes it answer every request with this status and header.
func (s *pagerService) answers(status int, header ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
	for n := 0; n+1 < len(header); n += 2 {
		s.header.Set(header[n], header[n+1])
	}
}

func refuse(status int, why string) verdict { return verdict{status: status, answer: why} }

const routingKey = "R0123456789abcdefABCDEF987654321"

// pagerDutyAnswers refuses what PagerDuty's Events API v2 refuses.
func pagerDutyAnswers(r *http.Request, body []byte) verdict {
	var e struct {
		RoutingKey string `json:"routing_key"`
		Action     string `json:"event_action"`
		Dedup      string `json:"dedup_key"`
		ClientURL  string `json:"client_url"`
		Links      []struct{ Href, Text string }
		Payload    *struct {
			Summary, Source, Severity, Timestamp string
			Details                              map[string]any `json:"custom_details"`
		}
	}
	switch err := json.Unmarshal(body, &e); {
	case r.Method != http.MethodPost || r.URL.Path != "/v2/enqueue":
		return refuse(http.StatusNotFound, "path")
	case err != nil || len(body) > 512<<10:
		return refuse(http.StatusBadRequest, "body")
	case e.RoutingKey != routingKey:
		return refuse(http.StatusBadRequest, "routing_key")
	case len(e.Dedup) > 255 || e.Dedup == "":
		return refuse(http.StatusBadRequest, "dedup_key")
	case e.Action == "trigger" && (e.Payload == nil || e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > 1024 || e.Payload.Source == ""):
		return refuse(http.StatusBadRequest, "payload")
	case e.Action == "trigger" && !strings.Contains(" critical error warning info ", " "+e.Payload.Severity+" "):
		return refuse(http.StatusBadRequest, "severity")
	case e.Action != "trigger" && e.Action != "acknowledge" && e.Action != "resolve":
		return refuse(http.StatusBadRequest, "event_action")
	}
	return verdict{request{e.Dedup, string(body)}, http.StatusAccepted, `{"status":"success","message":"Event processed","dedup_key":"` + e.Dedup + `"}`}
}

// goAlertAnswers refuses what GoAlert's generic API refuses; like it, it would cut what is
// too long, which the tests take for a fault.
func goAlertAnswers(r *http.Request, body []byte) verdict {
	var a struct{ Summary, Details, Action, Dedup string }
	switch err := json.Unmarshal(body, &a); {
	case r.URL.Path != "/api/v2/generic/incoming":
		return refuse(http.StatusNotFound, "path")
	case r.Header.Get("Authorization") != "Bearer "+token:
		return refuse(http.StatusUnauthorized, "token")
	case err != nil || r.Header.Get("Content-Type") != "application/json":
		return refuse(http.StatusBadRequest, "body")
	case a.Summary == "" || utf8.RuneCountInString(a.Summary) > 118 || strings.Contains(a.Summary, "\n"):
		return refuse(http.StatusBadRequest, "summary")
	case utf8.RuneCountInString(a.Details) > 6<<10:
		return refuse(http.StatusBadRequest, "details")
	}
	seen := request{a.Dedup, a.Summary + "\n" + a.Details + a.Action}
	if r.Header.Get("Accept") != "application/json" {
		return verdict{seen, http.StatusNoContent, ""}
	}
	return verdict{seen, http.StatusOK, `{"AlertID":79685,"ServiceID":"00000000-0000-0000-0000-000000000001","IsNew":true}`}
}

const (
	twilioAccount = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	twilioToken   = "s3crettokens3crettokens3crettoke"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// twilioAnswers refuses what Twilio's Messages API refuses.
func twilioAnswers(r *http.Request, body []byte) verdict {
	user, pass, _ := r.BasicAuth()
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(strings.NewReader(string(body)))
	switch {
	case r.URL.Path != "/2010-04-01/Accounts/"+twilioAccount+"/Messages.json":
		return refuse(http.StatusNotFound, `{"code":20404,"status":404,"message":"path"}`)
	case user != twilioAccount || pass != twilioToken:
		return refuse(http.StatusUnauthorized, `{"code":20003,"status":401,"message":"`+echoed+`"}`)
	case again.ParseForm() != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		return refuse(http.StatusBadRequest, `{"code":20001,"status":400,"message":"body"}`)
	}
	form := again.PostForm
	switch {
	case !e164.MatchString(form.Get("To")):
		return refuse(http.StatusBadRequest, `{"code":21211,"status":400,"message":"to"}`)
	case !e164.MatchString(form.Get("From")) && !strings.HasPrefix(form.Get("MessagingServiceSid"), "MG"):
		return refuse(http.StatusBadRequest, `{"code":21603,"status":400,"message":"from"}`)
	case form.Get("Body") == "" || utf8.RuneCountInString(form.Get("Body")) > 1600:
		return refuse(http.StatusBadRequest, `{"code":21617,"status":400,"message":"body length"}`)
	}
	return verdict{request{form.Get("To"), form.Get("Body")}, http.StatusCreated, `{"sid":"SM1","status":"queued"}`}
}

// ntfyAnswers refuses what ntfy refuses, and what it would turn into an attachment.
func ntfyAnswers(r *http.Request, body []byte) verdict {
	user, pass, _ := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/alerts":
		return refuse(http.StatusNotFound, `{"code":40401,"http":404,"error":"path"}`)
	case user != "tagout" || pass != password:
		return refuse(http.StatusForbidden, `{"code":40301,"http":403,"error":"`+echoed+`"}`)
	case len(body) > 4096 || !utf8.Valid(body):
		return refuse(http.StatusRequestEntityTooLarge, `{"code":41301,"http":413,"error":"too long"}`)
	}
	return verdict{request{"", r.Header.Get("Title") + "\n" + string(body)}, http.StatusOK, `{"id":"x","event":"message"}`}
}

// hookAnswers takes plain text, as the many small services that shoutrrr has no client of ours for.
func hookAnswers(r *http.Request, body []byte) verdict {
	if r.URL.Path != "/hook" || r.URL.Query().Get("key") != token {
		return refuse(http.StatusNotFound, "path")
	}
	return verdict{request{"", string(body)}, http.StatusOK, "ok"}
}
