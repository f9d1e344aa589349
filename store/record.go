package store

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"tagout"
)

// record is the row of an incident with what belongs to it in other tables, as one
// statement reads it from Postgres.
type record struct {
	ID       int64
	Xmin     uint32 // the transaction that wrote the row
	HeadSeq  int64
	HeadHash string
	Doc      string
	Repeats  int64
	Tied     int64 // the transactions that last wrote the holds, added up

	AlertsDistinct int
	AlertsFiring   int
	AlertedAt      *time.Time

	Holds    []string // their docs, in order
	LiftedAt []*time.Time
	LiftedBy []string
}

// tiedTo adds up which transactions last wrote the holds of an incident i: it changes when one is
// hung, lifted or lost, be it by somebody who does not touch the row of the incident.
const tiedTo = "coalesce((SELECT sum(h.xmin::text::bigint) FROM holds h WHERE h.incident = i.id), 0)::bigint"

// recordOf selects everything about incidents i by one statement: that is one round trip, and
// one moment.
const recordOf = `SELECT i.id, i.xmin, i.head_seq, i.head_hash, i.doc, i.alerts_distinct, i.alerts_firing, i.alerted_at,
	coalesce((SELECT r.count FROM alert_repeats r WHERE r.incident = i.id), 0) AS repeats, ` + tiedTo + ` AS tied,
	ARRAY(SELECT h.doc FROM holds h WHERE h.incident = i.id ORDER BY h.position) AS holds,
	ARRAY(SELECT h.lifted_at FROM holds h WHERE h.incident = i.id ORDER BY h.position) AS lifted_at,
	ARRAY(SELECT h.lifted_by FROM holds h WHERE h.incident = i.id ORDER BY h.position) AS lifted_by
	FROM `

func (r record) incident() (*tagout.Incident, error) {
	i, err := incidentRow{
		ID: r.ID, HeadSeq: r.HeadSeq, HeadHash: r.HeadHash, Doc: r.Doc,
		AlertsDistinct: r.AlertsDistinct, AlertsFiring: r.AlertsFiring, AlertedAt: r.AlertedAt,
	}.incident()
	if err != nil {
		return nil, err
	}
	i.Alerts.Repeats = int(r.Repeats)
	for n, doc := range r.Holds {
		h, err := holdRow{Incident: r.ID, Doc: doc, LiftedAt: r.LiftedAt[n], LiftedBy: r.LiftedBy[n]}.hold()
		if err != nil {
			return nil, err
		}
		i.Holds = append(i.Holds, h)
	}
	return i, nil
}

// incident reads one incident; nil if it does not exist.
func (s *sqliteDB) incident(ctx context.Context, id int64) (found *tagout.Incident, err error) {
	err = s.snapshot(ctx, func(db *gorm.DB) error {
		var rows []incidentRow
		if err := db.Where("id = ?", id).Find(&rows).Error; err != nil {
			return err
		}
		list, err := assemble(db, rows)
		if len(list) > 0 {
			found = list[0]
		}
		return err
	})
	return found, err
}

// The statements by which Postgres locks incidents, and reads of them what is not known
// already. They travel together; each sees what was committed when it is its turn, so that
// the holds are those of the locked rows.
const (
	lockIncidents = `SELECT i.id, i.head_seq, i.head_hash, i.alerts_distinct, i.alerts_firing, i.alerted_at, i.xmin, ` + tiedTo + `,
		CASE WHEN i.xmin = ANY($2::xid[]) THEN NULL ELSE i.doc END, coalesce((SELECT r.count FROM alert_repeats r WHERE r.incident = i.id), 0)
		FROM incidents i WHERE i.id = ANY($1) ORDER BY i.id FOR UPDATE OF i`
	holdsOfLocked = `SELECT h.incident, h.doc, h.lifted_at, h.lifted_by FROM incidents i CROSS JOIN LATERAL
		(SELECT * FROM holds WHERE incident = i.id OFFSET 0) AS h WHERE i.id = ANY($1) AND NOT i.xmin = ANY($2::xid[]) ORDER BY h.incident, h.position`
)

// lock reads incidents and locks them, in the order of their numbers. The clock is read with
// them. free leaves out those that others have locked.
func (t postgresTx) lock(ids []int64, free bool) ([]locked, error) {
	var b pgx.Batch
	l := t.queueLock(&b, ids, free)
	t.queueClock(&b)
	if err := t.tx.send(t.ctx, &b, false); err != nil {
		return nil, err
	}
	return t.locked(l)
}

// locking is what a statement that locks is answered.
type locking struct {
	known map[int64]*recalled // what was known before
	read  map[int64]*recalled // what was not
	list  []locked
	odd   []int64 // locked, but known otherwise
}

// queueLock locks on the way; what it returns is filled then.
func (t postgresTx) queueLock(b *pgx.Batch, ids []int64, free bool) *locking {
	l := &locking{known: t.recall.find(ids), read: map[int64]*recalled{}}
	marks := make([]uint32, 0, len(l.known))
	for _, known := range l.known {
		marks = append(marks, known.mark)
	}
	l.queue(b, ids, marks, free)
	return l
}

