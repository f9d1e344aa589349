package bot

import (
	"context"

	"tagout"
)

// Reviews is what the edge needs to know of reviews.
type Reviews interface {
	// ReviewDocument is the document of a review, with what can be done about it. It returns
	// NotFound while nobody has written one.
	ReviewDocument(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
}

func (b *Bot) reviewOf(inc *tagout.Incident) living {
	return living{"review", func(r *tagout.Room) *string { return &r.Review },
		func(ctx context.Context) (tagout.Message, error) { return b.desk.ReviewDocument(ctx, inc.ID) }}
}

// review posts the document of an incident's review, or brings it up to date.
func (b *Bot) review(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil || inc.Review == nil {
		return err
	}
	return b.put(ctx, inc, "review:"+inc.ID.String(), b.reviewOf(inc))
}

// refreshReview brings the document of a review up to date: it lives as long as anything of
// the incident changes.
func (b *Bot) refreshReview(ctx context.Context, inc *tagout.Incident) error {
	if inc.Review == nil {
		return nil
	}
	return b.bringUpToDate(ctx, inc, b.reviewOf(inc))
}
