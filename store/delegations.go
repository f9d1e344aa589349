package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// delegationRow is one row of delegations.
type delegationRow struct {
	ID        string `gorm:"primaryKey"`
	Role      string
	Person    string
	GivenBy   string
	FromAt    time.Time
	UntilAt   time.Time
	Why       string
	RevokedBy string
	RevokedAt *time.Time
}

// TableName is the table of the row.
func (delegationRow) TableName() string { return "delegations" }

func (r delegationRow) delegation() tagout.Delegation {
	return tagout.Delegation{
		ID: r.ID, Role: r.Role, To: tagout.UserID(r.Person), By: tagout.UserID(r.GivenBy), From: utc(r.FromAt), Until: utc(r.UntilAt), Why: r.Why,
		RevokedBy: tagout.UserID(r.RevokedBy), RevokedAt: fromNullable(r.RevokedAt),
	}
}

// AddDelegation records a delegation and the effects that tell of it, in one transaction. The
// same ID again changes nothing. It reports whether it is new.
func (s *Store) AddDelegation(ctx context.Context, d tagout.Delegation, effects []tagout.Effect) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		done := t.Exec(`INSERT INTO delegations (id, role, person, given_by, from_at, until_at, why, revoked_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, '') ON CONFLICT (id) DO NOTHING`,
			key(d.ID), clean(d.Role), clean(string(d.To)), clean(string(d.By)), utc(d.From), utc(d.Until), clean(d.Why))
		if fresh = done.Error == nil && done.RowsAffected == 1; !fresh {
			return done.Error
		}
		return t.queueAt(effects, d.From)
	})
	return fresh && err == nil, err
}

// RevokeDelegation ends a delegation before its time, with the effects that tell of it. It
// reports false if it was revoked before, and returns NotFound if there is none.
func (s *Store) RevokeDelegation(ctx context.Context, id string, by tagout.UserID, at time.Time, effects []tagout.Effect) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		done := t.Exec("UPDATE delegations SET revoked_by = ?, revoked_at = ? WHERE id = ? AND revoked_at IS NULL", clean(string(by)), utc(at), key(id))
		if fresh = done.Error == nil && done.RowsAffected == 1; done.Error != nil {
			return done.Error
		}
		if fresh {
			return t.queueAt(effects, at)
		}
		var known int64
		if err := t.Raw("SELECT count(*) FROM delegations WHERE id = ?", key(id)).Scan(&known).Error; err != nil || known > 0 {
			return err
		}
		return tagout.Errorf(tagout.NotFound, "There is no such delegation.")
	})
	return fresh && err == nil, err
}

// Delegations lists those that are not over at a time, revoked ones left out, in the order in
// which they were given.
func (s *Store) Delegations(ctx context.Context, at time.Time) (list []tagout.Delegation, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []delegationRow
		if err := db.Where("until_at > ? AND revoked_at IS NULL", utc(at)).Order("from_at, id").Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			list = append(list, r.delegation())
		}
		return nil
	})
	return list, err
}
