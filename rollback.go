package tagout

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Basis says why a version was chosen to go back to.
type Basis string

// The bases.
const (
	BasisKnownGood Basis = "last known good"
	BasisPrevious  Basis = "the one before; none is known to be good"
	BasisNamed     Basis = "as named"
	BasisRolled    Basis = "rolled back to already"
	BasisUnseen    Basis = "as named, never seen before"
	BasisDrill     Basis = "what ran before the drill"
)

// RollbackState is how far one component got.
type RollbackState string

// The states of a component. Only what was read back is confirmed.
const (
	RollbackRequested RollbackState = "requested"
	RollbackAccepted  RollbackState = "accepted"
	RollbackConfirmed RollbackState = "confirmed"
	RollbackFailed    RollbackState = "failed"
)

// Rollback is an attempt to go back to earlier versions, with all that was ordered for the
// agent in this incident so far: a later order replaces the components that it names.
type Rollback struct {
	ID         string              `json:"id,omitempty"` // of the order; a repeat of it begins nothing
	At         time.Time           `json:"at"`           // of the newest order
	By         Actor               `json:"by"`
	Agent      string              `json:"agent"`
	Components []ComponentRollback `json:"components,omitempty"`
	DoneAt     time.Time           `json:"done_at,omitzero"`   // when the last component was read back
	FailedAt   time.Time           `json:"failed_at,omitzero"` // when it was given up, or could not begin
	Failure    string              `json:"failure,omitempty"`
}

// ComponentRollback is how far one component got on its way back.
type ComponentRollback struct {
	Component   string        `json:"component"`
	From        string        `json:"from,omitempty"` // "" if it was not known
	To          string        `json:"to"`
	Basis       Basis         `json:"basis,omitempty"`
	State       RollbackState `json:"state"`
	RequestedAt time.Time     `json:"requested_at"`
	AcceptedAt  time.Time     `json:"accepted_at,omitzero"`
	ConfirmedAt time.Time     `json:"confirmed_at,omitzero"`
	FailedAt    time.Time     `json:"failed_at,omitzero"`
	Failure     string        `json:"failure,omitempty"`
	Reads       []VersionRead `json:"reads,omitempty"` // the newest of each control that reports it
}

// VersionRead is what one control read back of one component.
type VersionRead struct {
	Control string `json:"control"`
	Version string `json:"version"` // "": it knows the component, but not one version that runs everywhere
	Fresh   bool   `json:"fresh"`   // read after the rollback was requested
}

// UnmarshalJSON also reads the form without components, in which a rollback was done or
// failed as a whole.
func (r *Rollback) UnmarshalJSON(text []byte) error {
	type plain Rollback
	var old struct {
		plain
		From map[string]string `json:"from"`
		To   map[string]string `json:"to"`
	}
	if err := json.Unmarshal(text, &old); err != nil {
		return err
	}
	*r = Rollback(old.plain)
	for _, component := range sortedKeys(old.To) {
		c := ComponentRollback{Component: component, From: old.From[component], To: old.To[component], State: RollbackRequested, RequestedAt: r.At,
			ConfirmedAt: r.DoneAt, FailedAt: r.FailedAt, Failure: r.Failure}
		switch {
		case !r.DoneAt.IsZero():
			c.State = RollbackConfirmed
		case !r.FailedAt.IsZero():
			c.State = RollbackFailed
		}
		r.Components = append(r.Components, c)
	}
	return nil
}

// Underway reports whether something of it may still be read back in time.
func (r *Rollback) Underway() bool { return r != nil && r.DoneAt.IsZero() && r.FailedAt.IsZero() }

// Of is the component of that name, or nil.
func (r *Rollback) Of(component string) *ComponentRollback {
	n := slices.IndexFunc(r.Components, func(c ComponentRollback) bool { return c.Component == component })
	if n < 0 {
		return nil
	}
	return &r.Components[n]
}

// To is the wanted versions by component.
func (r *Rollback) To() map[string]string {
	to := map[string]string{}
	for _, c := range r.Components {
		to[c.Component] = c.To
	}
	return to
}

// Failed lists the components that were given up.
func (r *Rollback) Failed() []ComponentRollback {
	return slices.DeleteFunc(slices.Clone(r.Components), func(c ComponentRollback) bool { return c.State != RollbackFailed })
}

// ReadBy lists the controls that read the wanted version back.
func (c ComponentRollback) ReadBy() []string {
	var names []string
	for _, read := range c.Reads {
		if read.Fresh && read.Version == c.To {
			names = append(names, read.Control)
		}
	}
	return names
}

// Change is the component with what it goes from and to, such as "prompt v42 → v41".
func (c ComponentRollback) Change() string { return c.Component + " " + c.Versions() }

// Versions is what the component goes from and to, such as "v42 → v41".
func (c ComponentRollback) Versions() string {
	if c.From == "" || c.From == c.To {
		return c.To
	}
	return c.From + " → " + c.To
}

// Progress says how far the component got, and no more than is known.
func (c ComponentRollback) Progress() string {
	switch c.State {
	case RollbackConfirmed:
		text := "read back"
		if by := c.ReadBy(); len(by) > 0 {
			text += " by " + strings.Join(by, ", ")
		}
		text += " +" + Elapsed(c.ConfirmedAt.Sub(c.RequestedAt))
		if !c.FailedAt.IsZero() {
			text += ", too late to count as in time"
		}
		return text
	case RollbackFailed:
		return "failed: " + c.Failure
	case RollbackAccepted:
		return "accepted +" + Elapsed(c.AcceptedAt.Sub(c.RequestedAt)) + ", not read back yet"
	}
	return "requested, not read back yet"
}

