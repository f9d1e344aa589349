package tagout

import (
	"fmt"
	"slices"
	"time"
)

// DrillFacts is what is known, beside its incident, when a drill is to begin or to go on.
type DrillFacts struct {
	Agents    Registry    // as it is configured now
	Holds     []Hold      // all that stand, recorded or not
	Incidents []*Incident // those that have not ended, and whatever was detected since the drill began
	Quiet     Quiet       // the alerts on the canary since the drill began
	Pins      []Pin       // what the open incidents pin
	Controls  []ControlState
	Pages     []Page // of the drill, if it pages
}

// CanDrill returns nil if a drill may begin: on the canary that the configuration declares,
// while nothing else is going on there. It returns Invalid, NotFound or Conflict with what to
// do otherwise.
func (f DrillFacts) CanDrill(d Drill) error {
	a := f.Agents[d.Agent]
	switch {
	case a == nil:
		return Errorf(NotFound, "There is no agent %q in the configuration.", clip(d.Agent, 40))
	case a.Canary.Agent != d.Agent:
		return Errorf(Invalid,
			"%s has no canary, so nothing of it can be drilled. Set agents.%s.canary to a small part of it, such as %s.",
			d.Agent, d.Agent, a.smallPart())
	case d.Scope != a.Canary:
		return Errorf(Invalid, "A drill of %s is on its canary, %s, and nowhere else.", d.Agent, a.Canary)
	case d.Action == DrillRollback && a.Canary != a.Canary.WholeAgent() && !a.RollbackDrills:
		return Errorf(Invalid, "Versions belong to the whole of %s, not to its canary: a rollback drill runs earlier versions everywhere for a moment. If that is fine, set agents.%s.rollback_drills: true; or declare the canary as an agent of its own.", d.Agent, d.Agent)
	case d.Action == DrillRollback && d.Scenario != nil && d.Scenario.Break != PagerDown:
		return Errorf(Invalid, "The scenario %s is for a kill drill: what it breaks is a stop.", d.Scenario.Name)
	case d.Scenario != nil && d.Scenario.Agent != d.Agent:
		return Errorf(Invalid, "The scenario %s is for %s, not for %s.", d.Scenario.Name, d.Scenario.Agent, d.Agent)
	case f.Quiet.Firing > 0:
		return Errorf(Conflict, "An alert fires on %s now. Nothing is drilled while something is really wrong.", d.Scope)
	}
	if why := f.busy(d, 0); why != "" {
		return Errorf(Conflict, "%s. Nothing is drilled there now.", why)
	}
	return nil
}

// Beside is what is known together with incidents that were read since, and what they hold.
func (f DrillFacts) Beside(others []*Incident, holds []Hold) DrillFacts {
	f.Incidents = others
	f.Holds = append(slices.Clone(f.Holds), holds...)
	for _, i := range others {
		f.Holds = append(f.Holds, i.ActiveHolds()...)
	}
	return f
}

// smallPart is what could be the canary of an agent.
func (a *Agent) smallPart() string {
	s := Scope{Agent: a.Name}
	if len(a.Channels) > 0 {
		s.Channel = a.Channels[len(a.Channels)-1]
	}
	if len(a.Regions) > 0 && s.Channel != "" {
		s.Region = a.Regions[0]
	}
	return s.String()
}

// reach is what a drill concerns: a rollback the whole agent, whose versions are one.
func (d *Drill) reach() Scope {
	if d.Action == DrillRollback {
		return d.Scope.WholeAgent()
	}
	return d.Scope
}

// busy names what else is going on where a drill is: holds and pins of others, their
// incidents, or another drill. own is the drill's incident. "" if nothing is.
func (f DrillFacts) busy(d Drill, own IncidentID) string {
	a, reach := f.Agents[d.Agent], d.reach()
	for _, h := range f.Holds {
		mine := own != 0 && h.Incident == own && h.ID == DrillHold(d.ID)
		if h.Active() && !mine && h.Scope.Touches(reach, a) {
			by := h.Incident.String()
			if h.Drill != "" {
				by += ", which is a drill"
			}
			return h.Scope.String() + " is held by " + by
		}
	}
	for _, i := range f.Incidents {
		if i.ID == own || i.State.Ended() && (own == 0 || i.At(Detected).Before(d.At)) || i.Drill && i.State.Ended() {
			continue
		}
		if i.Drill && i.Scope.Agent == d.Agent {
			return fmt.Sprintf("%s is a drill of %s", i.ID, d.Agent)
		}
		touches := func(h Hold) bool { return h.Scope.Touches(reach, a) }
		if !i.Drill && (i.Scope.Touches(reach, a) || slices.ContainsFunc(i.Holds, touches)) {
			name := i.ID.String()
			if i.Private && len(i.ActiveHolds()) == 0 { // what it is about is not to be told; a hold tells it anyway
				name = "An incident"
			}
			return fmt.Sprintf("%s concerns %s", name, reach)
		}
	}
	for _, p := range f.Pins {
		if d.Action == DrillRollback && p.Agent == d.Agent && p.Incident != own {
			return fmt.Sprintf("%s pins the versions of %s", p.Incident, p.Agent)
		}
	}
	return ""
}

// disturbed says why what a drill has changed may not be undone by the drill, or "" if it
// may. In doubt it may not: then what it holds stays, until people sign.
func (i *Incident) disturbed(f DrillFacts, at time.Time) string {
	d := i.Exercise
	a := f.Agents[d.Agent]
	switch {
	case a == nil || a.Canary != d.Scope:
		return "the configuration does not call " + d.Scope.String() + " the canary of " + d.Agent + " any more"
	case !at.Before(d.At.Add(DrillLimit)):
		return "it has taken longer than " + Elapsed(DrillLimit)
	case i.HighestSeverity != d.Severity:
		return "somebody changed its severity"
	case i.Alerts.Distinct > 0:
		return "an alert came into it"
	case i.Request != nil:
		return "somebody asked for its return"
	case f.Quiet.Firing > 0 || !f.Quiet.LastAt.Before(d.At):
		return "an alert came on " + d.Scope.String()
	}
	for _, h := range i.ActiveHolds() {
		if !d.hung(h) {
			return "it holds more than the drill hung"
		}
	}
	return f.busy(*d, i.ID)
}

// hung reports whether a hold is the one that the drill hung.
func (d *Drill) hung(h Hold) bool {
	return h.Drill != "" && h.ID == DrillHold(d.ID) && h.Scope == d.Scope && h.Mode == Halted
}
