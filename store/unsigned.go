package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"tagout"
)

// UnsignedLiftings lists the holds that are lifted in the record although the timeline of
// their incident tells of no lifting: of these, or of all incidents that have not ended if
// ids is nil. Whoever owns the database can write one, but not the other unseen.
func (s *Store) UnsignedLiftings(ctx context.Context, ids []tagout.HoldID) (unsigned []tagout.Hold, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		var lifted []tagout.Hold
		if ids == nil {
			lifted, err = findHolds(db.Where("lifted_at IS NOT NULL AND incident IN (SELECT id FROM incidents WHERE " + notEnded + ")").Order("incident, position"))
			if err != nil {
				return err
			}
		}
		for part := range slices.Chunk(ids, batchSize) {
			keys := make([]string, len(part))
			for n, id := range part {
				keys[n] = key(string(id))
			}
			found, err := findHolds(db.Session(&gorm.Session{NewDB: true}).Where("lifted_at IS NOT NULL AND id IN ?", keys))
			if err != nil {
				return err
			}
			lifted = append(lifted, found...)
		}
		told, err := liftingsOf(db, lifted)
		unsigned = slices.DeleteFunc(lifted, func(h tagout.Hold) bool { return told[h.ID] })
		return err
	})
	return unsigned, err
}

// liftingsOf is which holds the timelines of these say were lifted.
func liftingsOf(db *gorm.DB, holds []tagout.Hold) (map[tagout.HoldID]bool, error) {
	var incidents []int64
	for _, h := range holds {
		if id := int64(h.Incident); !slices.Contains(incidents, id) {
			incidents = append(incidents, id)
		}
	}
	told := map[tagout.HoldID]bool{}
	for part := range slices.Chunk(incidents, batchSize) {
		var events []eventRow
		err := db.Session(&gorm.Session{NewDB: true}).Raw("SELECT incident, kind, data FROM events WHERE incident IN ? AND kind IN ?", part,
			[]string{string(tagout.EventLifted), string(tagout.EventDrillLifted)}).Scan(&events).Error
		if err != nil {
			return nil, err
		}
		drills := map[int64]bool{}
		for _, e := range events {
			var said struct{ Hold tagout.HoldID }
			if tagout.EventKind(e.Kind) == tagout.EventDrillLifted {
				drills[e.Incident] = true
			} else if json.Unmarshal([]byte(e.Data), &said) == nil {
				told[said.Hold] = true
			}
		}
		for id := range drills { // few, and short: whether the drill could is told by all of it
			timeline, err := eventsOf(db.Session(&gorm.Session{NewDB: true}), id)
			if err != nil {
				return nil, err
			}
			told[tagout.LiftedByDrill(timeline)] = true
		}
	}
	return told, nil
}
