package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"tagout"
	"tagout/store"
)

// evaluation is what an agent asks.
var evaluation = []byte(`{"context":{"targetingKey":"worker-1","channel":"email","region":"us","tool":"send"}}`)

// evaluators are how many connections ask at once.
var evaluators = []int{1, 16, 64}

// measureEvaluations asks for modes as fast as the answers come.
func measureEvaluations(ctx context.Context, b *bench, r *report) error {
	r.note("%s per row after %s of warm-up; single flags over keep-alive connections, each asking again once answered, every agent in turn. SQLite.", b.load, b.warm)
	r.note("\"Bare net/http\" is another process whose handler answers the same bytes whatever is asked; same load, same run.")
	r.columns("server", "connections", "evaluations/s", "p50", "p99", "of bare net/http")
	few, err := b.start(ctx, "few agents", setup{Agents: agents(3)})
	if err != nil {
		return err
	}
	defer few.stop()
	many, err := b.startHeld(ctx, 1000)
	if err != nil {
		return err
	}
	defer many.stop()
	bare, err := startBare(ctx, few.address)
	if err != nil {
		return err
	}
	defer bare.stop()
	for _, connections := range evaluators {
		reference, err := b.evaluate(ctx, bare.address, 3, connections)
		if err != nil {
			return err
		}
		r.evaluated("bare net/http", connections, reference, reference)
		for _, row := range []struct {
			name    string
			address string
			agents  int
		}{{"Tagout, 3 agents", few.address, 3}, {"Tagout, 1,000 agents and 1,000 holds", many.address, 1000}} {
			l, err := b.evaluate(ctx, row.address, row.agents, connections)
			if err != nil {
				return err
			}
			r.evaluated(row.name, connections, l, reference)
		}
	}
	return nil
}

func (r *report) evaluated(name string, connections int, l, reference loaded) {
	spread := l.took.spread()
	r.row(name, fmt.Sprint(connections), thousands(int(l.rate())), spread[0], spread[1], ratio(l.rate(), reference.rate()))
}

// evaluate asks for the modes of so many agents in turn.
func (b *bench) evaluate(ctx context.Context, address string, count, connections int) (loaded, error) {
	paths := make([]string, count)
	for n := range paths {
		paths[n] = "/ofrep/v1/evaluate/flags/" + agentName(n) + ".mode"
	}
	return b.closedLoop(ctx, address, connections, func(w *wire, n int64) error {
		status, body, err := w.post(paths[n%int64(count)], "", evaluation)
		if err == nil && (status != http.StatusOK || !bytes.Contains(body, []byte(`"value":`))) {
			err = fmt.Errorf("an evaluation was answered with %d: %s", status, body)
		}
		return err
	})
}

// startHeld starts a server over a database with so many agents, each held by region.
func (b *bench) startHeld(ctx context.Context, count int) (*server, error) {
	dir, err := b.place("held")
	if err != nil {
		return nil, err
	}
	database := sqliteIn(dir)
	if err := seedHolds(ctx, database, count); err != nil {
		return nil, err
	}
	return b.start(ctx, "many agents", setup{Database: database, Agents: agents(count)})
}

// seeded is how many holds an incident of the seed has.
const seeded = 100

// seedHolds records a hold on each agent, in incidents without effects.
func seedHolds(ctx context.Context, database string, count int) error {
	s, err := store.Open(ctx, database, store.Options{Migrate: true})
	if err != nil {
		return err
	}
	defer s.Close()
	for from := 0; from < count && err == nil; from += seeded {
		err = seedIncident(ctx, s, from, min(from+seeded, count))
	}
	return err
}

func seedIncident(ctx context.Context, s *store.Store, from, to int) error {
	name := fmt.Sprint("seed-", from)
	_, _, err := s.Join(ctx, tagout.Match{CorrelationID: name}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		row := &tagout.SeverityPolicy{Severity: tagout.Sev3}
		change, err := i.Open(tagout.Opening{Title: "seed", Class: "judgment_error", CorrelationID: name, By: tagout.Tagout, Row: row}, now)
		for n := from; n < to && err == nil; n++ {
			var hung tagout.Change
			hold := tagout.Hold{ID: tagout.HoldID(fmt.Sprint("seed-", n)), Mode: tagout.Paused, By: tagout.Tagout, Reason: "complaints", At: now,
				Scope: tagout.Scope{Agent: agentName(n), Channel: "email", Region: "eu"}}
			hung, err = i.Hang(hold, nil, now)
			change = change.And(hung)
		}
		change.Effects = nil
		return change, err
	})
	return err
}

// bareCommand runs this program as the bare server.
const bareCommand = "bare-net-http"

// serveBare answers every request with the JSON of standard input, and prints its address.
func serveBare(ctx context.Context, stdout io.Writer) error {
	constant, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, listener.Addr())
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(constant) // whoever asked is gone
	}
	server := &http.Server{Handler: http.HandlerFunc(handler)}
	context.AfterFunc(ctx, func() { server.Close() })
	return server.Serve(listener)
}

// startBare starts the bare server with an answer of ours.
func startBare(ctx context.Context, ours string) (*server, error) {
	w, err := dial(ours)
	if err != nil {
		return nil, err
	}
	defer w.close()
	status, constant, err := w.post("/ofrep/v1/evaluate/flags/"+agentName(0)+".mode", "", evaluation)
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("an evaluation was answered with %d: %w", status, err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{command: exec.CommandContext(ctx, self, bareCommand), died: make(chan struct{})}
	s.command.Stdin = bytes.NewReader(constant)
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanln(out, &s.address); err != nil {
		return nil, err
	}
	go func() {
		_ = s.command.Wait()
		close(s.died)
	}()
	return s, nil
}
