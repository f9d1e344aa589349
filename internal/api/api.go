// Package api is Tagout's HTTP edge for programs: alerts, failure reports, changes,
// commands and reading, under /v1, beside health and metrics.
//
// It establishes who asks, turns requests into calls of the desk and answers in JSON.
// Errors are problem documents (RFC 9457) with a code and a sentence, and never repeat
// what was sent. A program may stop, read and report; nothing here can resume or approve.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tagout"
)

// What [Options] default to.
const (
	DefaultMaxBody       = 1 << 20 // bytes of an alert, a command or a change
	DefaultMaxReport     = 5 << 20 // bytes of a failure report
	DefaultRatePerSource = 50_000  // requests a second
)

// Desk is what this edge asks of the incident desk.
type Desk interface {
	// Accept takes alerts and returns once they are durable.
	Accept(ctx context.Context, alerts []tagout.Alert) ([]tagout.Folded, error)
	// Refused notes that what a configured source, or an agent as failures, posted was not taken.
	Refused(ctx context.Context, source string, why error)
	// AcknowledgeBy records that somebody acknowledged in the pager's own app. What is not of
	// ours, over or acknowledged already changes nothing. Returns Unavailable if it could not
	// be made durable.
	AcknowledgeBy(ctx context.Context, ack tagout.Acknowledgement, pager string) error
	// Incident reads one incident. Returns NotFound if it does not exist.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Incidents lists incidents, newest first.
	Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error)
	// Timeline reads an incident's events in order.
	Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error)
	// Actions lists the corrective actions that somebody may read about, what is due first
	// first.
	Actions(ctx context.Context, q tagout.ActionQuery, v tagout.Viewer) ([]tagout.ActionOf, error)
	// CheckRelease tells what stands against a release of an agent. Returns NotFound for names
	// that nobody knows, Unavailable if it cannot be found out.
	CheckRelease(ctx context.Context, q tagout.ReleaseQuery) (tagout.ReleaseReport, error)
	// Drills lists drills, newest first.
	Drills(ctx context.Context, q tagout.DrillQuery) ([]tagout.Drill, error)
	FigureReader
	// TicketMoved looks at once at a ticket that its tracker said has changed, and reports how
	// many corrective actions it concerns. Returns Unavailable if that could not be made
	// durable.
	TicketMoved(ctx context.Context, tracker, key string) (int, error)
	// ReviewMarkdown is the document of an incident's review, as Markdown.
	ReviewMarkdown(ctx context.Context, id tagout.IncidentID) (string, error)
	// Kind is what an incident looks like, suggested or as somebody corrected it.
	Kind(ctx context.Context, i *tagout.Incident) (tagout.KindView, error)
	// Duties tells for each rotation who is on call, until when, and who is next.
	Duties(ctx context.Context) ([]tagout.Duty, error)
	// Decide answers for one action of one agent.
	Decide(agent string, asked tagout.Attributes) tagout.Decision
	// Fleet is the running copies of an agent that asked any replica lately.
	Fleet(ctx context.Context, agent string) tagout.Fleet
	// AgentVersions tells what is known of the versions of a declared agent.
	AgentVersions(ctx context.Context, agent string) (tagout.AgentVersions, error)
	// SawVersions records that an agent said it ran these versions at a time, by component.
	SawVersions(ctx context.Context, agent string, versions map[string]string, at time.Time, by tagout.Actor) error
	// RecordChange records a deployment. Returns Conflict while an open incident refuses
	// version changes of the agent.
	RecordChange(ctx context.Context, change tagout.Deployment, by tagout.Actor) error
	// ChangeMade records a change that was made already; nothing refuses it.
	ChangeMade(ctx context.Context, change tagout.Deployment, by tagout.Actor) error
	// FrozenBy lists the open incidents that refuse version changes of an agent.
	FrozenBy(ctx context.Context, agent string) ([]*tagout.Incident, error)
}

// Store is what this edge asks of the store directly.
type Store interface {
	// Alerts reads the alerts of an incident, newest first, with their raw bodies.
	Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error)
	// EvidenceOf lists what was kept with an incident, oldest first, without the contents.
	EvidenceOf(ctx context.Context, id tagout.IncidentID) ([]tagout.Evidence, error)
	// EvidenceContent reads one piece by the hash of its content. Returns NotFound if there
	// is none of that hash.
	EvidenceContent(ctx context.Context, id tagout.IncidentID, sha256 string) (tagout.Evidence, error)
}

// Source is one configured sender of alerts.
type Source struct {
	Source tagout.Source
	Token  string // secret; empty: open, see [Options].AllowOpenSources
}

