// Package app is one running Tagout: it wires every part to every other and runs them.
package app

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tagout"
	"tagout/bot"
	"tagout/commands"
	"tagout/escalation"
	"tagout/gate"
	"tagout/gate/flagd"
	"tagout/internal/charts"
	"tagout/internal/config"
	"tagout/internal/replicas"
	"tagout/internal/routines"
)

// Options are what an app is made of. Config is required.
type Options struct {
	Config    *config.Config
	Clock     tagout.Clock // nil: the machine's, and the database's own on Postgres
	Logger    *slog.Logger // nil: none
	Version   string
	NoMigrate bool // leave the schema to `tagout migrate`
	// Transport is for outgoing HTTP to controls and pagers; nil: the default one.
	Transport http.RoundTripper
	// Hurry is how many times faster than Slack takes it messages are sent; for the sandbox,
	// which has no limits unless it is told to. 0: as Slack takes them.
	Hurry int
}

// App is one Tagout. Make it with [New], then [App.Start], serve [App.Handler], [App.Stop].
type App struct {
	options Options
	config  *config.Config
	log     *slog.Logger
	clock   tagout.Clock
	metrics *prometheus.Registry
	did     *prometheus.CounterVec // effects

	store    *lateStore
	gate     *gate.Gate
	desk     *escalation.Desk
	routines *routines.Routines
	peers    *replicas.Peers // nil: on an embedded database
	bot      *bot.Bot
	inboxes  map[string]tagout.PageInbox

	ticketInboxes map[string]tagout.TicketInbox

	slack   http.Handler // for http mode; nil in socket mode
	handler http.Handler
	flagd   *flagd.Server // nil: off
	packing chan struct{} // holds a token while a record is packed

	ready    atomic.Bool // holds were loaded, or it is known that they cannot be
	draining atomic.Bool
	database atomic.Bool // the last read of the holds succeeded

	leadsUntil atomic.Pointer[time.Time] // until when this replica believes that it leads
	news       chan struct{}             // holds a token when holds may have changed elsewhere
	audited    bool                      // all liftings were compared with the timelines; as below
	leadership leadership                // for the goroutine that keeps step with the database

	cancel  context.CancelFunc
	running sync.WaitGroup
	cleanup []func(context.Context)
}

// New wires an app. It returns Invalid for a configuration whose parts do not fit, and
// Conflict if another process has the journal; nothing runs yet.
func New(o Options) (*App, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{options: o, config: o.Config, log: o.Logger, clock: o.Clock, store: &lateStore{}, metrics: prometheus.NewRegistry(), news: make(chan struct{}, 1), packing: make(chan struct{}, 1)}
	if a.clock == nil {
		a.clock = tagout.SystemClock{}
	}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.did = newEffectMetric(a.metrics)
	a.showLead()
	for _, wire := range []func() error{a.wireGate, a.wireReplicas, a.wireFlagd, a.wireRoutines, a.wireDesk, a.wireSlack, a.wireHTTP} {
		if err := wire(); err != nil {
			a.Stop(context.Background())
			return nil, err
		}
	}
	return a, nil
}

func (a *App) wireGate() error {
	controls, names, err := a.controls()
	if err != nil {
		return err
	}
	for agent, list := range names {
		a.config.Policy.Agents[agent].Controls = list
	}
	stale := a.config.StaleAfter
	if a.leadership.embedded = isSQLite(a.config.Database); a.leadership.embedded {
		stale = 0 // an embedded database has no other writer to miss
	}
	a.gate, err = gate.New(gate.Options{
		Agents: a.config.Policy.Agents, Controls: controls, Journal: a.config.Journal, StaleAfter: stale, Tokens: a.config.AgentToken,
		Clock: a.clock, Logger: a.log.With("part", "gate"), Registerer: a.metrics, Leader: a.loosens, Yields: a.yields,
		Report: func(ctx context.Context, r tagout.ControlReport) error { return a.desk.Report(ctx, r) },
	})
	if err != nil {
		return err
	}
	a.onStop(func(context.Context) {
		if err := a.gate.Close(); err != nil {
			a.log.Error("close the gate", "error", err)
		}
	})
	return nil
}

