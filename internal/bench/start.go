package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// starts is how often each start is repeated.
const starts = 10

// idleFor is how long a server idles before its memory is looked at.
const idleFor = 5 * time.Second

// measureStart starts the program again and again.
func measureStart(ctx context.Context, b *bench, r *report) error {
	r.note("%d starts each, from starting the process to `/readyz` answering 200, asked every 2 ms; 3 agents; Slack answers. Memory: resident, after %s without work.", starts, idleFor)
	r.columns("what", "p50", "max")
	w := openWorkspace(nil)
	defer w.close()
	fresh := setup{SlackURL: w.http.URL, Agents: agents(3)}
	took, err := b.startOften(ctx, "sqlite", func() (setup, error) { return fresh, nil })
	if err != nil {
		return err
	}
	r.row("start to ready, SQLite, new database", took.at(0.5), took.at(1))
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer pg.discard()
	database, err := pg.fresh(ctx)
	if err != nil {
		return err
	}
	migrated := setup{SlackURL: w.http.URL, Agents: agents(3), Database: pg.url(database)}
	first, err := b.start(ctx, "first", migrated)
	if err != nil {
		return err
	}
	r.row("start to ready, Postgres, empty database", milliseconds(first.took), "one start")
	first.stop()
	if took, err = b.startOften(ctx, "postgres", func() (setup, error) { return migrated, nil }); err != nil {
		return err
	}
	r.row("start to ready, Postgres, migrated", took.at(0.5), took.at(1))
	for _, row := range []struct {
		name  string
		setup setup
	}{{"SQLite", fresh}, {"Postgres", migrated}} {
		if err := b.idle(ctx, r, row.name, row.setup); err != nil {
			return err
		}
	}
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	r.row("stripped, static binary", fmt.Sprintf("%.1f MB", float64(info.Size())/1e6), "")
	return nil
}

func (b *bench) startOften(ctx context.Context, name string, each func() (setup, error)) (latencies, error) {
	var took latencies
	for n := range starts {
		how, err := each()
		if err != nil {
			return nil, err
		}
		s, err := b.start(ctx, fmt.Sprint(name, n), how)
		if err != nil {
			return nil, err
		}
		took = append(took, s.took)
		s.stop()
	}
	slices.Sort(took)
	return took, nil
}

func (b *bench) idle(ctx context.Context, r *report, name string, how setup) error {
	s, err := b.start(ctx, "idle "+name, how)
	if err != nil {
		return err
	}
	defer s.stop()
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	now, peak := s.residentMB()
	r.row("resident memory when idle, "+name, fmt.Sprintf("%d MB", now), fmt.Sprintf("%d MB", peak))
	return nil
}
