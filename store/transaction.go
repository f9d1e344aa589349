package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// transaction is one of Postgres. It begins with its first statements and ends with its
// last ones, on ways to the database that are made anyway. River sends through it, GORM
// through its [rows], and we by send. After an error nothing but the rollback is sent.
type transaction struct {
	conn  *pgx.Conn
	begin []string
	begun bool
	over  bool
	under pgx.BatchResults // what was sent and is not read yet, or nil
	// surprising tells that it goes on from what was foreseen, not from what was read.
	surprising bool
}

// errNested tells that somebody wanted a transaction within one.
var errNested = errors.New("a transaction within a transaction")

// send sends statements together, and what they gathered is read. With the last ones the
// transaction is committed.
func (t *transaction) send(ctx context.Context, b *pgx.Batch, last bool) error {
	if err := t.settle(ctx); err != nil {
		return err
	}
	if t.over {
		return pgx.ErrTxClosed
	}
	if last {
		b.Queue("commit").Exec(committed)
	}
	t.start(ctx, b)
	err := t.settle(ctx)
	t.over = t.over || last
	return err
}

// start sends statements together and does not wait for what comes of them: whoever uses the
// transaction next does, and is told if they failed.
func (t *transaction) start(ctx context.Context, b *pgx.Batch) {
	var whole pgx.Batch
	if !t.begun {
		for _, statement := range t.begin {
			whole.Queue(statement)
		}
	}
	t.begun = true
	whole.QueuedQueries = append(whole.QueuedQueries, b.QueuedQueries...)
	t.under = t.conn.SendBatch(ctx, &whole)
}

// settle waits for what was started, and reads it.
func (t *transaction) settle(ctx context.Context) error {
	if t.under == nil {
		return nil
	}
	err := t.under.Close()
	t.under = nil
	if err == nil {
		return nil
	}
	_ = t.Rollback(ctx) // then the connection is closed
	t.over = true
	if t.surprising && (isUnexpected(err) || isOnRecord(err)) {
		return errSurprise
	}
	return err
}

func committed(tag pgconn.CommandTag) error {
	if tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return nil
}

// ready begins the transaction if nothing has yet, and waits for what is under way.
func (t *transaction) ready(ctx context.Context) error {
	if err := t.settle(ctx); err != nil {
		return err
	}
	if t.over {
		return pgx.ErrTxClosed
	}
	if t.begun {
		return nil
	}
	t.begun = true
	_, err := t.conn.PgConn().Exec(ctx, strings.Join(t.begin, "; ")).ReadAll()
	if err != nil { // nobody knows whether it has begun
		t.over = true
		return errors.Join(err, t.conn.Close(ctx))
	}
	return nil
}

// Commit commits what was sent.
func (t *transaction) Commit(ctx context.Context) error {
	if !t.begun || t.over {
		return nil
	}
	return t.send(ctx, &pgx.Batch{}, true)
}

// Rollback undoes what was sent, unless it is committed. It gives the connection up if that
// fails.
func (t *transaction) Rollback(ctx context.Context) error {
	_ = t.settle(ctx) // whatever came of it is undone
	if !t.begun || t.over {
		return nil
	}
	t.over = true
	if t.conn.IsClosed() || t.conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	_, err := t.conn.Exec(ctx, "rollback")
	if err != nil {
		_ = t.conn.Close(ctx)
	}
	return err
}

// Exec sends one statement.
func (t *transaction) Exec(ctx context.Context, statement string, values ...any) (pgconn.CommandTag, error) {
	if err := t.ready(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.conn.Exec(ctx, statement, values...)
}

// Query sends one statement and reads its rows.
func (t *transaction) Query(ctx context.Context, statement string, values ...any) (pgx.Rows, error) {
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	return t.conn.Query(ctx, statement, values...)
}

// QueryRow sends one statement and reads its row.
func (t *transaction) QueryRow(ctx context.Context, statement string, values ...any) pgx.Row {
	if err := t.ready(ctx); err != nil {
		return failure{err}
	}
	return t.conn.QueryRow(ctx, statement, values...)
}

// failure is a row that could not be read.
type failure struct{ err error }

// Scan tells why.
func (f failure) Scan(...any) error { return f.err }

// CopyFrom sends many rows.
func (t *transaction) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := t.ready(ctx); err != nil {
		return 0, err
	}
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

// Begin is not for transactions of ours.
func (t *transaction) Begin(context.Context) (pgx.Tx, error) { return nil, errNested }

// Prepare prepares a statement.
func (t *transaction) Prepare(ctx context.Context, name, statement string) (*pgconn.StatementDescription, error) {
	if err := t.settle(ctx); err != nil {
		return nil, err
	}
	return t.conn.Prepare(ctx, name, statement)
}

// SendBatch sends statements together.
func (t *transaction) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if err := t.ready(ctx); err != nil {
		return unsent{err}
	}
	return t.conn.SendBatch(ctx, b)
}

// unsent are the results of statements that could not be sent.
type unsent struct{ err error }

// Exec tells why.
func (u unsent) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, u.err }

// Query tells why.
func (u unsent) Query() (pgx.Rows, error) { return nil, u.err }

// QueryRow tells why.
func (u unsent) QueryRow() pgx.Row { return failure(u) }

// Close tells why.
func (u unsent) Close() error { return u.err }

// LargeObjects are not for transactions of ours.
func (t *transaction) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Conn is the connection.
func (t *transaction) Conn() *pgx.Conn { return t.conn }

var _ pgx.Tx = (*transaction)(nil)

// rows is the same transaction for GORM, which sends one statement at a time.
type rows struct {
	conn gorm.ConnPool
	in   *transaction
}

// PrepareContext prepares a statement.
func (r rows) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := r.in.ready(ctx); err != nil {
		return nil, err
	}
	return r.conn.PrepareContext(ctx, query)
}

// ExecContext sends a statement.
func (r rows) ExecContext(ctx context.Context, query string, values ...any) (sql.Result, error) {
	if err := r.in.ready(ctx); err != nil {
		return nil, err
	}
	return r.conn.ExecContext(ctx, query, values...)
}

// QueryContext sends a statement and reads its rows.
func (r rows) QueryContext(ctx context.Context, query string, values ...any) (*sql.Rows, error) {
	if err := r.in.ready(ctx); err != nil {
		return nil, err
	}
	return r.conn.QueryContext(ctx, query, values...)
}

// QueryRowContext sends a statement and reads its row. If the transaction has failed nothing
// is sent, and the row tells that it was given up.
func (r rows) QueryRowContext(ctx context.Context, query string, values ...any) *sql.Row {
	if r.in.ready(ctx) != nil {
		failed, giveUp := context.WithCancel(ctx)
		giveUp()
		ctx = failed
	}
	return r.conn.QueryRowContext(ctx, query, values...)
}
