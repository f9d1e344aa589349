package commands

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tagout"
)

// maxReason is the longest reason of a stop, in bytes; more is cut, and said to be.
const maxReason = 1000

const (
	quotes      = "\"'`“”‘’„«»"
	punctuation = ",;:!?" // never part of a scope
)

// stopArguments is what a stop's text asks for.
type stopArguments struct {
	Scope    tagout.Scope
	Mode     tagout.Mode // only of hold; "" if none was named
	Cap      tagout.Cap
	Tools    []string // that are to be disabled; only of hold
	Severity tagout.Severity
	Class    string
	Reason   string
	Notes    []string // sentences about what was not understood; the stop goes on without it
}

// words is a stop's text, cut up but not judged.
type words struct {
	path       string
	tools      []string
	severities []string
	classes    []string
	caps       []string
	mode       tagout.Mode
	reason     []string
}

// cut takes the path, then options in any order, then the reason. Options that came before
// the path are taken too, lest something of that name be stopped instead. Only a hold's text
// may name a mode.
func cut(text string, isHold bool, agents tagout.Registry) words {
	fields := strings.Fields(line(text))
	if len(fields) == 0 {
		return words{}
	}
	at := 0
	for at < len(fields)-1 && agents[strings.ToLower(bare(fields[at]))] == nil && leads(fields[at]) {
		at++
	}
	if _, err := tagout.ParseScope(bare(fields[at])); err != nil {
		at = 0
	}
	w := words{path: bare(fields[at])}
	fields = slices.Delete(fields, at, at+1)
	for n, field := range fields {
		option := strings.ToLower(bare(field))
		switch {
		case strings.HasPrefix(option, "tool:"):
			w.tools = append(w.tools, option[len("tool:"):])
		case strings.HasPrefix(option, "class="):
			w.classes = append(w.classes, strings.TrimRight(option[len("class="):], "."))
		case strings.HasPrefix(option, "cap="):
			w.caps = append(w.caps, strings.TrimRight(option[len("cap="):], "."))
		case looksLikeSeverity(option):
			w.severities = append(w.severities, strings.TrimRight(option, "."))
		case isHold && w.mode == "" && isMode(option):
			w.mode = tagout.Mode(strings.TrimRight(option, "."))
		default:
			w.reason = fields[n:]
			return w
		}
	}
	return w
}

// leads reports whether a word is an option rather than a path.
func leads(field string) bool {
	option := strings.ToLower(bare(field))
	for _, prefix := range []string{"tool:", "class=", "cap="} {
		if strings.HasPrefix(option, prefix) {
			return true
		}
	}
	return looksLikeSeverity(option)
}

// bare is a word without the quotes around it and the punctuation behind it.
func bare(word string) string {
	return strings.TrimRight(strings.TrimLeft(word, quotes), quotes+punctuation)
}

