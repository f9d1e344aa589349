package tagout

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Pin keeps one component of an agent at one version for as long as its incident is open.
type Pin struct {
	Incident  IncidentID `json:"incident"`
	Agent     string     `json:"agent"`
	Component string     `json:"component"`
	Version   string     `json:"version"`
	BegunAt   time.Time  `json:"begun_at"`
	Drifts    []Drift    `json:"drifts,omitempty"` // what runs another version now
}

// Drift is another version than the pinned one, and who says that it runs.
type Drift struct {
	By      string    `json:"by"` // a control, or "" for the agent itself
	Version string    `json:"version"`
	At      time.Time `json:"at"` // when that was first said
}

// Teller says who told of the drift, in words.
func (d Drift) Teller() string {
	if d.By == "" {
		return "the agent says it runs"
	}
	return d.By + " reads"
}

// EffectivePins are the versions that controls are to run, by agent and component: of
// several pins on one component the one that began last.
func EffectivePins(pins []Pin) map[string]map[string]string {
	effective := map[string]map[string]string{}
	for _, p := range newestPins(pins) {
		if effective[p.Agent] == nil {
			effective[p.Agent] = map[string]string{}
		}
		effective[p.Agent][p.Component] = p.Version
	}
	return effective
}

// pinned is what a pin is on.
type pinned struct{ agent, component string }

// newestPins is for each component of each agent the pin that began last; of two that began
// together that of the newer incident.
func newestPins(pins []Pin) map[pinned]Pin {
	newest := map[pinned]Pin{}
	for _, p := range pins {
		on := pinned{p.Agent, p.Component}
		before, taken := newest[on]
		if !taken || p.BegunAt.After(before.BegunAt) || p.BegunAt.Equal(before.BegunAt) && p.Incident > before.Incident {
			newest[on] = p
		}
	}
	return newest
}

// CountingPins are those of pins that no newer one of another incident takes the place of,
// by incident.
func CountingPins(pins []Pin) map[IncidentID][]Pin {
	counting := map[IncidentID][]Pin{}
	for _, p := range newestPins(pins) {
		counting[p.Incident] = append(counting[p.Incident], p)
	}
	return counting
}

// PinsOf are the incident's pins on one agent, by component.
func (i *Incident) PinsOf(agent string) map[string]string {
	versions := map[string]string{}
	for _, p := range i.Pins {
		if p.Agent == agent {
			versions[p.Component] = p.Version
		}
	}
	return versions
}

// pin sets pins, in place of those on the same components.
func (i *Incident) pin(agent string, versions map[string]string, at time.Time) {
	i.Pins = slices.DeleteFunc(i.Pins, func(p Pin) bool { return p.Agent == agent && versions[p.Component] != "" })
	for _, component := range sortedKeys(versions) {
		i.Pins = append(i.Pins, Pin{Incident: i.ID, Agent: agent, Component: component, Version: versions[component], BegunAt: Moment(at)})
	}
}

// letGo lets go of every pin once the incident has ended.
func (i *Incident) letGo(by Actor, at time.Time) Change {
	var c Change
	if len(i.Pins) == 0 {
		return c
	}
	byAgent := EffectivePins(i.Pins)
	for _, agent := range sortedKeys(byAgent) {
		c.event(EventUnpinned, by, at, map[string]any{"agent": agent, "versions": byAgent[agent]})
	}
	i.Pins = nil
	return c
}

// Freezes reports whether version changes of the agent are refused while the incident is
// open.
func (i *Incident) Freezes(agent string) bool {
	if !i.Frozen || i.State.Ended() {
		return false
	}
	return i.Scope.Agent == agent || slices.ContainsFunc(i.ActiveHolds(), func(h Hold) bool { return h.Scope.Agent == "" || h.Scope.Agent == agent })
}

// freeze begins to refuse version changes, if the severity asks for it. Which versions run
// is found out and pinned afterwards.
func (i *Incident) freeze(row *SeverityPolicy) Change {
	var c Change
	if !row.Pin || i.Frozen {
		return c
	}
	i.Frozen = true
	c.effect(EffectPin, i.ID, "", nil)
	return c
}

