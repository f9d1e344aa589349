package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"tagout"
)

// record is the row of an incident with what belongs to it in other tables, as one
// statement reads it from Postgres.
type record struct {
	ID       int64
	HeadSeq  int64
	HeadHash string
	Doc      string
	Repeats  int64
	Holds    []string // their docs, in order
	LiftedAt []*time.Time
	LiftedBy []string
}

// recordOf selects everything about incidents i by one statement: that is one round trip, and
// one moment.
const recordOf = `SELECT i.id, i.head_seq, i.head_hash, i.doc,
	coalesce((SELECT r.count FROM alert_repeats r WHERE r.incident = i.id), 0) AS repeats,
	ARRAY(SELECT h.doc FROM holds h WHERE h.incident = i.id ORDER BY h.position) AS holds,
	ARRAY(SELECT h.lifted_at FROM holds h WHERE h.incident = i.id ORDER BY h.position) AS lifted_at,
	ARRAY(SELECT h.lifted_by FROM holds h WHERE h.incident = i.id ORDER BY h.position) AS lifted_by
	FROM `

const readRecord = recordOf + "incidents i WHERE i.id = $1"

func (r record) incident() (*tagout.Incident, error) {
	i, err := incidentRow{ID: r.ID, HeadSeq: r.HeadSeq, HeadHash: r.HeadHash, Doc: r.Doc}.incident()
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
func (p *postgresDB) incident(ctx context.Context, id int64) (*tagout.Incident, error) {
	rows, err := p.pool.Query(ctx, readRecord, id)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[record])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0].incident()
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

// The statements by which Postgres locks incidents. They travel together; each sees what
// was committed when it is its turn, so that the holds are those of the locked rows.
const (
	lockIncidents = "SELECT id, head_seq, head_hash, doc, coalesce((SELECT r.count FROM alert_repeats r WHERE r.incident = i.id), 0) FROM incidents i WHERE id = ANY($1) ORDER BY id FOR UPDATE OF i"
	holdsOfLocked = "SELECT incident, doc, lifted_at, lifted_by FROM holds WHERE incident = ANY($1) ORDER BY incident, position"
)

// lock reads incidents and locks them, in the order of their numbers. The clock is read with
// them. free leaves out those that others have locked.
func (t postgresTx) lock(ids []int64, free bool) ([]locked, error) {
	var b pgx.Batch
	list := t.queueLock(&b, ids, free)
	t.queueClock(&b)
	return *list, t.tx.send(t.ctx, &b, false)
}

// queueLock locks on the way; the list is filled then.
func (t postgresTx) queueLock(b *pgx.Batch, ids []int64, free bool) *[]locked {
	var list []locked
	byID := map[int64]*tagout.Incident{}
	locking := lockIncidents
	if free {
		locking += " SKIP LOCKED"
	}
	b.Queue(locking, ids).Query(func(rows pgx.Rows) error {
		var r incidentRow
		var repeats int64
		_, err := pgx.ForEachRow(rows, []any{&r.ID, &r.HeadSeq, &r.HeadHash, &r.Doc, &repeats}, func() error {
			i, err := r.incident()
			if err != nil {
				return err
			}
			i.Alerts.Repeats = int(repeats)
			list, byID[r.ID] = append(list, locked{i, r.Doc}), i
			return nil
		})
		return err
	})
	b.Queue(holdsOfLocked, ids).Query(func(rows pgx.Rows) error {
		var r holdRow
		_, err := pgx.ForEachRow(rows, []any{&r.Incident, &r.Doc, &r.LiftedAt, &r.LiftedBy}, func() error {
			h, err := r.hold()
			if i := byID[r.Incident]; i != nil {
				i.Holds = append(i.Holds, h)
			}
			return err
		})
		return err
	})
	return &list
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
		list[n] = locked{i, rows[n].Doc}
	}
	return list, err
}
