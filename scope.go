package tagout

import (
	"slices"
	"strings"
)

// Scope is what a stop covers: `agent[/channel[/region]]`, then optionally ` tool:NAME`
// or `tool:@high` by risk. An empty part means any; the zero Scope is everything and
// prints as `*`. Parts are canonical: lower case, made of letters, digits, '.', '_', '-'.
type Scope struct {
	Agent   string
	Channel string
	Region  string
	Tool    string // a tool's name, or "@" and a [Risk]
}

// Everything is the scope of `/kill *`.
var Everything = Scope{}

// maxPart is the longest name of an agent, channel, region or tool, in bytes.
const maxPart = 64

// ParseScope reads a scope in its printed form, with any case and spare `/*`. It returns
// Invalid, naming the part that is wrong.
func ParseScope(text string) (Scope, error) {
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) == 0 {
		return Scope{}, Errorf(Invalid,
			"A scope is missing: write an agent such as mailer, mailer/email/eu or mailer tool:send_email, or * for everything.")
	}
	if len(fields) > 2 {
		return Scope{}, Errorf(Invalid, "The scope %q has too many words: write agent/channel/region and at most one tool:NAME.", clip(text, 80))
	}
	s, err := parsePath(fields[0])
	if err != nil {
		return Scope{}, err
	}
	if len(fields) == 2 {
		name, ok := strings.CutPrefix(fields[1], "tool:")
		if !ok {
			return Scope{}, Errorf(Invalid, "%q is not part of a scope: after the agent only tool:NAME may follow.", clip(fields[1], 40))
		}
		if s.Tool, err = parseTool(name); err != nil {
			return Scope{}, err
		}
	}
	return s, nil
}

// MustScope is [ParseScope] for scopes written in code; it panics if text is not one.
func MustScope(text string) Scope {
	s, err := ParseScope(text)
	if err != nil {
		panic(err)
	}
	return s
}

func parsePath(path string) (Scope, error) {
	parts := strings.Split(path, "/")
	if len(parts) > 3 {
		return Scope{}, Errorf(Invalid, "The scope %q has too many parts: write agent/channel/region.", clip(path, 80))
	}
	var s Scope
	for i, into := range []*string{&s.Agent, &s.Channel, &s.Region} {
		if i == len(parts) {
			break
		}
		if parts[i] == "*" {
			continue
		}
		if err := checkPart(parts[i], [...]string{"agent", "channel", "region"}[i]); err != nil {
			return Scope{}, err
		}
		*into = parts[i]
	}
	return s, nil
}

func parseTool(name string) (string, error) {
	if name == "*" {
		return "", nil
	}
	if risk, ok := strings.CutPrefix(name, "@"); ok {
		if risk != string(LowRisk) && risk != string(MediumRisk) && risk != string(HighRisk) {
			return "", Errorf(Invalid, "%q is not a tool risk: use tool:@high, tool:@medium or tool:@low.", clip(name, 40))
		}
		return name, nil
	}
	return name, checkPart(name, "tool")
}

func checkPart(part, kind string) error {
	if part == "" {
		return Errorf(Invalid, "The %s of the scope is empty: write its name, or * for any.", kind)
	}
	if len(part) > maxPart {
		return Errorf(Invalid, "The %s %q is longer than %d characters.", kind, clip(part, 40), maxPart)
	}
	for _, r := range part {
		if !nameRune(r) {
			return Errorf(Invalid, "The %s %q may hold only letters, digits, '.', '_' and '-'.", kind, clip(part, 40))
		}
	}
	return nil
}

func nameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}

// CanonicalName is name in the form that scopes use, or Invalid if it cannot be a part of one.
func CanonicalName(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	return name, checkPart(name, "name")
}

