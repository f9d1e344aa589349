package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// On SQLite the workers are told what is due, since only this process inserts jobs. They
// look by themselves as well, should they not have heard.
const (
	urgentLook = time.Second
	otherLook  = 2 * time.Second
	rounded    = 2 * time.Millisecond // SQLite keeps milliseconds
)

// bell wakes the workers of queues in which something is due.
type bell struct {
	mu   sync.Mutex
	due  []string      // queues, each once
	rang chan struct{} // has room for one
}

func newBell() *bell { return &bell{rang: make(chan struct{}, 1)} }

// ring tells that something is due. It never waits.
func (b *bell) ring(queues ...string) {
	b.mu.Lock()
	for _, q := range queues {
		if !slices.Contains(b.due, q) {
			b.due = append(b.due, q)
		}
	}
	b.mu.Unlock()
	select {
	case b.rang <- struct{}{}:
	default: // it rings already
	}
}

// ringFor rings when the jobs are due that are to be tried again, until there are no more
// events of these.
func (b *bell) ringFor(postponed <-chan *river.Event) {
	for e := range postponed {
		queue := e.Job.Queue
		time.AfterFunc(time.Until(e.Job.ScheduledAt)+rounded, func() { b.ring(queue) })
	}
}

// next is a queue in which something is due, or none.
func (b *bell) next() (queue string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.due) == 0 {
		return "", false
	}
	queue, b.due = b.due[0], b.due[1:]
	return queue, true
}

// wokenSQLite is River's driver whose listener hears the bell. River's own writes into a table
// for every job, and reads that twenty times a second.
type wokenSQLite struct {
	*riversqlite.Driver
	bell *bell
	db   *sql.DB
}

func newWokenSQLite(db *sql.DB, b *bell) wokenSQLite { return wokenSQLite{riversqlite.New(db), b, db} }

// GetExecutor is what River fetches and finishes jobs by.
func (d wokenSQLite) GetExecutor() riverdriver.Executor {
	return forgetful{d.Driver.GetExecutor(), func(ctx context.Context, done []int64) error {
		ids, err := json.Marshal(done)
		if err == nil {
			_, err = d.db.ExecContext(ctx, "DELETE FROM river_job WHERE id IN (SELECT value FROM json_each(?)) AND state = 'running'", string(ids))
		}
		return err
	}}
}

// SupportsListenNotify says that nothing is to be written for listeners.
func (wokenSQLite) SupportsListenNotify() bool { return false }

// GetListener is what River listens to.
func (d wokenSQLite) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{bell: d.bell, schema: p.Schema}
}

// listener hears the bell.
type listener struct {
	bell   *bell
	schema string
}

// insertTopic is what River calls the news that there are jobs in a queue.
const insertTopic = "river_insert"

// WaitForNotification waits until something is due.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if queue, ok := l.bell.next(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: newsOf(queue)}, nil
		}
		select {
		case <-l.bell.rang:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Connect has nothing to connect to.
func (*listener) Connect(context.Context) error { return nil }

// Close has nothing to close.
func (*listener) Close(context.Context) error { return nil }

// Listen hears every topic anyway.
func (*listener) Listen(context.Context, string) error { return nil }

// Unlisten goes on hearing every topic.
func (*listener) Unlisten(context.Context, string) error { return nil }

// Ping always succeeds.
func (*listener) Ping(context.Context) error { return nil }

// Schema is where River's tables are.
func (l *listener) Schema() string { return l.schema }

// SetAfterConnectExec is for River's own tests.
func (*listener) SetAfterConnectExec(string) {}
