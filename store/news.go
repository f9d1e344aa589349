package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	newsChannel  = "tagout_holds"
	newsSilence  = 10 * time.Second // after which the connection is looked after
	newsLimit    = 3 * time.Second  // for connecting and for looking after
	newsFirstTry = 100 * time.Millisecond
	newsLastTry  = 5 * time.Second
)

// announce tells the other processes, when the transaction commits, that it hung or lifted
// holds, or pinned versions. Only that is announced: whoever announces waits for others who do.
func (t postgresTx) announce() { t.pending.Queue("SELECT pg_notify($1, $2)", newsChannel, t.origin) }

// news listens on a connection of its own, and connects again with growing pauses.
func (p *postgresDB) news(ctx context.Context, heard func()) {
	for pause := newsFirstTry; ctx.Err() == nil; pause = min(2*pause, newsLastTry) {
		listened, err := p.listen(ctx, heard)
		if listened {
			pause = newsFirstTry
		}
		if ctx.Err() != nil {
			return
		}
		p.log.DebugContext(ctx, "news of holds are not heard; the holds are read every second meanwhile", "cause", cause(err))
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
		}
	}
}

// listen hears news until the connection is lost. It reports whether it ever listened.
func (p *postgresDB) listen(ctx context.Context, heard func()) (listened bool, err error) {
	conn, err := p.tuneIn(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), newsLimit)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	heard() // what was announced before is lost
	for {
		waiting, cancel := context.WithTimeout(ctx, newsSilence)
		news, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil && news.Payload != p.origin:
			heard()
		case err == nil: // our own
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) || conn.IsClosed():
			return true, err
		default:
			if err := ping(ctx, conn); err != nil {
				return true, err
			}
		}
	}
}

func (p *postgresDB) tuneIn(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, newsLimit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, p.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+newsChannel); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return conn, nil
}

func ping(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, newsLimit)
	defer cancel()
	return conn.Ping(ctx)
}

// news: an embedded database has no other process.
func (s *sqliteDB) news(ctx context.Context, _ func()) { <-ctx.Done() }

// announce: there is nobody else to tell.
func (t sqliteTx) announce() {}