// read notes what a control read back, or that it does not report the component.
func (c *ComponentRollback) read(control, version string, reported bool) {
	c.Reads = slices.DeleteFunc(c.Reads, func(r VersionRead) bool { return r.Control == control })
	if reported {
		c.Reads = append(c.Reads, VersionRead{Control: control, Version: version, Fresh: true})
		slices.SortFunc(c.Reads, func(a, b VersionRead) int { return strings.Compare(a.Control, b.Control) })
	}
}

// isBack reports whether a control reads the wanted version back and none reads another one.
func (c ComponentRollback) isBack() bool {
	other := slices.ContainsFunc(c.Reads, func(r VersionRead) bool { return r.Version != c.To })
	return !other && len(c.ReadBy()) > 0
}

// whyNot says why the component is not confirmed. problems are the errors of controls, by
// name.
func (c ComponentRollback) whyNot(problems map[string]string) string {
	var parts []string
	for _, r := range c.Reads {
		switch {
		case r.Version == c.To:
		case r.Version == "":
			parts = append(parts, r.Control+" cannot tell yet which version runs everywhere")
		case r.Fresh:
			parts = append(parts, r.Control+" reads "+r.Version)
		default:
			parts = append(parts, r.Control+" was not read back since; it ran "+r.Version)
		}
	}
	if len(c.Reads) == 0 {
		parts = append(parts, "no control reports "+c.Component)
	}
	for _, control := range sortedKeys(problems) {
		parts = append(parts, control+": "+strings.TrimRight(problems[control], "."))
	}
	if len(parts) == 0 {
		return "nothing read it back in time."
	}
	return strings.Join(parts, "; ") + "."
}

// holds reports whether the rollback has asked for this already and has not given it up.
func (r *Rollback) holds(o Rollback) bool {
	if r == nil || r.Agent != o.Agent || len(o.Components) == 0 {
		return false
	}
	return !slices.ContainsFunc(o.Components, func(wanted ComponentRollback) bool {
		c := r.Of(wanted.Component)
		return c == nil || c.To != wanted.To || c.State == RollbackFailed
	})
}

// RollbackOrder asks to pin an agent to earlier versions.
type RollbackOrder struct {
	ID       string     // of the request; a repeat begins nothing
	Incident IncidentID // 0: the agent's open one, or a new one
	Agent    string
	To       map[string]string // by component; "" is the proposal of the plan; nil: all that the plan proposes
	Retry    bool              // only what failed in the incident, at the versions that were wanted
	By       Actor
}

// PlanRollback is what an order means for an agent of which this much is known: the
// components in the order of the configuration. It returns NotFound, naming near ones, for a
// component that the agent does not have, and Conflict if no other version is known.
func PlanRollback(a AgentVersions, to map[string]string) ([]ComponentRollback, error) {
	for _, name := range sortedKeys(to) {
		if _, ok := a.Component(name); !ok {
			return nil, a.unknownComponent(name)
		}
	}
	var plan []ComponentRollback
	for _, c := range a.Components {
		wanted, named := to[c.Component]
		if len(to) > 0 && !named {
			continue
		}
		step := ComponentRollback{Component: c.Component, From: c.Current, To: wanted, Basis: BasisNamed}
		back, why := c.Back()
		if already := a.RolledBack[c.Component]; already != "" {
			back, why = already, BasisRolled // not further back, and never forward again
		}
		switch {
		case wanted == "" || wanted == back:
			step.To, step.Basis = back, why
		case !c.Seen(wanted):
			step.Basis = BasisUnseen
		}
		if step.To == "" && named {
			return nil, Errorf(Conflict,
				"No earlier %s of %s is known. Name the version: /tagout rollback %s %s=VERSION.", c.Component,
				a.Agent, a.Agent, c.Component)
		}
		if step.To != "" {
			plan = append(plan, step)
		}
	}
	if len(plan) == 0 {
		return nil, Errorf(Conflict,
			"No earlier version of %s is known. Name one: /tagout rollback %s %s=VERSION; agents report theirs to POST /v1/versions.",
			a.Agent, a.Agent, a.firstComponent())
	}
	return plan, nil
}

func (a AgentVersions) firstComponent() string {
	if len(a.Components) == 0 {
		return "COMPONENT"
	}
	return a.Components[0].Component
}

func (a AgentVersions) unknownComponent(name string) error {
	names := make([]string, len(a.Components))
	for n, c := range a.Components {
		names[n] = c.Component
	}
	question := "It has " + strings.Join(names, ", ") + "."
	if near := nearest(name, slices.Values(names)); len(near) > 0 {
		question = "Did you mean " + strings.Join(near, ", ") + "? " + question
	}
	return Errorf(NotFound, "%s has no component %q, so nothing was rolled back. %s", a.Agent, clip(name, 40), question)
}

// CanRollBack returns Conflict, with what to do, if nothing could roll the agent back.
func (r Registry) CanRollBack(agent string) error {
	if a := r[agent]; a != nil && len(a.Controls) == 0 {
		return Errorf(Conflict, "%s has no control that could roll it back; declare one under agents.%s.controls.", agent, agent)
	}
	return nil
}
