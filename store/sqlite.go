package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"tagout"
)

// sqliteDB has one connection that writes, shared with River, since SQLite has one writer
// anyway and waiting in Go is fairer than polling for its lock; and some that only read.
type sqliteDB struct {
	path        string
	writing     *sql.DB
	reading     *sql.DB
	writer, rdr *gorm.DB
	jobs        *river.Client[*sql.Tx]
	bell        *bell
}

const readers = 4

// Applied to every connection. synchronous(FULL) is what makes a commit durable in WAL mode.
var sqlitePragmas = []string{
	"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "recursive_triggers(1)",
	"journal_size_limit(67108864)", "cache_size(-16000)",
}

func sqliteDSN(path string, more url.Values) string {
	query := url.Values{"_pragma": sqlitePragmas}
	for key, values := range more {
		query[key] = append(query[key], values...)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

func openSQLite(path string) (*sqliteDB, error) {
	if path == "" || path == ":memory:" {
		return nil, tagout.Errorf(tagout.Invalid, "The database needs a file: write sqlite://tagout.db.")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // evidence is nobody else's business
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "The database file cannot be opened for writing: its folder must exist and be writable: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	s := &sqliteDB{path: path, bell: newBell()}
	if s.writing, err = sql.Open(sqlite.DriverName, sqliteDSN(path, url.Values{"_txlock": {"immediate"}})); err != nil {
		return nil, err
	}
	if s.reading, err = sql.Open(sqlite.DriverName, sqliteDSN(path, url.Values{"_pragma": {"query_only(1)"}})); err != nil {
		return nil, err
	}
	s.writing.SetMaxOpenConns(1)
	s.reading.SetMaxOpenConns(readers)
	s.reading.SetMaxIdleConns(readers)
	if s.writer, err = gorm.Open(sqlite.Dialector{Conn: s.writing}, gormConfig()); err == nil {
		s.rdr, err = gorm.Open(sqlite.Dialector{Conn: s.reading}, gormConfig())
	}
	if err == nil {
		s.jobs, err = river.NewClient(newWokenSQLite(s.writing, s.bell), &river.Config{FetchCooldown: fetchCooldown, Logger: quiet(nil)})
	}
	if err != nil {
		return nil, errors.Join(explain(err), s.close())
	}
	return s, nil
}

func (s *sqliteDB) reader(ctx context.Context) *gorm.DB { return s.rdr.WithContext(ctx) }

func (s *sqliteDB) snapshot(ctx context.Context, fn func(db *gorm.DB) error) error {
	return s.rdr.WithContext(ctx).Transaction(fn)
}

func (s *sqliteDB) transact(ctx context.Context, fn func(t *tx) error) error {
	var due []string
	err := s.writer.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		g = g.Session(&gorm.Session{SkipDefaultTransaction: true})
		return fn(&tx{DB: g, sql: sqliteTx{ctx, g, g.Statement.ConnPool.(*sql.Tx), s.jobs, &due}})
	})
	if err == nil && len(due) > 0 {
		s.bell.ring(due...)
	}
	return err
}

func (s *sqliteDB) worker(config *river.Config) (jobRunner, error) {
	for queue, c := range config.Queues {
		if c.FetchPollInterval == urgentPoll {
			c.FetchPollInterval = urgentLook
		} else {
			c.FetchPollInterval = otherLook
		}
		config.Queues[queue] = c
	}
	config.FetchPollInterval = otherLook
	client, err := river.NewClient(newWokenSQLite(s.writing, s.bell), config)
	if err != nil || len(config.Queues) == 0 {
		return client, err
	}
	postponed, _ := client.Subscribe(river.EventKindJobSnoozed, river.EventKindJobFailed) // ends with the client
	go s.bell.ringFor(postponed)
	return client, nil
}

// reclaim takes back every job that is under way: this file has one process at work, and
// it has only just started.
func (s *sqliteDB) reclaim(ctx context.Context, _ string) error {
	return s.writer.WithContext(ctx).Exec("UPDATE river_job SET state = 'available' WHERE state = 'running'").Error
}

func (s *sqliteDB) mark() string { return "head_hash || doc" }

func (s *sqliteDB) close() error { return errors.Join(s.reading.Close(), s.writing.Close()) }

// sqliteTx is the part of a transaction that only SQLite does this way. The transaction
// holds the one write lock from its beginning, so nothing else needs a lock.
type sqliteTx struct {
	ctx  context.Context
	db   *gorm.DB
	tx   *sql.Tx
	jobs *river.Client[*sql.Tx]
	due  *[]string // queues in which jobs were put
}

func (t sqliteTx) now() (time.Time, error) { return time.Now(), nil }
func (t sqliteTx) lockKeys([]string) error { return nil }
func (t sqliteTx) flush() error            { return nil }
func (t sqliteTx) start()                  {}
func (t sqliteTx) skipLocked() string      { return "" }

// number continues after the last incident: incidents are never deleted.
func (t sqliteTx) number(taken int) (last int64, err error) {
	err = t.db.Raw("SELECT coalesce(max(id), 0) FROM incidents").Scan(&last).Error
	return last + int64(taken) + 1, err
}

func (t sqliteTx) enqueue(jobs []job) error {
	for _, j := range jobs {
		*t.due = append(*t.due, j.queue)
	}
	_, err := t.jobs.InsertManyTx(t.ctx, t.tx, riverJobs(jobs))
	return err
}

// count writes heads and tallies one by one.
func (t sqliteTx) count(rows []tallyRow) error {
	for _, r := range rows {
		_, err := t.tx.ExecContext(t.ctx, "UPDATE incidents SET alerts_distinct = ?, alerts_firing = ?, alerted_at = ?, head_seq = ?, head_hash = ? WHERE id = ?",
			r.AlertsDistinct, r.AlertsFiring, r.AlertedAt, r.HeadSeq, r.HeadHash, r.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// remember: the file has one writer, but is read anew each time.
func (t sqliteTx) remember([]*work, []int64) {}

func (t sqliteTx) countRepeats(rows []repeatRow) error {
	for _, r := range rows {
		err := t.db.Exec("UPDATE alerts SET count = count + ?, last_at = max(last_at, ?) WHERE id = ?", r.count, r.at, r.id).Error
		if err != nil {
			return err
		}
	}
	return nil
}
