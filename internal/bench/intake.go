package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

const (
	senders    = 64 // connections
	stormed    = 16 // open incidents that alerts fold into
	storedRows = 256
)

// intakeLoad is one way of posting alerts.
type intakeLoad struct {
	name string
	// body is the alert with a number that no other has.
	body func(to []byte, n int64) []byte
	// stored counts in the database what was acknowledged, without the first alerts.
	stored string
}

func intakeLoads() []intakeLoad {
	return []intakeLoad{
		{"folding: distinct fingerprints into 16 open incidents", func(to []byte, n int64) []byte {
			return alertBody(to, fmt.Sprint("distinct-", n), agentName(int(n%stormed)))
		}, "SELECT count(*) FROM alerts WHERE fingerprint LIKE 'distinct-%'"},
		{"folding: distinct fingerprints into 1 open incident", func(to []byte, n int64) []byte {
			return alertBody(to, fmt.Sprint("distinct-", n), agentName(0))
		}, "SELECT count(*) FROM alerts WHERE fingerprint LIKE 'distinct-%'"},
		{"repeats of one alert", func(to []byte, _ int64) []byte {
			return alertBody(to, "first-0", agentName(0))
		}, "SELECT sum(count)::bigint - 1 FROM alerts WHERE fingerprint = 'first-0'"},
		{"openings: each alert its own incident, hold and page", func(to []byte, n int64) []byte {
			return alertBody(to, fmt.Sprint("distinct-", n), fmt.Sprint("new-", n))
		}, "SELECT count(*) FROM incidents WHERE agent LIKE 'new-%'"},
	}
}

func alertBody(to []byte, fingerprint, agent string) []byte {
	return fmt.Appendf(to[:0], `{"name":"ComplaintRate","summary":"complaints above 0.3 %% of what was sent","fingerprint":%q,"status":"firing","starts_at":"2026-01-02T03:04:05Z","value":0.31,"labels":{"agent":%q,"channel":"email","region":"eu","severity":"warning","job":"metrics","instance":"mail-7:9100"},"annotations":{"runbook":"https://runbooks.example.com/complaints"}}`,
		fingerprint, agent)
}

// measureIntake posts alerts, each its own request, and checks afterwards that everything
// that was acknowledged is in the database.
func measureIntake(ctx context.Context, b *bench, r *report) error {
	pg, err := startPostgres(ctx, b.statementCounts()...)
	if err != nil {
		return err
	}
	defer pg.discard()
	r.note("%s per row after %s of warm-up, %d connections, one alert per request with a bearer token, 202 only once durable. Postgres %s on the same machine, with log files to use again as one has that ran for a while: %s. Slack: a sandbox in the load generator.", b.load, b.warm, senders, pg.version, postgresSettings)
	r.note("After each row what was acknowledged is counted in the database, for folding the events of the timelines too.")
	r.columns("load", "alerts/s", "p50", "p99", "of the one-row floor", "acknowledged = stored", "CPU µs each: Tagout / Postgres / generator")
	floor := 0.0
	if b.wants("floor") {
		if floor, err = b.floors(ctx, r, pg); err != nil {
			return err
		}
	}
	for _, load := range intakeLoads() {
		if !b.wants(load.name) {
			continue
		}
		if err := b.takeIn(ctx, r, pg, load, floor); err != nil {
			return fmt.Errorf("%s: %w", load.name, err)
		}
	}
	return nil
}

// takeIn measures one load on a database of its own.
func (b *bench) takeIn(ctx context.Context, r *report, pg *cluster, load intakeLoad, floor float64) error {
	database, err := pg.fresh(ctx)
	if err != nil {
		return err
	}
	w := openWorkspace(nil)
	defer w.close()
	s, err := b.start(ctx, "intake "+database, setup{Database: pg.url(database), SlackURL: w.http.URL, Agents: agents(stormed)})
	if err != nil {
		return err
	}
	defer s.stop()
	w.deliverTo(s)
	if err := s.openStorms(); err != nil {
		return s.explained(err)
	}
	bodies := make(chan []byte, senders)
	for range senders {
		bodies <- make([]byte, 0, 1024)
	}
	before := usageOf(s, pg)
	var l loaded
	err = b.profile(s, load.name, func() (err error) {
		l, err = b.closedLoop(ctx, s.address, senders, func(c *wire, n int64) error {
			buffer := <-bodies
			defer func() { bodies <- buffer }()
			buffer = load.body(buffer, n)
			return s.alarm(c, buffer)
		})
		return err
	})
	if err != nil {
		return s.explained(err)
	}
	used := usageOf(s, pg).perItem(before, l.acknowledged)
	if err := b.profileStatements(ctx, pg, database, load.name); err != nil {
		return err
	}
	stored, err := pg.kept(ctx, database, load, l.acknowledged)
	if err != nil {
		return err
	}
	var together float64
	if err := pg.query(ctx, database, "SELECT (count(*)::float8 / greatest(count(DISTINCT first_at), 1)) FROM alerts", &together); err != nil {
		return err
	}
	spread := l.took.spread()
	r.row(load.name, thousands(int(l.rate())), spread[0], spread[1], ratio(l.rate(), floor), thousands(stored), used)
	now, peak := s.residentMB()
	b.log.Info("memory after the load", "load", load.name, "resident MB", now, "peak MB", peak, "messages at Slack", len(w.posts), "new alerts per transaction", together)
	return nil
}

// kept counts what is stored of a load, and fails if that is not what was acknowledged.
func (pg *cluster) kept(ctx context.Context, database string, load intakeLoad, acknowledged int) (stored int, err error) {
	if err := pg.query(ctx, database, load.stored, &stored); err != nil {
		return 0, err
	}
	if stored != acknowledged {
		return 0, fmt.Errorf("%d alerts were acknowledged, but %d are stored", acknowledged, stored)
	}
	if strings.HasPrefix(load.name, "folding") {
		return stored, pg.sameEvents(ctx, database, acknowledged)
	}
	return stored, nil
}

// alarm posts one alert.
func (s *server) alarm(c *wire, body []byte) error {
	status, answer, err := c.post("/v1/alerts/generic", sourceToken, body)
	if err == nil && status != http.StatusAccepted {
		err = fmt.Errorf("an alert was answered with %d: %s", status, answer)
	}
	return err
}

// openStorms opens the incidents that later alerts fold into.
func (s *server) openStorms() error {
	c, err := dial(s.address)
	if err != nil {
		return err
	}
	defer c.close()
	for n := range stormed {
		if err := s.alarm(c, alertBody(nil, fmt.Sprint("first-", n), agentName(n))); err != nil {
			return err
		}
	}
	return nil
}

// sameEvents checks that every alert is an event of a timeline.
func (c *cluster) sameEvents(ctx context.Context, database string, alerts int) error {
	var events, incidents int
	if err := c.query(ctx, database, "SELECT count(*) FROM events WHERE kind = 'alert.received'", &events); err != nil {
		return err
	}
	if err := c.query(ctx, database, "SELECT count(*) FROM incidents", &incidents); err != nil {
		return err
	}
	if events != alerts+stormed || incidents != stormed {
		return fmt.Errorf("%d alerts made %d events in %d incidents, want %d in %d", alerts, events, incidents, alerts+stormed, stormed)
	}
	return nil
}
