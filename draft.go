package tagout

import (
	"context"
	"time"
)

// FormDraft is what somebody has typed into a form about an incident without having sent it,
// so that nothing of it is lost.
type FormDraft struct {
	Incident IncidentID
	Form     string // its ID
	Person   UserID
	At       time.Time         // when it was typed
	Values   map[string]string // by field; none: it was sent, or there never was one
}

// IsZero reports whether there is no draft.
func (d FormDraft) IsZero() bool { return len(d.Values) == 0 }

// DraftStore keeps drafts, one for each person, form and incident.
type DraftStore interface {
	// KeepDraft keeps a draft in place of an older one; what is older than the one that is
	// kept changes nothing. One without values takes the place of what was sent.
	KeepDraft(ctx context.Context, d FormDraft) error
	// Draft reads a draft; one without values if there is none.
	Draft(ctx context.Context, id IncidentID, form string, person UserID) (FormDraft, error)
}
