package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/glebarez/sqlite"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"tagout"
)

// fillVersion is the migration that measures the incidents that there are already: it needs
// their records and timelines, so it is no SQL.
const fillVersion = 121

// fillMigration is that migration. Undone it leaves the rows, which go with their table.
func fillMigration(dialect goose.Dialect) *goose.Migration {
	up := func(ctx context.Context, t *sql.Tx) error {
		var d gorm.Dialector = sqlite.Dialector{Conn: t}
		if dialect == goose.DialectPostgres {
			d = postgres.New(postgres.Config{Conn: t})
		}
		db, err := gorm.Open(d, gormConfig())
		if err != nil {
			return err
		}
		return fillMeasures(db.WithContext(ctx).Session(&gorm.Session{SkipDefaultTransaction: true}))
	}
	return goose.NewGoMigration(fillVersion, &goose.GoFunc{RunTx: up}, &goose.GoFunc{RunTx: func(context.Context, *sql.Tx) error { return nil }})
}

// fillMeasures goes through all incidents in the order of their numbers. It writes the columns
// that the table had with this migration, whatever others it gets later.
func fillMeasures(db *gorm.DB) error {
	if err := db.Exec("DELETE FROM measures").Error; err != nil {
		return err
	}
	for last := int64(0); ; {
		var rows []incidentRow
		if err := db.Raw("SELECT id, alerts_distinct, alerts_firing, head_seq, head_hash, doc FROM incidents WHERE id > ? ORDER BY id LIMIT ?", last, batchSize).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return fillRequests(db)
		}
		for _, r := range rows {
			if err := fillMeasure(db, r); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].ID
	}
}

// tellingKinds are the events that [tagout.Measures.Tell] takes something from.
var tellingKinds = []string{
	string(tagout.EventContained), string(tagout.EventDeadlineMissed), string(tagout.EventRollback), string(tagout.EventRollbackFailed),
	string(tagout.EventRollbackSucceeded), string(tagout.EventPaged), string(tagout.EventDrillReal),
}

func fillMeasure(db *gorm.DB, row incidentRow) error {
	i, err := row.incident()
	if err != nil {
		return err
	}
	var holds []holdRow
	if err := db.Raw("SELECT incident, doc, lifted_at, lifted_by FROM holds WHERE incident = ? ORDER BY position", row.ID).Scan(&holds).Error; err != nil {
		return err
	}
	for _, r := range holds {
		h, err := r.hold()
		if err != nil {
			return err
		}
		i.Holds = append(i.Holds, h)
	}
	m := i.Measures()
	var events []eventRow
	if err := db.Raw("SELECT * FROM events WHERE incident = ? AND kind IN ? ORDER BY seq", row.ID, tellingKinds).Scan(&events).Error; err != nil {
		return err
	}
	for _, e := range events {
		m.Tell(e.event())
	}
	r := measureRowOf(m)
	return db.Exec(`INSERT INTO measures (incident, agent, class, severity, counting, private, onset, detected, acknowledged, contained, mitigated, resumed, reviewed,
		stopped, answer_due, paged, reached, by_lease, missed_contain, missed_acknowledge, missed_inform, missed_update, missed_review, missed_clock, ordered, back)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Incident, r.Agent, r.Class, r.Severity, r.Counting, r.Private, r.Onset, r.Detected, r.Acknowledged, r.Contained, r.Mitigated, r.Resumed, r.Reviewed,
		r.Stopped, r.AnswerDue, r.Paged, r.Reached, r.ByLease, r.MissedContain, r.MissedAcknowledge, r.MissedInform, r.MissedUpdate, r.MissedReview, r.MissedClock,
		r.Ordered, r.Back).Error
}

// fillRequests tells of each resume request what became of it.
func fillRequests(db *gorm.DB) error {
	var rows []struct{ ID, Doc string }
	if err := db.Raw("SELECT id, doc FROM resume_requests WHERE state IN ?", []string{string(tagout.RequestApproved), string(tagout.RequestRefused)}).Scan(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		var r tagout.ResumeRequest
		if err := json.Unmarshal([]byte(row.Doc), &r); err != nil {
			return tagout.Errorf(tagout.Internal, "A resume request cannot be read: its record has another shape: %w", err)
		}
		verdict, took := decidedOf(&r)
		if err := db.Exec("UPDATE resume_requests SET decided = ?, took = ? WHERE id = ?", verdict, took, row.ID).Error; err != nil {
			return err
		}
	}
	return nil
}