// String is the canonical form: what [ParseScope] reads back to the same scope.
func (s Scope) String() string {
	path := or(s.Agent, "*")
	switch {
	case s.Region != "":
		path += "/" + or(s.Channel, "*") + "/" + s.Region
	case s.Channel != "":
		path += "/" + s.Channel
	}
	if s.Tool != "" {
		path += " tool:" + s.Tool
	}
	return path
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// MarshalText writes the canonical form.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads any accepted form. It returns Invalid as [ParseScope] does.
func (s *Scope) UnmarshalText(text []byte) error {
	parsed, err := ParseScope(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// WholeAgent is the scope without its channel, region and tool.
func (s Scope) WholeAgent() Scope { return Scope{Agent: s.Agent} }

// Covers reports whether s surely holds everything that o can mean. A tool chosen by risk
// covers a named tool only if the agent declares that tool with that risk; a may be nil.
func (s Scope) Covers(o Scope, a *Agent) bool {
	if !partCovers(s.Agent, o.Agent) || !partCovers(s.Channel, o.Channel) || !partCovers(s.Region, o.Region) {
		return false
	}
	if partCovers(s.Tool, o.Tool) {
		return true
	}
	risk, byRisk := strings.CutPrefix(s.Tool, "@")
	return byRisk && a != nil && o.Tool != "" && a.Tools[o.Tool] == Risk(risk)
}

func partCovers(held, asked string) bool { return held == "" || held == asked }

// Touches reports whether s and o may have anything in common; in doubt they do. The
// agent, which may be nil, tells the risk of tools.
func (s Scope) Touches(o Scope, a *Agent) bool {
	return partTouches(s.Agent, o.Agent) && partTouches(s.Channel, o.Channel) &&
		partTouches(s.Region, o.Region) && toolTouches(s.Tool, o.Tool, a)
}

func partTouches(a, b string) bool { return a == "" || b == "" || a == b }

func toolTouches(s, o string, a *Agent) bool {
	if partTouches(s, o) {
		return true
	}
	risk, byRisk := strings.CutPrefix(s, "@")
	other, otherByRisk := strings.CutPrefix(o, "@")
	switch {
	case byRisk && otherByRisk:
		return risk == other
	case byRisk:
		return riskMayBe(a, o, Risk(risk))
	case otherByRisk:
		return riskMayBe(a, s, Risk(other))
	}
	return false
}

func riskMayBe(a *Agent, tool string, risk Risk) bool {
	if a == nil {
		return true
	}
	declared, ok := a.Tools[tool]
	return !ok || declared == risk
}

// Intersect is the scope that both s and o mean, and false if there is none. A named tool
// wins over a risk that includes it.
func (s Scope) Intersect(o Scope, a *Agent) (Scope, bool) {
	if !s.Touches(o, a) {
		return Scope{}, false
	}
	both := Scope{or(s.Agent, o.Agent), or(s.Channel, o.Channel), or(s.Region, o.Region), or(s.Tool, o.Tool)}
	if strings.HasPrefix(s.Tool, "@") && o.Tool != "" {
		both.Tool = o.Tool
	}
	return both, true
}

// Complement is what stays of s when without is taken out of it: scopes over the declared
// agents, channels, regions and tools that together cover all of s that without does not.
// An action that names something undeclared stays held, since evaluation gives it the
// strictest of the holds that could apply. It returns s alone if the two have nothing in
// common, nothing if without covers s, and Invalid if without narrows a part of s of which
// nothing else is declared, or picks tools by a risk that is not declared: then nothing
// could hold what is not asked for, so more must be asked for.
func (s Scope) Complement(without Scope, r Registry) ([]Scope, error) {
	agent := r[or(s.Agent, without.Agent)]
	if !s.Touches(without, agent) {
		return []Scope{s}, nil
	}
	if without.Covers(s, agent) {
		return nil, nil
	}
	var rest []Scope
	current := s
	for _, d := range dimensions(agent, r) {
		held, out := d.part(&current), d.part(&without)
		if *out == "" || *held == *out || isNamed(*held) && d.excludes(*out, *held) {
			continue // nothing is taken out here
		}
		others := d.others(*held, *out, agent)
		if len(others) == 0 {
			return nil, Errorf(Invalid,
				"No other %s is declared that would stay held of %s without %s: ask for it with any %s, or for all of %s.",
				d.name, s, without, d.name, s)
		}
		for _, value := range others {
			remaining := current
			*d.part(&remaining) = value
			rest = append(rest, remaining)
		}
		*held = *out
	}
	return rest, nil
}

// isNamed reports whether the part of a scope is one value, rather than any or those of a risk.
func isNamed(part string) bool { return part != "" && !strings.HasPrefix(part, "@") }

// dimension is one part of a scope and the values that the registry declares for it.
type dimension struct {
	name     string
	part     func(*Scope) *string
	values   []string
	excludes func(out, value string) bool
}

// others lists the declared values that stay of held when out is taken out of it.
func (d dimension) others(held, out string, a *Agent) []string {
	values := d.values
	if isNamed(held) {
		values = nil // a single value, of which nobody knows whether out includes it
	} else if risk, ok := strings.CutPrefix(held, "@"); ok {
		values = toolsOfRisk(a, Risk(risk))
	}
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool { return d.excludes(out, value) })
}

func dimensions(a *Agent, r Registry) []dimension {
	same := func(out, value string) bool { return out == value }
	byRisk := func(out, value string) bool {
		risk, ok := strings.CutPrefix(out, "@")
		return out == value || ok && a != nil && a.Tools[value] == Risk(risk)
	}
	var channels, regions []string
	if a != nil {
		channels, regions = a.Channels, a.Regions
	}
	return []dimension{
		{"agent", func(s *Scope) *string { return &s.Agent }, r.Names(), same},
		{"channel", func(s *Scope) *string { return &s.Channel }, channels, same},
		{"region", func(s *Scope) *string { return &s.Region }, regions, same},
		{"tool", func(s *Scope) *string { return &s.Tool }, toolsOfRisk(a, ""), byRisk},
	}
}

// toolsOfRisk lists the agent's tools of one risk, or all of them for "", in order.
func toolsOfRisk(a *Agent, risk Risk) []string {
	if a == nil {
		return nil
	}
	var tools []string
	for name, declared := range a.Tools {
		if risk == "" || declared == risk {
			tools = append(tools, name)
		}
	}
	slices.Sort(tools)
	return tools
}
