package tagout

import (
	"fmt"
	"slices"
	"strings"
)

// SignoffRule is a list of sign-offs that are all needed; each may be given by any one of
// its roles, and every one by another person.
type SignoffRule []NeededSignoff

// NeededSignoff is one needed sign-off, or several of the same kind.
type NeededSignoff struct {
	AnyOf  []string `json:"any_of"`            // roles
	Count  int      `json:"count,omitempty"`   // how many different people; 0: one
	InTurn bool     `json:"in_turn,omitempty"` // counts only once all that stand before it are given
}

// times is how many different people must sign.
func (n NeededSignoff) times() int { return max(1, n.Count) }

// With is the rule that asks for all that r and o ask for.
func (r SignoffRule) With(o SignoffRule) SignoffRule {
	both := slices.Clone(r)
	for _, needed := range o {
		n := slices.IndexFunc(both, func(s NeededSignoff) bool { return slices.Equal(s.AnyOf, needed.AnyOf) })
		if n < 0 {
			both = append(both, needed)
			continue
		}
		both[n].Count = max(both[n].Count, needed.Count)
		both[n].InTurn = both[n].InTurn || needed.InTurn
	}
	return both
}

// Roles lists every role that can give a sign-off, once.
func (r SignoffRule) Roles() []string {
	var roles []string
	for _, needed := range r {
		for _, role := range needed.AnyOf {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

func (r SignoffRule) names(role string) bool { return slices.Contains(r.Roles(), role) }

// count is how many sign-offs that are.
func (r SignoffRule) count() int {
	total := 0
	for _, needed := range r {
		total += needed.times()
	}
	return total
}

func (r SignoffRule) ordered() bool {
	return slices.ContainsFunc(r, func(n NeededSignoff) bool { return n.InTurn })
}

// String is the rule with the keys of its roles: "legal, and 2 of program or revops".
func (r SignoffRule) String() string { return r.text(func(role string) string { return role }) }

func (r SignoffRule) text(name func(role string) string) string {
	var b strings.Builder
	for n, needed := range r {
		if n > 0 && needed.InTurn {
			b.WriteString(", then ")
		} else if n > 0 {
			b.WriteString(", and ")
		}
		names := make([]string, len(needed.AnyOf))
		for k, role := range needed.AnyOf {
			names[k] = name(role)
		}
		if needed.times() > 1 {
			fmt.Fprintf(&b, "%d different people of ", needed.times())
		}
		b.WriteString(strings.Join(names, " or "))
	}
	return b.String()
}

// RuleText is a sign-off rule in words: "Legal, and Program lead or RevOps".
func (p *Policy) RuleText(rule SignoffRule) string {
	if len(rule) == 0 {
		return "nobody; add signoffs to the configuration"
	}
	return rule.text(p.RoleName)
}

// missingOf lists the needed sign-offs that are not given yet; one counts once. What is
// given is put where it helps most, but never out of turn.
func missingOf(rule SignoffRule, given []Signoff) SignoffRule {
	places := rule.places()
	filled := make([]int, len(places)) // by which of the given, from 1; 0: by none
	for n, s := range given {
		if s.Verdict == Go {
			rule.fill(places, filled, given, n+1, make([]bool, len(places)))
		}
	}
	left := slices.Clone(rule)
	for n := range left {
		left[n].Count = 0
	}
	for n, k := range places {
		if filled[n] == 0 {
			left[k].Count++
		}
	}
	var missing SignoffRule
	for _, needed := range left {
		if needed.Count == 0 {
			continue
		}
		if needed.Count == 1 {
			needed.Count = 0
		}
		missing = append(missing, needed)
	}
	return missing
}

// places has one entry for each single sign-off that is needed: its index in the rule.
func (r SignoffRule) places() []int {
	var places []int
	for n, needed := range r {
		for range needed.times() {
			places = append(places, n)
		}
	}
	return places
}

// fill finds a place for the sign-off number s, and moves others if that makes room. Where
// signatures follow each other nothing is moved.
func (r SignoffRule) fill(places, filled []int, given []Signoff, s int, tried []bool) bool {
	for n, k := range places {
		if tried[n] || !slices.Contains(r[k].AnyOf, given[s-1].Role) {
			continue
		}
		if r[k].InTurn && slices.Contains(filled[:slices.Index(places, k)], 0) {
			continue
		}
		tried[n] = true
		if filled[n] == 0 || !r.ordered() && r.fill(places, filled, given, filled[n], tried) {
			filled[n] = s
			return true
		}
	}
	return false
}
