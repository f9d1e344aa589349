package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"net/url"
	"reflect"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"tagout"
)

// postgresDB shares one pool of connections between GORM and River.
type postgresDB struct {
	pool  *pgxpool.Pool
	db    *sql.DB
	gorm  *gorm.DB
	log   *slog.Logger
	calls *calls

	readings readings
	// origin tells the announcements of this process from those of others.
	origin string
	recall recall
	watch  watch

	closing sync.Once
	closed  chan struct{}
}

// Limits that the server keeps for us, in milliseconds, unless the URL sets others.
var serverLimits = map[string]string{
	"statement_timeout":                   "30000",
	"lock_timeout":                        "10000",
	"idle_in_transaction_session_timeout": "60000",
}

const poolSize = 24

func openPostgres(databaseURL string, log *slog.Logger) (*postgresDB, error) {
	config, err := poolConfig(databaseURL)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config) // connects when first used
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "The database URL cannot be used.")
	}
	p := &postgresDB{pool: pool, db: stdlib.OpenDBFromPool(pool), log: log, origin: randomHex(), calls: &calls{last: map[string]time.Time{}}, closed: make(chan struct{})}
	p.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: p.db}), gormConfig())
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// poolConfig reads the URL. It returns Invalid, without the URL, if it is not one.
func poolConfig(databaseURL string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil { // its text quotes the URL
		return nil, tagout.Errorf(tagout.Invalid, "The database URL cannot be read: write postgres://user:password@host:5432/name.")
	}
	if u, err := url.Parse(databaseURL); err != nil || !u.Query().Has("pool_max_conns") {
		config.MaxConns = poolSize
	}
	c := config.ConnConfig
	for name, value := range serverLimits {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "tagout"
	}
	c.RuntimeParams["timezone"] = "UTC"
	switch c.DefaultQueryExecMode {
	case pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol: // these cannot send whole columns; this needs no named statements either
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		takeColumns(conn.TypeMap())
		return nil
	}
	if c.ConnectTimeout == 0 || c.ConnectTimeout > 10*time.Second {
		c.ConnectTimeout = 5 * time.Second
	}
	return config, nil
}

func (p *postgresDB) reader(ctx context.Context) *gorm.DB { return p.gorm.WithContext(ctx) }

func (p *postgresDB) snapshot(ctx context.Context, fn func(db *gorm.DB) error) error {
	return p.onConnection(ctx, []string{"begin isolation level repeatable read read only"}, func(g *gorm.DB, pt *transaction) error {
		if err := fn(g); err != nil {
			return err
		}
		return pt.Commit(ctx)
	})
}

// beginWriting begins a transaction whose statements are planned once for all: they pass whole
// columns, and are the same however many rows there are. Left to itself Postgres plans them
// anew each time for what takes few rows. They look rows up by an index even where the table
// was small when they were planned, and would be read as a whole in the storm that fills it.
var beginWriting = []string{"begin", `select set_config('plan_cache_mode', 'force_generic_plan', true),
	set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`}

func (p *postgresDB) transact(ctx context.Context, fn func(t *tx) error) error {
	return p.onConnection(ctx, beginWriting, func(g *gorm.DB, pt *transaction) error {
		sql := postgresTx{ctx, pt, p.calls, p.origin, &pgx.Batch{}, &ahead{counted: map[int64]*recalled{}}, &p.recall, &p.watch}
		if err := fn(&tx{DB: g, sql: sql}); err != nil {
			return err
		}
		if err := sql.commit(); err != nil {
			return err
		}
		p.recall.keep(sql.ahead.counted)
		p.recall.forget(sql.ahead.rewritten)
		return nil
	})
}

// onConnection makes a transaction that GORM's rows and River's jobs share: both work on one
// connection. It is rolled back if fn fails. A connection that database/sql has given up is
// left alone: the pool is closing it meanwhile, in a goroutine of its own.
func (p *postgresDB) onConnection(ctx context.Context, begin []string, fn func(g *gorm.DB, pt *transaction) error) error {
	return p.gorm.WithContext(ctx).Connection(func(c *gorm.DB) (err error) {
		pt := &transaction{begin: begin}
		err = c.Statement.ConnPool.(*sql.Conn).Raw(func(raw any) error {
			pt.conn = raw.(*stdlib.Conn).Conn()
			return nil
		})
		if err != nil {
			return err
		}
		defer func() {
			if !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
				_ = pt.Rollback(ctx) // does nothing after a commit
			}
		}()
		c.Statement.ConnPool = rows{c.Statement.ConnPool, pt}
		return fn(c.Session(&gorm.Session{SkipDefaultTransaction: true}), pt)
	})
}

