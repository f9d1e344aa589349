package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

const (
	// flap is how short a run must have been for its version, when it comes back, to take its
	// row: a hundred instances that say this and that in turn do not fill the table.
	flap = 10 * time.Minute
	// maxRuns bounds how much of an agent's history is read.
	maxRuns = 5000
)

// sawVersion records that a version ran at a time, and that it became the current one of its
// component if another one was that until then.
func (t *tx) sawVersion(agent, component, version string, at time.Time) error {
	agent, component, version, at = clean(agent), clean(component), clean(version), utc(at)
	if err := t.Exec(sawVersion, agent, component, version, at, at).Error; err != nil {
		return err
	}
	var before []runRow
	err := t.Raw("SELECT version, began_at FROM version_runs WHERE agent = ? AND component = ? AND began_at <= ? ORDER BY began_at DESC, version DESC LIMIT 2",
		agent, component, at).Scan(&before).Error
	if err != nil || len(before) > 0 && before[0].Version == version {
		return err
	}
	if len(before) == 2 && before[1].Version == version && at.Sub(before[1].BeganAt) < flap {
		err := t.Exec("DELETE FROM version_runs WHERE agent = ? AND component = ? AND began_at = ? AND version = ?", agent, component, before[1].BeganAt, version).Error
		if err != nil {
			return err
		}
	}
	return t.Exec("INSERT INTO version_runs (agent, component, began_at, version) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", agent, component, at, version).Error
}

// runRow is one row of version_runs.
type runRow struct {
	Component string
	Version   string
	BeganAt   time.Time
}

// VersionHistory tells which versions of an agent were the current ones since when, and when
// its incidents were detected: those whose scope names it or that hung a hold on it, without
// drills and without those that were cancelled.
func (s *Store) VersionHistory(ctx context.Context, agent string) (tagout.VersionHistory, error) {
	h := tagout.VersionHistory{Agent: agent}
	err := s.readMoment(ctx, func(db *gorm.DB) error {
		var rows []runRow
		err := db.Raw("SELECT component, version, began_at FROM version_runs WHERE agent = ? ORDER BY began_at DESC LIMIT ?", clean(agent), maxRuns).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			h.Runs = append(h.Runs, tagout.VersionRun{Component: r.Component, Version: r.Version, Began: utc(r.BeganAt)})
		}
		var detected []struct{ DetectedAt time.Time }
		err = db.Raw(`SELECT detected_at FROM incidents WHERE (agent = ? OR id IN (SELECT incident FROM holds WHERE agent = ?))
			AND NOT drill AND state <> 'cancelled' AND detected_at >= ? ORDER BY detected_at`,
			clean(agent), clean(agent), rows[len(rows)-1].BeganAt).Scan(&detected).Error
		for _, d := range detected {
			h.Incidents = append(h.Incidents, utc(d.DetectedAt))
		}
		return err
	})
	return h, err
}

// Recurrences counts the incidents of an agent and class that were detected from one time until
// right before another, without drills and without those that were cancelled.
func (s *Store) Recurrences(ctx context.Context, agent, class string, from, before time.Time) (n int, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT count(*) FROM incidents WHERE agent = ? AND class = ? AND NOT drill AND state <> 'cancelled' AND detected_at >= ? AND detected_at < ?",
			clean(agent), clean(class), utc(from), utc(before)).Scan(&n).Error
	})
	return n, err
}

// pinRow is one row of pins.
type pinRow struct {
	Incident  int64 `gorm:"primaryKey;autoIncrement:false"`
	Agent     string
	Component string
	Version   string
	BegunAt   time.Time
}

// TableName is the table of the row.
func (pinRow) TableName() string { return "pins" }

func pinRowsOf(id tagout.IncidentID, pins []tagout.Pin) []pinRow {
	var rows []pinRow
	for _, p := range pins {
		rows = append(rows, pinRow{Incident: int64(id), Agent: clean(p.Agent), Component: clean(p.Component), Version: clean(p.Version), BegunAt: utc(p.BegunAt)})
	}
	return rows
}

// Pins lists what the open incidents pin.
func (s *Store) Pins(ctx context.Context) (pins []tagout.Pin, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []pinRow
		if err := db.Raw("SELECT p.* FROM pins p JOIN incidents i ON i.id = p.incident WHERE i." + notEnded + " ORDER BY p.incident, p.agent, p.component").Scan(&rows).Error; err != nil {
			return err
		}
		pins = make([]tagout.Pin, len(rows))
		for n, r := range rows {
			pins[n] = tagout.Pin{Incident: tagout.IncidentID(r.Incident), Agent: r.Agent, Component: r.Component, Version: r.Version, BegunAt: utc(r.BegunAt)}
		}
		return nil
	})
	return pins, err
}

// savePins brings the rows of an incident's pins up to what the incident says.
func (t *tx) savePins(changed map[tagout.IncidentID][]tagout.Pin) error {
	var rows []pinRow
	for id, pins := range changed {
		if err := t.Exec("DELETE FROM pins WHERE incident = ?", int64(id)).Error; err != nil {
			return err
		}
		rows = append(rows, pinRowsOf(id, pins)...)
	}
	if err := insert(t, rows, ""); err != nil || len(rows) == 0 {
		return err
	}
	return t.sql.flush()
}
