package tagout

import "strings"

// FlagMetadata tells beside a flag why it has its value, within what limits an agent may
// act, and what to do instead. OpenFeature allows scalars only, so lists are joined with
// commas and versions have a key each.
func FlagMetadata(d Decision, versions map[string]string) map[string]any {
	m := map[string]any{"mode": string(d.Mode)}
	if d.Reason != "" {
		m["reason"] = d.Reason
	}
	if len(d.Holds) > 0 {
		m["incident"] = d.Holds[0].Incident.String()
		if !d.Holds[0].Private {
			m["scope"] = d.Holds[0].Scope.String()
		}
	}
	if !d.Cap.IsZero() {
		m["spendCap"], m["spendCapPer"] = d.Cap.Amount, d.Cap.Per
	}
	if len(d.DisabledTools) > 0 {
		m["disabledTools"] = strings.Join(d.DisabledTools, ",")
	}
	if d.CanaryShare > 0 {
		m["canary_share"] = d.CanaryShare
	}
	if d.Fallback != "" {
		m["fallback"] = d.Fallback
	}
	for component, version := range versions {
		m["versions."+component] = version
	}
	return m
}