// Token is one program that may use the API.
type Token struct {
	Name   string
	Secret string // empty turns the entry off
	May    []tagout.Right
}

// Options is what the edge is made of. Desk, Store, Policy and DecodeFailure are required.
type Options struct {
	Desk     Desk
	Store    Store
	Policy   *tagout.Policy
	Links    Acknowledger // nil: no links in pages
	Commands []tagout.Command
	Sources  map[string]Source // by the name in the path
	Tokens   []Token
	Inboxes  map[string]tagout.PageInbox   // pagers that hear what their service says, by name
	Trackers map[string]tagout.TicketInbox // trackers that do, by name
	Changes  map[string]tagout.ChangeInbox // services that tell of changes, by name

	// DecodeFailure reads a failure report. It returns Invalid, never with what the
	// report says, if it is not one.
	DecodeFailure func(body []byte, at time.Time) (tagout.Alert, error)
	// Gate tells whether the holds are known; nil: they are.
	Gate func() tagout.GateStatus
	// Ready tells whether the process is starting or draining, and which of its parts
	// work less than they should, in single words such as "database"; nil: all is well.
	Ready func() (starting bool, degraded []string)

	// Leads tells whether this replica leads; nil: it does.
	Leads func() bool

	// AllowOpenSources accepts alerts from sources without a token, and failure reports
	// without one, from programs on this machine. Set it only while the listen address
	// is loopback. A request that came through a proxy is refused all the same.
	AllowOpenSources bool
	MaxBody          int64   // bytes of an alert; 0: [DefaultMaxBody]
	MaxReport        int64   // bytes of a failure report; 0: [DefaultMaxReport]
	RatePerSource    float64 // requests a second of one source; 0: [DefaultRatePerSource]

	Gatherer   prometheus.Gatherer   // nil: no /metrics
	Registerer prometheus.Registerer // for the metrics of this edge; nil: none
	Clock      tagout.Clock          // nil: the machine's
	Logger     *slog.Logger          // nil: none
	Version    string                // of Tagout, for the API description
}

func (o Options) withDefaults() Options {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxReport <= 0 {
		o.MaxReport = DefaultMaxReport
	}
	if o.RatePerSource <= 0 {
		o.RatePerSource = DefaultRatePerSource
	}
	if o.Clock == nil {
		o.Clock = tagout.SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Gate == nil {
		o.Gate = func() tagout.GateStatus { return tagout.GateStatus{HoldsLoaded: true} }
	}
	if o.Ready == nil {
		o.Ready = func() (bool, []string) { return false, nil }
	}
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	return o
}

// edge serves the API.
type edge struct {
	Options
	tokens   tokens
	sources  map[string]*source
	commands map[string]tagout.Command
	requests *prometheus.HistogramVec
	mux      *http.ServeMux
	huma     huma.API
	spec     []byte // the OpenAPI document
	permits  []tagout.Permit
}

// New is the handler of /v1/*, /healthz, /readyz and, with a Gatherer, /metrics. Every
// other path gets a problem document that says it does not exist.
func New(o Options) http.Handler {
	o = o.withDefaults()
	e := newEdge(o)
	return e.guarded(e.mux)
}

func newEdge(o Options) *edge {
	e := &edge{
		Options: o, tokens: newTokens(o.Tokens), sources: newSources(o), commands: map[string]tagout.Command{},
		requests: newRequestMetric(o.Registerer), mux: http.NewServeMux(),
	}
	for _, c := range o.Commands {
		e.commands[c.Name] = c
	}
	e.huma = newHuma(e.mux, o.Version)
	e.routes()
	e.describe()
	return e
}

func (e *edge) routes() {
	e.intakeRoutes()
	e.changeRoutes()
	e.versionRoutes()
	e.commandRoutes()
	e.incidentRoutes()
	e.agentRoutes()
	e.oncallRoutes()
	e.actionRoutes()
	e.releaseRoutes()
	e.drillRoutes()
	e.figureRoutes()
	e.ackRoutes()
	e.handle(open("GET /v1/openapi.json", ""), e.openAPI)
	e.handle(open("GET /healthz", ""), e.healthz)
	e.handle(open("GET /readyz", ""), e.readyz)
	if e.Gatherer != nil {
		e.handle(open("GET /metrics", "numbers only; keep the port from strangers"), promhttp.HandlerFor(e.Gatherer, promhttp.HandlerOpts{}).ServeHTTP)
	}
	e.mux.HandleFunc("/", e.unknown)
}