// PinCurrent pins what an agent runs now, where nothing is pinned yet. It changes nothing
// once the incident has ended.
func (i *Incident) PinCurrent(agent string, versions map[string]string, by Actor, at time.Time) Change {
	var c Change
	if i.State.Ended() {
		return c
	}
	fresh := maps.Clone(versions)
	maps.DeleteFunc(fresh, func(component, version string) bool { return version == "" || i.PinsOf(agent)[component] != "" })
	if len(fresh) == 0 {
		return c
	}
	i.pin(agent, fresh, at)
	c.event(EventPinned, by, at, map[string]any{"agent": agent, "versions": fresh})
	return c
}

// RefuseChange records that a version change was refused because the incident pins the
// agent's versions. The same change asked for again leaves no second line.
func (i *Incident) RefuseChange(d Deployment, by Actor, at time.Time) Change {
	var c Change
	key := d.Agent + "\n" + d.Component + "\n" + d.To
	if slices.Contains(i.Refused, key) || len(i.Refused) >= 100 {
		return c
	}
	i.Refused = append(i.Refused, key)
	c.event(EventChangeRefused, by, at, map[string]any{"agent": d.Agent, "component": d.Component, "from": d.From, "to": d.To, "by": d.By})
	return c
}

// VersionReport says what runs: as a control read it back, or as the agent itself said.
type VersionReport struct {
	Agent    string
	Control  string // "" for the agent itself
	Versions map[string]string
	At       time.Time // when that was so; zero: now
}

// TakeVersions compares what runs with the incident's pins that count. What differs is drift,
// which is told once, pages these roles, and makes a pending resume request void, since it
// named other versions. A component on its way back is not drift.
func (i *Incident) TakeVersions(r VersionReport, counting []Pin, roles []string, by Actor, at time.Time) Change {
	var c Change
	if i.State.Ended() {
		return c
	}
	var found []string
	for _, counts := range counting {
		version, said := r.Versions[counts.Component]
		n := slices.IndexFunc(i.Pins, func(p Pin) bool {
			return p.Agent == r.Agent && p.Agent == counts.Agent && p.Component == counts.Component
		})
		earlier := !r.At.IsZero() && r.At.Before(counts.BegunAt) // what ran before the pin began
		if !said || version == "" || n < 0 || earlier || i.onItsWay(r.Agent, counts.Component) {
			continue
		}
		drifted, told := i.Pins[n].compare(r.Control, version, at)
		if !told {
			continue
		}
		kind := EventVersionBack
		if drifted {
			kind = EventVersionDrift
			found = append(found, counts.Component+" "+version+" instead of "+i.Pins[n].Version)
		}
		c.event(kind, by, at, map[string]any{
			"agent": r.Agent, "component": counts.Component, "pinned": i.Pins[n].Version, "found": version,
			"control": r.Control,
		})
	}
	if len(found) == 0 {
		return c
	}
	slices.Sort(found)
	teller := Drift{By: r.Control}.Teller() + " "
	key := "version:" + r.Agent + ":" + r.Control + ":" + Moment(at).Format(time.RFC3339Nano)
	c.effect(EffectPage, i.ID, key, PageRound{
		Key: key, Roles: roles,
		Why:  "drift: " + r.Agent + " does not run the pinned versions: " + teller + strings.Join(found, ", "),
		Rung: true, Even: true,
	})
	c.post(i, key, Message{Tone: ToneDanger, Body: []Text{
		T(Bold("Drift: "), "agent ", Fixed(r.Agent), " does not run the pinned versions: "+teller+strings.Join(found, ", ")+".")}})
	return c.And(i.voidRequest("another version runs than is pinned", by, at))
}

// onItsWay reports whether the component is being rolled back, so that another version is
// what is to be expected still.
func (i *Incident) onItsWay(agent, component string) bool {
	if i.Rollback == nil || i.Rollback.Agent != agent {
		return false
	}
	c := i.Rollback.Of(component)
	return c != nil && c.State != RollbackConfirmed
}

// compare notes what runs. told is false if that was known already.
func (p *Pin) compare(by, version string, at time.Time) (drifted, told bool) {
	n := slices.IndexFunc(p.Drifts, func(d Drift) bool { return d.By == by })
	switch {
	case version == p.Version && n < 0:
		return false, false
	case version == p.Version:
		p.Drifts = slices.Delete(p.Drifts, n, n+1)
		return false, true
	case n >= 0 && p.Drifts[n].Version == version:
		return true, false
	case n >= 0:
		p.Drifts[n] = Drift{By: by, Version: version, At: Moment(at)}
		return true, true
	}
	p.Drifts = append(p.Drifts, Drift{By: by, Version: version, At: Moment(at)})
	return true, true
}
