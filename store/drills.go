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

// Practise runs fn on the incident in which the order of a drill was begun, or on a fresh one,
// and commits what it did, while nobody else opens an incident of the agent or of everything.
// It reports whether it was fresh. Its errors are those of [Store.Update].
func (s *Store) Practise(ctx context.Context, d tagout.Drill, fn tagout.DrillTransition) (*tagout.Incident, bool, error) {
	var w *work
	err := s.change(ctx, func(t *tx) ([]*work, error) {
		keys := append(openerKeys(d.Correlation(), d.Agent), openerKeys("", "")...)
		if err := t.sql.lockKeys(keys); err != nil {
			return nil, err
		}
		var err error
		if w, err = t.practise(d); err != nil {
			return nil, err
		}
		others, err := t.concerning(d.Agent)
		if err != nil {
			return nil, err
		}
		if w.now, err = s.moment(t); err != nil {
			return nil, err
		}
		w.change, err = fn(w.incident, others, w.now)
		return []*work{w}, err
	})
	if err != nil {
		return nil, false, err
	}
	return w.incident, w.fresh, nil
}

// practise finds the incident in which an order was begun, and locks it, or makes one.
func (t *tx) practise(d tagout.Drill) (*work, error) {
	ids, err := pluck(t.DB.Raw("SELECT i.id FROM drills d JOIN incidents i ON i.id = d.incident WHERE d.agent = ? AND i.correlation = ? LIMIT 1",
		clean(d.Agent), correlation(d.Correlation())))
	if err != nil {
		return nil, err
	}
	works, err := t.lock(ids)
	if err != nil {
		return nil, err
	}
	if len(works) == 1 {
		return works[0], nil
	}
	number, err := t.sql.number(0)
	return fresh(number), err
}

// concerning reads the incidents that have not ended and are about an agent, about everything
// or about an agent that nobody knows, or hold any of that.
func (t *tx) concerning(agent string) ([]*tagout.Incident, error) {
	var rows []incidentRow
	agents := []string{clean(agent), ""}
	err := t.DB.Where(notEnded+" AND (agent IN ? OR id IN (SELECT incident FROM holds WHERE lifted_at IS NULL AND agent IN ?))", agents, agents).
		Order("id").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	return assemble(t.DB, rows)
}
