package flagd

import (
	"encoding/json"
	"slices"
	"strings"

	"tagout"
)

// rule is one operation of JSONLogic: its name and its operands.
type rule map[string]any

func variable(name string) rule { return rule{"var": name} }

// attributes of the context that rules look at.
const (
	channelKey = "channel"
	regionKey  = "region"
	toolKey    = "tool"
	instance   = "targetingKey"
)

// inCanary is true for the instances that a stage leaves alone, as [tagout.InCanary] picks
// them. Only what is equal to its own text is text, and only text names an instance.
func inCanary(agent string, h tagout.Hold) rule {
	in, of := tagout.CanaryWeight(h.CanaryShare)
	key := variable(instance)
	bucket := rule{"fractional": []any{
		rule{"cat": []any{tagout.CanarySalt(agent, h.Plan), key}}, []any{"in", in}, []any{"out", of - in},
	}}
	return rule{"and": []any{rule{"!!": []any{key}}, rule{"===": []any{key, rule{"cat": []any{key, ""}}}}, rule{"===": []any{bucket, "in"}}}}
}

// spellings are the ways of writing values that a definition recognises, since JSONLogic
// cannot lower the case: lower, upper, and the first letter upper. What is written in any
// other way counts as undeclared, hence gets the strictest answer.
func spellings(values []string) []string {
	all := make([]string, 0, 3*len(values))
	for _, v := range values {
		all = append(all, v, strings.ToUpper(v), strings.ToUpper(v[:1])+v[1:])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func oneOf(key string, values []string) rule {
	return rule{"in": []any{variable(key), spellings(values)}}
}

// condition is a rule that is true or false; without a rule it is always true, unless it is
// impossible: then it is always false.
type condition struct {
	rule       rule
	impossible bool
}

// anyOf is true if one of these is.
func anyOf(rules []rule) condition {
	switch len(rules) {
	case 0:
		return condition{impossible: true}
	case 1:
		return condition{rule: rules[0]}
	}
	return condition{rule: rule{"or": rules}}
}

// allOf is true if all of these are. What several holds have in common is said once.
func allOf(conditions []condition) condition {
	var rules []rule
	said := map[string]bool{}
	for _, c := range conditions {
		if c.impossible {
			return c
		}
		if c.rule == nil {
			continue
		}
		text, _ := json.Marshal(c.rule) // strings and numbers marshal
		if !said[string(text)] {
			said[string(text)] = true
			rules = append(rules, c.rule)
		}
	}
	switch len(rules) {
	case 0:
		return condition{}
	case 1:
		return condition{rule: rules[0]}
	}
	return condition{rule: rule{"and": rules}}
}

// choose is yes where the condition is true and no where it is not.
func (c condition) choose(yes, no any) any {
	switch {
	case c.impossible:
		return no
	case c.rule == nil:
		return yes
	}
	return rule{"if": []any{c.rule, yes, no}}
}

// spared is where the hold surely does not apply: where the action names another declared
// channel, region or tool than those that are held, or the instance is a canary.
func spared(h tagout.Hold, a *tagout.Agent) condition { return anyOf(sparedBy(h, a)) }

func sparedBy(h tagout.Hold, a *tagout.Agent) []rule {
	var ways []rule
	way := func(key, held string, others []string) {
		if held != "" && len(others) > 0 {
			ways = append(ways, oneOf(key, others))
		}
	}
	way(channelKey, h.Scope.Channel, without(a.Channels, h.Scope.Channel))
	way(regionKey, h.Scope.Region, without(a.Regions, h.Scope.Region))
	way(toolKey, h.Scope.Tool, otherTools(a, h.Scope.Tool))
	if h.CanaryShare > 0 && h.Plan != "" {
		ways = append(ways, inCanary(a.Name, h))
	}
	return ways
}

func without(values []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == one })
}

// otherTools are the declared tools that are neither this one nor of this risk.
func otherTools(a *tagout.Agent, held string) []string {
	risk, byRisk := strings.CutPrefix(held, "@")
	var others []string
	for name, of := range a.Tools {
		if name != held && !(byRisk && of == tagout.Risk(risk)) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return others
}

// enabled is where a capped hold leaves the tool alone: where it does not apply, or the tool
// is declared and not one of those that it disables.
func enabled(h tagout.Hold, a *tagout.Agent) condition {
	if len(h.DisabledTools) == 0 {
		return condition{}
	}
	var names []string
	for _, tool := range h.DisabledTools {
		names = append(names, strings.ToLower(strings.TrimSpace(tool)))
	}
	var left []string
	for name := range a.Tools {
		if !slices.ContainsFunc(names, func(off string) bool { return !slices.Contains(otherTools(a, off), name) }) {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	ways := sparedBy(h, a)
	if len(left) > 0 {
		ways = append(ways, oneOf(toolKey, left))
	}
	return anyOf(ways)
}
