package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// The load of people typing.
const (
	typedPerSecond = 100
	typedFor       = 6 * time.Second
	typedAgents    = 200
	settling       = 4 * time.Second
)

// typing is one kind of command.
type typing struct {
	name    string
	command string
	text    func(n int) string
}

func typings() []typing {
	return []typing{
		{"/status AGENT", "/status", func(n int) string { return agentName(n % typedAgents) }},
		{"/note INC-n", "/note", func(n int) string { return fmt.Sprintf("INC-%d customers were called", 1+n%typedAgents) }},
		{"/kill AGENT", "/kill", func(n int) string { return agentName(n%typedAgents) + " complaint spike" }},
	}
}

// measureSlash types commands at a fixed pace, whether or not the ones before were
// acknowledged, and takes the time until Slack had each acknowledgement.
func measureSlash(ctx context.Context, b *bench, r *report) error {
	r.note("%d commands/s for %s per row from an open loop, one server per database: signed HTTP deliveries of a sandbox workspace in the load generator; from typing to the acknowledgement.", typedPerSecond, typedFor)
	r.note("%d agents in turn, each with an open incident. What changes something is recorded before it is acknowledged; a stop is obeyed and, if that takes less than 0.05 s, recorded.", typedAgents)
	r.columns("command, database", "typed", "acknowledged", "p50", "p99", "max")
	return b.onBoth(ctx, func(name, database string) error { return b.typeOn(ctx, r, name, database) })
}

func (b *bench) typeOn(ctx context.Context, r *report, on, database string) error {
	w := openWorkspace(nil)
	defer w.close()
	s, err := b.start(ctx, "slash "+on, setup{Database: database, SlackURL: w.http.URL, Agents: agents(typedAgents)})
	if err != nil {
		return err
	}
	defer s.stop()
	w.deliverTo(s)
	if err := s.openAll(ctx, typedAgents); err != nil {
		return s.explained(err)
	}
	for _, row := range typings() {
		took, typed, err := w.typeMany(ctx, row)
		if err != nil {
			b.log.Warn("not every command was acknowledged", "command", row.name, "database", on, "error", err)
		}
		spread := took.spread()
		r.row(row.name+", "+on, fmt.Sprint(typed), fmt.Sprint(len(took)), spread[0], spread[1], spread[2])
	}
	return nil
}

// openAll opens an incident for each agent, and gives their effects a moment.
func (s *server) openAll(ctx context.Context, count int) error {
	c, err := dial(s.address)
	if err != nil {
		return err
	}
	defer c.close()
	var all [][]byte
	for n := range count {
		all = append(all, alertBody(nil, fmt.Sprint("first-", n), agentName(n)))
	}
	if err := s.alarm(c, slices.Concat([]byte("["), bytes.Join(all, []byte(",")), []byte("]"))); err != nil {
		return err
	}
	select {
	case <-time.After(settling):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// typeMany types a command at the pace. The error joins those of commands that were not
// acknowledged.
func (w *workspace) typeMany(ctx context.Context, row typing) (took latencies, typed int, err error) {
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
		text := row.text(typed)
		all.Go(func() {
			began := time.Now()
			err := w.slack.Command(ctx, "U0IC", "#general", row.command, text)
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
