package api

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"tagout"
)

// source is a sender of alerts with its token and its share of the intake.
type source struct {
	name    string
	decode  tagout.Source
	token   *fingerprint        // nil: open, unless it is signed
	signed  tagout.SignedSource // nil: the sender does not sign
	limiter *rate.Limiter
}

func newSources(o Options) map[string]*source {
	sources := make(map[string]*source, len(o.Sources))
	for name, configured := range o.Sources {
		s := &source{name: name, decode: configured.Source, limiter: newLimiter(o.RatePerSource)}
		if configured.Token != "" {
			hash := fingerprint(sha256.Sum256([]byte(configured.Token)))
			s.token = &hash
		}
		if signed, ok := configured.Source.(tagout.SignedSource); ok && signed.Signs() {
			s.signed = signed
		}
		sources[name] = s
	}
	return sources
}

// newLimiter lets perSecond requests through, and a second's worth at once.
func newLimiter(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
}

func (e *edge) intakeRoutes() {
	e.handle(tagout.Permit{Thing: "POST /v1/alerts/{source}", Right: tagout.MayReport, Note: ownToken}, e.alerts)
	e.handle(open("POST /v1/pagers/{pager}", "what the service has signed or knows the secret of"), e.pagers)
	reports := newLimiter(e.RatePerSource)
	e.handle(tagout.Permit{Thing: "POST /v1/failures", Right: tagout.MayReport, Note: onLoopback}, func(w http.ResponseWriter, r *http.Request) {
		if !reports.AllowN(e.Clock.Now(), 1) {
			e.refuse(w, r, fromAgents, tooMany())
			return
		}
		e.failures(w, r)
	})
}

func tooMany() error {
	return tagout.Errorf(tagout.TooMany, "Too many requests at once. Send this again in a second.")
}

// accepted is the answer to alerts that are durable.
type accepted struct {
	Accepted  int      `json:"accepted" doc:"How many alerts were taken."`
	Incidents []string `json:"incidents" doc:"The incidents that they opened or belong to."`
}

// alerts takes what a source posts. It is the one hot path of this edge.
func (e *edge) alerts(w http.ResponseWriter, r *http.Request) {
	s := e.sources[r.PathValue("source")]
	if s == nil {
		e.fail(w, r, tagout.Errorf(tagout.NotFound, "No alert source of this name is configured."))
		return
	}
	delivery, err := e.delivery(w, r, s)
	if err != nil {
		e.refuse(w, r, s.name, err)
		return
	}
	alerts, err := s.decode.Decode(r.Context(), delivery)
	if err != nil {
		e.refuse(w, r, s.name, malformed(err, delivery.Body))
		return
	}
	folded, err := e.Desk.Accept(r.Context(), stamped(alerts, s.name, delivery.Body))
	if err := outcome(folded, err); err != nil {
		e.refuse(w, r, s.name, err)
		return
	}
	writeJSON(w, http.StatusAccepted, accepted{Accepted: len(alerts), Incidents: incidentsOf(folded)})
}

// refuse answers what a source posted and was not taken, and notes it: a sensor whose alerts
// come to nothing must not go unnoticed here.
func (e *edge) refuse(w http.ResponseWriter, r *http.Request, source string, err error) {
	p := e.problemOf(r.Context(), err)
	e.Desk.Refused(r.Context(), source, tagout.Errorf(p.Code, "%s", p.Detail))
	p.write(w)
}

// withoutSecrets is the header as a source may see it.
func withoutSecrets(h http.Header) map[string][]string {
	if h.Get("Authorization") == "" && h.Get("Cookie") == "" {
		return h
	}
	h = maps.Clone(h)
	delete(h, "Authorization")
	delete(h, "Cookie")
	return h
}

// stamped gives every alert its source, and the body as evidence to one that came alone
// without its own part of it.
func stamped(alerts []tagout.Alert, source string, body []byte) []tagout.Alert {
	for n := range alerts {
		alerts[n].Source = source
	}
	if len(alerts) == 1 && alerts[0].Raw == nil {
		alerts[0].Raw = body
	}
	return alerts
}

// readJSON reads the body of a request that must be JSON. It returns a [Problem] for
// another type, a body that is too large, or one that broke off.
func readJSON(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if !isJSON(r.Header) {
		return nil, wrongType()
	}
	tooLarge := newProblem(tagout.TooLarge, fmt.Sprintf("The body is larger than %d bytes.", limit))
	if r.ContentLength > limit {
		linger(r.Body, limit)
		return nil, tooLarge
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		linger(r.Body, limit)
		return nil, tooLarge
	}
	if err != nil {
		return nil, newProblem(tagout.Invalid, "The body broke off before its end.").withStatus(http.StatusBadRequest)
	}
	return body, nil
}

// linger reads on for a while what is thrown away: a sender that hears of nothing before it has
// sent everything would take the refusal for a broken connection, and send it all again.
func linger(body io.Reader, limit int64) { _, _ = io.CopyN(io.Discard, body, 8*limit) }

// readAll reads to the end; size is how much will come, or negative.
func readAll(from io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return io.ReadAll(from)
	}
	body := make([]byte, size)
	_, err := io.ReadFull(from, body)
	return body, err
}

// isJSON reports whether the header announces plain JSON. A missing type is not enough:
// web pages can send that across origins without asking.
func isJSON(h http.Header) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	announced := h.Get("Content-Type")
	if announced == "application/json" {
		return true
	}
	kind, _, err := mime.ParseMediaType(announced)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// malformed tells a body that is no JSON at all (400) from one that says the wrong thing (422).
func malformed(err error, body []byte) error {
	if tagout.CodeOf(err) == tagout.Invalid && !json.Valid(body) {
		return notJSON()
	}
	return err
}

// outcome is what to tell of alerts of which some may not have been taken. If any of them
// could be taken later the sender is told to come back with all: repeats only count.
func outcome(folded []tagout.Folded, err error) error {
	if err == nil || folded == nil {
		return err
	}
	refused, last := 0, err
	for _, f := range folded {
		if f.Err == nil {
			continue
		}
		refused++
		last = f.Err
		if status, _ := statusOf(tagout.CodeOf(f.Err)); status >= http.StatusInternalServerError {
			return f.Err
		}
	}
	if refused == 0 || len(folded) == 1 {
		return last
	}
	return tagout.Errorf(tagout.CodeOf(last), "%d of %d alerts could not be taken; the others were. The last: %s", refused, len(folded), tagout.Sentence(last))
}

// incidentsOf lists the incidents that alerts went to, each once.
func incidentsOf(folded []tagout.Folded) []string {
	ids := make([]string, 0, 1)
	var seen map[tagout.IncidentID]bool
	var previous tagout.IncidentID
	for _, f := range folded {
		if f.Incident == nil || f.Incident.ID == previous || seen[f.Incident.ID] {
			continue
		}
		if seen == nil {
			seen = map[tagout.IncidentID]bool{}
		}
		previous = f.Incident.ID
		seen[previous] = true
		ids = append(ids, previous.String())
	}
	return ids
}

// decodeReport reads a failure report.
func (e *edge) decodeReport(body []byte, at time.Time) (tagout.Alert, error) {
	alert, err := e.DecodeFailure(body, at)
	if err != nil {
		return alert, malformed(err, body)
	}
	if alert.Report == nil {
		return alert, errors.New("a failure report was decoded to an alert without a report")
	}
	if alert.Raw == nil {
		alert.Raw = body
	}
	return alert, nil
}