func (a *App) wireDesk() error {
	pagers, err := a.pagers()
	if err != nil {
		return err
	}
	schedules, err := a.schedules()
	if err != nil {
		return err
	}
	trackers, err := a.trackers()
	if err != nil {
		return err
	}
	telemetry, err := a.telemetry()
	if err != nil {
		return err
	}
	a.inboxes, a.ticketInboxes = inboxes(pagers), ticketInboxes(trackers)
	a.desk, err = escalation.New(escalation.Options{
		Store: a.store, Gate: a.gate, Policy: &a.config.Policy, Pagers: pagers, Mailer: mailerOf(pagers), Schedules: schedules, Trackers: trackers, Telemetry: telemetry, Peers: a.others(), Away: a.away, Draw: charts.PNG, Zone: digestZone(a.config), PublicURL: a.config.PublicURL,
		Clock: a.clock, Logger: a.log.With("part", "desk"), Registerer: a.metrics,
	})
	return err
}

func (a *App) wireSlack() error {
	s := a.config.Slack
	var err error
	a.bot, err = bot.New(bot.Options{
		API: bot.NewAPI(s.BotToken, s.APIURL, nil), Desk: a.desk, Inbox: a.store, Commands: a.Commands(),
		Announce: s.Announce, ChannelName: s.ChannelName, CommandPrefix: s.CommandPrefix, Emoji: s.FlagEmoji,
		Clock: a.clock, Logger: a.log.With("part", "slack"), Registerer: a.metrics, Leads: a.leads, Record: a.record, Draw: charts.PNG, Mask: a.config.Policy.Redaction, Hurry: a.options.Hurry,
	})
	if err != nil {
		return err
	}
	a.desk.Connect(a.bot, a.bot.Team, a.bot.Pager())
	a.desk.Consult(a.bot)
	if s.Mode == "http" {
		a.slack = a.bot.Handler(s.SigningSecret)
	}
	return nil
}

// Commands lists the verbs of this app.
func (a *App) Commands() []tagout.Command {
	return commands.All(a.desk, &a.config.Policy, commands.WithClock(a.clock))
}

// Handler serves everything that Tagout speaks over HTTP.
func (a *App) Handler() http.Handler { return a.handler }

// Start begins to work. It does not wait for the database or for Slack: until they are
// there the gate answers halted and stops are accepted. ctx only bounds the start. It returns
// Conflict if the journal belongs to another database, or the schema to another version.
func (a *App) Start(ctx context.Context) error {
	if err := a.startFlagd(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel = cancel
	a.goDo(func() { a.gate.Run(run) })
	a.goDo(func() { a.desk.Run(run) })
	connected := make(chan error, 1)
	a.goDo(func() { a.keepDatabase(run, connected) })
	select {
	case err := <-connected:
		if err != nil {
			return err
		}
	case <-time.After(startBudget):
		a.log.Warn("starting without the database, which is not ready; the gate answers halted and stops are journaled until it is")
	case <-ctx.Done():
	}
	if err := a.bot.Start(run); err != nil {
		return err
	}
	if a.config.Slack.Mode == "socket" {
		socket := a.bot.Socket(a.config.Slack.AppToken)
		a.goDo(func() { socket.Run(run) })
	}
	a.ready.Store(true)
	for _, notice := range a.config.Notices {
		a.log.Info("configuration: " + notice)
	}
	a.goDo(debug.FreeOSMemory) // what starting took, such as reading the configuration, is not needed any more
	return nil
}

func (a *App) goDo(do func()) {
	a.running.Add(1)
	go func() {
		defer a.running.Done()
		do()
	}()
}

func (a *App) onStop(do func(context.Context)) { a.cleanup = append(a.cleanup, do) }

// Stop takes nothing more, finishes what is under way until ctx ends, and releases
// everything. Holds stand: stopping Tagout never starts an agent.
func (a *App) Stop(ctx context.Context) {
	a.draining.Store(true)
	if a.cancel != nil {
		a.bot.Drain(ctx)
		a.cancel()
	}
	done := make(chan struct{})
	go func() {
		a.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		a.log.Error("stopped before everything was drained; what is left goes on at the next start")
	}
	for n := len(a.cleanup) - 1; n >= 0; n-- {
		a.cleanup[n](ctx)
	}
	a.cleanup = nil
}
