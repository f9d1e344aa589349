package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"tagout"
)

// Holds lists the holds that stand, in the order of their incidents.
func (s *Store) Holds(ctx context.Context) (holds []tagout.Hold, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		holds, err = findHolds(db.Where("lifted_at IS NULL").Order("incident, position"))
		return err
	})
	return holds, err
}

// KnownHolds tells which of these the database has ever recorded, lifted or not.
func (s *Store) KnownHolds(ctx context.Context, ids []tagout.HoldID) (map[tagout.HoldID]tagout.Hold, error) {
	known := map[tagout.HoldID]tagout.Hold{}
	err := s.read(ctx, func(db *gorm.DB) error {
		for part := range slices.Chunk(ids, batchSize) {
			keys := make([]string, len(part))
			for n, id := range part {
				keys[n] = key(string(id))
			}
			holds, err := findHolds(db.Where("id IN ?", keys))
			if err != nil {
				return err
			}
			for _, h := range holds {
				known[h.ID] = h
			}
		}
		return nil
	})
	return known, err
}

func findHolds(query *gorm.DB) ([]tagout.Hold, error) {
	var rows []holdRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, err
	}
	holds := make([]tagout.Hold, len(rows))
	for n, r := range rows {
		h, err := r.hold()
		if err != nil {
			return nil, err
		}
		holds[n] = h
	}
	return holds, nil
}
