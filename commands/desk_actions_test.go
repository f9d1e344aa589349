package commands_test

import (
	"context"
	"slices"

	"tagout"
)

// acted is what the desk was asked about corrective actions; the incidents take it over.
type acted struct {
	queries []tagout.ActionQuery
	drafts  []tagout.ActionDraft
}

func (d *desk) Actions(_ context.Context, q tagout.ActionQuery, v tagout.Viewer) ([]tagout.ActionOf, error) {
	d.acted.queries = append(d.acted.queries, q)
	var found []tagout.ActionOf
	for _, i := range d.incidents {
		for _, a := range i.Actions {
			if (!q.Open || a.State == tagout.ActionOpen) && (q.Owner == "" || a.Owner == q.Owner) && (q.Incident == 0 || i.ID == q.Incident) &&
				(q.DueBefore.IsZero() || a.Due.Before(q.DueBefore)) && i.VisibleTo(v, d.policy) {
				found = append(found, tagout.ActionOf{Incident: i, CorrectiveAction: a})
			}
		}
	}
	slices.SortFunc(found, func(a, b tagout.ActionOf) int { return a.Due.Compare(b.Due) })
	return found, d.err
}

func (d *desk) acts(ctx context.Context, id tagout.IncidentID, do func(i *tagout.Incident) error) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err == nil {
		err = do(i)
	}
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (d *desk) AddAction(ctx context.Context, id tagout.IncidentID, draft tagout.ActionDraft, by tagout.User) (*tagout.Incident, error) {
	d.acted.drafts = append(d.acted.drafts, draft)
	return d.acts(ctx, id, func(i *tagout.Incident) error { _, err := i.AddAction(draft, by, t0); return err })
}

func (d *desk) ChangeAction(ctx context.Context, id tagout.IncidentID, number int, draft tagout.ActionDraft, by tagout.User) (*tagout.Incident, error) {
	d.acted.drafts = append(d.acted.drafts, draft)
	return d.acts(ctx, id, func(i *tagout.Incident) error { _, err := i.ChangeAction(number, draft, by, t0); return err })
}

func (d *desk) FinishAction(ctx context.Context, id tagout.IncidentID, number int, test, noTest string, by tagout.User) (*tagout.Incident, error) {
	return d.acts(ctx, id, func(i *tagout.Incident) error { _, err := i.FinishAction(number, test, noTest, by, t0); return err })
}

func (d *desk) DropAction(ctx context.Context, id tagout.IncidentID, number int, why string, by tagout.User) (*tagout.Incident, error) {
	return d.acts(ctx, id, func(i *tagout.Incident) error { _, err := i.DropAction(number, why, by, t0); return err })
}

func (d *desk) RetryTicket(ctx context.Context, id tagout.IncidentID, number int, by tagout.User) (*tagout.Incident, error) {
	return d.acts(ctx, id, func(i *tagout.Incident) error { _, err := i.RetryTicket(number, by, t0); return err })
}
