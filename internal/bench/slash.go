package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The load of people typing.
const (
	typedPerSecond = 100
	typedFor       = 10 * time.Second
)

// measureSlash types commands at a fixed pace, whether or not the ones before were
// acknowledged, and takes the time until Slack had each acknowledgement.
func measureSlash(ctx context.Context, b *bench, r *report) error {
	r.note("%d commands/s for %s from an open loop: signed HTTP deliveries of a sandbox workspace in the load generator; from typing to the acknowledgement. Each delivery is recorded before it is acknowledged.", typedPerSecond, typedFor)
	r.columns("command, database", "typed", "acknowledged", "p50", "p99", "max")
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer pg.discard()
	for _, row := range []struct{ name, command string }{{"/status AGENT", "/status"}, {"/kill AGENT (each another incident)", "/kill"}} {
		for _, on := range []string{"Postgres", "SQLite"} {
			if !b.wants(row.name + on) {
				continue
			}
			if err := b.typeOn(ctx, r, pg, row.name, row.command, on); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) typeOn(ctx context.Context, r *report, pg *cluster, name, command, on string) error {
	how := setup{Agents: agents(200)}
	if on == "Postgres" {
		database, err := pg.fresh(ctx)
		if err != nil {
			return err
		}
		how.Database = pg.url(database)
	}
	w := openWorkspace(nil)
	defer w.close()
	how.SlackURL = w.http.URL
	s, err := b.start(ctx, "slash "+on+command, how)
	if err != nil {
		return err
	}
	defer s.stop()
	w.deliverTo(s)
	took, typed, err := w.typeMany(ctx, command)
	if err != nil {
		b.log.Warn("not every command was acknowledged", "command", command, "error", err)
	}
	spread := took.spread()
	r.row(name+", "+on, fmt.Sprint(typed), fmt.Sprint(len(took)), spread[0], spread[1], spread[2])
	return nil
}

// typeMany types a command on another agent each time. The error joins those of commands
// that were not acknowledged.
func (w *workspace) typeMany(ctx context.Context, command string) (took latencies, typed int, err error) {
	tick := time.NewTicker(time.Second / typedPerSecond)
	defer tick.Stop()
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	for typed = 0; typed < int(typedFor.Seconds()*typedPerSecond); typed++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, typed, context.Cause(ctx)
		}
		text := fmt.Sprintf("typed-%d", typed)
		if command == "/status" {
			text = agentName(typed % 200)
		}
		all.Go(func() {
			began := time.Now()
			err := w.slack.Command(ctx, "U0IC", "#general", command, text)
			d := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			took = append(took, d)
		})
	}
	all.Wait()
	if len(errs) > 3 {
		errs = append(errs[:3], fmt.Errorf("and %d more", len(errs)-3))
	}
	return took, typed, errors.Join(errs...)
}
