package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// actionRow is one row of corrective_actions: what is queried of them. All that they say is in
// the doc of their incident.
type actionRow struct {
	Incident int64 `gorm:"primaryKey;autoIncrement:false"`
	Number   int   `gorm:"primaryKey;autoIncrement:false"`
	Owner    string
	Due      time.Time
	State    string
	Tracker  string
	Ticket   string
}

// TableName is the table of the row.
func (actionRow) TableName() string { return "corrective_actions" }

func actionRowsOf(id tagout.IncidentID, actions []tagout.CorrectiveAction) []actionRow {
	var rows []actionRow
	for _, a := range actions {
		row := actionRow{Incident: int64(id), Number: a.Number, Owner: clean(string(a.Owner)), Due: utc(a.Due), State: string(a.State)}
		if a.Ticket != nil {
			row.Tracker, row.Ticket = clean(a.Ticket.Tracker), clean(a.Ticket.Key)
		}
		rows = append(rows, row)
	}
	return rows
}

// saveActions brings the rows of incidents' corrective actions up to what the incidents say.
func (t *tx) saveActions(rows []actionRow) error {
	if len(rows) == 0 {
		return nil
	}
	if err := insert(t, rows, replace[actionRow]([]string{"incident", "number"}, nil)); err != nil {
		return err
	}
	return t.sql.flush()
}

// Actions lists corrective actions with their incidents, what is due first first.
func (s *Store) Actions(ctx context.Context, q tagout.ActionQuery) (list []tagout.ActionOf, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		var rows []actionRow
		if err := selected(db, q).Find(&rows).Error; err != nil {
			return err
		}
		list, err = withIncidents(db, rows)
		return err
	})
	return list, err
}

// selected is the query for what is asked.
func selected(db *gorm.DB, q tagout.ActionQuery) *gorm.DB {
	if q.Incident != 0 {
		db = db.Where("incident = ?", int64(q.Incident))
	}
	if q.Owner != "" {
		db = db.Where("owner = ?", clean(string(q.Owner)))
	}
	if q.Open {
		db = db.Where("state = ?", string(tagout.ActionOpen))
	}
	if !q.DueBefore.IsZero() {
		db = db.Where("due < ?", utc(q.DueBefore))
	}
	if q.Tracker != "" || q.Ticket != "" {
		db = db.Where("tracker = ? AND ticket = ?", clean(q.Tracker), clean(q.Ticket))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	return db.Order("due, incident, number").Limit(limit)
}

// withIncidents gives the rows the actions that they stand for, and their incidents.
func withIncidents(db *gorm.DB, rows []actionRow) ([]tagout.ActionOf, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var ids []int64
	for _, r := range rows {
		ids = append(ids, r.Incident)
	}
	var found []incidentRow
	if err := db.Session(&gorm.Session{NewDB: true}).Where("id IN ?", ids).Find(&found).Error; err != nil {
		return nil, err
	}
	incidents, err := assemble(db.Session(&gorm.Session{NewDB: true}), found)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*tagout.Incident{}
	for _, i := range incidents {
		byID[int64(i.ID)] = i
	}
	var list []tagout.ActionOf
	for _, r := range rows {
		if i := byID[r.Incident]; i != nil {
			if a := i.Action(r.Number); a != nil {
				list = append(list, tagout.ActionOf{Incident: i, CorrectiveAction: *a})
			}
		}
	}
	return list, nil
}
