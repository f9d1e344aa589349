package tagout

import (
	"context"
	"slices"
	"time"
)

// Control is an enforcement point that Tagout pushes to and reads back.
type Control interface {
	// Name tells it apart from the agent's other controls, such as "webhook".
	Name() string
	// Apply asks for the whole wanted state of one agent; it is repeated until observed.
	// nil means accepted, not done. An error that [IsFinal] will not go away by itself.
	Apply(ctx context.Context, w Wanted) error
	// Read returns what is in force now.
	Read(ctx context.Context, agent string) (Observed, error)
}

// Wanted is the whole state in which one agent should be.
type Wanted struct {
	Agent      string
	Generation int64     // grows with every change
	ValidUntil time.Time // the receiver halts after that unless it hears again
	Holds      []Hold    // those that touch the agent; empty: run
	Versions   map[string]string
}

// Observed is the state in which a control says the agent is.
type Observed struct {
	Agent      string
	Generation int64
	Applied    []AppliedHold
	// Versions are those of the components that the control knows, as they really run: "" for
	// one of which that is not clear, as while it is being rolled out. A component that is
	// missing is none of this control's. nil: it knows none.
	Versions map[string]string
}

// AppliedHold is one scope that is held, as a control reports it.
type AppliedHold struct {
	Scope Scope
	Mode  Mode
}

// Confirms reports whether every hold of w is in force with the same or a stricter mode.
func (o Observed) Confirms(w Wanted, a *Agent) bool {
	for _, h := range w.Holds {
		if !o.ConfirmsHold(h, a) {
			return false
		}
	}
	return true
}

// ConfirmsHold reports whether the hold is in force with the same or a stricter mode. A mode
// that nobody knows confirms nothing.
func (o Observed) ConfirmsHold(h Hold, a *Agent) bool {
	scope := h.Scope
	scope.Agent = o.Agent
	return slices.ContainsFunc(o.Applied, func(applied AppliedHold) bool {
		return slices.Contains(Modes(), applied.Mode) && applied.Scope.Covers(scope, a) && applied.Mode.AtLeast(h.Mode)
	})
}

// ConfirmsVersions reports whether every wanted version is the one that runs, of the
// components that this control is known to report: the others are not its business.
func (o Observed) ConfirmsVersions(w Wanted, reports map[string]bool) bool {
	for component, version := range w.Versions {
		if reports[component] && o.Versions[component] != version {
			return false
		}
	}
	return true
}

// ControlState is what is known of one enforcement point.
type ControlState struct {
	Agent     string
	Control   string
	Wanted    Wanted    // what it was asked for last
	Observed  Observed  // what it said last
	ReadAt    time.Time // when it said so; zero: never
	Confirmed bool      // it enforces what is wanted, runs the wanted versions and holds nothing more
	Error     string    // why not, without secrets
}

// ControlStatus is how far one enforcement point got with the holds of one incident:
// requested, accepted, observed. The times are zero until it happened.
type ControlStatus struct {
	Agent       string    `json:"agent"`
	Control     string    `json:"control"` // "" for an agent without controls: by lease
	RequestedAt time.Time `json:"requested_at"`
	AcceptedAt  time.Time `json:"accepted_at,omitzero"`
	ObservedAt  time.Time `json:"observed_at,omitzero"` // by lease: when the lease had passed
	LeaseUntil  time.Time `json:"lease_until,omitzero"`
	Accepted    []HoldID  `json:"accepted,omitempty"` // the holds that it has accepted
	Observed    []HoldID  `json:"observed,omitempty"` // those that it was observed to enforce
	Error       string    `json:"error,omitempty"`    // the last failure, without secrets
}

// ByLease reports whether the agent has no control and stops when its lease ends.
func (c ControlStatus) ByLease() bool { return c.Control == "" }

// Confirmed reports whether the stop was observed, or the lease has passed.
func (c ControlStatus) Confirmed() bool { return !c.ObservedAt.IsZero() }

// Progress says how far the enforcement point got, and no more than is known.
func (c ControlStatus) Progress() string {
	if c.ByLease() {
		verb := "ends"
		if c.Confirmed() {
			verb = "ended"
		}
		return "by lease, not observed; the lease " + verb + " at " + c.LeaseUntil.UTC().Format("15:04:05 UTC")
	}
	text := "requested " + c.RequestedAt.UTC().Format("15:04:05.000 UTC")
	if !c.AcceptedAt.IsZero() {
		text += " → accepted +" + Elapsed(c.AcceptedAt.Sub(c.RequestedAt))
	}
	switch {
	case c.Confirmed():
		return text + " → observed +" + Elapsed(c.ObservedAt.Sub(c.RequestedAt))
	case c.Error != "":
		return text + ", not confirmed: " + clip(c.Error, 200) + " (tried again until it is)"
	case !c.AcceptedAt.IsZero():
		return text + " → being read back"
	}
	return text + ", no answer yet"
}

// ControlReport is news of one enforcement point from the reconciler.
type ControlReport struct {
	Agent    string
	Control  string
	Holds    []HoldID // those that the news is about; each is told once
	At       time.Time
	Accepted bool
	Observed bool
	Drift    bool              // it was observed before, and now it runs under a hold
	Error    string            // it could not be asked, without secrets
	Asked    map[string]string // the versions that it accepted to run
	Versions map[string]string // what runs, as read back; nil if it was not read
}
