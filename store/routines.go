package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// routineRow is one row of routines.
type routineRow struct {
	Name   string `gorm:"primaryKey"`
	Spec   string
	Zone   string
	NextAt *time.Time
	LastAt *time.Time
}

// TableName is the table of the row.
func (routineRow) TableName() string { return "routines" }

func (r routineRow) state() tagout.RoutineState {
	return tagout.RoutineState{Name: r.Name, Spec: r.Spec, Zone: r.Zone, Next: fromNullable(r.NextAt), Last: fromNullable(r.LastAt)}
}

// Routines lists what is known of all routines, by name.
func (s *Store) Routines(ctx context.Context) (list []tagout.RoutineState, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []routineRow
		if err := db.Order("name").Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			list = append(list, r.state())
		}
		return nil
	})
	return list, err
}

// TurnRoutine locks what is known of a routine, or makes it, runs fn on it and commits what it
// did with the effects in one transaction.
func (s *Store) TurnRoutine(ctx context.Context, name string, fn func(r *tagout.RoutineState, now time.Time) ([]tagout.Effect, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.Exec("INSERT INTO routines (name, spec, zone) VALUES (?, '', '') ON CONFLICT (name) DO NOTHING", key(name)).Error; err != nil {
			return err
		}
		lock := ""
		if t.Dialector.Name() == "postgres" {
			lock = " FOR UPDATE"
		}
		var rows []routineRow
		if err := t.Raw("SELECT name, spec, zone, next_at, last_at FROM routines WHERE name = ?"+lock, key(name)).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return tagout.Errorf(tagout.Unavailable, "The routine %s was forgotten meanwhile.", name)
		}
		now, err := s.moment(t)
		if err != nil {
			return err
		}
		state := rows[0].state()
		effects, err := fn(&state, now)
		if err != nil {
			return err
		}
		err = t.Exec("UPDATE routines SET spec = ?, zone = ?, next_at = ?, last_at = ? WHERE name = ?",
			clean(state.Spec), clean(state.Zone), nullable(state.Next), nullable(state.Last), key(name)).Error
		if err != nil {
			return err
		}
		return t.queueAt(effects, now)
	})
}

// ForgetRoutines forgets all routines but these.
func (s *Store) ForgetRoutines(ctx context.Context, but []string) error {
	keys := []string{""} // none has it; an empty list would be no condition
	for _, name := range but {
		keys = append(keys, key(name))
	}
	return s.write(ctx, func(t *tx) error { return t.Exec("DELETE FROM routines WHERE name NOT IN ?", keys).Error })
}
