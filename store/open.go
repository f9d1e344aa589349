// Package store keeps everything durable, in SQLite or Postgres: incidents with their
// holds and timelines, alerts, pages, resume requests, deliveries, versions, and the
// effects that follow from a commit, as River jobs.
//
// State, timeline and effects are always one transaction. The timeline is append-only,
// sealed into a hash chain per incident, and guarded by triggers.
package store

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"tagout"
)

// Options are the settings of a [Store].
type Options struct {
	// Clock is what transitions take as now. nil: the database's own clock on Postgres,
	// the system clock on SQLite.
	Clock tagout.Clock
	// Logger gets what went wrong in the background; never payload text. nil: discard.
	Logger *slog.Logger
	// Migrate brings the schema up to date when the database is first reached. Without
	// it an older schema is an error.
	Migrate bool
	// Workers is how many effects of a kind run at once in [Store.Work]; kinds that are
	// missing get a default.
	Workers map[tagout.EffectKind]int
	// Lanes are those of a kind whose effects run in a queue of their own, with workers of
	// their own. Effects of other lanes share the queue of their kind.
	Lanes map[tagout.EffectKind][]string
	// OnCommit is told of each incident after its change was committed. It must not
	// block, nor keep or change what it gets, which others read: see [Copy].
	OnCommit func(*tagout.Incident)
}

// Store fulfils [tagout.Store]. Its methods may be called from any goroutine.
type Store struct {
	options Options
	log     *slog.Logger
	backend backend
	ready   atomic.Bool
	pruned  atomic.Int64 // Unix seconds of the last pruning of deliveries

	together   together
	deciding   chan struct{} // whose turn it is in Decide
	joining    chan struct{} // and in Join
	habits     habits
	precedence precedence

	preparing sync.Mutex
	prepared  *preparation // under way; nil if none is
}

var _ tagout.Store = (*Store)(nil)

// patience is how long a call may take if its caller set no deadline.
const patience = 20 * time.Second

// Open prepares the database at `sqlite://path` or `postgres://…`. A Postgres that cannot
// be reached yet is no error: every call returns Unavailable until it answers, and the
// schema is brought up to date or checked then. Open returns Invalid for a URL of another
// kind and Conflict if the schema is not the one that this program needs.
func Open(ctx context.Context, databaseURL string, o Options) (*Store, error) {
	s := &Store{options: o, log: o.Logger, together: newTogether(), deciding: make(chan struct{}, 1), joining: make(chan struct{}, mostJoining)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if !o.Migrate {
		if err := fileExists(databaseURL); err != nil {
			return nil, err
		}
	}
	var err error
	if s.backend, err = openBackend(databaseURL, s.log); err != nil {
		return nil, err
	}
	if err := s.reach(ctx); err != nil && tagout.CodeOf(err) != tagout.Unavailable {
		_ = s.backend.close()
		return nil, err
	} else if err != nil {
		s.log.WarnContext(ctx, "the database cannot be reached yet; it is tried again at every call")
	}
	return s, nil
}

// fileExists returns Conflict if the database is a file that is not there: what only reads
// or checks must not leave an empty one behind.
func fileExists(databaseURL string) error {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if path = strings.TrimPrefix(path, "//"); !ok || path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return tagout.Errorf(tagout.Conflict, "There is no database %s. Check `database` in the configuration, or create it with `tagout migrate`.", path)
	}
	return nil
}

// openBackend chooses the database by the URL's scheme.
func openBackend(databaseURL string, log *slog.Logger) (backend, error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		return openSQLite(strings.TrimPrefix(path, "//"))
	}
	if u, err := url.Parse(databaseURL); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		return openPostgres(databaseURL, log)
	}
	return nil, tagout.Errorf(tagout.Invalid, "The database must be written as sqlite://path or postgres://user:password@host:5432/name.")
}

// reach makes sure that the schema is the one this program needs, once. Many callers may
// wait for it; none of them cuts a migration short by giving up.
func (s *Store) reach(ctx context.Context) error {
	if s.ready.Load() {
		return nil
	}
	s.preparing.Lock()
	p := s.prepared
	if p == nil {
		p = &preparation{done: make(chan struct{})}
		s.prepared = p
		go s.prepare(context.WithoutCancel(ctx), p)
	}
	s.preparing.Unlock()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return s.explain(ctx, ctx.Err())
	}
}

// preparation is one attempt to bring the schema up to date, or to check it.
type preparation struct {
	done chan struct{}
	err  error
}

// migrationPatience is how long bringing the schema up to date may take.
const migrationPatience = 15 * time.Minute

func (s *Store) prepare(ctx context.Context, p *preparation) {
	ctx, cancel := context.WithTimeout(ctx, migrationPatience)
	defer cancel()
	p.err = s.explain(ctx, func() error {
		m, err := s.backend.migrations(ctx)
		if err != nil {
			return err
		}
		defer m.close()
		if s.options.Migrate {
			return m.up(ctx)
		}
		return m.check(ctx)
	}())
	s.ready.Store(p.err == nil)
	s.preparing.Lock()
	s.prepared = nil // the next caller tries again
	s.preparing.Unlock()
	close(p.done)
}

// bound gives ctx a deadline if it has none, so that a database that hangs never hangs a
// caller, and makes sure that the schema is there.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc, error) {
	cancel := context.CancelFunc(func() {})
	if _, ok := ctx.Deadline(); !ok {
		ctx, cancel = context.WithTimeout(ctx, patience)
	}
	if err := s.reach(ctx); err != nil {
		cancel()
		return nil, nil, err
	}
	return ctx, cancel, nil
}

// read runs fn on a connection for reading. It returns what fn returns, explained.
func (s *Store) read(ctx context.Context, fn func(db *gorm.DB) error) error {
	ctx, cancel, err := s.bound(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return s.explain(ctx, fn(s.backend.reader(ctx)))
}

// readMoment is read in a transaction that sees one moment.
func (s *Store) readMoment(ctx context.Context, fn func(db *gorm.DB) error) error {
	ctx, cancel, err := s.bound(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return s.explain(ctx, s.backend.snapshot(ctx, fn))
}

// write runs fn in one transaction, again if it lost a race against another.
func (s *Store) write(ctx context.Context, fn func(t *tx) error) error {
	ctx, cancel, err := s.bound(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return s.explain(ctx, retryRaces(ctx, func() error {
		return s.backend.transact(ctx, func(t *tx) error {
			t.lanes, t.precedence = s.options.Lanes, &s.precedence
			return fn(t)
		})
	}))
}

// Ping returns Unavailable if the database does not answer, or not with our schema.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(db *gorm.DB) error { return db.Exec("SELECT 1").Error })
}

// DatabaseID is a UUID made when the database was first migrated. It returns Unavailable
// if the database cannot be reached.
func (s *Store) DatabaseID(ctx context.Context) (id string, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT value FROM meta WHERE key = 'database_id'").Scan(&id).Error
	})
	return id, err
}

// Close releases every connection. Call it after the workers have drained.
func (s *Store) Close() error { return s.backend.close() }

// gormConfig keeps GORM quiet, since it would log statements with their values, and from
// wrapping each statement in a transaction of its own.
func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return tagout.Moment(time.Now()) },
	}
}
