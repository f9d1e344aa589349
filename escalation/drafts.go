package escalation

import (
	"context"

	"tagout"
)

// KeepDraft keeps what somebody has typed into a form. It returns Unavailable if the database
// cannot be reached.
func (d *Desk) KeepDraft(ctx context.Context, draft tagout.FormDraft) error {
	if draft.At.IsZero() {
		draft.At = d.clock.Now()
	}
	return d.store.KeepDraft(ctx, draft)
}

// Draft reads what somebody typed into a form before; without values if nothing is kept.
func (d *Desk) Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error) {
	return d.store.Draft(ctx, id, form, person)
}

// RunningVersions are those that the agent of an incident runs, as far as they are known.
func (d *Desk) RunningVersions(ctx context.Context, i *tagout.Incident) (map[string]string, error) {
	return d.versionsToRun(ctx, i)
}
