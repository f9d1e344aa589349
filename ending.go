package tagout

import (
	"slices"
	"time"
)

// Ending is what an incident keeps of how it comes to its end.
type Ending struct {
	FalseAlarm *FalseAlarm     `json:",omitempty"`
	Closing    *Closing        `json:",omitempty"` // by hand, where no review is owed
	Review     *IncidentReview `json:",omitempty"`
}

// FalseAlarm says that an incident was none. As long as anything of it is held it waits: it
// lifts nothing.
type FalseAlarm struct {
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Closing is what somebody said when they closed an incident by hand.
type Closing struct {
	By   Actor     `json:"by"`
	At   time.Time `json:"at"`
	What string    `json:"what"` // became of it
}

// Binds reports whether something of the incident stands that only sign-offs take away: a
// hold, or a pinned version of an incident that is not resumed.
func (i *Incident) Binds() bool {
	return len(i.ActiveHolds()) > 0 || len(i.Pins) > 0 && i.At(Resumed).IsZero()
}

// OwesReview reports whether a severity that the incident reached asks for a review.
func (i *Incident) OwesReview() bool {
	return slices.ContainsFunc(i.Terms, func(t Term) bool { return t.Kind == DueReview })
}

// ReviewDue is the deadline of the review; false if no severity that was reached asks for one.
func (i *Incident) ReviewDue() (Deadline, bool) {
	for _, d := range i.Deadlines() {
		if d.Kind == DueReview {
			return d, true
		}
	}
	return Deadline{}, false
}

// cancelled reports whether the incident was a false alarm and nothing of it binds any more.
func (i *Incident) cancelled() bool { return i.FalseAlarm != nil && !i.Binds() }

// closed reports whether nothing is held, and all that was owed is done.
func (i *Incident) closed() bool {
	return !i.At(Resumed).IsZero() && len(i.ActiveHolds()) == 0 && (i.Closing != nil || i.Review.Approved())
}
