package tagout

import (
	"context"
	"strings"
	"time"
)

// Override puts one person on call in a rotation for a while, whoever has the turn. It is
// for paging: it gives nobody a signature.
type Override struct {
	ID          string // derived from the request, so that a repeat is the same override
	Rotation    string
	Person      UserID
	From        time.Time
	Until       time.Time // ends by itself
	By          Actor     // who set it
	At          time.Time // when
	Why         string    // may be empty
	CancelledBy Actor
	CancelledAt time.Time // zero: not cancelled
}

// longestOverride is how long an override may last.
const longestOverride = 31 * 24 * time.Hour

// Check returns Invalid, with the fix, for an override that cannot be meant.
func (o Override) Check(now time.Time) error {
	switch {
	case o.ID == "" || o.Rotation == "" || o.Person == "" || o.By.Kind != ByUser:
		return Errorf(Invalid, "An override needs a rotation, a person, and somebody who sets it.")
	case !o.Until.After(now):
		return Errorf(Invalid, "The override would be over already. Say how long from now, such as 4h, or until when.")
	case !o.Until.After(o.From):
		return Errorf(Invalid, "The override would end before it begins.")
	case o.Until.Sub(o.From) > longestOverride:
		return Errorf(Invalid, "An override lasts at most 31 days; for longer change the rotation in the configuration.")
	case o.From.Sub(now) > 366*24*time.Hour:
		return Errorf(Invalid, "The override would begin in more than a year.")
	}
	return nil
}

// Applies reports whether the override decides who is on call at a time.
func (o Override) Applies(at time.Time) bool {
	return o.CancelledAt.IsZero() && !at.Before(o.From) && at.Before(o.Until)
}

// later reports whether o was set after p, which it then wins over.
func (o Override) later(p Override) bool {
	if c := o.At.Compare(p.At); c != 0 {
		return c > 0
	}
	return strings.Compare(o.ID, p.ID) > 0
}

// OverrideOf is the override that decides who is on call in a rotation at a time: of those
// that apply, the one that was set last.
func OverrideOf(all []Override, rotation string, at time.Time) (Override, bool) {
	var best Override
	found := false
	for _, o := range all {
		if o.Rotation == rotation && o.Applies(at) && (!found || o.later(best)) {
			best, found = o, true
		}
	}
	return best, found
}

// OverrideStore keeps overrides.
type OverrideStore interface {
	// AddOverride records an override and the effects that tell of it, in one transaction.
	// The same ID again changes nothing. It reports whether it is new.
	AddOverride(ctx context.Context, o Override, effects []Effect) (bool, error)
	// CancelOverride ends an override before its time, with the effects that tell of it. It
	// reports false if it was cancelled before, and returns NotFound if there is none.
	CancelOverride(ctx context.Context, id string, by Actor, at time.Time, effects []Effect) (bool, error)
	// Overrides lists those that are not over at a time, cancelled ones left out, in the
	// order in which they were set.
	Overrides(ctx context.Context, at time.Time) ([]Override, error)
}

// OverrideOrder is what somebody asks for: who is on call, from when, until when.
type OverrideOrder struct {
	ID       string // of the request
	Rotation string // "" means the only one there is
	Person   UserID
	From     time.Time // zero: now
	Until    time.Time
	Why      string
	By       User
}

// OverrideEnd asks to end an override before its time.
type OverrideEnd struct {
	Rotation string // "" : any
	Person   UserID // "" : anybody
	By       User
}

// OverrideResult is what became of an order.
type OverrideResult struct {
	Override Override
	Instead  []Person // who would be on call without it
	Fresh    bool     // false: the same request was carried out before
	Warning  string   // what could not be checked; a sentence
}
