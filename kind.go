package tagout

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what an incident looks like from afar: whether undoing a change, looking at one
// place or looking at all of them comes first.
type Kind string

// The kinds.
const (
	KindLocal    Kind = "local"    // one agent, once
	KindSystemic Kind = "systemic" // several agents, or again and again
	KindRollout  Kind = "rollout"  // a change went out before
)

// Kinds lists the kinds in the order in which people choose from them.
func Kinds() []Kind { return []Kind{KindLocal, KindSystemic, KindRollout} }

// Label is the kind as people read it.
func (k Kind) Label() string {
	if k == KindRollout {
		return "rollout-related"
	}
	return string(k)
}

// What makes an incident look like more than a local one.
const (
	RecurrenceWindow = 90 * 24 * time.Hour // within which incidents of one agent and class are counted
	recurring        = 3                   // so many, this one included, are systemic
	soonAfter        = 2 * time.Hour       // a change so shortly before outweighs everything else
)

// KindFacts is what a kind is suggested from.
type KindFacts struct {
	Agents  []string     // whom the incident concerns; none: that is not known
	All     bool         // it concerns everything
	Shared  bool         // the alerts of the agents carry one correlation ID
	Class   string       // as people read it
	Began   time.Time    // the onset, or the detection while the onset is not known
	Onset   bool         // Began is the onset
	Changes []Deployment // of the agents, around that time; in any order
	Earlier int          // incidents of the first agent and class within [RecurrenceWindow] before
}

// KindView is an incident's kind with the reason: suggested, or as somebody corrected it.
type KindView struct {
	Kind    Kind      `json:"kind"`
	Why     string    `json:"why"`
	By      Actor     `json:"by,omitzero"` // who corrected it; nobody: it is suggested
	At      time.Time `json:"at,omitzero"`
	Guessed Kind      `json:"guessed,omitempty"` // of a corrected one: what was suggested
}

// Corrected reports whether a person said so.
func (v KindView) Corrected() bool { return v.By != Actor{} }

// Text is the kind with its reason, in words.
func (v KindView) Text() Text {
	if v.Corrected() {
		return T(Bold(v.Kind.Label()), ", says ", v.By.Text(), ": "+v.Why)
	}
	return T(Bold(v.Kind.Label()), ", it seems: "+v.Why)
}

// SuggestKind says what an incident looks like, and why. A change of its agents in the two
// hours before speaks for the rollout first; then several agents, or the same class of the
// same agent again and again, for something systemic; then an older change of the last 24
// hours for the rollout. All that speaks for anything is told.
func SuggestKind(f KindFacts) KindView {
	type sign struct {
		kind Kind
		why  string
	}
	var signs []sign
	last, before, changed := f.lastChange()
	if changed && before <= soonAfter {
		signs = append(signs, sign{KindRollout, f.wentOut(last, before)})
	}
	if why := f.together(); why != "" {
		signs = append(signs, sign{KindSystemic, why})
	}
	if n := f.Earlier + 1; n >= recurring && len(f.Agents) > 0 {
		signs = append(signs, sign{KindSystemic, fmt.Sprintf("%s %s of %s in 90 days", ordinal(n), f.Class, f.Agents[0])})
	}
	if changed && before > soonAfter {
		signs = append(signs, sign{KindRollout, f.wentOut(last, before)})
	}
	if len(signs) == 0 {
		return KindView{Kind: KindLocal, Why: f.nothing()}
	}
	var why []string
	for _, s := range signs {
		why = append(why, s.why)
	}
	return KindView{Kind: signs[0].kind, Why: strings.Join(why, "; also: ")}
}

// lastChange is the newest change that went out before it began, and how long before.
func (f KindFacts) lastChange() (Deployment, time.Duration, bool) {
	var last Deployment
	found := false
	for _, d := range f.Changes {
		before := f.Began.Sub(d.At)
		if before >= 0 && before <= CauseWindow && (!found || d.At.After(last.At)) {
			last, found = d, true
		}
	}
	return last, f.Began.Sub(last.At), found
}

func (f KindFacts) wentOut(d Deployment, before time.Duration) string {
	when := "the onset"
	if !f.Onset {
		when = "it was detected"
	}
	took := "right"
	if before >= time.Second {
		if before >= 2*time.Minute {
			before = before.Truncate(time.Minute)
		}
		took = Elapsed(before)
	}
	return clip(d.Agent+" "+d.Component+" "+d.To, 120) + " went out " + took + " before " + when
}

// together says which agents it concerns, if these are several.
func (f KindFacts) together() string {
	if f.All && len(f.Agents) == 0 {
		return ""
	}
	if f.All {
		return "everything is held, not one agent alone"
	}
	if len(f.Agents) < 2 {
		return ""
	}
	shown := slices.Clone(f.Agents[:min(4, len(f.Agents))])
	list := strings.Join(shown, ", ")
	if more := len(f.Agents) - len(shown); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	if f.Shared {
		return list + " are concerned, by one correlation"
	}
	return list + " are concerned"
}

// nothing says why nothing speaks against a local one.
func (f KindFacts) nothing() string {
	why := "no change was reported in the 24 h before"
	if len(f.Agents) != 1 {
		return why
	}
	return why + "; " + ordinal(f.Earlier+1) + " " + f.Class + " of " + f.Agents[0] + " in 90 days"
}

// ordinal is first, second, third, 4th and so on.
func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	case 3:
		return "third"
	}
	switch n % 100 {
	case 11, 12, 13:
		return fmt.Sprintf("%dth", n)
	}
	return fmt.Sprintf("%d%s", n, [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10])
}

// Concerns lists the agents that the incident is about or holds, its own first, and whether
// it holds everything.
func (i *Incident) Concerns() (agents []string, everything bool) {
	if i.Scope.Agent != "" {
		agents = []string{i.Scope.Agent}
	}
	for _, h := range i.Holds {
		switch {
		case h.Scope.Agent == "":
			everything = true
		case !slices.Contains(agents, h.Scope.Agent):
			agents = append(agents, h.Scope.Agent)
		}
	}
	return agents, everything
}
