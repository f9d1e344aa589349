package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"tagout"
)

// silenceRow is one row of silences.
type silenceRow struct {
	ID  int64
	Doc string
}

func (r silenceRow) silence() (*tagout.Silence, error) {
	s := &tagout.Silence{}
	if err := json.Unmarshal([]byte(r.Doc), s); err != nil {
		return nil, tagout.Errorf(tagout.Internal, "The record of %s cannot be read: %w", tagout.SilenceID(r.ID), err)
	}
	s.ID = tagout.SilenceID(r.ID)
	return s, nil
}

func noSilence(id tagout.SilenceID) error {
	return tagout.Errorf(tagout.NotFound, "There is no %s.", id)
}

// SetSilence finds the silence of a key, or makes it, and runs fn on it under its lock; what fn
// did and the effects are one transaction.
func (s *Store) SetSilence(ctx context.Context, name string, fn tagout.SilenceTransition) (found *tagout.Silence, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		if found, err = s.changeSilence(t, "key = ?", key(name), fn); err != nil || found != nil {
			return err // looked for first, since a refused insertion would use up a number
		}
		err = t.Exec("INSERT INTO silences (key, over, doc) VALUES (?, false, '{}') ON CONFLICT (key) DO NOTHING", key(name)).Error
		if err == nil {
			found, err = s.changeSilence(t, "key = ?", key(name), fn)
		}
		return err
	})
	if err == nil && found == nil {
		return nil, tagout.Errorf(tagout.Internal, "A silence was not recorded.")
	}
	return found, err
}

// ChangeSilence does the same by ID. It returns NotFound if there is no such silence. What
// silences kept quiet that are settled since [keepSilenced] is forgotten with it.
func (s *Store) ChangeSilence(ctx context.Context, id tagout.SilenceID, fn tagout.SilenceTransition) (found *tagout.Silence, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		found, err = s.changeSilence(t, "id = ?", int64(id), fn)
		if err != nil || found == nil || !found.Settled {
			return err
		}
		return s.forgetSilenced(t)
	})
	if err == nil && found == nil {
		return nil, noSilence(id)
	}
	return found, err
}

// keepSilenced is how long after the end of a silence it is known which alerts it kept quiet. How
// many they were, and in which incidents, stays with the silence.
const keepSilenced = keepDeliveries

// forgetSilenced forgets the single alerts of silences that ended long ago. One that is not
// settled still needs them, however old it is.
func (s *Store) forgetSilenced(t *tx) error {
	now, err := s.moment(t)
	if err != nil {
		return err
	}
	var rows []silenceRow
	err = t.Raw("SELECT id, doc FROM silences WHERE over AND until_at < ? AND id IN (SELECT silence FROM silenced_alerts)", utc(now.Add(-keepSilenced))).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		old, err := r.silence()
		if err != nil {
			return err
		}
		if !old.Settled {
			continue
		}
		if err := t.Exec("DELETE FROM silenced_alerts WHERE silence = ?", r.ID).Error; err != nil {
			return err
		}
	}
	return nil
}

// changeSilence locks one silence, runs fn on it and writes what it did; nil if there is none.
func (s *Store) changeSilence(t *tx, where string, value any, fn tagout.SilenceTransition) (*tagout.Silence, error) {
	lock := ""
	if t.Dialector.Name() == "postgres" {
		lock = " FOR UPDATE"
	}
	var rows []silenceRow
	if err := t.Raw("SELECT id, doc FROM silences WHERE "+where+lock, value).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	found, err := rows[0].silence()
	if err != nil {
		return nil, err
	}
	now, err := s.moment(t)
	if err != nil {
		return nil, err
	}
	effects, err := fn(found, now)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	err = t.Exec("UPDATE silences SET until_at = ?, over = ?, doc = ? WHERE id = ?", utc(found.Until), !found.EndedAt.IsZero(), clean(string(doc)), int64(found.ID)).Error
	if err != nil {
		return nil, err
	}
	return found, t.queueAt(effects, now)
}

// Silence reads one silence. It returns NotFound if there is none of that number.
func (s *Store) Silence(ctx context.Context, id tagout.SilenceID) (*tagout.Silence, error) {
	list, err := s.silences(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", int64(id)) })
	if err == nil && len(list) == 0 {
		return nil, noSilence(id)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Silences lists those that have not ended, planned ones too, in the order of their ends.
func (s *Store) Silences(ctx context.Context) ([]*tagout.Silence, error) {
	return s.silences(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("NOT over AND until_at IS NOT NULL").Order("until_at, id")
	})
}

func (s *Store) silences(ctx context.Context, which func(*gorm.DB) *gorm.DB) (list []*tagout.Silence, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []silenceRow
		if err := which(db.Table("silences").Select("id, doc")).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			found, err := r.silence()
			if err != nil {
				return err
			}
			list = append(list, found)
		}
		return nil
	})
	return list, err
}

