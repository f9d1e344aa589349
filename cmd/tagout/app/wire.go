package app

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"tagout"
	"tagout/integrations"
	"tagout/integrations/failure"
	"tagout/internal/api"
	"tagout/internal/config"
)

// CheckAdapters makes every configured source, pager, control and tracker once, to find settings
// that cannot work. It returns Invalid with their places.
func CheckAdapters(cfg *config.Config) error {
	a := &App{config: cfg, clock: tagout.SystemClock{}, log: slog.New(slog.DiscardHandler)}
	_, _, controls := a.controls()
	_, pagers := a.pagers()
	_, sources := a.sources()
	_, schedules := a.schedules()
	_, trackers := a.trackers()
	_, telemetry := a.telemetry()
	return errors.Join(schedules, trackers, telemetry, controls, pagers, sources)
}

func (a *App) dependencies() integrations.Deps {
	return integrations.Deps{
		HTTP:  &http.Client{Transport: a.options.Transport, Timeout: 10 * time.Second},
		Clock: a.clock, Logger: a.log.With("part", "integrations"),
	}
}

// controls makes the enforcement points of every agent, and lists their names.
func (a *App) controls() (map[string][]tagout.Control, map[string][]string, error) {
	made, names := map[string][]tagout.Control{}, map[string][]string{}
	for agent, vendors := range a.config.Controls {
		for _, v := range vendors {
			control, err := integrations.NewControl(v, a.dependencies())
			if err != nil {
				return nil, nil, err
			}
			made[agent] = append(made[agent], tagout.Breakable(control))
			names[agent] = append(names[agent], control.Name())
		}
	}
	return made, names, nil
}

func (a *App) pagers() ([]tagout.Pager, error) {
	var made []tagout.Pager
	for _, v := range a.config.Pagers {
		pager, err := integrations.NewPager(v, a.dependencies())
		if err != nil {
			return nil, err
		}
		if err := a.checkRoles(v, pager); err != nil {
			return nil, err
		}
		made = append(made, pager)
	}
	return made, nil
}

// schedules makes the on-call schedules of other services, by rotation.
func (a *App) schedules() (map[string]tagout.Schedule, error) {
	made := map[string]tagout.Schedule{}
	for rotation, v := range a.config.Schedules {
		schedule, err := integrations.NewSchedule(v, a.dependencies())
		if err != nil {
			return nil, err
		}
		made[rotation] = schedule
	}
	return made, nil
}

// trackers makes the trackers of corrective actions, by name.
func (a *App) trackers() (map[string]tagout.Tracker, error) {
	made := map[string]tagout.Tracker{}
	for _, v := range a.config.Trackers {
		tracker, err := integrations.NewTracker(v, a.dependencies())
		if err != nil {
			return nil, err
		}
		made[v.Name] = tracker
	}
	return made, nil
}

// telemetry is where metrics are read; nil if that is nowhere.
func (a *App) telemetry() (tagout.Telemetry, error) {
	if a.config.Prometheus.URL == "" {
		return nil, nil
	}
	return integrations.NewTelemetry(a.config.Prometheus, a.dependencies())
}

// ticketInboxes are the trackers whose service tells what changes there.
func ticketInboxes(trackers map[string]tagout.Tracker) map[string]tagout.TicketInbox {
	boxes := map[string]tagout.TicketInbox{}
	for name, tracker := range trackers {
		if box, ok := tracker.(tagout.TicketInbox); ok {
			boxes[name] = box
		}
	}
	return boxes
}

// changeInboxes are the services that tell of changes, by name.
func (a *App) changeInboxes() map[string]tagout.ChangeInbox {
	boxes := map[string]tagout.ChangeInbox{}
	for _, s := range a.config.Changes {
		if make := integrations.ChangeKinds()[s.Kind]; make != nil {
			boxes[s.Name] = make(s)
		}
	}
	return boxes
}

// mailerOf is the first pager that sends mail which is not a page; nil if there is none.
func mailerOf(pagers []tagout.Pager) tagout.Mailer {
	for _, p := range pagers {
		if m, ok := p.(tagout.Mailer); ok {
			return m
		}
	}
	return nil
}

func (a *App) sources() (map[string]api.Source, error) {
	made := map[string]api.Source{}
	for _, v := range a.config.Sources {
		source, err := integrations.NewSource(v)
		if err != nil {
			return nil, err
		}
		made[v.Name] = api.Source{Source: source, Token: a.config.SourceToken[v.Name]}
	}
	return made, nil
}

func (a *App) wireHTTP() error {
	sources, err := a.sources()
	if err != nil {
		return err
	}
	var tokens []api.Token
	for _, t := range a.config.Tokens {
		tokens = append(tokens, api.Token{Name: t.Name, Secret: t.Token, May: t.May})
	}
	edge := api.New(api.Options{
		Desk: a.desk, Store: a.store, Links: a.desk, Commands: a.Commands(), Sources: sources, DecodeFailure: failure.Decode, Tokens: tokens, Inboxes: a.inboxes, Trackers: a.ticketInboxes, Changes: a.changeInboxes(),
		Policy: &a.config.Policy, Gate: a.gate.Status, Ready: a.readiness, Leads: a.leads, Gatherer: a.metrics, Registerer: a.metrics, Clock: a.clock,
		Logger: a.log.With("part", "api"), Version: a.options.Version, AllowOpenSources: loopback(a.config.Listen),
	})
	mux := http.NewServeMux()
	mux.Handle("/", edge)
	mounted := mount(mux, "/ofrep/", a.gate.Handler())
	if a.peers != nil {
		mounted = errors.Join(mounted, mount(mux, "/v1/replicas/", a.peers.Handler()))
	}
	if a.slack != nil {
		mounted = errors.Join(mounted, mount(mux, "/slack/", a.slack))
	}
	a.handler = mux
	return mounted
}

// readiness tells whether this app is still starting or draining, and what it lacks.
func (a *App) readiness() (starting bool, degraded []string) {
	if a.draining.Load() || !a.ready.Load() {
		return true, nil
	}
	if !a.database.Load() {
		degraded = append(degraded, "database")
	}
	if ok, _ := a.bot.Ready(); !ok {
		degraded = append(degraded, "slack")
	}
	if len(a.desk.Unreadable()) > 0 {
		degraded = append(degraded, "roster")
	}
	if a.peers != nil && a.peers.Ambiguous() {
		degraded = append(degraded, "replicas")
	}
	if a.gate.JournalError() != nil {
		degraded = append(degraded, "journal")
	}
	return false, degraded
}

// loopback reports whether an address is reached from this machine only.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
