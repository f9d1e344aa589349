package bundle

import (
	"context"

	"tagout"
)

// Store is what a record is read from, as [tagout.Store] is.
type Store interface {
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error)
	tagout.ChangeReader
	Requests(ctx context.Context, id tagout.IncidentID) ([]tagout.ResumeRequest, error)
	Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error)
	Pages(ctx context.Context, id tagout.IncidentID) ([]tagout.Page, error)
	EvidenceOf(ctx context.Context, id tagout.IncidentID) ([]tagout.Evidence, error)
	EvidenceContent(ctx context.Context, id tagout.IncidentID, sha256 string) (tagout.Evidence, error)
}

// everyAlert is more than one incident ever has.
const everyAlert = 10_000_000

// Read reads all that is known of an incident, as it is at one moment: what is written while
// it is read makes it read again. It returns NotFound if there is no such incident.
func Read(ctx context.Context, s Store, id tagout.IncidentID) (Record, error) {
	for {
		var r Record
		i, err := s.Incident(ctx, id)
		if err != nil {
			return r, err
		}
		if r.Events, err = s.Timeline(ctx, id); err != nil {
			return r, err
		}
		if r.Requests, err = s.Requests(ctx, id); err != nil {
			return r, err
		}
		if r.Alerts, err = s.Alerts(ctx, id, everyAlert); err != nil {
			return r, err
		}
		if r.Changes, err = i.ChangesAround(ctx, s); err != nil {
			return r, err
		}
		if r.Kind, err = i.KindOf(ctx, s, &tagout.Policy{}, r.Changes); err != nil {
			return r, err
		}
		if r.Pages, err = s.Pages(ctx, id); err != nil {
			return r, err
		}
		if r.Evidence, err = EvidenceOf(ctx, s, id); err != nil {
			return r, err
		}
		if r.Incident, err = s.Incident(ctx, id); err != nil || r.Incident.Head == i.Head {
			return r, err
		}
	}
}

// EvidenceOf reads what was kept with an incident, contents included, altered or not.
func EvidenceOf(ctx context.Context, s Store, id tagout.IncidentID) ([]tagout.Evidence, error) {
	kept, err := s.EvidenceOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for n, e := range kept {
		whole, err := s.EvidenceContent(ctx, id, e.SHA256)
		if err != nil && tagout.CodeOf(err) != tagout.Internal {
			return nil, err
		}
		kept[n].Content = whole.Content
	}
	return kept, nil
}
