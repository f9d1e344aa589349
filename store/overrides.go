package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// overrideRow is one row of overrides.
type overrideRow struct {
	ID          string `gorm:"primaryKey"`
	Rotation    string
	Person      string
	FromAt      time.Time
	UntilAt     time.Time
	ByKind      string
	ByID        string
	SetAt       time.Time
	Why         string
	CancelledBy string
	CancelledAt *time.Time
}

// TableName is the table of the row.
func (overrideRow) TableName() string { return "overrides" }

func (r overrideRow) override() tagout.Override {
	o := tagout.Override{
		ID: r.ID, Rotation: r.Rotation, Person: tagout.UserID(r.Person), From: utc(r.FromAt), Until: utc(r.UntilAt),
		By: tagout.Actor{Kind: tagout.ActorKind(r.ByKind), ID: r.ByID}, At: utc(r.SetAt), Why: r.Why, CancelledAt: fromNullable(r.CancelledAt),
	}
	if r.CancelledBy != "" {
		o.CancelledBy = tagout.Actor{Kind: tagout.ByUser, ID: r.CancelledBy}
	}
	return o
}

// AddOverride records an override and the effects that tell of it, in one transaction. The
// same ID again changes nothing. It reports whether it is new.
func (s *Store) AddOverride(ctx context.Context, o tagout.Override, effects []tagout.Effect) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		done := t.Exec(`INSERT INTO overrides (id, rotation, person, from_at, until_at, by_kind, by_id, set_at, why, cancelled_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '') ON CONFLICT (id) DO NOTHING`,
			key(o.ID), clean(o.Rotation), clean(string(o.Person)), utc(o.From), utc(o.Until), string(o.By.Kind), clean(o.By.ID), utc(o.At), clean(o.Why))
		if fresh = done.Error == nil && done.RowsAffected == 1; !fresh {
			return done.Error
		}
		return t.queueAt(effects, o.At)
	})
	return fresh && err == nil, err
}

// CancelOverride ends an override before its time, with the effects that tell of it. It
// reports false if it was cancelled before, and returns NotFound if there is none.
func (s *Store) CancelOverride(ctx context.Context, id string, by tagout.Actor, at time.Time, effects []tagout.Effect) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		done := t.Exec("UPDATE overrides SET cancelled_by = ?, cancelled_at = ? WHERE id = ? AND cancelled_at IS NULL", clean(by.ID), utc(at), key(id))
		if fresh = done.Error == nil && done.RowsAffected == 1; done.Error != nil {
			return done.Error
		}
		if fresh {
			return t.queueAt(effects, at)
		}
		var known int64
		if err := t.Raw("SELECT count(*) FROM overrides WHERE id = ?", key(id)).Scan(&known).Error; err != nil || known > 0 {
			return err
		}
		return tagout.Errorf(tagout.NotFound, "There is no such override.")
	})
	return fresh && err == nil, err
}

// Overrides lists those that are not over at a time, cancelled ones left out, in the order
// in which they were set.
func (s *Store) Overrides(ctx context.Context, at time.Time) (list []tagout.Override, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []overrideRow
		if err := db.Where("until_at > ? AND cancelled_at IS NULL", utc(at)).Order("set_at, id").Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			list = append(list, r.override())
		}
		return nil
	})
	return list, err
}

// queueAt is queue for effects that were asked for at one moment.
func (t *tx) queueAt(effects []tagout.Effect, now time.Time) error {
	due := make([]dueEffect, len(effects))
	for n, e := range effects {
		due[n] = dueEffect{e, now}
	}
	return t.queue(due)
}
