package flagd

import (
	"encoding/json"
	"slices"
	"time"

	"tagout"
)

// The variants of the flags `<agent>.allowed` and `<agent>.frozen`.
const (
	allowed = "allowed"
	denied  = "denied"
	frozen  = "frozen"
	open    = "open"
)

// timestampKey is the client's clock in Unix seconds. The evaluator sets it; what a context
// says of it is overwritten.
const timestampKey = "$flagd.timestamp"

// definition is one flag as flagd writes it.
type definition struct {
	State     string         `json:"state"`
	Variants  map[string]any `json:"variants"`
	Default   string         `json:"defaultVariant"` // the strictest
	Targeting any            `json:"targeting,omitempty"`
	Metadata  map[string]any `json:"metadata"`
}

// define renders the flags of one agent, without the braces around them, to hold from at
// until its lease ends.
func define(s tagout.Standing, at time.Time) []byte {
	name := s.Agent.Name
	d := tagout.Evaluate(name, s.Agent, s.Holds, tagout.Attributes{}) // every hold applies where nothing is said
	if s.Doubt != "" {
		d.Mode, d.Reason, d.Fallback = tagout.Halted, s.Doubt, s.Agent.Fallback
	}
	metadata := tagout.FlagMetadata(d, s.Versions)
	delete(metadata, "mode") // it depends on the context
	metadata["flagSetId"] = name
	flags := map[string]definition{
		name + ".mode":    {Variants: modes(), Default: string(tagout.Halted)},
		name + ".allowed": {Variants: map[string]any{allowed: true, denied: false}, Default: denied},
		name + ".frozen":  {Variants: map[string]any{frozen: true, open: false}, Default: frozen},
	}
	targeting := map[string]any{}
	if s.Doubt == "" {
		lease := leased(at, s.Agent.Lease)
		targeting[name+".mode"] = lease.choose(modeRule(s), string(tagout.Halted))
		targeting[name+".allowed"] = allOf(append([]condition{lease}, allowances(s)...)).choose(allowed, denied)
		targeting[name+".frozen"] = allOf([]condition{lease, {impossible: len(s.Holds)+len(s.Versions) > 0}}).choose(open, frozen)
	}
	for key, f := range flags {
		f.State, f.Metadata = "ENABLED", metadata
		if r, isRule := targeting[key].(rule); isRule {
			f.Targeting = r // anything else is the default
		}
		flags[key] = f
	}
	text, _ := json.Marshal(flags) // strings, numbers and booleans marshal
	return text[1 : len(text)-1]
}

func modes() map[string]any {
	variants := map[string]any{}
	for _, m := range tagout.Modes() {
		variants[string(m)] = string(m)
	}
	return variants
}

// leased is true from one lease before at until one lease after it. The beginning keeps a
// clock that is late from running on for more than two leases, and an evaluator that does
// not tell the time from running at all.
func leased(at time.Time, lease time.Duration) condition {
	if lease <= 0 {
		lease = tagout.DefaultLease
	}
	now := variable(timestampKey)
	return condition{rule: rule{"and": []rule{
		{">": []any{now, at.Add(-lease).Unix()}},
		{"<": []any{now, at.Add(lease).Unix()}},
	}}}
}

// modeRule picks the mode: running where every hold is spared, otherwise the strictest that
// is not.
func modeRule(s tagout.Standing) any {
	var result any = string(tagout.Running)
	for _, mode := range slices.Backward(tagout.Modes()) {
		if mode == tagout.Running {
			continue
		}
		if conditions := sparedIn(s, mode); len(conditions) > 0 {
			result = allOf(conditions).choose(result, string(mode))
		}
	}
	return result
}

// sparedIn lists where each hold of a mode does not apply.
func sparedIn(s tagout.Standing, mode tagout.Mode) []condition {
	var conditions []condition
	type place struct {
		scope tagout.Scope
		plan  string
		share float64
	}
	var seen []place
	for _, h := range s.Holds {
		one := place{h.Scope, h.Plan, h.CanaryShare}
		one.scope.Agent = ""
		if one.share == 0 {
			one.plan = ""
		}
		if h.Active() && h.Mode == mode && !slices.Contains(seen, one) {
			seen = append(seen, one)
			conditions = append(conditions, spared(h, s.Agent))
		}
	}
	return conditions
}

// allowances must all be true for an action to go ahead: nothing stricter than capped
// applies, and no capped hold that does has disabled the tool.
func allowances(s tagout.Standing) []condition {
	var conditions []condition
	for _, mode := range []tagout.Mode{tagout.Halted, tagout.Paused, tagout.Review} {
		conditions = append(conditions, sparedIn(s, mode)...)
	}
	for _, h := range s.Holds {
		if h.Active() && h.Mode == tagout.Capped {
			conditions = append(conditions, enabled(h, s.Agent))
		}
	}
	return conditions
}