func looksLikeSeverity(word string) bool {
	digits, ok := strings.CutPrefix(strings.TrimRight(word, "."), "sev")
	digits = strings.TrimPrefix(digits, "-")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

func isMode(word string) bool {
	_, err := tagout.ParseMode(strings.TrimRight(word, "."))
	return err == nil
}

// note adds a sentence about something that was not understood.
func (a *stopArguments) note(format string, args ...any) {
	a.Notes = append(a.Notes, fmt.Sprintf(format, args...))
}

// parseStop reads `SCOPE [sev1] [class=NAME] [reason…]`. It returns Invalid only if there
// is no scope to stop; everything else that is wrong becomes a note.
func parseStop(verb, text string, p *tagout.Policy) (stopArguments, error) {
	w := cut(text, false, p.Agents)
	a, err := w.common(verb, p)
	if err != nil {
		return stopArguments{}, err
	}
	if len(w.caps) > 0 {
		a.note("A cap belongs to /tagout hold %s capped cap=%s; this is a full stop instead.", a.Scope, clip(w.caps[0]))
	}
	a.narrow(w.tools)
	return a, nil
}

// parseHold reads `SCOPE MODE [cap=500/day] [tool:NAME…] [reason…]`. It returns Invalid if
// there is no scope, no mode that holds, or a cap that caps nothing.
func parseHold(text string, p *tagout.Policy) (stopArguments, error) {
	w := cut(text, true, p.Agents)
	a, err := w.common("hold", p)
	if err != nil {
		return stopArguments{}, err
	}
	switch a.Mode = w.mode; a.Mode {
	case "":
		return stopArguments{}, tagout.Errorf(tagout.Invalid, "Say how far to hold it: /tagout hold %s review, or /tagout hold %s capped cap=500/day. To stop it use /tagout kill.", a.Scope, a.Scope)
	case tagout.Running:
		return stopArguments{}, tagout.Errorf(tagout.Invalid, "running holds nothing. To lift a hold use /tagout resume.")
	case tagout.Capped:
		return a, a.limit(w)
	}
	if len(w.caps) > 0 {
		a.note("A cap belongs to capped only; %s is stricter and holds instead.", a.Mode)
	}
	a.narrow(w.tools)
	return a, nil
}

// limit sets what a capped hold allows.
func (a *stopArguments) limit(w words) error {
	for n, text := range w.caps {
		c, err := tagout.ParseCap(text)
		if err != nil {
			return err
		}
		if n > 0 {
			return tagout.Errorf(tagout.Invalid, "Two caps were named; write one, such as cap=%s.", c)
		}
		a.Cap = c
	}
	for _, name := range w.tools {
		s, err := tagout.ParseScope("* tool:" + name)
		if err != nil {
			return err
		}
		if s.Tool == "" {
			return tagout.Errorf(tagout.Invalid, "tool:* would leave %s no tool. To stop it use /tagout kill %s.", a.Scope, a.Scope)
		}
		a.Tools = append(a.Tools, s.Tool)
	}
	if a.Cap.IsZero() && len(a.Tools) == 0 {
		return tagout.Errorf(tagout.Invalid, "capped needs a cap or a tool to disable: /tagout hold %s capped cap=500/day, or /tagout hold %s capped tool:NAME.", a.Scope, a.Scope)
	}
	return nil
}

// narrow puts the tool into the scope. What cannot be narrowed stays wide: a stop that is
// too wide can be undone, one that missed cannot.
func (a *stopArguments) narrow(tools []string) {
	switch len(tools) {
	case 0:
		return
	case 1:
		s, err := tagout.ParseScope(a.Scope.String() + " tool:" + tools[0])
		if err != nil {
			a.note("tool:%s was not understood, so all of %s is held.", clip(tools[0]), a.Scope)
			return
		}
		a.Scope = s
	default:
		a.note("A stop takes one tool and %s were named, so all of %s is held.", count(len(tools), "tool"), a.Scope)
	}
}

// common reads what all stops have in common.
func (w words) common(verb string, p *tagout.Policy) (stopArguments, error) {
	scope, err := parsePath(verb, w.path, p.Agents)
	if err != nil {
		return stopArguments{}, err
	}
	a := stopArguments{Scope: scope}
	a.chooseSeverity(w.severities, p)
	a.chooseClass(w.classes, p)
	a.Reason = strings.Join(w.reason, " ")
	if len(a.Reason) > maxReason {
		a.Reason = cutTo(strings.ToValidUTF8(a.Reason, ""), maxReason)
		a.note("The reason was cut to %d characters; put the rest on the timeline with /tagout note.", maxReason)
	}
	for _, word := range w.reason {
		option := strings.ToLower(bare(word))
		if looksLikeSeverity(option) || strings.HasPrefix(option, "class=") || strings.HasPrefix(option, "tool:") {
			a.note("%q was read as part of the reason; it counts only right after the scope.", clip(bare(word)))
		}
	}
	return a, nil
}

// parsePath reads the scope's path. A full stop at its end is taken for punctuation unless
// the registry knows the name with it.
func parsePath(verb, path string, agents tagout.Registry) (tagout.Scope, error) {
	full, err := tagout.ParseScope(path)
	trimmed := strings.TrimRight(path, ".")
	if trimmed == path || trimmed == "" {
		return full, nothingStopped(verb, path, err, agents)
	}
	short, shortErr := tagout.ParseScope(trimmed)
	if shortErr != nil || err == nil && len(agents.Undeclared(full)) < len(agents.Undeclared(short)) {
		return full, nothingStopped(verb, path, err, agents)
	}
	return short, nil
}

// nothingStopped adds to the error of a scope what to write instead.
func nothingStopped(verb, path string, err error, agents tagout.Registry) error {
	if err == nil {
		return nil
	}
	agent, _, _ := strings.Cut(strings.ToLower(path), "/")
	agent = strings.Trim(agent, "@*#<>.()[] ")
	near := agents.Names()
	if agent != "" {
		near = agents.Near(agent)
	}
	command := "/tagout " + verb + " "
	fix := command + "* is for everything."
	if len(near) > 0 {
		fix = "Did you mean " + command + strings.Join(near[:min(3, len(near))], ", "+command) + "?"
	}
	return tagout.Errorf(tagout.Invalid, "Nothing was stopped. %s %s", tagout.Sentence(err), fix)
}

func (a *stopArguments) chooseSeverity(named []string, p *tagout.Policy) {
	for _, name := range named {
		s := tagout.Severity(strings.Replace(name, "-", "", 1))
		if p.Severities[s] == nil {
			a.note("%q is not a severity here (%s), so it was left out.", clip(name), severityList(p))
			continue
		}
		a.Severity = s.Worst(a.Severity)
	}
}

func (a *stopArguments) chooseClass(named []string, p *tagout.Policy) {
	for _, name := range named {
		switch {
		case p.Classes[name] == nil:
			a.note("%q is not a failure class here, so it was left out.", clip(name))
		case a.Class != "" && a.Class != name:
			a.note("Two failure classes were named; %s counts.", a.Class)
		default:
			a.Class = name
		}
	}
}

// incidentOf reads `INC-n …`, or means the incident whose channel it was typed in. It
// returns the text that follows, and Invalid if neither says which incident.
func incidentOf(verb string, in tagout.Invocation) (tagout.IncidentID, string, error) {
	text := strings.TrimSpace(in.Text)
	first, rest := text, ""
	if n := strings.IndexFunc(text, unicode.IsSpace); n >= 0 {
		first, rest = text[:n], strings.TrimSpace(text[n:])
	}
	if looksLikeIncident(first) {
		id, err := tagout.ParseIncidentID(strings.TrimRight(bare(first), "."))
		return id, rest, err
	}
	if in.Incident == 0 && in.Unsure {
		return 0, "", tagout.Errorf(tagout.Unavailable, "It could not be looked up in time whether this is an incident's channel, so nothing was done. Name the incident, as in /%s INC-7, or try again in a moment.", verb)
	}
	if in.Incident == 0 {
		return 0, "", tagout.Errorf(tagout.Invalid, "Say which incident: write /%s INC-7, or type /%s in the incident's channel.", verb, verb)
	}
	return in.Incident, text, nil
}

func looksLikeIncident(word string) bool {
	digits, ok := strings.CutPrefix(strings.ToLower(strings.TrimRight(bare(word), ".")), "inc-")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
