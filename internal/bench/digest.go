package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tagout"
	"tagout/store"
)

const (
	digestIncidents = 100_000
	eventsOfEach    = 20
	digestRuns      = 20
)

// fillPast writes incidents of four years, with their timelines, as many rows as there would
// be; what stands in them is as long as it would be, but is no record that verifies.
var fillPast = []string{
	fmt.Sprintf(`INSERT INTO incidents (id, severity, highest, class, agent, scope, state, correlation, channel, private, drill, detected_at, alerts_distinct, alerts_firing, head_seq, head_hash, doc)
		SELECT n, 'sev1', 'sev1', 'class' || n %% 10, 'agent' || n %% 40, 'agent' || n %% 40, 'closed', '', '', false, false,
			now() - make_interval(mins => (%[1]d - n) * 21), 1, 0, %[2]d, repeat('a', 64), repeat('x', 1500) FROM generate_series(1, %[1]d) n`, digestIncidents, eventsOfEach),
	fmt.Sprintf(`INSERT INTO events (incident, seq, at, actor_kind, actor_id, kind, data, prev, hash)
		SELECT n, s, now(), 'system', 'tagout', 'incident.note', repeat('x', 150), repeat('a', 64), repeat('b', 64)
		FROM generate_series(1, %d) n, generate_series(1, %d) s`, digestIncidents, eventsOfEach),
	`INSERT INTO measures SELECT n, 'agent' || n % 40, 'class' || n % 10, 'sev' || 1 + n % 3, CASE n % 20 WHEN 0 THEN 'drill' WHEN 1 THEN 'cancelled' ELSE 'counts' END, 0,
		d - (random() * 6e8)::bigint, d, d + (random() * 9e8)::bigint, d + (random() * 5e6)::bigint, d + (random() * 4e9)::bigint, d + (random() * 2e10)::bigint, d + (random() * 2e11)::bigint,
		d, d + 300000000, 1, d + (random() * 4e8)::bigint, n % 5 / 4, 0, n % 9 / 8, 0, 0, n % 7 / 6, 0, n % 3 / 2, n % 6 / 5
		FROM (SELECT id AS n, (extract(epoch FROM detected_at) * 1000000)::bigint AS d FROM incidents) i`,
	`INSERT INTO resume_requests (id, incident, requested_by, requested_at, expires_at, severity, digest, state, doc, decided, took)
		SELECT 'r' || id, id, 'U0IC', detected_at, detected_at, 'sev1', '', 'approved', repeat('x', 1000), CASE id % 10 WHEN 0 THEN 'NO-GO' ELSE 'GO' END, (random() * 4e9)::bigint FROM incidents`,
	`VACUUM ANALYZE`,
}

// measureDigest asks for the figures of all that a large installation has seen in four years.
func measureDigest(ctx context.Context, _ *bench, r *report) error {
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer pg.discard()
	name, err := pg.fresh(ctx)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx, pg.url(name)); err != nil {
		return err
	}
	for _, statement := range fillPast {
		if err := pg.exec(ctx, name, statement); err != nil {
			return fmt.Errorf("%s: %w", statement[:40], err)
		}
	}
	s, err := store.Open(ctx, pg.url(name), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer s.Close()
	r.note("%s incidents, %s events and as many resume requests as incidents, over four years; Postgres %s: %s. %d runs of each, after one that is not counted.", thousands(digestIncidents), thousands(digestIncidents*eventsOfEach), pg.version, postgresSettings, digestRuns)
	r.columns("window, with the one before it", "incidents", "p50", "p99", "max", "estimated cost of the plan")
	for _, days := range []int{7, 90, 730} {
		now := time.Now()
		q := tagout.FiguresQuery{From: now.AddDate(0, 0, -days), To: now}
		var l latencies
		var f tagout.Figures
		for n := range digestRuns + 1 {
			began := time.Now()
			if f, err = s.Figures(ctx, q); err != nil {
				return err
			}
			if n > 0 {
				l = append(l, time.Since(began))
			}
		}
		cost, err := planCost(ctx, pg.url(name), q)
		if err != nil {
			return err
		}
		all := f.Now.Incidents + f.Now.Cancelled + f.Now.Drills + f.Before.Incidents + f.Before.Cancelled + f.Before.Drills
		r.row(append(append([]string{fmt.Sprintf("%d days", days), thousands(all)}, l.spread()...), cost)...)
	}
	return nil
}

// planCost is what the planner thinks of the statement.
func planCost(ctx context.Context, url string, q tagout.FiguresQuery) (string, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var first string
	if err := conn.QueryRow(ctx, "EXPLAIN "+store.FiguresStatement(q)).Scan(&first); err != nil {
		return "", err
	}
	_, cost, _ := strings.Cut(first, "..")
	cost, _, _ = strings.Cut(cost, " ")
	return cost, nil
}
