package bot

import (
	"context"

	"tagout"
)

// Runbooks is what the edge needs to know of runbooks.
type Runbooks interface {
	// RunbookList is the checklist of an incident, with its ticks. It returns NotFound if the
	// incident has no runbook.
	RunbookList(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
}

func (b *Bot) runbookOf(inc *tagout.Incident) living {
	return living{"runbook", func(r *tagout.Room) *string { return &r.Runbook },
		func(ctx context.Context) (tagout.Message, error) { return b.desk.RunbookList(ctx, inc.ID) }}
}

// runbook posts the checklist of an incident in its channel, or brings it up to date.
func (b *Bot) runbook(ctx context.Context, e tagout.Effect) error {
	inc, err := b.incident(ctx, e.Incident)
	if err != nil || len(inc.Runbook) == 0 {
		return err
	}
	if inc.Room.Runbook == "" {
		if err := b.roomFirst(inc); err != nil {
			return err
		}
	}
	return b.put(ctx, inc, "runbook:"+inc.ID.String()+":"+e.Key, b.runbookOf(inc))
}

// refreshRunbook brings the checklist up to date.
func (b *Bot) refreshRunbook(ctx context.Context, inc *tagout.Incident) error {
	if len(inc.Runbook) == 0 {
		return nil
	}
	return b.bringUpToDate(ctx, inc, b.runbookOf(inc))
}
