package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"tagout"
)

//go:embed migrations
var migrationFiles embed.FS

// Migrate brings the database's schema up to date. It returns Unavailable if it cannot be
// reached, and Conflict if a newer program has changed it already.
func Migrate(ctx context.Context, databaseURL string) error {
	return migrate(ctx, databaseURL, func(m *migrator) error { return m.up(ctx) })
}

// MigrateTo brings the schema to a version, up or down. Version 0 is an empty database: it
// drops every record, and is there for tests.
func MigrateTo(ctx context.Context, databaseURL string, version int64) error {
	return migrate(ctx, databaseURL, func(m *migrator) error { return m.to(ctx, version) })
}

func migrate(ctx context.Context, databaseURL string, do func(m *migrator) error) error {
	b, err := openBackend(databaseURL, quiet(nil))
	if err != nil {
		return err
	}
	m, err := b.migrations(ctx)
	if err == nil {
		err = do(m)
		m.close()
	}
	return explain(errors.Join(err, b.close()))
}

// migrator changes the schema: ours by goose, River's by its own migrations. One process
// at a time does.
type migrator struct {
	goose *goose.Provider
	river riverMigrator
	close func()
	// lighten drops what River's schema has for queries that nobody makes here.
	lighten func(ctx context.Context) error

	unlocked bool // nothing keeps two from migrating at once
}

// riverMigrator is River's own, of either database.
type riverMigrator interface {
	Migrate(ctx context.Context, d rivermigrate.Direction, o *rivermigrate.MigrateOpts) (*rivermigrate.MigrateResult, error)
	ExistingVersions(ctx context.Context) ([]rivermigrate.Migration, error)
	AllVersions() []rivermigrate.Migration
}

func newMigrator(dialect goose.Dialect, folder string, db *sql.DB, r riverMigrator, closer func()) (*migrator, error) {
	files, err := fs.Sub(migrationFiles, "migrations/"+folder)
	if err != nil {
		closer()
		return nil, err
	}
	// The provider's own Close would close db, which closer does.
	provider, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(fillMigration(dialect)))
	if err != nil {
		closer()
		return nil, err
	}
	return &migrator{goose: provider, river: r, close: closer}, nil
}

// check returns Conflict unless the schema is the one that this program needs.
func (m *migrator) check(ctx context.Context) error {
	current, target, err := m.goose.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return tagout.Errorf(tagout.Conflict, "The database has schema %d, made by a newer Tagout; this one knows up to %d. Run the newer program.", current, target)
	}
	existing, err := m.river.ExistingVersions(ctx)
	if err != nil {
		return err
	}
	if current < target || len(existing) < len(m.river.AllVersions()) {
		return tagout.Errorf(tagout.Conflict, "The database has schema %d and needs %d: run `tagout migrate` first.", current, target)
	}
	return nil
}

// busyPatience is how long who migrates SQLite waits for others who do.
const busyPatience = 30 * time.Second

// up brings the schema up to date. SQLite has no lock for the one who migrates, so there
// who lost a race looks again; who only found the file in use does so for a while, since
// SQLite does not wait by itself where a journal becomes a write-ahead log.
func (m *migrator) up(ctx context.Context) error {
	began, err := time.Now(), m.upOnce(ctx)
	for try := 1; m.unlocked && err != nil && tagout.CodeOf(err) != tagout.Conflict; try++ {
		busy := sqliteCode(err) == sqliteBusy || sqliteCode(err) == sqliteLocked
		if try > raceTries && (!busy || time.Since(began) > busyPatience) {
			return err
		}
		pause := time.NewTimer(min(10, time.Duration(try)) * 50 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
		err = m.upOnce(ctx)
	}
	return err
}

func (m *migrator) upOnce(ctx context.Context) error {
	current, target, err := m.goose.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return m.check(ctx)
	}
	if current < target {
		if _, err := m.goose.Up(ctx); err != nil {
			return err
		}
	}
	return m.riverUp(ctx)
}

func (m *migrator) riverUp(ctx context.Context) error {
	_, err := m.river.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil || m.lighten == nil {
		return err
	}
	return m.lighten(ctx)
}

// dropHeavyIndexes drops the indexes over all that stands in a job's arguments and metadata,
// and over the kind of jobs, of which there is one: keeping them up cost more than everything
// else about a job, since each change of its state is written to all of them, and nothing is
// looked up by them.
const dropHeavyIndexes = "DROP INDEX IF EXISTS river_job_args_index, river_job_metadata_index, river_job_kind"

func (m *migrator) to(ctx context.Context, version int64) error {
	current, _, err := m.goose.GetVersions(ctx)
	if err != nil {
		return err
	}
	if version == 0 {
		if _, err := m.river.Migrate(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1}); err != nil {
			return err
		}
	}
	if version < current {
		_, err = m.goose.DownTo(ctx, version)
		return err
	}
	if _, err = m.goose.UpTo(ctx, version); err != nil || version == 0 {
		return err
	}
	return m.riverUp(ctx)
}

// migrationLock is the advisory lock of the one who migrates.
const migrationLock = 0x7461676f7574 // "tagout"

// migrations uses connections of its own, without the limits on how long a statement takes.
func (p *postgresDB) migrations(ctx context.Context) (*migrator, error) {
	config := p.pool.Config()
	config.MaxConns = 3
	for name := range serverLimits {
		config.ConnConfig.RuntimeParams[name] = "0"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	lock, err := pool.Acquire(ctx)
	if err == nil {
		_, err = lock.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock))
	}
	if err != nil {
		if lock != nil {
			lock.Release()
		}
		pool.Close()
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	closer := func() {
		_ = db.Close()
		_ = lock.Conn().Close(context.WithoutCancel(ctx)) // and with it the lock ends
		lock.Release()
		pool.Close()
	}
	r, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet(p.log)})
	if err != nil {
		closer()
		return nil, err
	}
	m, err := newMigrator(goose.DialectPostgres, "postgres", db, r, closer)
	if err == nil {
		m.lighten = func(ctx context.Context) error {
			_, err := pool.Exec(ctx, dropHeavyIndexes)
			return err
		}
	}
	return m, err
}

func (s *sqliteDB) migrations(context.Context) (*migrator, error) {
	db, err := sql.Open(sqlite.DriverName, sqliteDSN(s.path, map[string][]string{"_txlock": {"immediate"}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	closer := func() { _ = db.Close() }
	r, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: quiet(nil)})
	if err != nil {
		closer()
		return nil, err
	}
	m, err := newMigrator(goose.DialectSQLite3, "sqlite", db, r, closer)
	if err == nil {
		m.unlocked = true
	}
	return m, err
}
