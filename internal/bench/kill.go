package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"
)

// killEvery is the pace of the kills, so that each finds the program at its usual work and
// not behind a queue of others.
const killEvery = 20 * time.Millisecond

// measureKill kills one agent after the other, while another connection asks for that
// agent's mode all the time, and takes the time from sending the kill to receiving `halted`.
func measureKill(ctx context.Context, b *bench, r *report) error {
	r.note("%d kills of distinct agents, one every %s, each opening its incident; one polling OFREP client; from sending `POST /v1/commands/kill` to receiving `halted`. Journal and database on disk, fsynced.", b.kills, killEvery)
	r.columns("database", "`halted` seen p50", "p99", "max", "answered (recorded) p50", "p99", "max")
	if b.wants("sqlite") {
		if err := b.killOn(ctx, r, "SQLite", ""); err != nil {
			return err
		}
	}
	if !b.wants("postgres") {
		return nil
	}
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer pg.discard()
	database, err := pg.fresh(ctx)
	if err != nil {
		return err
	}
	return b.killOn(ctx, r, "Postgres "+pg.version, pg.url(database))
}

func (b *bench) killOn(ctx context.Context, r *report, name, database string) error {
	w := openWorkspace(nil)
	defer w.close()
	s, err := b.start(ctx, "kill "+name, setup{Database: database, SlackURL: w.http.URL, Agents: agents(b.kills)})
	if err != nil {
		return err
	}
	defer s.stop()
	w.deliverTo(s)
	seen, answered, err := s.killAll(ctx, b.kills)
	if err != nil {
		return err
	}
	r.row(append(append([]string{name}, seen.spread()...), answered.spread()...)...)
	return nil
}

// killAll kills agents at a steady pace and returns how long it took until each was seen
// halted, and until each kill was answered.
func (s *server) killAll(ctx context.Context, kills int) (seen, answered latencies, err error) {
	killer, err := dial(s.address)
	if err != nil {
		return nil, nil, err
	}
	defer killer.close()
	poller, err := dial(s.address)
	if err != nil {
		return nil, nil, err
	}
	defer poller.close()
	tick := time.NewTicker(killEvery)
	defer tick.Stop()
	for n := range kills {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
		halted, done, err := killOne(killer, poller, agentName(n))
		if err != nil {
			return nil, nil, err
		}
		seen, answered = append(seen, halted), append(answered, done)
	}
	return seen, answered, nil
}

func killOne(killer, poller *wire, agent string) (seen, answered time.Duration, err error) {
	body := fmt.Appendf(nil, `{"text":"%s complaint spike"}`, agent)
	failed := make(chan error, 1)
	began := time.Now()
	go func() {
		status, text, err := killer.post("/v1/commands/kill", apiToken, body)
		answered = time.Since(began)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("a kill was answered with %d: %s", status, text)
		}
		failed <- err
	}()
	for !bytes.Contains(poller.body, []byte(`"value":"halted"`)) || seen == 0 {
		status, text, err := poller.post("/ofrep/v1/evaluate/flags/"+agent+".mode", "", evaluation)
		if err != nil || status != http.StatusOK {
			return 0, 0, fmt.Errorf("an evaluation was answered with %d: %s %w", status, text, err)
		}
		seen = time.Since(began)
		if seen > answerPatience {
			return 0, 0, fmt.Errorf("%s was not halted within %s", agent, answerPatience)
		}
	}
	return seen, answered, <-failed
}
