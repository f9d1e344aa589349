package gate

import (
	"encoding/json"

	"tagout"
)

// Reasons of OpenFeature that the gate gives.
const (
	reasonHeld    = "TARGETING_MATCH" // a hold applies
	reasonRunning = "DEFAULT"         // no hold applies
	reasonUnknown = "UNKNOWN"         // the holds are not known
	reasonStale   = "STALE"           // the holds were last read too long ago
)

// The flags that every agent has, named after it.
const (
	modeFlag    = "mode"    // string: the mode
	allowedFlag = "allowed" // bool: may this action go ahead
	frozenFlag  = "frozen"  // bool: should the agent be left as it is
)

// answer is one decision with its flags as they go over the wire.
type answer struct {
	decision tagout.Decision
	mode     []byte
	allowed  []byte
	frozen   []byte // true unless the decision is running and no version is pinned: meant for the context that says nothing
}

// flag is one evaluated flag as OFREP writes it.
type flag struct {
	Key      string         `json:"key"`
	Value    any            `json:"value"`
	Reason   string         `json:"reason"`
	Variant  string         `json:"variant"`
	Metadata map[string]any `json:"metadata"` // booleans, strings and numbers only
}

func newAnswer(d tagout.Decision, versions map[string]string) *answer {
	reason := reasonRunning
	if d.Mode != tagout.Running {
		reason = reasonHeld
	}
	return renderAnswer(d, versions, reason)
}

func renderAnswer(d tagout.Decision, versions map[string]string, reason string) *answer {
	metadata := tagout.FlagMetadata(d, versions)
	variant := "denied"
	if d.Allowed {
		variant = "allowed"
	}
	frozen, state := d.Mode != tagout.Running || len(versions) > 0, "open"
	if frozen {
		state = "frozen"
	}
	return &answer{
		decision: d,
		mode:     encode(flag{d.Agent + "." + modeFlag, string(d.Mode), reason, string(d.Mode), metadata}),
		allowed:  encode(flag{d.Agent + "." + allowedFlag, d.Allowed, reason, variant, metadata}),
		frozen:   encode(flag{d.Agent + "." + frozenFlag, frozen, reason, state, metadata}),
	}
}

// encode marshals what cannot fail: strings, numbers and booleans.
func encode(v any) []byte {
	text, _ := json.Marshal(v)
	return text
}

// bytes is the flag of that name, or nil if there is none.
func (a *answer) bytes(name string) []byte {
	switch name {
	case modeFlag:
		return a.mode
	case allowedFlag:
		return a.allowed
	case frozenFlag:
		return a.frozen
	}
	return nil
}
