package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// sizes are how many agents there are, and how many holds.
var sizes = []int{1, 100, 1000, 10000}

// measureGrowth measures the same on servers of ever more agents and holds.
func measureGrowth(ctx context.Context, b *bench, r *report) error {
	r.note("As many holds as agents, one on a region of each, a hundred to an incident. Evaluations: %s after %s of warm-up, 16 connections, every agent in turn. Kills: %d parts of one agent, one event stream. SQLite.", b.load/2, b.warm, growthKills)
	r.note("In brackets: times the row of one agent.")
	r.columns("agents and holds", "evaluations/s", "p99", "kill → seen p50", "p99", "resident memory")
	var base growth
	for _, n := range sizes {
		if !b.wants(thousands(n)) {
			continue
		}
		g, err := b.grown(ctx, n)
		if err != nil {
			return fmt.Errorf("%d agents: %w", n, err)
		}
		if base.rate == 0 {
			base = g
		}
		r.row(thousands(n), thousands(int(g.rate))+times(g.rate, base.rate), milliseconds(g.p99), milliseconds(g.seen)+times(float64(g.seen), float64(base.seen)),
			milliseconds(g.seen99), fmt.Sprintf("%d MB%s", g.memory, times(float64(g.memory), float64(base.memory))))
	}
	return nil
}

// growthKills is how many stops each size gets.
const growthKills = 30

// growth is what was measured of one size.
type growth struct {
	rate              float64
	p99, seen, seen99 time.Duration
	memory            int // in MB
}

func times(now, base float64) string { return fmt.Sprintf(" (%.2f)", now/base) }

func (b *bench) grown(ctx context.Context, n int) (growth, error) {
	s, _, err := b.startWithFlagd(ctx, fmt.Sprint("growth", n), setup{Plain: agents(n)}, n)
	if err != nil {
		return growth{}, err
	}
	defer s.stop()
	short := *b
	short.load = b.load / 2
	l, err := short.evaluate(ctx, s.address, n, 16)
	if err != nil {
		return growth{}, s.explained(err)
	}
	memory, _ := s.residentMB()
	seen, err := s.killParts(ctx)
	if err != nil {
		return growth{}, s.explained(err)
	}
	slices.Sort(l.took)
	slices.Sort(seen)
	at := func(of latencies, q float64) time.Duration { return of[int(q*float64(len(of)-1))] }
	return growth{l.rate(), at(l.took, 0.99), at(seen, 0.5), at(seen, 0.99), memory}, nil
}

// killParts kills parts of one agent one after the other, and is how long it took until a
// client heard of each.
func (s *server) killParts(ctx context.Context) (latencies, error) {
	killer, err := dial(s.address)
	if err != nil {
		return nil, err
	}
	defer killer.close()
	f, err := launch(ctx, "sse", s.address, 1, 1)
	if err != nil {
		return nil, err
	}
	defer f.stop()
	var seen latencies
	for i := range growthKills {
		took, err := killAndSee(killer, fmt.Sprintf("%s/part-%d", agentName(watched), i), f)
		if err != nil {
			return nil, err
		}
		seen = append(seen, took[0]...)
	}
	return seen, nil
}
