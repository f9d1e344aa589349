package escalation

import (
	"context"
	"slices"

	"tagout"
)

// homeReviewed is how many resumed incidents an App Home looks through for reviews.
const homeReviewed = 100

// homeReviews lists the reviews that this person has to write or to decide on. Those that
// wait for their incident to be resumed are among the open ones.
func (d *Desk) homeReviews(ctx context.Context, open []*tagout.Incident, user tagout.User) tagout.HomeSection {
	s := tagout.HomeSection{Title: "Reviews"}
	if user.Guest || user.Bot {
		return s
	}
	ended, err := d.store.Incidents(ctx, tagout.IncidentQuery{Resumed: true, Limit: homeReviewed})
	if err != nil {
		return s // that the incidents cannot be read stands on the page already
	}
	roles, err := d.signerRoles(ctx, user.ID)
	if err != nil {
		roles = nil
	}
	ended = slices.DeleteFunc(ended, func(i *tagout.Incident) bool { return !d.Sees(ctx, i, tagout.Viewer{User: user}) })
	for _, i := range slices.Concat(ended, open) {
		if m, mine := d.homeReview(i, user, roles); mine {
			s.Items = append(s.Items, m)
		}
	}
	return s
}

// homeReview is a review with what this person has to do about it; false if they have not.
func (d *Desk) homeReview(i *tagout.Incident, user tagout.User, roles []string) (tagout.Message, bool) {
	t := tagout.T(tagout.Bold(i.ID.String()+" "+i.HighestSeverity.Label()), " "+i.Title+" — ")
	due, owed := i.ReviewDue()
	switch state := i.ReviewState(); {
	case state == tagout.ReviewSubmitted:
		if i.Review.Wrote(user.ID) || !d.facilitates(i, user.ID, roles) {
			return tagout.Message{}, false
		}
		t = append(t, tagout.T(tagout.Bold("waits for your approval"))...)
	case state == tagout.ReviewApproved, !owed && state == "", !i.State.Ended() && state == "":
		return tagout.Message{}, false
	case i.Roles[tagout.IncidentCommander] != user.ID && i.Roles[tagout.RCAFacilitator] != user.ID && !i.Review.Wrote(user.ID):
		return tagout.Message{}, false
	case state == tagout.ReviewSentBack:
		t = append(t, tagout.T(tagout.Bold("sent back"), " by ", tagout.Mention(i.Review.DecidedBy))...)
	default:
		t = append(t, tagout.T(tagout.Bold("to be written"))...)
	}
	if owed && due.Waits() {
		t = append(t, tagout.T(", due by ", due.Due)...)
	}
	m := tagout.Message{}
	if i.Room.Channel != "" && i.Room.Review != "" {
		t = append(t, tagout.T(" — ", tagout.MessageLink(i.Room.Channel, i.Room.Review, "read it there"))...)
	}
	if i.ReviewState() != tagout.ReviewSubmitted {
		m.Buttons = []tagout.Button{{Action: "review", Label: "Write the review", Value: i.ID.String()}}
	}
	return m.Para(t, "."), true
}
