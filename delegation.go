package tagout

import (
	"context"
	"slices"
	"time"
)

// Delegation lets somebody sign in place of a member of a role for a while. Only a member
// gives one, and only of a role of their own; it cannot be passed on.
type Delegation struct {
	ID        string    `json:"id"`
	Role      string    `json:"role"`
	To        UserID    `json:"to"`
	By        UserID    `json:"by"` // a member of the role
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
	Why       string    `json:"why,omitempty"`
	RevokedBy UserID    `json:"revoked_by,omitempty"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// DefaultDelegateAtMost is how long a delegation lasts at most, unless the configuration says
// otherwise.
const DefaultDelegateAtMost = 7 * 24 * time.Hour

// Check returns Invalid, with the fix, for a delegation that cannot be meant.
func (d Delegation) Check(atMost time.Duration) error {
	if atMost <= 0 {
		atMost = DefaultDelegateAtMost
	}
	switch {
	case d.ID == "" || d.Role == "" || d.To == "" || d.By == "":
		return Errorf(Invalid, "A delegation needs a role, a person, and a member of the role who gives it.")
	case d.To == d.By:
		return Errorf(Invalid, "You sign for %s yourself; a delegation is for somebody else. Nothing was changed.", d.Role)
	case !d.Until.After(d.From):
		return Errorf(Invalid, "Say for how long, such as 24h. Nothing was changed.")
	case d.Until.Sub(d.From) > atMost:
		return Errorf(Invalid, "A delegation lasts at most %s. Nothing was changed.", Elapsed(atMost))
	}
	return nil
}

// Holds reports whether it is in force at a time.
func (d Delegation) Holds(at time.Time) bool {
	return d.RevokedAt.IsZero() && !at.Before(d.From) && at.Before(d.Until)
}

// DelegationStore keeps delegations.
type DelegationStore interface {
	// AddDelegation records a delegation and the effects that tell of it, in one transaction.
	// The same ID again changes nothing. It reports whether it is new.
	AddDelegation(ctx context.Context, d Delegation, effects []Effect) (bool, error)
	// RevokeDelegation ends a delegation before its time, with the effects that tell of it. It
	// reports false if it was revoked before, and returns NotFound if there is none.
	RevokeDelegation(ctx context.Context, id string, by UserID, at time.Time, effects []Effect) (bool, error)
	// Delegations lists those that are not over at a time, revoked ones left out, in the order
	// in which they were given.
	Delegations(ctx context.Context, at time.Time) ([]Delegation, error)
}

// DelegationOrder is what somebody asks for.
type DelegationOrder struct {
	ID     string // of the request
	Role   string
	Person UserID
	For    time.Duration
	Why    string
	By     User
}

// spent reports whether the one who gave the delegation has signed already, also through
// somebody else: then it counts no more.
func (d Delegation) spent(given []Signoff) bool {
	return slices.ContainsFunc(given, func(s Signoff) bool { return s.voice() == d.By })
}

// voice is whose sign-off it is: who gave the delegation, or else who pressed.
func (s Signoff) voice() UserID {
	if s.Delegation != nil {
		return s.Delegation.By
	}
	return s.By
}

// Delegated notes on the timeline that a role that this incident needs was delegated, or that
// this was revoked.
func (i *Incident) Delegated(d Delegation, at time.Time) Change {
	key := d.ID
	kind, by := EventDelegated, d.By
	if !d.RevokedAt.IsZero() {
		key, kind, by = d.ID+":revoked", EventDelegationRevoked, d.RevokedBy
	}
	var c Change
	if slices.Contains(i.Delegations, key) || i.State.Ended() {
		return c
	}
	i.Delegations = append(i.Delegations, key)
	c.event(kind, Actor{Kind: ByUser, ID: string(by)}, at, d)
	if i.Request != nil && i.Request.State == RequestPending {
		c.effect(EffectDecision, i.ID, i.Request.ID+":"+key, nil)
		c.effect(EffectSigners, i.ID, i.Request.ID+":"+key, SignerCall{i.Request.ID})
	}
	return c
}