func (l *locking) queue(b *pgx.Batch, ids []int64, marks []uint32, free bool) {
	statement := lockIncidents
	if free {
		statement += " SKIP LOCKED"
	}
	b.Queue(statement, ids, marks).Query(l.incidents)
	b.Queue(holdsOfLocked, ids, marks).Query(l.holds)
}

func (l *locking) incidents(rows pgx.Rows) error {
	for rows.Next() {
		var r incidentRow
		var mark uint32
		var repeats, tied int64
		var doc *string
		if err := rows.Scan(&r.ID, &r.HeadSeq, &r.HeadHash, &r.AlertsDistinct, &r.AlertsFiring, &r.AlertedAt, &mark, &tied, &doc, &repeats); err != nil {
			return err
		}
		if doc == nil {
			l.recall(r, mark, tied, repeats)
			continue
		}
		r.Doc = *doc
		i, err := r.incident()
		if err != nil {
			return err
		}
		i.Alerts.Repeats = int(repeats)
		l.read[r.ID] = &recalled{mark, tied, time.Time{}, r.Doc, i}
		l.list = append(l.list, locked{i, tied, r.Doc})
	}
	return rows.Err()
}

// recall takes an incident from memory. The head of its timeline must be the same: numbers of
// transactions come again where a database was set back. So must the rows of its holds.
func (l *locking) recall(r incidentRow, mark uint32, tied, repeats int64) {
	known := l.known[r.ID]
	if known == nil || known.mark != mark || known.tied != tied || known.incident.Head.Hash != r.HeadHash {
		l.odd = append(l.odd, r.ID)
		return
	}
	i := *known.incident
	i.Alerts.Repeats = int(repeats)
	l.list = append(l.list, locked{&i, known.tied, known.doc})
}

func (l *locking) holds(rows pgx.Rows) error {
	var r holdRow
	_, err := pgx.ForEachRow(rows, []any{&r.Incident, &r.Doc, &r.LiftedAt, &r.LiftedBy}, func() error {
		h, err := r.hold()
		if known := l.read[r.Incident]; known != nil {
			known.incident.Holds = append(known.incident.Holds, h)
		}
		return err
	})
	return err
}

// locked is what was locked, once it was sent. What was known otherwise is read after all.
func (t postgresTx) locked(l *locking) ([]locked, error) {
	if len(l.odd) > 0 {
		var b pgx.Batch
		l.queue(&b, l.odd, []uint32{}, false)
		if err := t.tx.send(t.ctx, &b, false); err != nil {
			return nil, err
		}
		slices.SortFunc(l.list, func(a, b locked) int { return cmp.Compare(a.incident.ID, b.incident.ID) })
	}
	for _, read := range l.read {
		read.at = t.ahead.now
	}
	t.recall.keep(l.read)
	return l.list, nil
}

// count writes all heads and tallies by one statement.
func (t postgresTx) count(rows []tallyRow) error {
	if len(rows) > 0 {
		t.pending.Queue(`UPDATE incidents AS i SET alerts_distinct = c.alerts_distinct, alerts_firing = c.alerts_firing, alerted_at = c.alerted_at,
			head_seq = c.head_seq, head_hash = c.head_hash FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::text[])
			AS c (id, alerts_distinct, alerts_firing, alerted_at, head_seq, head_hash) WHERE i.id = c.id`, shapeOf[tallyRow]().columns(reflect.ValueOf(rows))...)
	}
	return nil
}

// remember asks for the number of the transaction, which will have written the rows.
func (t postgresTx) remember(counted []*work, rewritten []int64) {
	t.ahead.rewritten = append(t.ahead.rewritten, rewritten...)
	if len(counted) == 0 {
		return
	}
	t.pending.Queue("SELECT pg_current_xact_id()::xid").QueryRow(func(row pgx.Row) error {
		var transaction uint32
		if err := row.Scan(&transaction); err != nil {
			return err
		}
		for _, w := range counted {
			i := *w.before
			i.Head, i.Alerts = w.incident.Head, w.incident.Alerts
			t.ahead.counted[int64(i.ID)] = &recalled{transaction, w.tied, w.now, w.doc, &i}
		}
		return nil
	})
}

// lock reads incidents; the transaction has the one lock of the file.
func (t sqliteTx) lock(ids []int64, _ bool) ([]locked, error) {
	var rows []incidentRow
	if err := t.db.Raw("SELECT * FROM incidents WHERE id IN ? ORDER BY id", ids).Scan(&rows).Error; err != nil {
		return nil, err
	}
	incidents, err := assemble(t.db, rows)
	list := make([]locked, len(incidents))
	for n, i := range incidents {
		list[n] = locked{i, 0, rows[n].Doc}
	}
	return list, err
}
