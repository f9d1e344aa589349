package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// alertRow is one row of alerts: all that is the same alert, counted.
type alertRow struct {
	ID          string `gorm:"primaryKey"`
	Incident    *int64 // nil while below the threshold
	Source      string
	Fingerprint string
	Status      string
	Severity    string
	Class       string
	Agent       string
	Channel     string
	Region      string
	Tool        string
	NoAgent     bool
	Count       int64
	FirstAt     time.Time
	LastAt      time.Time
}

// TableName is the table of the row.
func (alertRow) TableName() string { return "alerts" }

func alertRowOf(in tagout.Incoming, at time.Time) *alertRow {
	v := in.Verdict
	return &alertRow{
		ID: key(in.ID), Source: key(in.Alert.Source), Fingerprint: key(in.Alert.Fingerprint), Status: string(in.Alert.Status),
		Severity: clean(string(v.Severity)), Class: clean(v.Class), Agent: clean(v.Scope.Agent), Channel: clean(v.Scope.Channel),
		Region: clean(v.Scope.Region), Tool: clean(v.Scope.Tool), NoAgent: v.NoAgent, Count: 1, FirstAt: at, LastAt: at,
	}
}

// bodyRow is one row of alert_bodies: an alert as it was received.
type bodyRow struct {
	Alert    string `gorm:"primaryKey"`
	Incident int64  `gorm:"primaryKey;autoIncrement:false"` // 0 while below the threshold
	Status   string `gorm:"primaryKey"`
	At       time.Time
	Doc      string
	Raw      []byte
}

// TableName is the table of the row.
func (bodyRow) TableName() string { return "alert_bodies" }

// body is what Doc holds.
type body struct {
	ID      string         `json:"id"`
	Alert   tagout.Alert   `json:"alert"`
	Verdict tagout.Verdict `json:"verdict"`
	At      time.Time      `json:"at"`
	Silence int64          `json:"silence,omitempty"` // that kept it quiet
}

// Prepare writes out what is kept of alerts, unless they likely only count.
func (s *Store) Prepare(in []tagout.Incoming) {
	if s.habits.onlyCount() {
		return
	}
	for n := range in {
		if doc, err := bodyOf(in[n]); err == nil { // else Fold tells
			in[n].Doc = doc
		}
	}
}

// bodyOf is what is kept of an alert beside its raw text.
func bodyOf(in tagout.Incoming) (string, error) {
	doc, err := json.Marshal(body{in.ID, in.Alert, in.Verdict, utc(in.At), silenceOf(in)})
	if err != nil { // a report with a number that is none, say; the raw text is still there
		alert := in.Alert
		alert.Report, alert.Value = nil, nil
		doc, err = json.Marshal(body{in.ID, alert, in.Verdict, utc(in.At), silenceOf(in)})
	}
	return clean(string(doc)), err
}

func (r bodyRow) incoming() (tagout.Incoming, error) {
	var b body
	if err := json.Unmarshal([]byte(r.Doc), &b); err != nil {
		return tagout.Incoming{}, tagout.Errorf(tagout.Internal, "An alert cannot be read: its record has another shape: %w", err)
	}
	b.Alert.Raw = r.Raw
	in := tagout.Incoming{ID: b.ID, Alert: b.Alert, Verdict: b.Verdict, At: b.At}
	if b.Silence != 0 {
		in.Silence, in.Counted = &tagout.Silence{ID: tagout.SilenceID(b.Silence)}, r.Incident == 0
	}
	return in, nil
}

func silenceOf(in tagout.Incoming) int64 {
	if in.Silence == nil {
		return 0
	}
	return int64(in.Silence.ID)
}

// Alerts reads the alerts of an incident, newest first, with their raw bodies. An alert
// that was resolved is there twice, as it began and as it ended. No limit means 100.
func (s *Store) Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	return s.alertsOf(ctx, id, limit, "*")
}

// AlertsBrief is [Store.Alerts] without the raw bodies, which may be large.
func (s *Store) AlertsBrief(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	return s.alertsOf(ctx, id, limit, "alert, incident, status, at, doc")
}

func (s *Store) alertsOf(ctx context.Context, id tagout.IncidentID, limit int, columns string) (list []tagout.Incoming, err error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []bodyRow
		if err := db.Select(columns).Where("incident = ?", int64(id)).Order("at DESC, alert, status").Limit(limit).Find(&rows).Error; err != nil {
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

// AlertOf reads one alert of an incident, as it began, with its raw body. It returns NotFound
// if the incident has none of that ID.
func (s *Store) AlertOf(ctx context.Context, id tagout.IncidentID, alert string) (in tagout.Incoming, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []bodyRow
		if err := db.Where("alert = ? AND incident = ?", key(alert), int64(id)).Order("at, status").Limit(1).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return tagout.Errorf(tagout.NotFound, "%s has no alert of this ID.", id)
		}
		in, err = rows[0].incoming()
		return err
	})
	return in, err
}

// QuietOn tells of the alerts on a scope, over all incidents and those below a threshold:
// how many fire, and when the last one since a time came or ended. Alerts that name no
// agent are on no scope. What an agent's tools risk is not known here, so in doubt an
// alert is on the scope.
func (s *Store) QuietOn(ctx context.Context, scope tagout.Scope, since time.Time) (quiet tagout.Quiet, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var firing, noise []noiseRow
		agents := func(db *gorm.DB) *gorm.DB {
			if scope.Agent == "" {
				return db
			}
			return db.Where("agent IN ?", []string{"", scope.Agent})
		}
		err := agents(db.Table("alerts").Where("status = 'firing' AND NOT no_agent")).
			Select("agent, channel, region, tool, count(*) AS firing").Group("agent, channel, region, tool").Find(&firing).Error
		if err != nil {
			return err
		}
		if err := agents(db.Where("last_at >= ?", utc(since))).Omit("Firing").Find(&noise).Error; err != nil {
			return err
		}
		for _, r := range firing {
			if r.scope().Touches(scope, nil) {
				quiet.Firing += r.Firing
			}
		}
		for _, r := range noise {
			if r.scope().Touches(scope, nil) && r.LastAt.After(quiet.LastAt) {
				quiet.LastAt = utc(r.LastAt)
			}
		}
		return nil
	})
	return quiet, err
}

// noiseRow is when something last came or ended on a scope.
type noiseRow struct {
	Agent   string    `gorm:"primaryKey"`
	Channel string    `gorm:"primaryKey"`
	Region  string    `gorm:"primaryKey"`
	Tool    string    `gorm:"primaryKey"`
	LastAt  time.Time //
	Firing  int       `gorm:"->"` // not a column: counted
}

// TableName is the table of the row.
func (noiseRow) TableName() string { return "alert_noise" }

func (r noiseRow) scope() tagout.Scope {
	return tagout.Scope{Agent: r.Agent, Channel: r.Channel, Region: r.Region, Tool: r.Tool}
}

// sightingRow is one occurrence of what has not reached its threshold.
type sightingRow struct {
	ID    int64 `gorm:"primaryKey;->"`
	Agent string
	Class string
	At    time.Time
	Alert string
}

// TableName is the table of the row.
func (sightingRow) TableName() string { return "alert_sightings" }

// repeatRow is how often an alert came again.
type repeatRow struct {
	id    string
	count int64
	at    time.Time
	alert *alertRow // as it is recorded; nil if that was not asked
}
