package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

const problemType = "application/problem+json"

// Problem is an error as the API tells it: a problem document of RFC 9457.
type Problem struct {
	Type   string      `json:"type" doc:"urn:tagout:problem: and the code."`
	Title  string      `json:"title" doc:"The kind of problem in words; the same for every problem of a code."`
	Status int         `json:"status" doc:"The HTTP status."`
	Detail string      `json:"detail" doc:"What is wrong here and what to do about it. Never repeats values that were sent in a report or alert."`
	Code   tagout.Code `json:"code" enum:"invalid,unauthorized,forbidden,not_found,conflict,expired,too_large,too_many,unavailable,internal" doc:"For programs."`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of a problem document.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders are the headers that belong to the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter(p.Code)))
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// retryAfter is in how many seconds to come back.
func retryAfter(code tagout.Code) int {
	if code == tagout.TooMany {
		return 1
	}
	return 5
}

// statusOf is where codes become HTTP. Too many requests are answered 503, not 429: there
// are senders that come back after the one and drop the alert after the other.
func statusOf(code tagout.Code) (status int, title string) {
	switch code {
	case tagout.Invalid:
		return http.StatusUnprocessableEntity, "Invalid"
	case tagout.Unauthorized:
		return http.StatusUnauthorized, "Not authenticated"
	case tagout.Forbidden:
		return http.StatusForbidden, "Not allowed"
	case tagout.NotFound:
		return http.StatusNotFound, "Not found"
	case tagout.Conflict:
		return http.StatusConflict, "Conflict"
	case tagout.Expired:
		return http.StatusGone, "Expired"
	case tagout.TooLarge:
		return http.StatusRequestEntityTooLarge, "Too large"
	case tagout.TooMany:
		return http.StatusServiceUnavailable, "Too many requests"
	case tagout.Unavailable:
		return http.StatusServiceUnavailable, "Unavailable"
	}
	return http.StatusInternalServerError, "Internal error"
}

func newProblem(code tagout.Code, detail string) *Problem {
	status, title := statusOf(code)
	return &Problem{Type: "urn:tagout:problem:" + string(code), Title: title, Status: status, Detail: detail, Code: code}
}

// withStatus is the problem under a more exact status than that of its code.
func (p *Problem) withStatus(status int) *Problem {
	p.Status = status
	return p
}

// problemOf is err as the caller may see it. What is internal goes to the log only.
func (e *edge) problemOf(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	code, sentence := tagout.CodeOf(err), tagout.Sentence(err)
	if _, told := errors.AsType[*tagout.Error](err); !told && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		code, sentence = tagout.Unavailable, "This took too long and was given up. Nothing was resumed; ask again."
	}
	if code == tagout.Internal {
		e.Logger.ErrorContext(ctx, "request failed", "error", err)
	}
	return newProblem(code, sentence)
}

// fail answers a request with what err says.
func (e *edge) fail(w http.ResponseWriter, r *http.Request, err error) {
	e.problemOf(r.Context(), err).write(w)
}

func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone away: nobody left to tell
}

// ours replaces huma's own errors, which repeat what was sent, by problem documents.
func ours(_ huma.Context, _ string, v any) (any, error) {
	if m, ok := v.(*huma.ErrorModel); ok {
		return problemOfModel(m), nil
	}
	return v, nil
}

func problemOfModel(m *huma.ErrorModel) *Problem {
	switch m.Status {
	case http.StatusBadRequest:
		return notJSON().withStatus(m.Status)
	case http.StatusRequestTimeout:
		return newProblem(tagout.Invalid, "The body did not arrive in time.").withStatus(m.Status)
	case http.StatusRequestEntityTooLarge:
		return newProblem(tagout.TooLarge, "The body is too large.")
	case http.StatusUnsupportedMediaType:
		return wrongType()
	case http.StatusUnprocessableEntity:
		return newProblem(tagout.Invalid, complaint(m.Errors))
	}
	return newProblem(tagout.Internal, tagout.Sentence(m)).withStatus(m.Status)
}

// complaint says which parts of a request are wrong, by the names of our own fields and in
// the words of the validation, without anything that was sent.
func complaint(errs []*huma.ErrorDetail) string {
	var said []string
	for _, d := range errs {
		if d == nil {
			continue
		}
		parts := strings.SplitN(d.Location, ".", 3)
		place := strings.Join(parts[:min(2, len(parts))], ".")
		place, _, _ = strings.Cut(place, "[")
		message, _, _ := strings.Cut(d.Message, ":")
		if !strings.HasPrefix(message, "expected ") && !strings.HasPrefix(message, "required ") && !strings.HasPrefix(message, "invalid ") {
			message = "has another shape than expected"
		}
		if said = append(said, place+": "+message); len(said) == 5 {
			break
		}
	}
	if len(said) == 0 {
		return "The request is not what this endpoint takes."
	}
	return "The request is not what this endpoint takes: " + strings.Join(said, "; ") + "."
}

func notJSON() *Problem {
	return newProblem(tagout.Invalid, "The body is missing or not valid JSON.").withStatus(http.StatusBadRequest)
}

func wrongType() *Problem {
	p := newProblem(tagout.Invalid, "Send JSON, uncompressed, with the header Content-Type: application/json.")
	return p.withStatus(http.StatusUnsupportedMediaType)
}
