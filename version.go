package tagout

import (
	"cmp"
	"slices"
	"time"
)

// DefaultKnownGoodAfter is how long a version must be the current one without an incident
// until it counts as known to be good, when the configuration does not say.
const DefaultKnownGoodAfter = 24 * time.Hour

// DefaultComponents are the parts of an agent that have versions of their own, when the
// configuration does not say.
func DefaultComponents() []string { return []string{"prompt", "policy", "model", "tools"} }

// VersionRun says that a version of a component became the current one. It stays that until
// the next run of the component begins.
type VersionRun struct {
	Component string
	Version   string
	Began     time.Time
}

// VersionHistory is what is known of the versions of one agent.
type VersionHistory struct {
	Agent     string
	Runs      []VersionRun // in any order
	Incidents []time.Time  // when each incident of the agent was detected; no drills, none that were cancelled
}

// ComponentVersions is what a history says of one component. Empty strings are not known.
type ComponentVersions struct {
	Component     string
	Current       string
	Since         time.Time // when the current one became that
	LastKnownGood string    // may be the current one
	Previous      string    // the newest before the current one
	Known         []KnownVersion
}

// KnownVersion is one version of a component that was seen.
type KnownVersion struct {
	Version string
	Began   time.Time     // of its newest run
	Good    bool          // it was the current one for long enough without an incident
	GoodFor time.Duration // how long the run lasted that says so
}

// run is a [VersionRun] with its end.
type run struct {
	version     string
	began, end  time.Time
	stillActive bool
}

// verdict of a run.
type verdict int

const (
	tooShort verdict = iota
	wasGood
	hadIncident
)

// Component tells what the history says of one component at a time. A version is known to be
// good once a run of it lasted for after without an incident detected in that run; the moment
// at which a run begins belongs to it, that at which it ends to the next one. Of several runs
// the newest that says anything decides: an incident, or a long enough quiet.
func (h VersionHistory) Component(component string, after time.Duration, now time.Time) ComponentVersions {
	runs := h.runsOf(component, now)
	c := ComponentVersions{Component: component}
	decided := map[string]bool{}
	for _, r := range slices.Backward(runs) {
		n := slices.IndexFunc(c.Known, func(k KnownVersion) bool { return k.Version == r.version })
		if n < 0 {
			n = len(c.Known)
			c.Known = append(c.Known, KnownVersion{Version: r.version, Began: r.began})
		}
		if decided[r.version] {
			continue
		}
		switch h.judge(r, after) {
		case wasGood:
			decided[r.version] = true
			c.Known[n].Good, c.Known[n].GoodFor = true, r.end.Sub(r.began)
			c.LastKnownGood = cmp.Or(c.LastKnownGood, r.version)
		case hadIncident:
			decided[r.version] = true
		}
	}
	if len(c.Known) > 0 {
		c.Current, c.Since = c.Known[0].Version, c.Known[0].Began
	}
	if len(c.Known) > 1 {
		c.Previous = c.Known[1].Version
	}
	return c
}

// runsOf lists the runs of a component in order, those of one version that follow each other
// as one. What is to begin later is left out.
func (h VersionHistory) runsOf(component string, now time.Time) []run {
	var begun []VersionRun
	for _, r := range h.Runs {
		if r.Component == component && !r.Began.After(now) {
			begun = append(begun, r)
		}
	}
	slices.SortFunc(begun, func(a, b VersionRun) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Version, b.Version))
	})
	var runs []run
	for _, r := range begun {
		if last := len(runs) - 1; last >= 0 {
			if runs[last].version == r.Version {
				continue
			}
			runs[last].end, runs[last].stillActive = r.Began, false
		}
		runs = append(runs, run{version: r.Version, began: r.Began, end: now, stillActive: true})
	}
	return runs
}

func (h VersionHistory) judge(r run, after time.Duration) verdict {
	for _, at := range h.Incidents {
		if !at.Before(r.began) && (r.stillActive || at.Before(r.end)) {
			return hadIncident
		}
	}
	if r.end.Sub(r.began) >= after {
		return wasGood
	}
	return tooShort
}

// Seen reports whether the version was ever seen.
func (c ComponentVersions) Seen(version string) bool {
	return slices.ContainsFunc(c.Known, func(k KnownVersion) bool { return k.Version == version })
}

// Back is the version to which the component would be rolled back, and why that one: the
// newest that is known to be good, otherwise the one before. "" if no other one is known.
func (c ComponentVersions) Back() (version string, why Basis) {
	best := KnownVersion{}
	for _, k := range c.Known {
		if k.Good && k.Version != c.Current && (best.Version == "" || k.Began.After(best.Began)) {
			best = k
		}
	}
	switch {
	case best.Version != "":
		return best.Version, BasisKnownGood
	case c.Previous != "":
		return c.Previous, BasisPrevious
	}
	return "", ""
}

// AgentVersions is what is known of all components of an agent.
type AgentVersions struct {
	Agent      string
	Components []ComponentVersions // in the order of the configuration
	Pinned     map[string]string   // the versions that its controls are to run, by component
	RolledBack map[string]string   // those of them to which an open incident went back
}

// Component finds one by its name. It reports false if the agent has none of that name.
func (a AgentVersions) Component(name string) (ComponentVersions, bool) {
	n := slices.IndexFunc(a.Components, func(c ComponentVersions) bool { return c.Component == name })
	if n < 0 {
		return ComponentVersions{}, false
	}
	return a.Components[n], true
}

// Current is what runs as far as it was reported, by component; nil if nothing is known.
func (a AgentVersions) Current() map[string]string {
	var current map[string]string
	for _, c := range a.Components {
		if c.Current == "" {
			continue
		}
		if current == nil {
			current = map[string]string{}
		}
		current[c.Component] = c.Current
	}
	return current
}

// Version is one version of one component of an agent.
type Version struct {
	Agent     string    `json:"agent"`
	Component string    `json:"component"` // prompt, policy, model, tools
	Version   string    `json:"version"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}
