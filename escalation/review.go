package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// SaveReview keeps a new version of an incident's review. It returns Forbidden for guests,
// Conflict if it was approved or somebody saved another version meanwhile, and Invalid for one
// that is too long.
func (d *Desk) SaveReview(ctx context.Context, id tagout.IncidentID, e tagout.ReviewEdit) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.SaveReview(e, now)
	})
}

// SubmitReview asks for the approval of the newest version, and tells those who can give it.
// It returns Invalid, naming what is missing, and Conflict if version is not the newest.
func (d *Desk) SubmitReview(ctx context.Context, id tagout.IncidentID, version int, by tagout.User) (*tagout.Incident, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	approvers := slices.DeleteFunc(d.approversOf(ctx, i), func(id tagout.UserID) bool { return id == by.ID })
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.SubmitReview(version, by, approvers, now)
	})
}

// DecideReview counts an approval of a review, or that it is sent back. An approved one closes
// the incident once nothing is held. A press that does not count is answered with the reason,
// and leaves a line on the timeline.
func (d *Desk) DecideReview(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error) {
	s.HomeTeam = d.homeTeam()
	roles, err := d.signerRoles(ctx, s.User.ID)
	if err != nil {
		return nil, err
	}
	i, err := d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		s.Roles = nil
		if d.facilitates(i, s.User.ID, roles) {
			s.Roles = []string{tagout.RCAFacilitator}
		}
		return i.DecideReview(s, now)
	})
	if err != nil {
		d.refuseReview(ctx, id, s, err)
		return nil, err
	}
	crashpoint.Here("review.decided")
	if i.State.Ended() {
		d.repin(ctx)
	}
	return i, nil
}

// facilitates reports whether somebody with these roles of the configuration may decide on the
// review as it stands: the incident's RCA facilitator; or, if there is none or they wrote a
// part of it, whoever the configuration names for that.
func (d *Desk) facilitates(i *tagout.Incident, id tagout.UserID, roles []string) bool {
	if lead := i.Roles[tagout.RCAFacilitator]; lead != "" && (lead == id || !i.Review.Wrote(lead)) {
		return lead == id
	}
	return slices.Contains(roles, d.policy.IncidentRoles[tagout.RCAFacilitator])
}

// approversOf are who may decide on the review as it stands, as far as that is known.
func (d *Desk) approversOf(ctx context.Context, i *tagout.Incident) []tagout.UserID {
	if lead := i.Roles[tagout.RCAFacilitator]; lead != "" && !i.Review.Wrote(lead) {
		return []tagout.UserID{lead}
	}
	var people []tagout.UserID
	for _, s := range d.signers(ctx, tagout.SignoffRule{{AnyOf: []string{d.policy.IncidentRoles[tagout.RCAFacilitator]}}}) {
		people = append(people, s.People...)
	}
	return slices.DeleteFunc(people, i.Review.Wrote)
}

// refuseReview leaves a line about a press that did not count.
func (d *Desk) refuseReview(ctx context.Context, id tagout.IncidentID, s tagout.Signing, why error) {
	switch tagout.CodeOf(why) {
	case tagout.Forbidden, tagout.Conflict:
	default:
		return
	}
	_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.RefuseReview(s, tagout.Sentence(why), now), nil
	})
	if err != nil {
		d.log.Warn("could not record a press on a review that did not count", "incident", id.String(), "error", err)
	}
}

// PrefillReview is what the record lets one begin the review of an incident with.
func (d *Desk) PrefillReview(ctx context.Context, i *tagout.Incident) (map[string]string, error) {
	events, err := d.store.Timeline(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	return i.PrefillReview(events), nil
}

// ReviewMarkdown is the document of an incident's review, as Markdown.
func (d *Desk) ReviewMarkdown(ctx context.Context, id tagout.IncidentID) (string, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return "", err
	}
	events, err := d.store.Timeline(ctx, id)
	if err != nil {
		return "", err
	}
	around := tagout.ReviewAround{}
	if d.url != "" {
		around.Evidence = d.url + "/v1/incidents/" + id.String() + "/evidence/"
	}
	if around.Changes, err = d.recentChanges(ctx, i); err != nil {
		return "", err
	}
	if around.Kind, err = d.Kind(ctx, i); err != nil {
		return "", err
	}
	return i.ReviewMarkdown(events, d.policy, around), nil
}
