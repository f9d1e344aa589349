package api

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

func newRequestMetric(r prometheus.Registerer) *prometheus.HistogramVec {
	m := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tagout_http_request_seconds", Help: "How long requests of the API took, by route and status.",
		Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
	}, []string{"route", "status"})
	if r != nil {
		r.MustRegister(m)
	}
	return m
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// guarded adds to every answer what browsers need to keep their hands off, answers panics,
// and counts and logs requests: never their query, headers or body.
func (e *edge) guarded(next http.Handler) http.Handler {
	always := http.Header{
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
		"Cache-Control":           {"no-store"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := e.Clock.Now()
		a := &answer{ResponseWriter: w}
		maps.Copy(w.Header(), always) // handlers replace values, and never write into them
		defer func() {
			if p := recover(); p != nil {
				e.panicked(a, r, p)
			}
			e.done(a, r, e.Clock.Now().Sub(began))
		}()
		next.ServeHTTP(a, r)
	})
}

// panicked answers a request whose handler panicked. What was panicked with may hold what
// was sent, so only errors of the runtime are logged in words.
func (e *edge) panicked(a *answer, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	what := fmt.Sprintf("%T", p)
	if err, ok := p.(error); ok {
		if ours, isRuntime := errors.AsType[runtime.Error](err); isRuntime {
			what = ours.Error()
		}
	}
	e.Logger.ErrorContext(r.Context(), "handler panicked", "route", r.Pattern, "panic", what, "stack", string(debug.Stack()))
	if a.status == 0 {
		newProblem(tagout.Internal, tagout.Sentence(errors.New("panic"))).write(a)
		return
	}
	panic(http.ErrAbortHandler) // half an answer must not look like a whole one
}

func (e *edge) done(a *answer, r *http.Request, took time.Duration) {
	e.requests.WithLabelValues(r.Pattern, strconv.Itoa(a.status)).Observe(took.Seconds())
	if e.Logger.Enabled(r.Context(), slog.LevelDebug) {
		e.Logger.DebugContext(r.Context(), "request", "route", r.Pattern, "status", a.status, "took", took)
	}
}

// unknown answers what no route takes: a wrong method on a known path, or an unknown path.
func (e *edge) unknown(w http.ResponseWriter, r *http.Request) {
	if allowed := e.methodsOf(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p := newProblem(tagout.Invalid, "This path takes "+strings.Join(allowed, " or ")+" only.")
		p.Title = "Method not allowed"
		p.withStatus(http.StatusMethodNotAllowed).write(w)
		return
	}
	e.fail(w, r, tagout.Errorf(tagout.NotFound, "There is nothing at this path. /v1/openapi.json lists what there is."))
}

// methodsOf lists the methods that the request's path takes.
func (e *edge) methodsOf(r *http.Request) []string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		try := r.Clone(r.Context())
		try.Method = method
		if _, pattern := e.mux.Handler(try); pattern != "/" && !slices.Contains(allowed, method) {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
