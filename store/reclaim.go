package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// aliveClass is the first half of the advisory locks by which worker processes show that
// they live; the second half is a hash of the worker's ID.
const aliveClass = 0x7461676f // "tago"

const reclaimEvery = 5 * time.Second

// graceLooks is how many looks are left out after the connection was lost: the others may
// have lost theirs as well, with the database, and need time to show that they live.
const graceLooks = 2

// A job whose worker shows no sign of life is up for others at once, instead of after
// River's rescue. The lock ends with the connection, and that with the process.
const reclaimJobs = `UPDATE river_job SET state = 'available', scheduled_at = least(scheduled_at, now())
	WHERE state = 'running' AND NOT EXISTS (
		SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::bigint::oid
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND l.objid = (hashtext(attempted_by[array_upper(attempted_by, 1)])::bigint & 4294967295)::oid)`

// reclaim shows that this process lives, on a connection of its own, and takes over the
// jobs of those that do not.
func (p *postgresDB) reclaim(ctx context.Context, mine string) error {
	conn, err := p.showLife(ctx, mine)
	if err != nil {
		return err
	}
	once, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := conn.Exec(once, reclaimJobs, int64(aliveClass)); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return err
	}
	go p.keepReclaiming(ctx, conn, mine)
	return nil
}

// showLife takes the lock that stands for this process.
func (p *postgresDB) showLife(ctx context.Context, mine string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, p.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock_shared($1::int, hashtext($2))", int64(aliveClass), mine); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return conn, nil
}

// keepReclaiming does so until ctx ends, and reconnects when the connection was lost. The
// lock stays until the jobs under way have had time to finish.
func (p *postgresDB) keepReclaiming(ctx context.Context, conn *pgx.Conn, mine string) {
	tick := time.NewTicker(reclaimEvery)
	defer tick.Stop()
	for grace := 0; ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			continue
		case <-tick.C:
		}
		look := reclaimJobs
		if grace > 0 {
			look = "SELECT $1::bigint" // is the connection there?
			grace--
		}
		once, cancel := context.WithTimeout(ctx, patience)
		_, err := conn.Exec(once, look, int64(aliveClass))
		cancel()
		if err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "jobs of dead workers cannot be looked for", "cause", cause(err))
		}
		if !conn.IsClosed() {
			continue
		}
		grace = graceLooks
		if fresh, err := p.showLife(ctx, mine); err == nil {
			conn = fresh
		}
	}
	linger := time.NewTimer(drainTimeout)
	defer linger.Stop()
	select {
	case <-linger.C:
	case <-p.closed:
	}
	_ = conn.Close(context.WithoutCancel(ctx))
}
