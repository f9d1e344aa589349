package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// drillRow is one row of drills: what is queried of them, and what their incident says.
type drillRow struct {
	Incident int64 `gorm:"primaryKey;autoIncrement:false"`
	Agent    string
	Action   string
	BeganAt  time.Time
	Doc      string
}

// TableName is the table of the row.
func (drillRow) TableName() string { return "drills" }

// drillRowOf is the row of an incident that is or was a drill; a zero one if it was none.
func drillRowOf(id tagout.IncidentID, d *tagout.Drill) drillRow {
	if d == nil {
		return drillRow{}
	}
	doc, _ := json.Marshal(d) // our own type marshals
	return drillRow{Incident: int64(id), Agent: clean(d.Agent), Action: string(d.Action), BeganAt: utc(d.At), Doc: clean(string(doc))}
}

// saveDrills brings the rows of drills up to what their incidents say.
func (t *tx) saveDrills(rows []drillRow) error {
	if len(rows) == 0 {
		return nil
	}
	if err := insert(t, rows, replace[drillRow]([]string{"incident"}, nil)); err != nil {
		return err
	}
	return t.sql.flush()
}

// Drills lists drills, newest first.
func (s *Store) Drills(ctx context.Context, q tagout.DrillQuery) (list []tagout.Drill, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		if q.Agent != "" {
			db = db.Where("agent = ?", clean(q.Agent))
		}
		if q.Action != "" {
			db = db.Where("action = ?", string(q.Action))
		}
		if !q.Since.IsZero() {
			db = db.Where("began_at >= ?", utc(q.Since))
		}
		limit := q.Limit
		if limit <= 0 {
			limit = defaultLimit
		}
		var rows []drillRow
		if err := db.Order("began_at DESC, incident DESC").Limit(limit).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			var d tagout.Drill
			if err := json.Unmarshal([]byte(r.Doc), &d); err != nil {
				return tagout.Errorf(tagout.Internal, "The record of the drill %s cannot be read: %w", tagout.IncidentID(r.Incident), err)
			}
			d.Incident = tagout.IncidentID(r.Incident)
			list = append(list, d)
		}
		return nil
	})
	return list, err
}
