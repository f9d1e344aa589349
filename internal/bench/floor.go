package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// floorTable is what a bare program would keep of an alert.
const floorTable = `CREATE TABLE floor (id text PRIMARY KEY, incident bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), doc text NOT NULL)`

// batchLanes is how many transactions the batch floor has under way at once.
const batchLanes = 4

// floors measures what this Postgres takes without us, from this process: one row per
// transaction on as many connections as there are senders, and many rows per transaction.
// It returns the rate of the first.
func (b *bench) floors(ctx context.Context, r *report, pg *cluster) (float64, error) {
	database, err := pg.fresh(ctx)
	if err != nil {
		return 0, err
	}
	if err := pg.exec(ctx, database, floorTable); err != nil {
		return 0, err
	}
	config, err := pgxpool.ParseConfig(pg.url(database))
	if err != nil {
		return 0, err
	}
	config.MaxConns = senders
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	doc := string(alertBody(nil, "floor", agentName(0)))
	single, took, err := b.insertLoop(ctx, senders, 1, func(n int64) error {
		_, err := pool.Exec(ctx, "INSERT INTO floor (id, incident, doc) VALUES ($1, $2, $3)", fmt.Sprint("one-", n), n%stormed, doc)
		return err
	})
	if err != nil {
		return 0, err
	}
	spread := took.spread()
	r.row(fmt.Sprintf("floor: bare INSERT, one row a transaction, %d connections", senders), thousands(int(single)), spread[0], spread[1], "1.00", "", "")
	many, took, err := b.insertLoop(ctx, batchLanes, storedRows, func(n int64) error {
		ids, docs := make([]string, storedRows), make([]string, storedRows)
		for i := range ids {
			ids[i], docs[i] = fmt.Sprint("many-", n, "-", i), doc
		}
		_, err := pool.Exec(ctx, "INSERT INTO floor (id, incident, doc) SELECT id, $1, doc FROM unnest($2::text[], $3::text[]) AS rows (id, doc)", n%stormed, ids, docs)
		return err
	})
	spread = took.spread()
	r.row(fmt.Sprintf("floor: bare INSERT, %d rows a transaction, %d connections", storedRows, batchLanes), thousands(int(many)), spread[0], spread[1], ratio(many, single), "", "")
	return single, err
}

// insertLoop repeats an insert of so many rows and returns rows per second.
func (b *bench) insertLoop(ctx context.Context, connections, rows int, insert func(n int64) error) (float64, latencies, error) {
	var next, counted atomic.Int64
	var all sync.WaitGroup
	took, errs := make([]latencies, connections), make(chan error, connections)
	from := time.Now().Add(b.warm)
	until := from.Add(b.load / 2)
	for c := range connections {
		all.Go(func() {
			for start := time.Now(); start.Before(until); {
				if err := insert(next.Add(1)); err != nil {
					errs <- err
					return
				}
				end := time.Now()
				if start.After(from) {
					counted.Add(int64(rows))
					took[c] = append(took[c], end.Sub(start))
				}
				start = end
			}
		})
	}
	all.Wait()
	over := time.Since(from)
	close(errs)
	var every latencies
	for _, l := range took {
		every = append(every, l...)
	}
	return float64(counted.Load()) / over.Seconds(), every, <-errs
}
