package tagout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HoldID names one hold. It is derived from the request that hung it, so that a repeated
// request is the same hold even without the database.
type HoldID string

// Hold is one tag: a scope held at a mode for an incident. It stands until it is lifted
// by the sign-offs of its incident; nothing else removes it.
type Hold struct {
	ID            HoldID
	Scope         Scope
	Mode          Mode // never Running
	Cap           Cap  // for Capped: the spend that is still allowed; zero: no cap
	DisabledTools []string
	Incident      IncidentID // 0 while it is not known yet ("INC pending")
	By            Actor
	Reason        string
	Private       bool // its incident is private: outside it neither By nor Reason is told
	At            time.Time
	LiftedAt      time.Time // zero while it stands
	LiftedBy      string    // the resume request that lifted it
	Plan          string    // the staged resumption of which it is a stage; "" otherwise
	CanaryShare   float64   // of the instances, which it leaves alone; 0: none
	Drill         DrillTag  // a drill hung it; "": none did
}

// Spares reports whether the hold leaves this instance of an agent alone, since it is one of
// its canaries.
func (h Hold) Spares(agent, key string) bool {
	return h.CanaryShare > 0 && InCanary(agent, h.Plan, key, h.CanaryShare)
}

// Active reports whether the hold stands.
func (h Hold) Active() bool { return h.LiftedAt.IsZero() }

// String is the hold in words, such as "mailer/email ■ halted".
func (h Hold) String() string {
	text := h.Scope.String() + " " + h.Mode.Label()
	if !h.Cap.IsZero() {
		text += " at " + h.Cap.String()
	}
	if len(h.DisabledTools) > 0 {
		text += " without " + strings.Join(h.DisabledTools, ", ")
	}
	if h.CanaryShare > 0 {
		text += " but for " + ShareText(h.CanaryShare) + " of the instances"
	}
	return text
}

// Cap is a limit on spend: Amount in the organisation's currency per Per.
type Cap struct {
	Amount float64
	Per    string // "hour", "day", "week" or "month"
}

var capHours = map[string]float64{"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}

// ParseCap reads `500/day`. It returns Invalid for anything but a positive amount per
// hour, day, week or month.
func ParseCap(text string) (Cap, error) {
	amount, per, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "/")
	value, err := strconv.ParseFloat(amount, 64)
	if err != nil || value < 0 || value > 1e15 || value != value || capHours[per] == 0 {
		return Cap{}, Errorf(Invalid, "%q is not a cap: write an amount per hour, day, week or month, such as 500/day.", clip(text, 40))
	}
	return Cap{Amount: value, Per: per}, nil
}

// IsZero reports whether there is no cap. A cap of zero spend has a Per and is not zero.
func (c Cap) IsZero() bool { return c.Per == "" }

// String is the form that [ParseCap] reads, or "" for no cap.
func (c Cap) String() string {
	if c.IsZero() {
		return ""
	}
	return strconv.FormatFloat(c.Amount, 'f', -1, 64) + "/" + c.Per
}

// MarshalText writes the printed form.
func (c Cap) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the printed form; empty text is no cap.
func (c *Cap) UnmarshalText(text []byte) (err error) {
	*c = Cap{}
	if len(text) > 0 {
		*c, err = ParseCap(string(text))
	}
	return err
}

// tighter is the lower of two caps by their hourly rate; no cap is the loosest.
func (c Cap) tighter(o Cap) Cap {
	switch {
	case c.IsZero():
		return o
	case o.IsZero() || c.Amount/capHours[c.Per] <= o.Amount/capHours[o.Per]:
		return c
	}
	return o
}

// Attributes are what an agent says about the action it asks for. Empty means not said.
type Attributes struct {
	Channel string
	Region  string
	Tool    string
	Key     string // the targeting key: which instance asks
}

