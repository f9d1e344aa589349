package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"tagout"
	"tagout/cmd/tagout/app"
	"tagout/gate"
	"tagout/store"
)

// drainBudget is how long a shutdown waits for what is under way.
const drainBudget = 15 * time.Second

// bodyBudget is how long the body of a request may take to arrive.
const bodyBudget = 30 * time.Second

type serveCmd struct {
	configFlag
	NoMigrate bool `help:"Do not migrate the database at start; run tagout migrate instead."`
}

// Run serves until it is told to stop, and drains.
func (c serveCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w. Change listen in %s, or stop what uses that port", cfg.Listen, err, c.Path)
	}
	collectLess()
	pace, err := strconv.Atoi(hurry)
	if err != nil {
		return err
	}
	a, err := app.New(app.Options{Config: cfg, Logger: env.log, Version: version, NoMigrate: c.NoMigrate, Hurry: pace})
	if err != nil {
		listener.Close()
		return err
	}
	return serve(env, listener, a.Handler(), served{a})
}

// running is what serve runs besides HTTP. Stop calls closeHTTP once nothing more may come in.
type running interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context, closeHTTP func())
}

// served is an app that takes nothing more before it drains.
type served struct{ *app.App }

// Stop closes HTTP, then drains.
func (s served) Stop(ctx context.Context, closeHTTP func()) {
	closeHTTP()
	s.App.Stop(ctx)
}

// serve answers HTTP on listener and runs a until the process is told to stop.
func serve(env *surroundings, listener net.Listener, handler http.Handler, a running) error {
	server := &http.Server{Handler: bodiesWithin(bodyBudget, handler), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	env.log.Info("listening", "address", listener.Addr().String(), "version", version)
	err := a.Start(env.ctx)
	if err == nil {
		env.log.Info("ready")
		select {
		case err = <-failed:
		case <-env.ctx.Done():
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainBudget)
	defer cancel()
	a.Stop(ctx, func() {
		if err := server.Shutdown(ctx); err != nil {
			server.Close()
		}
	})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// bodiesWithin gives up on a request whose body takes longer than that to arrive, so that
// slow senders cannot pile up. A request without a body, such as that of a page which
// listens for events, may stay.
func bodiesWithin(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // cleared by the server afterwards
		}
		next.ServeHTTP(w, r)
	})
}

type migrateCmd struct{ configFlag }

// Run migrates.
func (c migrateCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := store.Migrate(env.ctx, cfg.Database); err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "The database is up to date.")
	return nil
}

type journalCmd struct {
	Repair journalRepairCmd `cmd:"" help:"Keep the readable stops of a damaged journal and move the damaged file aside."`
}

type journalRepairCmd struct {
	configFlag
}

// Run repairs the journal that the configuration names.
func (c journalRepairCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if cfg.Journal == "" {
		return tagout.Errorf(tagout.Invalid, "%s names no journal, so there is nothing to repair.", c.Path)
	}
	report, err := gate.RepairJournal(cfg.Journal, time.Now())
	if err != nil {
		return err
	}
	if report.Aside == "" {
		fmt.Fprintf(env.stdout, "The journal is well: %d stops.\n", report.Kept)
		return nil
	}
	fmt.Fprintf(env.stdout, "%d stops kept, %d lines could not be read. The damaged file is kept as %s.\n", report.Kept, report.Lost, report.Aside)
	return nil
}
