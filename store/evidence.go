package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// evidenceRow is one row of evidence.
type evidenceRow struct {
	Incident  int64 `gorm:"primaryKey;autoIncrement:false"`
	Name      string
	SHA256    string `gorm:"column:sha256"`
	MediaType string
	Size      int64
	At        time.Time
	Redacted  string
	Content   []byte
}

// TableName is the table of the row.
func (evidenceRow) TableName() string { return "evidence" }

func (r evidenceRow) evidence() tagout.Evidence {
	return tagout.Evidence{Incident: tagout.IncidentID(r.Incident), Name: r.Name, MediaType: r.MediaType, SHA256: r.SHA256, Size: r.Size, Content: r.Content, At: utc(r.At), Redacted: r.Redacted}
}

// saveEvidence keeps what is not kept yet. It returns Internal if content is not what it is
// said to be.
func (t *tx) saveEvidence(kept []tagout.Evidence) error {
	for _, e := range kept {
		if !e.Intact() {
			return tagout.Errorf(tagout.Internal, "Evidence of %s was about to be kept under the hash of something else; nothing was changed.", e.Incident)
		}
		if e.Redacted != "" {
			if err := t.redact(e); err != nil {
				return err
			}
			continue
		}
		content := e.Content
		if content == nil {
			content = []byte{}
		}
		var there int64
		err := t.Raw("SELECT count(*) FROM evidence WHERE incident = ? AND sha256 = ? AND name = ?", int64(e.Incident), e.SHA256, key(e.Name)).Scan(&there).Error
		if err != nil {
			return err
		}
		if there > 0 {
			continue
		}
		err = t.Exec("INSERT INTO evidence (incident, name, sha256, media_type, size, at, content) VALUES (?, ?, ?, ?, ?, ?, ?)",
			int64(e.Incident), key(e.Name), e.SHA256, clean(e.MediaType), e.Size, utc(e.At), content).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// redact takes content away, from everything of the incident that has this hash.
func (t *tx) redact(e tagout.Evidence) error {
	done := t.Exec("UPDATE evidence SET content = ?, redacted = ? WHERE incident = ? AND sha256 = ? AND redacted = ''", []byte{}, clean(e.Redacted), int64(e.Incident), e.SHA256)
	if done.Error == nil && done.RowsAffected == 0 {
		return tagout.Errorf(tagout.Conflict, "%s has no evidence of this hash that could still be redacted.", e.Incident)
	}
	return done.Error
}

// EvidenceOf lists what was kept with an incident, oldest first, without the contents. It
// returns NotFound if there is no such incident.
func (s *Store) EvidenceOf(ctx context.Context, id tagout.IncidentID) ([]tagout.Evidence, error) {
	list := []tagout.Evidence{}
	err := s.readMoment(ctx, func(db *gorm.DB) error {
		var there int64
		if err := db.Raw("SELECT count(*) FROM incidents WHERE id = ?", int64(id)).Scan(&there).Error; err != nil {
			return err
		}
		if there == 0 {
			return tagout.Errorf(tagout.NotFound, "There is no %s.", id)
		}
		var rows []evidenceRow
		err := db.Raw("SELECT incident, name, sha256, media_type, size, at, redacted FROM evidence WHERE incident = ? ORDER BY at, name", int64(id)).Scan(&rows).Error
		for _, r := range rows {
			list = append(list, r.evidence())
		}
		return err
	})
	return list, err
}

// OldEvidence lists evidence of ended incidents that was kept before a time and still has its
// content, oldest first, without the contents, at most limit pieces.
func (s *Store) OldEvidence(ctx context.Context, before time.Time, limit int) (list []tagout.Evidence, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []evidenceRow
		err := db.Raw(`SELECT e.incident, e.name, e.sha256, e.media_type, e.size, e.at, e.redacted FROM evidence e JOIN incidents i ON i.id = e.incident
			WHERE e.at < ? AND e.redacted = '' AND i.state IN ('resumed', 'closed', 'cancelled') ORDER BY e.at, e.incident, e.name LIMIT ?`, utc(before), limit).Scan(&rows).Error
		for _, r := range rows {
			list = append(list, r.evidence())
		}
		return err
	})
	return list, err
}

// EvidenceContent reads one piece by the hash of its content. It returns NotFound if the
// incident has none of that hash, and Internal if the content is not what was kept.
func (s *Store) EvidenceContent(ctx context.Context, id tagout.IncidentID, sha256 string) (e tagout.Evidence, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		var rows []evidenceRow
		if err := db.Raw("SELECT * FROM evidence WHERE incident = ? AND sha256 = ? ORDER BY at LIMIT 1", int64(id), clean(sha256)).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return tagout.Errorf(tagout.NotFound, "%s has no evidence of this hash.", id)
		}
		if e = rows[0].evidence(); !e.Intact() {
			return tagout.Errorf(tagout.Internal, "This evidence of %s was altered: its content does not match its hash.", id)
		}
		return nil
	})
	return e, err
}
