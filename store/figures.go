package store

import (
	"context"

	"gorm.io/gorm"

	"tagout"
)

// Figures computes the figures of the incidents that a query is about. It returns Invalid for
// a window that is none.
func (s *Store) Figures(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error) {
	if err := q.Check(); err != nil {
		return tagout.Figures{}, err
	}
	p := plain{query: q}
	err := s.readMoment(ctx, func(db *gorm.DB) error {
		var rows []incidentRow
		if err := db.Order("id").Find(&rows).Error; err != nil {
			return err
		}
		list, err := assemble(db, rows)
		for _, i := range list {
			if err := p.add(db, i); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return tagout.Figures{}, err
	}
	return p.figures(), nil
}

// add reads what is known of one incident.
func (p *plain) add(db *gorm.DB, i *tagout.Incident) error {
	m := i.Measures()
	var events []eventRow
	if err := db.Session(&gorm.Session{NewDB: true}).Where("incident = ?", int64(i.ID)).Order("seq").Find(&events).Error; err != nil {
		return err
	}
	for _, e := range events {
		m.Tell(e.event())
	}
	pages, err := pagesOf(db, i.ID)
	if err != nil {
		return err
	}
	for _, page := range pages {
		m.Page(page)
	}
	requests, err := requestsOf(db, i.ID)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if d, decided := r.Ruling(); decided {
			d.Incident = i.ID
			p.decisions = append(p.decisions, d)
		}
	}
	p.measures = append(p.measures, m)
	return nil
}
