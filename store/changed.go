package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"tagout"
)

// UnsignedChanges lists the holds that stand in the record otherwise than the timeline of their
// incident tells, as that tells of them: of these, or of all that stand if ids is nil. Whoever
// owns the database can change the one, but not the other unseen. A hold of which the timeline
// knows nothing is none of them: it only tightens.
func (s *Store) UnsignedChanges(ctx context.Context, ids []tagout.HoldID) (changed []tagout.Hold, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		standing, err := standingAmong(db, ids)
		if err != nil {
			return err
		}
		hung, err := hungOf(db, standing)
		for _, h := range standing {
			if told, known := hung[h.ID]; known && !told.SameTerms(h) {
				told.Incident, told.Private = h.Incident, h.Private
				changed = append(changed, told)
			}
		}
		return err
	})
	return changed, err
}

// standingAmong reads those of the holds that stand; all that stand if ids is nil.
func standingAmong(db *gorm.DB, ids []tagout.HoldID) ([]tagout.Hold, error) {
	if ids == nil {
		return findHolds(db.Where("lifted_at IS NULL").Order("incident, position"))
	}
	keys := make([]string, len(ids))
	for n, id := range ids {
		keys[n] = key(string(id))
	}
	holds, err := holdsOf(db, keys)
	return slices.DeleteFunc(holds, func(h tagout.Hold) bool { return !h.Active() }), err
}

// hungOf is how holds were hung, as the timelines of their incidents tell.
func hungOf(db *gorm.DB, holds []tagout.Hold) (map[tagout.HoldID]tagout.Hold, error) {
	hung := map[tagout.HoldID]tagout.Hold{}
	for part := range slices.Chunk(incidentsOf(holds), batchSize) {
		var told []string
		err := db.Session(&gorm.Session{NewDB: true}).Raw("SELECT data FROM events WHERE kind = 'hold.hung' AND incident IN ?", part).Scan(&told).Error
		if err != nil {
			return nil, err
		}
		for _, text := range told {
			var h tagout.Hold
			if json.Unmarshal([]byte(text), &h) == nil { // what cannot be read is found by [Store.Verify]
				hung[h.ID] = h
			}
		}
	}
	return hung, nil
}

// asHung is holds as they were hung, whatever the record says of them.
func asHung(db *gorm.DB, holds []tagout.Hold) ([]tagout.Hold, error) {
	if len(holds) == 0 {
		return holds, nil
	}
	hung, err := hungOf(db, holds)
	for n, h := range holds {
		if told, known := hung[h.ID]; known {
			told.Incident, told.Private, told.LiftedAt, told.LiftedBy = h.Incident, h.Private, h.LiftedAt, h.LiftedBy
			holds[n] = told
		}
	}
	return holds, err
}
