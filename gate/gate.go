package gate

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// What [Options] default to.
const (
	DefaultReconcileEvery = 15 * time.Second
	DefaultControlTimeout = 5 * time.Second
)

// Options is what a gate is made of.
type Options struct {
	Agents     tagout.Registry             // the declared agents; must not change afterwards
	Controls   map[string][]tagout.Control // enforcement points, by agent
	Journal    string                      // path of the journal; "": none, stops do not outlive a crash while the database is down
	StaleAfter time.Duration               // holds not read for so long: halted; 0: unlimited
	Clock      tagout.Clock                // nil: the machine's
	Logger     *slog.Logger                // nil: none
	Registerer prometheus.Registerer       // nil: metrics are counted but not shown
	// Leader tells whether this replica may loosen what a control enforces; nil: always.
	// Any replica may tighten.
	Leader func() bool
	// Yields tells whether this replica cannot read the holds while another one can, which
	// leads: it then drives only what it was told itself. nil: never.
	Yields func() bool
	// Report takes news of controls for the incidents, one at a time and in order per
	// agent, again until it returns nil or an error that [tagout.IsFinal]. It may block:
	// the controls are driven on meanwhile. The same news may come again after a restart.
	Report         func(ctx context.Context, r tagout.ControlReport) error
	ReconcileEvery time.Duration // between two looks at a control; 0: [DefaultReconcileEvery]
	ControlTimeout time.Duration // for one request to a control; 0: [DefaultControlTimeout]
	// Tokens are secrets, by agent: whoever asks about the agent must present its own. An
	// agent without one is open to everyone who reaches the gate.
	Tokens     map[string]string
	MaxStreams int // event streams that are open at a time; 0: [DefaultMaxStreams]
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = tagout.SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Leader == nil {
		o.Leader = func() bool { return true }
	}
	if o.Yields == nil {
		o.Yields = func() bool { return false }
	}
	if o.Report == nil {
		o.Report = func(context.Context, tagout.ControlReport) error { return nil }
	}
	if o.ReconcileEvery <= 0 {
		o.ReconcileEvery = DefaultReconcileEvery
	}
	if o.ControlTimeout <= 0 {
		o.ControlTimeout = DefaultControlTimeout
	}
	if o.MaxStreams <= 0 {
		o.MaxStreams = DefaultMaxStreams
	}
	return o
}

// Gate answers for every agent from the holds in memory. It fulfils [tagout.Gate] and is
// safe for concurrent use. Make one with [New], drive its controls with [Gate.Run], and
// give it back with [Gate.Close].
type Gate struct {
	options  Options
	clock    tagout.Clock
	log      *slog.Logger
	metrics  *metrics
	declared []string          // names of the declared agents, in order
	shapes   map[string]*shape // by declared agent
	epoch    string            // tells this process's generations from another's
	journal  *journal          // nil: none
	drivers  map[string][]*driver
	news     *news
	buffers  sync.Pool // of *bytes.Buffer, for bodies of requests
	shared   sharedHeaders
	access   access
	streams  streams
	rosters  rosters

	now    atomic.Pointer[view] // what is answered from
	heard  subscribers
	mu     sync.Mutex // guards ledger and hanging, and orders the views
	ledger *ledger
	// hanging are the stops on their way through the journal, so that a repeat waits.
	hanging map[tagout.HoldID]chan struct{}
}

var _ tagout.Gate = (*Gate)(nil)

// New makes a gate that answers halted for everything until [Gate.Refresh] brought the
// holds of the database. Stops found in the journal stand at once.
//
// It returns Conflict if another process has the journal open, Invalid if the file is not
// a journal that this version reads, and Unavailable if it cannot be opened. A damaged
// journal is not an error here: the gate then answers halted for everything, and
// [Gate.JournalError] says what to do.
func New(o Options) (*Gate, error) {
	o = o.withDefaults()
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	g := &Gate{
		options: o, clock: o.Clock, log: o.Logger, metrics: m,
		declared: o.Agents.Names(), shapes: map[string]*shape{}, epoch: newEpoch(), ledger: newLedger(),
		hanging: map[tagout.HoldID]chan struct{}{}, shared: newSharedHeaders(),
		access: newAccess(o.Agents.Names(), o.Tokens), rosters: rosters{of: newRosters(o.Agents.Names())},
	}
	first := &view{generation: o.Clock.Now().UnixMilli(), agents: map[string]*agentView{}}
	for name, a := range o.Agents {
		g.shapes[name] = newShape(a)
	}
	if o.Journal != "" {
		if g.journal, err = openJournal(o.Journal, osDisk{}, o.Logger, m.fsync); err != nil {
			return nil, err
		}
		for _, s := range g.journal.pending() {
			g.ledger.hang(s.Hold)
		}
	}
	g.now.Store(g.next(first, &touched{everyone: true, agents: g.namesOfAll()}))
	g.news = newNews(o)
	g.drivers = g.newDrivers()
	if err := m.watch(g); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// namesOfAll are the declared agents and those that holds name.
func (g *Gate) namesOfAll() map[string]bool {
	names := map[string]bool{}
	for name := range g.shapes {
		names[name] = true
	}
	for name := range g.ledger.on {
		if name != "" {
			names[name] = true
		}
	}
	return names
}

// Close ends the event streams, writes the journal out and gives it back. Call it after
// [Gate.Run] has returned; the gate goes on answering, but stops are not written to the
// journal any more.
func (g *Gate) Close() error {
	g.streams.close()
	if g.journal == nil {
		return nil
	}
	return g.journal.close()
}

// Status is what the gate knows of itself.
func (g *Gate) Status() tagout.GateStatus {
	v := g.now.Load()
	return tagout.GateStatus{HoldsLoaded: v.loaded, ReadAt: v.readAt, Pending: v.pending}
}

// JournalError is why the journal cannot be trusted or written, in words that say what to
// do about it; nil if it is well, or if there is none.
func (g *Gate) JournalError() error {
	if g.journal == nil {
		return nil
	}
	return g.journal.problem()
}

// BindDatabase ties the journal to the database with this ID, so that its stops are never
// replayed into another one. It returns Conflict if the journal belongs to another
// database, which must stop the start, and Unavailable if it could not be written.
func (g *Gate) BindDatabase(id string) error {
	if g.journal == nil {
		return nil
	}
	return g.journal.bind(id)
}

// Pending lists the stops of the journal that the database does not know, in the order in
// which they came, for the caller to record. Those that turn out to be recorded are told
// with [Gate.Committed], those that were lifted since with [Gate.Lift].
func (g *Gate) Pending() []tagout.StopRequest {
	if g.journal == nil {
		return nil
	}
	return g.journal.pending()
}