func (p *postgresDB) worker(config *river.Config) (jobRunner, error) {
	return river.NewClient(newLeanPostgres(p.pool), config)
}

// mark is the transaction that last wrote the row.
func (p *postgresDB) mark() string { return "xmin::text" }

func (p *postgresDB) close() error {
	p.closing.Do(func() { close(p.closed) })
	err := p.db.Close()
	p.pool.Close()
	return err
}

// postgresTx is the part of a transaction that only Postgres does this way.
type postgresTx struct {
	ctx     context.Context
	tx      *transaction
	calls   *calls
	origin  string     // of this process
	pending *pgx.Batch // statements that travel together
	ahead   *ahead
	recall  *recall
	watch   *watch
}

// ahead is what was read before it was asked for, on a way that was made anyway.
type ahead struct {
	now       time.Time           // zero: nothing
	numbers   []int64             // of incidents
	counted   map[int64]*recalled // incidents as this transaction will have left them
	rewritten []int64             // incidents that will have to be read again
}

// queueClock reads the clock on the way, unless it was read before.
func (t postgresTx) queueClock(b *pgx.Batch) {
	if !t.ahead.now.IsZero() {
		return
	}
	b.Queue(readClock).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&t.ahead.now)
		if err == nil {
			t.watch.set(t.ahead.now)
		}
		return err
	})
}

func (t postgresTx) now() (now time.Time, err error) {
	if now, t.ahead.now = t.ahead.now, now; !now.IsZero() {
		return now, nil
	}
	err = t.tx.QueryRow(t.ctx, readClock).Scan(&now)
	return now, err
}

const lockOpenerKeys = "SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest($1::bigint[]) AS k ORDER BY 1) AS sorted"

func (t postgresTx) lockKeys(keys []string) error {
	_, err := t.tx.Exec(t.ctx, lockOpenerKeys, lockNumbers(keys))
	return err
}

func (t postgresTx) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

// countFound and countForeseen count repeats; what was foreseen must be recorded as it says.
const countFound = `UPDATE alerts AS a SET count = a.count + r.count, last_at = greatest(a.last_at, r.at)
	FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::bigint[]) AS r (id, count, at, status, incident) WHERE a.id = r.id`

const countForeseen = "WITH counted AS (" + countFound + " AND a.status = r.status AND a.incident = r.incident RETURNING 1) SELECT tagout_expect(count(*) = cardinality($1)) FROM counted"

func (t postgresTx) countRepeats(rows []repeatRow) error {
	counted := make([]countedRow, len(rows))
	for n, r := range rows {
		counted[n] = countedRow{ID: r.id, Count: r.count, At: r.at}
		if r.alert != nil {
			counted[n].Status, counted[n].Incident = r.alert.Status, r.alert.Incident
		}
	}
	statement := countFound
	if t.tx.surprising {
		statement = countForeseen
	}
	t.pending.Queue(statement, shapeOf[countedRow]().columns(reflect.ValueOf(counted))...)
	return nil
}

// countedRow is a repeatRow with what must be recorded of the alert if it was foreseen.
type countedRow struct {
	ID       string
	Count    int64
	At       time.Time
	Status   string
	Incident *int64
}

// TableName is the table of the row.
func (countedRow) TableName() string { return "alerts" }

func (t postgresTx) flush() error {
	if t.pending.Len() == 0 {
		return nil
	}
	return t.send(false)
}

// commit sends what is left, and commits.
func (t postgresTx) commit() error {
	if t.pending.Len() == 0 {
		return t.tx.Commit(t.ctx)
	}
	return t.send(true)
}

func (t postgresTx) send(last bool) error { return t.tx.send(t.ctx, t.gathered(), last) }

func (t postgresTx) start() { t.tx.start(t.ctx, t.gathered()) }

// gathered takes the statements that travel together.
func (t postgresTx) gathered() *pgx.Batch {
	b := *t.pending
	*t.pending = pgx.Batch{}
	return &b
}
