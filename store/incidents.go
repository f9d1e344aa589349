package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"gorm.io/gorm"

	"tagout"
	"tagout/internal/crashpoint"
)

// notEnded is the condition that nothing more can be folded into an incident. It is written
// as the partial indexes are, so that they are used.
const notEnded = "state NOT IN ('resumed', 'closed', 'cancelled')"

// Join runs fn on the incident that m matches, or on a fresh one, and commits what it did.
// It reports whether it was fresh. Its errors are those of [Store.Update].
func (s *Store) Join(ctx context.Context, m tagout.Match, fn tagout.Transition) (*tagout.Incident, bool, error) {
	leave, err := turn(ctx, s.joining)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	var w *work
	err = s.change(ctx, func(t *tx) ([]*work, error) {
		if err := t.lockOpeners(m); err != nil {
			return nil, err
		}
		var err error
		if w, err = t.join(m); err != nil {
			return nil, err
		}
		now, err := s.moment(t)
		if err != nil {
			return nil, err
		}
		w.now = now
		w.change, err = fn(w.incident, now)
		return []*work{w}, err
	})
	if err != nil {
		return nil, false, err
	}
	return w.incident, w.fresh, nil
}

// change runs fn in a transaction, saves what it worked on, and tells of it.
func (s *Store) change(ctx context.Context, fn func(t *tx) ([]*work, error)) error {
	var changed []*work
	err := s.write(ctx, func(t *tx) error {
		works, err := fn(t)
		if err != nil {
			return err
		}
		changed, err = t.save(works)
		return err
	})
	if err != nil {
		return err
	}
	crashpoint.Here("store.committed")
	for _, w := range changed {
		s.tell(w.incident)
	}
	return nil
}

// tell tells of a commit. A panic in whoever listens changes nothing about it.
func (s *Store) tell(i *tagout.Incident) {
	if s.options.OnCommit == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("telling of a commit panicked", "incident", i.ID.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	s.options.OnCommit(i)
}

// join finds or makes the incident that m means, and locks it.
func (t *tx) join(m tagout.Match) (*work, error) {
	if m.Incident != 0 {
		works, err := t.lock([]int64{int64(m.Incident)})
		if err == nil && len(works) == 0 {
			err = tagout.Errorf(tagout.NotFound, "There is no %s.", m.Incident)
		}
		if err != nil {
			return nil, err
		}
		return works[0], nil
	}
	for _, find := range finders(m) {
		ids, err := find.ids(t.DB)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			works, err := t.lock([]int64{id})
			if err != nil {
				return nil, err
			}
			if len(works) == 1 && (find.ended || !works[0].incident.State.Ended()) { // it may have ended before we had the lock
				return works[0], nil
			}
		}
	}
	number, err := t.sql.number(0)
	return fresh(number), err
}

// finder lists candidates for one field of a Match, best first.
type finder struct {
	ids   func(db *gorm.DB) ([]int64, error)
	ended bool // one that has ended will do
}

func finders(m tagout.Match) []finder {
	var list []finder
	add := func(ended bool, ids func(db *gorm.DB) ([]int64, error)) { list = append(list, finder{ids, ended}) }
	if m.Hold != "" {
		add(true, func(db *gorm.DB) ([]int64, error) { return byHold(db, m.Hold) })
	}
	if m.CorrelationID != "" {
		add(false, func(db *gorm.DB) ([]int64, error) {
			return pluck(db.Raw("SELECT id FROM incidents WHERE correlation = ? AND "+notEnded+" ORDER BY id DESC LIMIT 3", correlation(m.CorrelationID)))
		})
	}
	if m.Agent != "" || m.Class != "" {
		add(false, func(db *gorm.DB) ([]int64, error) {
			return pluck(db.Raw("SELECT id FROM incidents WHERE agent = ? AND class = ? AND "+notEnded+" AND NOT drill ORDER BY id DESC LIMIT 3", clean(m.Agent), clean(m.Class)))
		})
	}
	if m.Overlaps != nil {
		add(false, func(db *gorm.DB) ([]int64, error) { return overlapping(db, *m.Overlaps) })
	}
	return list
}

func pluck(db *gorm.DB) (ids []int64, err error) {
	err = db.Scan(&ids).Error
	return ids, err
}

func byHold(db *gorm.DB, id tagout.HoldID) ([]int64, error) {
	return pluck(db.Raw("SELECT incident FROM holds WHERE id = ?", key(string(id))))
}