// Canonical is a with channel, region and tool in lower case and trimmed, as scopes are.
func (a Attributes) Canonical() Attributes {
	canonical := func(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
	return Attributes{canonical(a.Channel), canonical(a.Region), canonical(a.Tool), a.Key}
}

// Decision is the gate's answer for one agent and one action.
type Decision struct {
	Agent         string
	Mode          Mode
	Allowed       bool   // running, or capped with the tool enabled
	Known         bool   // the agent is declared, or a hold names it; otherwise Mode is Halted
	Holds         []Hold // those that apply, strictest first
	Cap           Cap    // the lowest of the caps that apply
	DisabledTools []string
	CanaryShare   float64           // the lowest share of a canary stage that concerns the action; 0: none
	Fallback      string            // what to do instead while held; empty when running
	Reason        string            // of the strictest hold
	Versions      map[string]string // pinned: those that should run, by component
}

// Evaluate decides from the holds that stand what agent name may do. The declared agent
// may be nil: then nothing it says is declared. An attribute that is missing or undeclared
// gets the strictest of all holds that could apply. An agent that is not declared is halted,
// whatever holds name it, so that no hold can loosen.
func Evaluate(name string, declared *Agent, holds []Hold, asked Attributes) Decision {
	asked = asked.Canonical()
	d := Decision{Agent: name, Mode: Running, Known: declared != nil}
	for _, h := range holds {
		if !h.Active() || h.Scope.Agent != "" && h.Scope.Agent != name {
			continue
		}
		if h.Scope.Agent == name {
			d.Known = true
		}
		if !h.couldApply(declared, asked) {
			continue
		}
		if h.CanaryShare > 0 && (d.CanaryShare == 0 || h.CanaryShare < d.CanaryShare) {
			d.CanaryShare = h.CanaryShare
		}
		if !h.Spares(name, asked.Key) {
			d.apply(h, declared)
		}
	}
	if !d.Known {
		return Decision{Agent: name, Mode: Halted, Reason: fmt.Sprintf("agent %q is not declared", name)}
	}
	slices.SortStableFunc(d.Holds, func(a, b Hold) int { // of equals, what is real goes first
		return cmp.Or(a.Mode.rank()-b.Mode.rank(), boolRank(a.Drill != "")-boolRank(b.Drill != ""))
	})
	if len(d.Holds) > 0 {
		d.Reason = d.Holds[0].Reason
	}
	if declared == nil {
		d.Mode = Halted
		return d
	}
	if len(d.Holds) > 0 {
		d.Fallback = declared.Fallback
	}
	d.Allowed = d.Mode == Running || d.Mode == Capped && d.toolEnabled(declared, asked.Tool)
	return d
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *Decision) apply(h Hold, a *Agent) {
	d.Holds = append(d.Holds, h.Hushed())
	if h.Mode.Stricter(d.Mode) {
		d.Mode = h.Mode
	}
	d.Cap = d.Cap.tighter(h.Cap)
	for _, tool := range h.DisabledTools {
		d.DisabledTools = append(d.DisabledTools, disabledBy(strings.ToLower(strings.TrimSpace(tool)), a)...)
	}
	slices.Sort(d.DisabledTools)
	d.DisabledTools = slices.Compact(d.DisabledTools)
}

// disabledBy lists the tools that a disabled tool or risk means: the risk itself if no
// declared tool has it, since an undeclared one may.
func disabledBy(tool string, a *Agent) []string {
	risk, byRisk := strings.CutPrefix(tool, "@")
	if !byRisk {
		return []string{tool}
	}
	if tools := toolsOfRisk(a, Risk(risk)); len(tools) > 0 {
		return tools
	}
	return []string{tool}
}

// toolEnabled reports whether a capped agent may use the tool; a missing or undeclared
// tool could be any of the disabled ones.
func (d *Decision) toolEnabled(a *Agent, tool string) bool {
	if len(d.DisabledTools) == 0 {
		return true
	}
	_, isDeclared := a.Tools[tool]
	return isDeclared && !slices.Contains(d.DisabledTools, tool)
}

// couldApply reports whether the hold covers the action, or may cover it for all that the
// agent has said.
func (h Hold) couldApply(a *Agent, asked Attributes) bool {
	var channels, regions []string
	if a != nil {
		channels, regions = a.Channels, a.Regions
	}
	return partCouldBe(h.Scope.Channel, asked.Channel, channels) &&
		partCouldBe(h.Scope.Region, asked.Region, regions) && toolCouldBe(h.Scope.Tool, asked.Tool, a)
}

func partCouldBe(held, asked string, declared []string) bool {
	return held == "" || held == asked || !slices.Contains(declared, asked)
}

func toolCouldBe(held, asked string, a *Agent) bool {
	if held == "" || held == asked || a == nil {
		return true
	}
	declared, ok := a.Tools[asked]
	if !ok {
		return true
	}
	risk, byRisk := strings.CutPrefix(held, "@")
	return byRisk && declared == Risk(risk)
}

// holdJSON is how a hold stands in events, in the journal and on the wire.
type holdJSON struct {
	ID            HoldID     `json:"id"`
	Scope         Scope      `json:"scope"`
	Mode          Mode       `json:"mode"`
	Cap           string     `json:"cap,omitempty"`
	DisabledTools []string   `json:"disabled_tools,omitempty"`
	Incident      IncidentID `json:"incident,omitempty"`
	By            Actor      `json:"by"`
	Reason        string     `json:"reason,omitempty"`
	Private       bool       `json:"private,omitempty"`
	At            time.Time  `json:"at"`
	Plan          string     `json:"plan,omitempty"`
	CanaryShare   float64    `json:"canary_share,omitempty"`
	Drill         DrillTag   `json:"drill,omitempty"`
}

// MarshalJSON writes the hold as it was hung, without its lifting.
func (h Hold) MarshalJSON() ([]byte, error) {
	return json.Marshal(holdJSON{
		h.ID, h.Scope, h.Mode, h.Cap.String(), h.DisabledTools, h.Incident, h.By, h.Reason, h.Private, h.At, h.Plan,
		h.CanaryShare, h.Drill,
	})
}

// UnmarshalJSON reads what [Hold.MarshalJSON] writes. It returns Invalid for a mode that
// does not hold anything.
func (h *Hold) UnmarshalJSON(data []byte) error {
	var j holdJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	if _, err := ParseMode(string(j.Mode)); err != nil || j.Mode == Running {
		return Errorf(Invalid, "A hold cannot have the mode %q.", clip(string(j.Mode), 40))
	}
	*h = Hold{ID: j.ID, Scope: j.Scope, Mode: j.Mode, DisabledTools: j.DisabledTools, Incident: j.Incident, By: j.By,
		Reason: j.Reason, Private: j.Private, At: j.At,
		Plan: j.Plan, CanaryShare: j.CanaryShare, Drill: j.Drill}
	if h.CanaryShare < 0 || h.CanaryShare >= 1 {
		h.CanaryShare = 0 // what cannot be a share spares nobody
	}
	return h.Cap.UnmarshalText([]byte(j.Cap))
}