// Silenced tells what a silence has kept quiet so far: alerts, and the incidents that they
// opened or joined meanwhile.
func (s *Store) Silenced(ctx context.Context, id tagout.SilenceID) (tally tagout.SilenceTally, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var n int64
		if err := db.Raw("SELECT count(*) FROM silenced_alerts WHERE silence = ?", int64(id)).Scan(&n).Error; err != nil {
			return err
		}
		tally.Alerts = int(n)
		var ids []int64
		err := db.Raw("SELECT DISTINCT incident FROM silenced_alerts WHERE silence = ? AND incident <> 0 ORDER BY incident", int64(id)).Scan(&ids).Error
		for _, n := range ids {
			tally.Incidents = append(tally.Incidents, tagout.IncidentID(n))
		}
		return err
	})
	return tally, err
}

// StillFiring lists alerts that a silence only counted, that fire on, and that were not let go
// of, oldest first.
func (s *Store) StillFiring(ctx context.Context, id tagout.SilenceID, limit int) (list []tagout.Incoming, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []bodyRow
		err := db.Raw(`SELECT b.* FROM silenced_alerts q JOIN alerts a ON a.id = q.alert JOIN alert_bodies b ON b.alert = a.id
			WHERE q.silence = ? AND NOT q.let_go AND a.incident IS NULL AND a.status = 'firing' AND b.incident = 0 AND b.status = 'firing'
			ORDER BY b.at, b.alert LIMIT ?`, int64(id), limit).Scan(&rows).Error
		if err != nil {
			return err
		}
		list = make([]tagout.Incoming, len(rows))
		for n, r := range rows {
			if list[n], err = r.incoming(); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// LetGo marks alerts as no longer kept quiet by a silence.
func (s *Store) LetGo(ctx context.Context, id tagout.SilenceID, alerts []string) error {
	return s.write(ctx, func(t *tx) error {
		for part := range slices.Chunk(alerts, batchSize) {
			if err := t.Exec("UPDATE silenced_alerts SET let_go = true WHERE silence = ? AND alert IN ?", int64(id), part).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// silencedRow is one alert that a silence keeps quiet, with the incident that it opened or
// joined quietly; 0 if it was only counted.
type silencedRow struct {
	Silence  int64
	Alert    string
	Incident int64
}

// TableName is the table of the row.
func (silencedRow) TableName() string { return "silenced_alerts" }

// hear forgets the silences of alerts that are not in force any more, and has the others stay
// until this transaction is over: what ends a silence comes before it or after it.
func (f *folding) hear() error {
	var ids []int64
	for _, in := range f.in {
		if in.Silence != nil && !slices.Contains(ids, int64(in.Silence.ID)) {
			ids = append(ids, int64(in.Silence.ID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	lock := ""
	if f.Dialector.Name() == "postgres" {
		lock = " FOR SHARE"
	}
	var standing []int64
	if err := f.Raw("SELECT id FROM silences WHERE id IN ? AND NOT over AND until_at > ?"+lock, ids, utc(f.now)).Scan(&standing).Error; err != nil {
		return err
	}
	for n := range f.in {
		if s := f.in[n].Silence; s != nil && !slices.Contains(standing, int64(s.ID)) {
			f.in[n].Silence, f.in[n].Counted, f.in[n].Doc = nil, false, ""
		}
	}
	return nil
}

// keptQuiet records that a silence keeps an alert quiet.
func (w *writes) keptQuiet(in tagout.Incoming, incident int64) {
	row := silencedRow{int64(in.Silence.ID), key(in.ID), incident}
	n := slices.IndexFunc(w.silenced, func(o silencedRow) bool { return o.Silence == row.Silence && o.Alert == row.Alert })
	switch {
	case n < 0:
		w.silenced = append(w.silenced, row)
	case incident != 0:
		w.silenced[n] = row
	}
}

// count keeps an alert that is silenced and opens nothing. It does not count towards a
// threshold: that would only put off to the end of the silence what was silenced.
func (w *writes) count(f *folding, n int, before *alertRow) error {
	in := f.in[n]
	w.keptQuiet(in, 0)
	if before != nil && before.Status == string(in.Alert.Status) {
		w.repeats[before.ID]++
		w.noisy(before)
		return nil
	}
	return w.record(f, n, nil)
}

func (w *writes) flushSilenced(f *folding) error {
	slices.SortFunc(w.silenced, func(a, b silencedRow) int {
		return cmp.Or(cmp.Compare(a.Silence, b.Silence), cmp.Compare(a.Alert, b.Alert))
	})
	return insert(f.tx, w.silenced, "ON CONFLICT (silence, alert) DO UPDATE SET incident = excluded.incident WHERE excluded.incident <> 0")
}
