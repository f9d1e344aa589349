package store

import (
	"context"
	"encoding/json"

	"gorm.io/gorm"

	"tagout"
)

// Timeline reads an incident's events in order. It returns NotFound if there is no such
// incident.
func (s *Store) Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error) {
	events, _, err := s.chain(ctx, id)
	return events, err
}

// Verify checks an incident's timeline: its chain, and that it ends where the incident
// says. It returns the seq of the first bad event with a Conflict that says what is wrong,
// NotFound if there is no such incident, and Unavailable if it could not be read.
func (s *Store) Verify(ctx context.Context, id tagout.IncidentID) (badSeq int64, err error) {
	events, head, err := s.chain(ctx, id)
	if err != nil {
		return 0, err
	}
	if head == (tagout.Head{}) && len(events) > 0 {
		return 1, tagout.Errorf(tagout.Conflict, "%s: the timeline has %d events, but the incident knows of none.", id, len(events))
	}
	return tagout.VerifyChain(id, events, head)
}

// chain reads a timeline and its recorded head as they were at one moment.
func (s *Store) chain(ctx context.Context, id tagout.IncidentID) (events []tagout.Event, head tagout.Head, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		var heads []tagout.Head
		if err := db.Raw("SELECT head_seq AS seq, head_hash AS hash FROM incidents WHERE id = ?", int64(id)).Scan(&heads).Error; err != nil {
			return err
		}
		if len(heads) == 0 {
			return tagout.Errorf(tagout.NotFound, "There is no %s.", id)
		}
		head = heads[0]
		var err error
		events, err = eventsOf(db, int64(id))
		return err
	})
	return events, head, err
}

// eventsOf reads the whole timeline of an incident, in order.
func eventsOf(db *gorm.DB, id int64) ([]tagout.Event, error) {
	var rows []eventRow
	if err := db.Where("incident = ?", id).Order("seq").Find(&rows).Error; err != nil {
		return nil, err
	}
	events := make([]tagout.Event, len(rows))
	for n, r := range rows {
		events[n] = r.event()
	}
	return events, nil
}

// IncidentIDs lists the numbers of all incidents in order, for checking every timeline.
func (s *Store) IncidentIDs(ctx context.Context) (ids []tagout.IncidentID, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT id FROM incidents ORDER BY id").Scan(&ids).Error
	})
	return ids, err
}

// Requests lists an incident's resume requests, oldest first, with their sign-offs.
func (s *Store) Requests(ctx context.Context, id tagout.IncidentID) (requests []tagout.ResumeRequest, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		requests, err = requestsOf(db, id)
		return err
	})
	return requests, err
}

func requestsOf(db *gorm.DB, id tagout.IncidentID) ([]tagout.ResumeRequest, error) {
	var docs []string
	if err := db.Raw("SELECT doc FROM resume_requests WHERE incident = ? ORDER BY requested_at, id", int64(id)).Scan(&docs).Error; err != nil {
		return nil, err
	}
	requests := make([]tagout.ResumeRequest, len(docs))
	for n, doc := range docs {
		if err := json.Unmarshal([]byte(doc), &requests[n]); err != nil {
			return nil, tagout.Errorf(tagout.Internal, "A resume request of %s cannot be read: its record has another shape: %w", id, err)
		}
	}
	return requests, nil
}

// Pages lists an incident's pages in the order in which they were queued.
func (s *Store) Pages(ctx context.Context, id tagout.IncidentID) (pages []tagout.Page, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		pages, err = pagesOf(db, id)
		return err
	})
	return pages, err
}

func pagesOf(db *gorm.DB, id tagout.IncidentID) ([]tagout.Page, error) {
	var docs []string
	if err := db.Raw("SELECT doc FROM pages WHERE incident = ? ORDER BY n", int64(id)).Scan(&docs).Error; err != nil {
		return nil, err
	}
	pages := make([]tagout.Page, len(docs))
	for n, doc := range docs {
		if err := json.Unmarshal([]byte(doc), &pages[n]); err != nil {
			return nil, tagout.Errorf(tagout.Internal, "A page of %s cannot be read: its record has another shape: %w", id, err)
		}
	}
	return pages, nil
}
