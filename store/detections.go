package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// Detections lists when incidents of an agent, or of all if it is "", were detected since a
// time; no drills, none that were cancelled, and none without an agent.
func (s *Store) Detections(ctx context.Context, agent string, since time.Time) (list []tagout.Detection, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []struct {
			ID           int64
			Agent, Class string
			Private      bool
			DetectedAt   time.Time
		}
		db = db.Table("incidents").Select("id, agent, class, private, detected_at").
			Where("detected_at >= ? AND agent <> '' AND NOT drill AND state <> 'cancelled'", utc(since))
		if agent != "" {
			db = db.Where("agent = ?", clean(agent))
		}
		if err := db.Order("detected_at, id").Scan(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			list = append(list, tagout.Detection{Incident: tagout.IncidentID(r.ID), Agent: r.Agent, Class: r.Class, Private: r.Private, At: utc(r.DetectedAt)})
		}
		return nil
	})
	return list, err
}
