package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// KeepDraft keeps a draft in place of an older one; what is older than the one that is kept
// changes nothing. One without values takes the place of what was sent.
func (s *Store) KeepDraft(ctx context.Context, d tagout.FormDraft) error {
	doc, err := json.Marshal(d.Values)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		return t.Exec(`INSERT INTO form_drafts (incident, form, person, at, doc) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (incident, form, person) DO UPDATE SET at = excluded.at, doc = excluded.doc WHERE form_drafts.at <= excluded.at`,
			int64(d.Incident), key(d.Form), key(string(d.Person)), utc(d.At), clean(string(doc))).Error
	})
}

// Draft reads a draft; one without values if there is none.
func (s *Store) Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error) {
	d := tagout.FormDraft{Incident: id, Form: form, Person: person}
	err := s.read(ctx, func(db *gorm.DB) error {
		var rows []struct {
			At  time.Time
			Doc string
		}
		err := db.Table("form_drafts").Where("incident = ? AND form = ? AND person = ?", int64(id), key(form), key(string(person))).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		d.At = utc(rows[0].At)
		if err := json.Unmarshal([]byte(rows[0].Doc), &d.Values); err != nil {
			return tagout.Errorf(tagout.Internal, "A draft for %s cannot be read: %w", id, err)
		}
		return nil
	})
	return d, err
}
