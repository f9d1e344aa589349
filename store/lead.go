package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	leaderLock = 0x7461676f6c6564 // the advisory lock of the one who leads: "tagoled"
	leadEvery  = time.Second      // between two tries to lead, or two checks
	checkLimit = time.Second      // for one of them
	// leadLease is how long after a check began this process believes that it still leads.
	leadLease = 3 * time.Second
	// lostAfter is after how many milliseconds without a check the server ends the session
	// and gives the lead to another: one who is cut off cannot keep it. It is more than
	// leadLease, so that who led before does not believe so any more.
	lostAfter = "5000"
)

// errLost tells that the session is there and its lock is not: something between here and
// the server shares sessions.
var errLost = errors.New("the session does not hold its lock: connect to Postgres without transaction pooling")

// lead holds a session lock on a connection of its own: whoever has it leads, and the
// server gives it to another when the connection ends.
func (p *postgresDB) lead(ctx context.Context, leads func(until time.Time)) {
	c := &candidate{db: p, leads: leads}
	defer c.resign(ctx)
	tick := time.NewTicker(leadEvery)
	defer tick.Stop()
	for {
		c.try(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// candidate is one process that wants to lead.
type candidate struct {
	db     *postgresDB
	leads  func(until time.Time)
	conn   *pgx.Conn // nil: none
	locked bool
	failed bool // that was logged
}

// try takes the lock, or looks whether it is still held.
func (c *candidate) try(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, checkLimit)
	defer cancel()
	began := time.Now()
	err := c.check(ctx)
	if parent.Err() != nil {
		return
	}
	if err != nil {
		if !c.failed {
			c.db.log.WarnContext(parent, "it cannot be told who leads; nothing is loosened meanwhile", "cause", cause(err))
		}
		c.failed = true
		c.resign(parent)
		return
	}
	c.failed = false
	if c.locked {
		c.leads(began.Add(leadLease))
	}
}

func (c *candidate) check(ctx context.Context) (err error) {
	if c.conn == nil {
		if c.conn, err = pgx.ConnectConfig(ctx, c.db.pool.Config().ConnConfig); err != nil {
			return err
		}
		_, _ = c.conn.Exec(ctx, "SET idle_session_timeout = "+lostAfter) // since Postgres 14
	}
	if !c.locked {
		return c.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(leaderLock)).Scan(&c.locked)
	}
	held := false
	err = c.conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
		AND classid::bigint = $1::bigint >> 32 AND objid::bigint = $1::bigint & 4294967295 AND objsubid = 1)`, int64(leaderLock)).Scan(&held)
	if err == nil && !held {
		err = errLost
	}
	return err
}

// drop gives the connection up, and with it the lock, if the server hears of it.
func (c *candidate) drop(ctx context.Context) {
	if c.conn != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkLimit)
		defer cancel()
		_ = c.conn.Close(ctx)
	}
	c.conn, c.locked = nil, false
}

// resign stops leading before the lock is given back: from then on another may have it.
func (c *candidate) resign(ctx context.Context) {
	if c.locked {
		c.leads(time.Time{})
	}
	c.drop(ctx)
}

// lead: an embedded database has one process.
func (s *sqliteDB) lead(ctx context.Context, leads func(until time.Time)) {
	leads(time.Now().Add(100 * 365 * 24 * time.Hour))
	<-ctx.Done()
}
