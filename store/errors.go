package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tagout"
)

// explain turns a database's error into a sentence, and logs what lies behind it. Errors
// that are one already, such as a transition's, pass unchanged.
func (s *Store) explain(ctx context.Context, err error) error {
	explained := explain(err)
	if h, ok := errors.AsType[hidden](explained); ok {
		level := slog.LevelWarn
		if tagout.CodeOf(explained) == tagout.Internal {
			level = slog.LevelError
		}
		s.log.Log(ctx, level, tagout.Sentence(explained), "cause", cause(h.error))
	}
	return explained
}

func explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*tagout.Error](err); ok {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return tagout.Errorf(tagout.Unavailable, "The database did not answer in time.%w", hidden{err})
	case errors.Is(err, context.Canceled):
		return tagout.Errorf(tagout.Unavailable, "The request was given up before the database answered.%w", hidden{err})
	case isOnRecord(err):
		return tagout.Errorf(tagout.Conflict, "This is on record already and stays as it is.%w", hidden{err})
	case isUnreachable(err):
		return tagout.Errorf(tagout.Unavailable, "The database cannot be reached, or cannot store anything now.%w", hidden{err})
	}
	return tagout.Errorf(tagout.Internal, "The database refused a statement; the log has the details.%w", hidden{err})
}

// hidden keeps a cause for errors.Is and for the log, but out of the sentence: a driver's
// text may hold an address, a user, or values.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

// cause is what a driver says, for the log, without the values of a statement.
func cause(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if strings.HasPrefix(pg.Code, "22") { // data exceptions quote the data
			return "SQLSTATE " + pg.Code
		}
		return "SQLSTATE " + pg.Code + ": " + pg.Message
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// sqliteCode is SQLite's result code without its extension, or 0.
func sqliteCode(err error) int {
	if lite, ok := errors.AsType[*gosqlite.Error](err); ok {
		return lite.Code() & 0xff
	}
	return 0
}

// SQLite's result codes (sqlite.org/rescode.html).
const (
	sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteInterrupt = 5, 6, 8, 9
	sqliteIOErr, sqliteFull, sqliteCantOpen, notSQLDB         = 10, 13, 14, 26
	sqliteUnique, sqlitePrimaryKey, sqliteTrigger             = 2067, 1555, 1811
)

// isOnRecord reports a unique key that another transaction took, or a record that a
// trigger keeps as it is.
func isOnRecord(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505" || pg.Code == "23001"
	}
	lite, ok := errors.AsType[*gosqlite.Error](err)
	return ok && (lite.Code() == sqliteUnique || lite.Code() == sqlitePrimaryKey || lite.Code() == sqliteTrigger)
}

// isUnexpected reports what tagout_expect raises.
func isUnexpected(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == unexpected
}

func isUnreachable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// 08 connection, 25006 read-only, 28/3D login, 53 resources, 55 and 57 time-outs and shutdown, 58 I/O.
		return slices.Contains([]string{"08", "28", "3D", "53", "55", "57", "58"}, pg.Code[:2]) || pg.Code == "25006" || isRace(err)
	}
	switch sqliteCode(err) {
	case sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteInterrupt, sqliteIOErr, sqliteFull, sqliteCantOpen, notSQLDB:
		return true
	}
	_, isNet := errors.AsType[net.Error](err)
	_, isConnect := errors.AsType[*pgconn.ConnectError](err)
	return isNet || isConnect || pgconn.SafeToRetry(err) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, pgx.ErrTxClosed) || errors.Is(err, os.ErrClosed) || errors.Is(err, net.ErrClosed) || isClosed(err)
}

// isClosed recognises errors that carry nothing but their text.
func isClosed(err error) bool {
	text := err.Error()
	return strings.Contains(text, "closed pool") || strings.Contains(text, "database is closed") ||
		strings.Contains(text, "conn closed") || strings.Contains(text, "unexpected EOF")
}

// isRace reports a transaction that lost against another and may simply run again.
func isRace(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

const raceTries = 6

// retryRaces runs fn again, after a short pause, while it loses races.
func retryRaces(ctx context.Context, fn func() error) error {
	for try := 1; ; try++ {
		err := fn()
		if err == nil || !isRace(err) || try == raceTries {
			return err
		}
		pause := time.NewTimer(time.Duration(1+rand.IntN(20*try)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// lockNumbers are the keys as advisory locks, in the order in which everybody takes them.
func lockNumbers(keys []string) []int64 {
	numbers := make([]int64, 0, len(keys))
	for _, key := range keys {
		h := fnv.New64a()
		_, _ = h.Write([]byte(key)) // never fails
		numbers = append(numbers, int64(h.Sum64()>>1))
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
