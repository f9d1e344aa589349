package tagout

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Risk is how much harm a tool can do.
type Risk string

// The risks.
const (
	LowRisk    Risk = "low"
	MediumRisk Risk = "medium"
	HighRisk   Risk = "high"
)

// DefaultRollbackWithin is how long a rollback may take until it is read back, when the
// agent's configuration does not say.
const DefaultRollbackWithin = time.Minute

// DefaultLease is how long an agent may work without hearing from Tagout when its
// configuration does not say.
const DefaultLease = 30 * time.Second

// Agent is an AI agent in the registry.
type Agent struct {
	Name           string // canonical: lower case
	Title          string
	Owner          string          // a role of the policy
	Channels       []string        // canonical names; empty: it has no such division
	Regions        []string        // likewise
	Tools          map[string]Risk // canonical name to risk
	Lease          time.Duration   // a client that has not heard from Tagout for so long must stop
	Fallback       string          // told to the agent while it is held
	Canary         Scope           // where drills and first stages run
	RollbackDrills bool            // a rollback drill may change its versions, though its canary is only a part of it
	Controls       []string        // names of its enforcement points
	Tracker        string          // where its corrective actions get tickets; "": see [Policy.TrackerOf]

	Components     []string      // what has versions of its own, canonical names; empty: [DefaultComponents]
	KnownGoodAfter time.Duration // a version counts as good after so long without an incident; 0: [DefaultKnownGoodAfter]
	RollbackWithin time.Duration // until a rollback is read back; 0: [DefaultRollbackWithin]
}

// Registry is the agents that the configuration declares, by canonical name.
type Registry map[string]*Agent

// Names lists the agents in alphabetical order.
func (r Registry) Names() []string {
	names := make([]string, 0, len(r))
	for name := range r {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Covered lists the names of the agents that a scope reaches: the declared ones that
// match, and the one that it names even if it is not declared.
func (r Registry) Covered(s Scope) []string {
	if s.Agent != "" {
		return []string{s.Agent}
	}
	return r.Names()
}

// LeaseOf is the agent's lease, or [DefaultLease] if it is undeclared or has none.
func (r Registry) LeaseOf(agent string) time.Duration {
	if a := r[agent]; a != nil && a.Lease > 0 {
		return a.Lease
	}
	return DefaultLease
}

// ComponentsOf lists what of the agent has versions of its own.
func (r Registry) ComponentsOf(agent string) []string {
	if a := r[agent]; a != nil && len(a.Components) > 0 {
		return a.Components
	}
	return DefaultComponents()
}

// KnownGoodAfter is how long a version of the agent must run without an incident to count as
// good.
func (r Registry) KnownGoodAfter(agent string) time.Duration {
	if a := r[agent]; a != nil && a.KnownGoodAfter > 0 {
		return a.KnownGoodAfter
	}
	return DefaultKnownGoodAfter
}

// RollbackWithin is how long a rollback of the agent may take until it is read back.
func (r Registry) RollbackWithin(agent string) time.Duration {
	if a := r[agent]; a != nil && a.RollbackWithin > 0 {
		return a.RollbackWithin
	}
	return DefaultRollbackWithin
}

// Undeclared lists the parts of a scope that the registry does not know, in words such as
// `agent "mialer"`; empty if it knows them all.
func (r Registry) Undeclared(s Scope) []string {
	if s.Agent == "" {
		return nil
	}
	a := r[s.Agent]
	if a == nil {
		return []string{`agent "` + s.Agent + `"`}
	}
	var unknown []string
	if s.Channel != "" && !slices.Contains(a.Channels, s.Channel) {
		unknown = append(unknown, `channel "`+s.Channel+`"`)
	}
	if s.Region != "" && !slices.Contains(a.Regions, s.Region) {
		unknown = append(unknown, `region "`+s.Region+`"`)
	}
	if _, ok := a.Tools[s.Tool]; s.Tool != "" && !ok && !strings.HasPrefix(s.Tool, "@") {
		unknown = append(unknown, `tool "`+s.Tool+`"`)
	}
	return unknown
}

// Near lists up to three declared agents whose names are close to name, nearest first.
func (r Registry) Near(name string) []string { return nearest(name, maps.Keys(r)) }

// nearest lists up to three of the known names that are close to name, nearest first.
func nearest(name string, all iter.Seq[string]) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for known := range all {
		d := editDistance(name, known)
		if d <= max(2, len(name)/3) || strings.HasPrefix(known, name) || strings.HasPrefix(name, known) {
			near = append(near, candidate{known, d})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, c.name)
	}
	return names
}

// editDistance is the Levenshtein distance in bytes; names are short and ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
