package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"tagout"
)

// tellsOfLifting is the condition that an event may lift a hold. It is written as the partial
// index is, so that it is used.
const tellsOfLifting = "kind IN ('hold.lifted', 'drill.lifted')"

// auditedAtOnce is how many incidents are looked through in one read, so that none of them
// takes long, however much there is.
const auditedAtOnce = 2000

// UnsignedLiftings lists the holds that are lifted in the record although the timeline of
// their incident tells of no lifting: of these, or of all that there ever were if ids is nil,
// whatever the record says of their incidents. Whoever owns the database can write one, but
// not the other unseen. They are told as their timeline tells of them. All of them are read in parts, each within the time for one read
// unless ctx has a deadline.
func (s *Store) UnsignedLiftings(ctx context.Context, ids []tagout.HoldID) (unsigned []tagout.Hold, err error) {
	if ids == nil {
		return s.allUnsigned(ctx)
	}
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		keys := make([]string, len(ids))
		for n, id := range ids {
			keys[n] = key(string(id))
		}
		lifted, err := holdsOf(db, keys)
		if err != nil {
			return err
		}
		lifted = slices.DeleteFunc(lifted, tagout.Hold.Active)
		told := told{}
		for part := range slices.Chunk(incidentsOf(lifted), batchSize) {
			if err := told.read(db, "incident IN ?", part); err != nil {
				return err
			}
		}
		unsigned, err = asHung(db, slices.DeleteFunc(lifted, func(h tagout.Hold) bool { return told[h.ID] }))
		return err
	})
	return unsigned, err
}

// allUnsigned looks through everything, by the numbers of the incidents.
func (s *Store) allUnsigned(ctx context.Context) (unsigned []tagout.Hold, err error) {
	var last int64
	if err := s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT coalesce(max(incident), 0) FROM holds WHERE lifted_at IS NOT NULL").Scan(&last).Error
	}); err != nil {
		return nil, err
	}
	for from := int64(0); from < last; from += auditedAtOnce {
		err := s.readMoment(ctx, func(db *gorm.DB) error {
			found, err := unsignedAmong(db, from, from+auditedAtOnce)
			unsigned = append(unsigned, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return unsigned, nil
}

// unsignedAmong is what was lifted unsigned in the incidents after one number up to another.
func unsignedAmong(db *gorm.DB, after, to int64) ([]tagout.Hold, error) {
	var lifted []string
	if err := db.Raw("SELECT id FROM holds WHERE lifted_at IS NOT NULL AND incident > ? AND incident <= ?", after, to).Scan(&lifted).Error; err != nil {
		return nil, err
	}
	told := told{}
	if err := told.read(db, "incident > ? AND incident <= ?", after, to); err != nil {
		return nil, err
	}
	holds, err := holdsOf(db, slices.DeleteFunc(lifted, func(id string) bool { return told[tagout.HoldID(id)] }))
	if err != nil {
		return nil, err
	}
	return asHung(db, slices.DeleteFunc(holds, func(h tagout.Hold) bool { return told[h.ID] })) // a long ID has a short key
}

// holdsOf reads these holds, in the order of their incidents.
func holdsOf(db *gorm.DB, keys []string) (holds []tagout.Hold, err error) {
	for part := range slices.Chunk(keys, batchSize) {
		found, err := findHolds(db.Session(&gorm.Session{NewDB: true}).Where("id IN ?", part).Order("incident, position"))
		if err != nil {
			return nil, err
		}
		holds = append(holds, found...)
	}
	return holds, nil
}

// incidentsOf lists whose holds these are, each once.
func incidentsOf(holds []tagout.Hold) (incidents []int64) {
	for _, h := range holds {
		if id := int64(h.Incident); !slices.Contains(incidents, id) {
			incidents = append(incidents, id)
		}
	}
	return incidents
}

// told is which holds the timelines say were lifted.
type told map[tagout.HoldID]bool

// read adds what the timelines of these incidents tell.
func (t told) read(db *gorm.DB, which string, args ...any) error {
	var events []eventRow
	err := db.Session(&gorm.Session{NewDB: true}).Raw("SELECT incident, kind, data FROM events WHERE "+tellsOfLifting+" AND "+which, args...).Scan(&events).Error
	if err != nil {
		return err
	}
	drills := map[int64]bool{}
	for _, e := range events {
		var said struct{ Hold tagout.HoldID }
		if tagout.EventKind(e.Kind) == tagout.EventDrillLifted {
			drills[e.Incident] = true
		} else if json.Unmarshal([]byte(e.Data), &said) == nil {
			t[said.Hold] = true
		}
	}
	for id := range drills { // few, and short: whether the drill could is told by all of it
		timeline, err := eventsOf(db.Session(&gorm.Session{NewDB: true}), id)
		if err != nil {
			return err
		}
		t[tagout.LiftedByDrill(timeline)] = true
	}
	return nil
}
