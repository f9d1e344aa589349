package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// NewAlerts tells of the new alerts about an agent ("": about any) since a time, in all
// incidents but one and below the thresholds: where they came, each place once. What only
// came again, or ended, is not new; neither is what names no agent. It is asked when somebody
// presses GO, so it first looks where anything was heard at all, in the few rows that tell.
func (s *Store) NewAlerts(ctx context.Context, agent string, since time.Time, except tagout.IncidentID) (news []tagout.NewAlert, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		about := func(db *gorm.DB) *gorm.DB {
			if agent == "" {
				return db
			}
			return db.Where("agent IN ?", []string{"", clean(agent)})
		}
		var heard int64
		if err := about(db.Table("alert_noise").Where("last_at > ?", utc(since))).Count(&heard).Error; err != nil || heard == 0 {
			return err
		}
		table := func() *gorm.DB {
			return about(db.Session(&gorm.Session{NewDB: true}).Table("alerts").Where("last_at > ? AND NOT no_agent", utc(since)))
		}
		var waiting []noiseRow
		if err := table().Where("incident IS NULL AND ("+begunSince+")", utc(since), utc(since)).
			Distinct("agent, channel, region, tool").Find(&waiting).Error; err != nil {
			return err
		}
		for _, r := range waiting {
			news = append(news, tagout.NewAlert{Scope: r.scope()})
		}
		var incidents []int64
		if err := table().Where("incident IS NOT NULL AND incident <> ?", int64(except)).Distinct("incident").Order("incident").Pluck("incident", &incidents).Error; err != nil {
			return err
		}
		for _, id := range incidents {
			told, err := toldSince(db.Session(&gorm.Session{NewDB: true}), id, since)
			if err != nil {
				return err
			}
			news = append(news, told...)
		}
		return nil
	})
	return news, err
}

// begunSince is the condition that an alert that has no incident began since a time, or, as far
// as anybody can say, began again.
const begunSince = `first_at > ? AND EXISTS (SELECT 1 FROM alert_bodies b WHERE b.alert = alerts.id AND b.status <> 'resolved')
	OR first_at <= ? AND status <> 'resolved' AND EXISTS (SELECT 1 FROM alert_bodies b WHERE b.alert = alerts.id AND b.status = 'resolved')`

// toldSince is where the new alerts of an incident came since a time, as its timeline tells,
// each place once.
func toldSince(db *gorm.DB, id int64, since time.Time) (news []tagout.NewAlert, err error) {
	var told []string
	err = db.Raw("SELECT data FROM events WHERE incident = ? AND kind IN ? AND at > ? ORDER BY seq", id,
		[]string{string(tagout.EventAlert), string(tagout.EventReport)}, utc(since)).Scan(&told).Error
	seen := map[tagout.Scope]bool{}
	for _, text := range told {
		var said struct{ Scope tagout.Scope }
		if err := json.Unmarshal([]byte(text), &said); err != nil {
			return nil, tagout.Errorf(tagout.Internal, "The timeline of %s cannot be read: %w", tagout.IncidentID(id), err)
		}
		if !seen[said.Scope] {
			seen[said.Scope] = true
			news = append(news, tagout.NewAlert{Incident: tagout.IncidentID(id), Scope: said.Scope})
		}
	}
	return news, err
}