// overlapping lists incidents, but no drills, that have not ended and hold something that
// scope touches, newest first. What an agent's tools risk is not known here, so in doubt they touch.
func overlapping(db *gorm.DB, scope tagout.Scope) ([]int64, error) {
	var rows []struct {
		ID    int64
		Scope string
	}
	err := db.Raw(`SELECT i.id, h.scope FROM incidents i JOIN holds h ON h.incident = i.id
		WHERE h.lifted_at IS NULL AND i.` + notEnded + ` AND NOT i.drill ORDER BY i.id DESC`).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, r := range rows {
		held, err := tagout.ParseScope(r.Scope)
		if (err != nil || held.Touches(scope, nil)) && !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// lockOpeners waits for everybody else who may be about to open the incident that m means.
func (t *tx) lockOpeners(m tagout.Match) error {
	if m.Incident != 0 {
		return nil
	}
	keys := openerKeys(m.CorrelationID, m.Agent)
	if m.Overlaps != nil {
		keys = append(keys, openerKeys("", m.Overlaps.Agent)...)
	}
	if m.Hold != "" {
		keys = append(keys, "hold:"+key(string(m.Hold)))
	}
	return t.sql.lockKeys(keys)
}

// openerKeys names what two transactions must not look for at the same time, or both would
// find nothing and open an incident each.
func openerKeys(correlationID, agent string) []string {
	keys := []string{"agent:" + clean(agent)}
	if correlationID != "" {
		keys = append(keys, "correlation:"+correlation(correlationID))
	}
	return keys
}

// Incident reads one incident. It returns NotFound if it does not exist.
func (s *Store) Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	ctx, cancel, err := s.bound(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	i, err := s.backend.incident(ctx, int64(id))
	if err == nil && i == nil {
		err = tagout.Errorf(tagout.NotFound, "There is no %s.", id)
	}
	return i, s.explain(ctx, err)
}

const defaultLimit = 100

// Incidents lists incidents, newest first. Those of an agent are those whose scope names
// it or that hung a hold on it.
func (s *Store) Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error) {
	return s.incidents(ctx, func(db *gorm.DB) *gorm.DB {
		if q.Agent != "" {
			db = db.Where("(agent = ? OR id IN (SELECT incident FROM holds WHERE agent = ?))", clean(q.Agent), clean(q.Agent))
		}
		if q.Open {
			db = db.Where(notEnded)
		}
		if q.Resumed {
			db = db.Where("state = 'resumed'")
		}
		if q.Channel != "" {
			db = db.Where("channel = ?", key(q.Channel))
		}
		if q.Before > 0 {
			db = db.Where("id < ?", int64(q.Before))
		}
		limit := q.Limit
		if limit <= 0 {
			limit = defaultLimit
		}
		return db.Order("id DESC").Limit(limit)
	})
}

func (s *Store) incidents(ctx context.Context, query func(db *gorm.DB) *gorm.DB) (list []*tagout.Incident, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		var rows []incidentRow
		if err := query(db).Find(&rows).Error; err != nil {
			return err
		}
		list, err = assemble(db, rows)
		return err
	})
	return list, err
}

// assemble gives the rows their holds and repeats.
func assemble(db *gorm.DB, rows []incidentRow) ([]*tagout.Incident, error) {
	list := make([]*tagout.Incident, 0, len(rows))
	byID := make(map[int64]*tagout.Incident, len(rows))
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		i, err := r.incident()
		if err != nil {
			return nil, err
		}
		list, byID[r.ID], ids = append(list, i), i, append(ids, r.ID)
	}
	for part := range slices.Chunk(ids, batchSize) {
		if err := fill(db, part, byID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func fill(db *gorm.DB, ids []int64, byID map[int64]*tagout.Incident) error {
	var holds []holdRow
	if err := db.Session(&gorm.Session{NewDB: true}).Where("incident IN ?", ids).Order("incident, position").Find(&holds).Error; err != nil {
		return err
	}
	for _, r := range holds {
		h, err := r.hold()
		if err != nil {
			return err
		}
		byID[r.Incident].Holds = append(byID[r.Incident].Holds, h)
	}
	var repeats []struct{ Incident, Count int64 }
	if err := db.Raw("SELECT incident, count FROM alert_repeats WHERE incident IN ?", ids).Scan(&repeats).Error; err != nil {
		return err
	}
	for _, r := range repeats {
		byID[r.Incident].Alerts.Repeats = int(r.Count)
	}
	return nil
}
