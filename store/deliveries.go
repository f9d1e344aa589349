package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// Deliveries are remembered for keepDeliveries; old ones are looked for every pruneEvery.
const (
	keepDeliveries = 7 * 24 * time.Hour
	pruneEvery     = time.Hour
)

// Claim records a delivery under its key with its payload, and reports whether it is new.
// A claim that was never finished is handed out by [Store.Unfinished]. It returns
// Unavailable if the database cannot be reached; then the delivery is not claimed.
func (s *Store) Claim(ctx context.Context, delivery string, payload []byte, at time.Time) (isNew bool, err error) {
	if delivery == "" {
		return false, tagout.Errorf(tagout.Invalid, "A delivery without a key cannot be told from a repeat.")
	}
	prune := s.mayPrune(at)
	err = s.write(ctx, func(t *tx) error {
		done := t.Exec("INSERT INTO deliveries (key, payload, claimed_at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING", key(delivery), payload, utc(at))
		isNew = done.RowsAffected == 1
		if done.Error != nil || !prune {
			return done.Error
		}
		return t.Exec("DELETE FROM deliveries WHERE claimed_at < ?", utc(at.Add(-keepDeliveries))).Error
	})
	return isNew && err == nil, err
}

// mayPrune lets one caller in every hour prune.
func (s *Store) mayPrune(at time.Time) bool {
	last := s.pruned.Load()
	return at.Unix()-last >= int64(pruneEvery/time.Second) && s.pruned.CompareAndSwap(last, at.Unix())
}

// Finish marks a claimed delivery as dealt with. Finishing it twice changes nothing.
func (s *Store) Finish(ctx context.Context, delivery string) error {
	return s.write(ctx, func(t *tx) error {
		now, err := s.moment(t)
		if err != nil {
			return err
		}
		return t.Exec("UPDATE deliveries SET finished_at = ?, payload = NULL WHERE key = ? AND finished_at IS NULL", now, key(delivery)).Error
	})
}

// Unfinished lists the claims made before a time that were never finished, by key.
func (s *Store) Unfinished(ctx context.Context, before time.Time) (map[string][]byte, error) {
	unfinished := map[string][]byte{}
	err := s.read(ctx, func(db *gorm.DB) error {
		var rows []struct {
			Key     string
			Payload []byte
		}
		err := db.Raw("SELECT key, payload FROM deliveries WHERE finished_at IS NULL AND claimed_at < ? ORDER BY claimed_at", utc(before)).Scan(&rows).Error
		for _, r := range rows {
			unfinished[r.Key] = r.Payload
		}
		return err
	})
	return unfinished, err
}
