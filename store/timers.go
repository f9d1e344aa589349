package store

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

// timerRow is an effect that is due later.
type timerRow struct {
	Key    string `gorm:"primaryKey"`
	Due    time.Time
	Effect string
}

// TableName is the table of the row.
func (timerRow) TableName() string { return "timers" }

// setTimers keeps effects for later. Of two with the same key the earlier one stays.
func (t *tx) setTimers(effects []tagout.Effect) error {
	earliest := map[string]int{} // one statement cannot touch a row twice
	var rows []timerRow
	for _, e := range effects {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		row := timerRow{Key: key(e.Key), Due: utc(e.Due), Effect: clean(string(text))}
		n, known := earliest[row.Key]
		switch {
		case !known:
			earliest[row.Key] = len(rows)
			rows = append(rows, row)
		case row.Due.Before(rows[n].Due):
			rows[n] = row
		}
	}
	return insert(t, rows, replace[timerRow]([]string{"key"}, nil)+" WHERE excluded.due < timers.due")
}

// ringBatch is how many timers one transaction moves.
const ringBatch = 500

// Ring moves the effects that are due at now into their queues, and reports how many. Any
// number of replicas may ring at once; each timer is moved by one of them. It returns
// Unavailable if the database cannot be reached.
func (s *Store) Ring(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for {
		moved := 0
		err := s.write(ctx, func(t *tx) error {
			var err error
			moved, err = s.ring(t, utc(now))
			return err
		})
		if err != nil {
			return total, err
		}
		if total += moved; moved < ringBatch {
			return total, nil
		}
	}
}

func (s *Store) ring(t *tx, now time.Time) (int, error) {
	var rows []timerRow
	err := t.Raw("SELECT key, due, effect FROM timers WHERE due <= ? ORDER BY due, key LIMIT ?"+t.sql.skipLocked(), now, ringBatch).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	keys := make([]string, len(rows))
	effects := make([]tagout.Effect, 0, len(rows))
	for n, r := range rows {
		keys[n] = r.Key
		var e tagout.Effect
		if err := json.Unmarshal([]byte(r.Effect), &e); err != nil {
			s.log.Error("a timer cannot be read and is dropped", "key", r.Key, "error", err)
			continue
		}
		effects = append(effects, e)
	}
	if err := t.Exec("DELETE FROM timers WHERE key IN ?", keys).Error; err != nil {
		return 0, err
	}
	return len(rows), t.enqueue(effects)
}
