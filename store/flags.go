package store

import (
	"context"
	"encoding/json"

	"gorm.io/gorm"

	"tagout"
)

// flagRow is one row of flags.
type flagRow struct {
	ID    int64
	State string
	Doc   string
}

func (r flagRow) flag() (*tagout.Flag, error) {
	f := &tagout.Flag{}
	if err := json.Unmarshal([]byte(r.Doc), f); err != nil {
		return nil, tagout.Errorf(tagout.Internal, "The record of %s cannot be read: %w", tagout.FlagID(r.ID), err)
	}
	f.ID = tagout.FlagID(r.ID)
	return f, nil
}

func noFlag(id tagout.FlagID) error {
	return tagout.Errorf(tagout.NotFound, "There is no %s.", id)
}

// RaiseFlag finds the flag of a key, or makes it, and runs fn on it under its lock; what fn
// did and the effects are one transaction.
func (s *Store) RaiseFlag(ctx context.Context, name string, fn tagout.FlagTransition) (f *tagout.Flag, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		if f, err = t.changeFlag("key = ?", key(name), fn); err != nil || f != nil {
			return err // looked for first, since a refused insertion would use up a number
		}
		err = t.Exec("INSERT INTO flags (key, state, doc) VALUES (?, '', '{}') ON CONFLICT (key) DO NOTHING", key(name)).Error
		if err == nil {
			f, err = t.changeFlag("key = ?", key(name), fn)
		}
		return err
	})
	if err == nil && f == nil {
		return nil, tagout.Errorf(tagout.Internal, "A flag was not recorded.")
	}
	return f, err
}

// ChangeFlag does the same by ID. It returns NotFound if there is no such flag.
func (s *Store) ChangeFlag(ctx context.Context, id tagout.FlagID, fn tagout.FlagTransition) (f *tagout.Flag, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		f, err = t.changeFlag("id = ?", int64(id), fn)
		return err
	})
	if err == nil && f == nil {
		return nil, noFlag(id)
	}
	return f, err
}

// changeFlag locks one flag, runs fn on it and writes what it did; nil if there is none.
func (t *tx) changeFlag(where string, value any, fn tagout.FlagTransition) (*tagout.Flag, error) {
	lock := ""
	if t.Dialector.Name() == "postgres" {
		lock = " FOR UPDATE"
	}
	var rows []flagRow
	if err := t.Raw("SELECT id, state, doc FROM flags WHERE "+where+lock, value).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	f, err := rows[0].flag()
	if err != nil {
		return nil, err
	}
	now, err := t.sql.now()
	if err != nil {
		return nil, err
	}
	effects, err := fn(f, now)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	if err := t.Exec("UPDATE flags SET state = ?, doc = ? WHERE id = ?", string(f.State), clean(string(doc)), int64(f.ID)).Error; err != nil {
		return nil, err
	}
	return f, t.queueAt(effects, now)
}

// Flag reads one flag. It returns NotFound if there is none of that number.
func (s *Store) Flag(ctx context.Context, id tagout.FlagID) (*tagout.Flag, error) {
	list, err := s.flags(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", int64(id)) })
	if err == nil && len(list) == 0 {
		return nil, noFlag(id)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// OpenFlags lists those that nobody has decided, newest first.
func (s *Store) OpenFlags(ctx context.Context, limit int) ([]*tagout.Flag, error) {
	return s.flags(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("state = 'open'").Order("id DESC").Limit(limit) })
}

func (s *Store) flags(ctx context.Context, which func(*gorm.DB) *gorm.DB) (list []*tagout.Flag, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []flagRow
		if err := which(db.Table("flags").Select("id, state, doc")).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			f, err := r.flag()
			if err != nil {
				return err
			}
			list = append(list, f)
		}
		return nil
	})
	return list, err
}
