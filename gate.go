package tagout

import (
	"context"
	"strings"
	"time"
)

// Gate is the authority that answers "may this agent act?" from the holds in memory.
type Gate interface {
	// Hang writes the stop to the journal, applies it in memory and tells every client.
	// It always applies; the error is only a warning (the journal failed or was slow).
	// A repeat of the same hold ID does nothing.
	Hang(ctx context.Context, s StopRequest) error
	// Belongs tells in what incident another replica has recorded a hold that this one
	// could not; it stays until the database itself says what became of it.
	Belongs(id HoldID, incident IncidentID)
	// Committed tells that the database holds these now, with their incident.
	Committed(holds []Hold)
	// Lift removes holds that the database has recorded as lifted and adds those that
	// replace them, in one step. Never call it before the commit.
	Lift(lifted []HoldID, replacements []Hold)
	// Decide answers for one action of one agent.
	Decide(agent string, asked Attributes) Decision
	// Holds lists what stands, committed or not.
	Holds() []Hold
	// Reconcile drives the controls of these agents to what is wanted, now.
	Reconcile(agents ...string)
	// Repin reads which versions are pinned, by agent and component, and has the controls
	// run them. Of two reads the one that began later wins. It returns read's error; then
	// nothing changes.
	Repin(ctx context.Context, read func(ctx context.Context) (map[string]map[string]string, error)) error
	// Controls tells what is known of the enforcement points of an agent.
	Controls(agent string) []ControlState
}

// GateStatus is what the gate knows of itself.
type GateStatus struct {
	HoldsLoaded bool      // false: it answers halted for everything
	ReadAt      time.Time // when the holds were last read from the database
	Pending     int       // journal entries that the database does not know yet
}

// Standing is all that decides what one agent may do: for those who decide by themselves
// and have to be told of every change.
type Standing struct {
	Agent      *Agent
	Holds      []Hold            // those that touch the agent, committed or not
	Versions   map[string]string // pinned, by component
	Doubt      string            // why the holds cannot be relied on, which means halted; "": they can
	Generation int64             // grows with every change of the holds and the versions
	Stop       int64             // the generation in which the newest of the holds came; 0: nothing is held
}

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
