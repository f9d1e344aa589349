package store

import (
	"context"
	"reflect"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"tagout"
)

// backend is what differs between the databases.
type backend interface {
	// reader is for reading outside a transaction.
	reader(ctx context.Context) *gorm.DB
	// snapshot runs fn in a transaction that sees one moment.
	snapshot(ctx context.Context, fn func(db *gorm.DB) error) error
	// incident reads one incident as it was at one moment; nil if it does not exist.
	incident(ctx context.Context, id int64) (*tagout.Incident, error)
	// transact runs fn in a transaction and commits it unless fn fails.
	transact(ctx context.Context, fn func(t *tx) error) error
	// migrations opens what changes the schema.
	migrations(ctx context.Context) (*migrator, error)
	// worker makes a client that runs jobs.
	worker(config *river.Config) (jobRunner, error)
	// reclaim makes jobs available again that no living process is running, and does so
	// now and then until ctx ends. mine is the ID of the caller's own worker.
	reclaim(ctx context.Context, mine string) error
	// lead competes for the lead until ctx ends, and tells until when this process leads.
	lead(ctx context.Context, leads func(until time.Time))
	// news tells when another process may have hung or lifted holds, until ctx ends.
	news(ctx context.Context, heard func())
	// mark is an expression over a row of incidents that changes whenever the row does.
	mark() string
	close() error
}

// tx is one transaction: rows through GORM and jobs through River on the same connection.
type tx struct {
	*gorm.DB
	lanes      lanes
	precedence *precedence
	sql        interface {
		// now is the database's own clock, not the start of the transaction.
		now() (time.Time, error)
		// lockKeys waits until no other transaction holds any of these, until the end.
		lockKeys(keys []string) error
		// lock reads incidents, in order of their numbers, and keeps others from changing them.
		// free leaves out those that others keep.
		lock(ids []int64, free bool) ([]locked, error)
		// skipLocked is appended to a SELECT that locks the rows that nobody else has.
		skipLocked() string
		// look answers what a folding asks, and keeps others from opening the same incidents.
		look(q questions) (findings, error)
		// foresee answers the same without asking, as it was of late and as open says, and has
		// the database check that when the transaction writes; ok is false if it cannot. repeats
		// is told then how many repeats each incident has.
		foresee(q questions, open map[kindOf]int64, repeats func(incident int64, n int)) (found findings, ok bool)
		// foreseeRepeats is foresee for alerts that only count.
		foreseeRepeats(known map[string]*alertRow) (found findings, ok bool)
		// expectNoRequestSince makes it a surprise if a resume request stands that is no older.
		expectNoRequestSince(now time.Time)
		// read tells of incidents without locking them.
		read(ids []int64, into findings) error
		// reserve draws incident numbers for the next so many calls of number.
		reserve(n int) error
		// number is an incident number that nobody else gets; the transaction has taken some
		// already that it has not saved yet.
		number(taken int) (int64, error)
		// enqueue inserts jobs, at the next flush at the latest.
		enqueue(jobs []job) error
		// insert writes rows, with an ON CONFLICT clause or "", at the next flush at the latest.
		insert(s *shape, rows reflect.Value, conflict string) error
		// count writes nothing but the tallies and heads of incidents.
		count(rows []tallyRow) error
		// remember keeps in mind what was only counted, once it is committed, and forgets what
		// was rewritten.
		remember(counted []*work, rewritten []int64)
		// countRepeats adds to the counts of alerts; what was foreseen must be recorded as it says.
		countRepeats(rows []repeatRow) error
		// announce tells other processes of holds, once the transaction commits.
		announce()
		// start sends what insert has gathered, and does not wait for it.
		start()
		// flush sends what insert, countRepeats and announce have gathered.
		flush() error
	}
}

// jobRunner is a River client of either database.
type jobRunner interface {
	Start(ctx context.Context) error
	Stopped() <-chan struct{}
}

// moment is the store's clock inside a transaction.
func (s *Store) moment(t *tx) (time.Time, error) {
	if s.options.Clock != nil {
		return tagout.Moment(s.options.Clock.Now()), nil
	}
	now, err := t.sql.now()
	return tagout.Moment(now), err
}
