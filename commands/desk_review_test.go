package commands_test

import (
	"context"

	"tagout"
)

func (d *desk) PrefillReview(_ context.Context, i *tagout.Incident) (map[string]string, error) {
	return i.PrefillReview(d.events), d.err
}

func (d *desk) SaveReview(ctx context.Context, id tagout.IncidentID, e tagout.ReviewEdit) (*tagout.Incident, error) {
	return d.end(ctx, id, "save", func(i *tagout.Incident) (tagout.Change, error) { return i.SaveReview(e, inForce) })
}

func (d *desk) SubmitReview(ctx context.Context, id tagout.IncidentID, version int, by tagout.User) (*tagout.Incident, error) {
	return d.end(ctx, id, "submit", func(i *tagout.Incident) (tagout.Change, error) {
		return i.SubmitReview(version, by, []tagout.UserID{"U0ENG"}, inForce)
	})
}

func (d *desk) DecideReview(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error) {
	s.HomeTeam = "T0"
	if s.User.ID == "U0ENG" {
		s.Roles = []string{tagout.RCAFacilitator}
	}
	return d.end(ctx, id, s.Verdict, func(i *tagout.Incident) (tagout.Change, error) { return i.DecideReview(s, inForce) })
}
