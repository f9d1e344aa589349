package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// spareFiles are what a process has open beside its clients.
const spareFiles = 200

// measureFleets connects clients that all listen to one agent, and stops parts of that agent
// again and again.
func measureFleets(ctx context.Context, b *bench, r *report) error {
	r.note("1,000 agents under 1,000 holds; SQLite; all clients listen to the same agent, in one process of their own with one thread. %d kills of parts of it, each after %s of quiet; from sending `POST /v1/commands/kill` until each client had read the news. Journal and database fsynced.", b.repeat, quiet)
	r.note("KB/client: growth of the server's resident memory for each. CPU: of the server and of the clients, for one client and one kill; what is recorded of the kill included.")
	r.columns("clients", "seen p50", "p99", "max", "KB/client", "memory, at most", "CPU µs: Tagout / clients")
	for _, row := range []struct {
		speak string
		count int
	}{{"flagd", 1}, {"flagd", 100}, {"flagd", 1000}, {"sse", 1000}, {"sse", 10000}} {
		name := thousands(row.count) + " " + row.speak
		if !b.wants(name) {
			continue
		}
		if limit := mayOpen(); limit < row.count+spareFiles {
			r.row(name, fmt.Sprintf("not measured: only %d files may be open (`ulimit -n`)", limit), "", "", "", "", "")
			continue
		}
		if err := b.measureFleet(ctx, r, name, row.speak, row.count); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// startWithFlagd starts a server over a database with so many agents under as many holds.
func (b *bench) startWithFlagd(ctx context.Context, name string, s setup, holds int) (*server, string, error) {
	dir, err := b.place(name)
	if err != nil {
		return nil, "", err
	}
	port, err := freePort()
	if err != nil {
		return nil, "", err
	}
	s.Flagd, s.Lease, s.Database = fmt.Sprint("127.0.0.1:", port), "1h", sqliteIn(dir)
	if holds > 0 {
		if err := seedHolds(ctx, s.Database, holds); err != nil {
			return nil, "", err
		}
	}
	srv, err := b.start(ctx, name, s)
	return srv, s.Flagd, err
}

func (b *bench) measureFleet(ctx context.Context, r *report, name, speak string, count int) error {
	s, sync, err := b.startWithFlagd(ctx, name, setup{Agents: agents(1000)}, 1000)
	if err != nil {
		return err
	}
	defer s.stop()
	address := s.address
	if speak == "flagd" {
		address = sync
	}
	before, _ := s.residentMB()
	f, err := launch(ctx, speak, address, count, 1)
	if err != nil {
		return s.explained(err)
	}
	defer f.stop()
	after, _ := s.residentMB()
	killer, err := dial(s.address)
	if err != nil {
		return err
	}
	defer killer.close()
	var seen latencies
	ours, theirs := processorTime(s.command.Process.Pid), processorTime(f.command.Process.Pid)
	for n := range b.repeat {
		took, err := killAndSee(killer, fmt.Sprintf("%s/email/part-%d", agentName(watched), n), f)
		if err != nil {
			return s.explained(err)
		}
		seen = append(seen, took[0]...)
	}
	ours, theirs = processorTime(s.command.Process.Pid)-ours, processorTime(f.command.Process.Pid)-theirs
	_, peak := s.residentMB()
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.3g", float64(d.Microseconds())/float64(b.repeat*count))
	}
	r.row(append(append([]string{name}, seen.spread()...), perClient(before, after, count), fmt.Sprintf("%d MB", peak), each(ours)+" / "+each(theirs))...)
	return nil
}

func perClient(before, after, count int) string {
	if count < 100 {
		return "–"
	}
	return fmt.Sprintf("%.1f", float64(after-before)*1024/float64(count))
}

// killAndSee kills a scope, and is how long each client of each fleet took to hear of it.
func killAndSee(killer *wire, scope string, fleets ...*fleet) ([]latencies, error) {
	for _, f := range fleets {
		if err := f.look(); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	status, text, err := killer.post("/v1/commands/kill", apiToken, fmt.Appendf(nil, `{"text":"%s complaint spike"}`, scope))
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("a kill was answered with %d: %s %w", status, text, err)
	}
	var all []latencies
	for _, f := range fleets {
		took, err := f.saw(began)
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	return all, nil
}

// measureEverything kills everything once, while clients of many agents are connected.
func measureEverything(ctx context.Context, b *bench, r *report) error {
	const count, streams, providers = 5000, 5000, 1000
	r.note("`/kill *` once on each of %d fresh servers, with %s agents under as many holds; %s event streams and %s flagd clients connected at the same time, each to an agent of its own. SQLite; journal and database fsynced.", everythings, thousands(count), thousands(streams), thousands(providers))
	r.columns("clients", "seen p50", "p99", "max")
	if limit := mayOpen(); limit < streams+providers+spareFiles {
		r.row(fmt.Sprintf("not measured: only %d files may be open (`ulimit -n`)", limit), "", "", "")
		return nil
	}
	var heard [2]latencies
	for n := range everythings {
		if err := b.killEverything(ctx, fmt.Sprint("everything", n), count, streams, providers, &heard); err != nil {
			return err
		}
	}
	r.row(append([]string{thousands(streams) + " sse"}, heard[0].spread()...)...)
	r.row(append([]string{thousands(providers) + " flagd"}, heard[1].spread()...)...)
	return nil
}

// everythings is how often everything is killed.
const everythings = 3

func (b *bench) killEverything(ctx context.Context, name string, count, streams, providers int, heard *[2]latencies) error {
	s, sync, err := b.startWithFlagd(ctx, name, setup{Plain: agents(count)}, count)
	if err != nil {
		return err
	}
	defer s.stop()
	listeners, err := launch(ctx, "sse", s.address, streams, count)
	if err != nil {
		return s.explained(err)
	}
	defer listeners.stop()
	clients, err := launch(ctx, "flagd", sync, providers, count)
	if err != nil {
		return s.explained(err)
	}
	defer clients.stop()
	killer, err := dial(s.address)
	if err != nil {
		return err
	}
	defer killer.close()
	took, err := killAndSee(killer, "*", listeners, clients)
	if err != nil {
		return s.explained(err)
	}
	for i := range heard {
		heard[i] = append(heard[i], took[i]...)
	}
	return nil
}
