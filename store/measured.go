package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// measuredRow is a row of measures with what a table shows beside it.
type measuredRow struct {
	Measure measureRow `gorm:"embedded"`
	State   string
	Doc     string
}

// Measured lists the incidents that a query is about, drills and cancelled ones too, what was
// detected first first. It returns Invalid for a window that is none, or that holds more than
// [tagout.MostMeasured].
func (s *Store) Measured(ctx context.Context, q tagout.FiguresQuery) (list []tagout.MeasuredIncident, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	within := func(db *gorm.DB) *gorm.DB {
		db = db.Table("measures m").Where("m.detected >= ? AND m.detected < ?", q.From.UnixMicro(), q.To.UnixMicro())
		for column, value := range map[string]string{"agent": q.Agent, "class": q.Class, "severity": string(q.Severity)} {
			if value != "" {
				db = db.Where("m."+column+" = ?", clean(value))
			}
		}
		if q.Public {
			db = db.Where("m.private = 0")
		}
		return db
	}
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		var n int64
		if err := within(db).Count(&n).Error; err != nil {
			return err
		}
		if n > tagout.MostMeasured {
			return tagout.Errorf(tagout.Invalid, "The window holds %d incidents, and at most %d are listed at once. Choose a shorter one.", n, tagout.MostMeasured)
		}
		var rows []measuredRow
		err := within(db).Joins("JOIN incidents i ON i.id = m.incident").Select("m.*, i.state, i.doc").Order("m.detected, m.incident").Scan(&rows).Error
		for _, r := range rows {
			one, err := r.measured()
			if err != nil {
				return err
			}
			list = append(list, one)
		}
		return err
	})
	return list, err
}

func (row measuredRow) measured() (tagout.MeasuredIncident, error) {
	r := row.Measure
	m := tagout.MeasuredIncident{State: tagout.State(row.State), Measures: tagout.Measures{
		Incident: tagout.IncidentID(r.Incident), Agent: r.Agent, Class: r.Class, Severity: tagout.Severity(r.Severity), Counting: tagout.Counting(r.Counting),
		Private: r.Private > 0, Stopped: momentOf(r.Stopped), AnswerDue: momentOf(r.AnswerDue), Paged: r.Paged > 0, Reached: momentOf(r.Reached),
		ByLease: r.ByLease > 0, Ordered: int(r.Ordered), Back: int(r.Back), Missed: map[tagout.DeadlineKind]int{},
	}}
	for n, us := range []*int64{r.Onset, &r.Detected, r.Acknowledged, r.Contained, r.Mitigated, r.Resumed, r.Reviewed} {
		m.Milestones[n] = momentOf(us)
	}
	for kind, n := range map[tagout.DeadlineKind]int64{
		tagout.DueContain: r.MissedContain, tagout.DueAcknowledge: r.MissedAcknowledge, tagout.DueInform: r.MissedInform,
		tagout.DueUpdate: r.MissedUpdate, tagout.DueReview: r.MissedReview, tagout.DueClock: r.MissedClock,
	} {
		if n > 0 {
			m.Missed[kind] = int(n)
		}
	}
	var doc struct {
		Title       string
		Corrections []tagout.Correction
	}
	if err := json.Unmarshal([]byte(row.Doc), &doc); err != nil {
		return m, tagout.Errorf(tagout.Internal, "%s cannot be read: its record has another shape: %w", m.Incident, err)
	}
	i := tagout.Incident{Corrections: doc.Corrections}
	m.Title = doc.Title
	for _, name := range tagout.Milestones() {
		if _, corrected := i.Corrected(name); corrected {
			m.Corrected = append(m.Corrected, name)
		}
	}
	return m, nil
}

func momentOf(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return time.UnixMicro(*us).UTC()
}
