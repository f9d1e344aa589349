package commands

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// maxWording is how much of an event one line of a timeline shows; the export has it all.
const maxWording = 300

// facts is an event's data.
type facts map[string]any

// text is a value as people read it: "" if there is none.
func (f facts) text(key string) string {
	switch v := f[key].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, part := range v {
			if s, ok := part.(string); ok {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		pairs := map[string]string{}
		for name := range v {
			pairs[name] = facts(v).text(name)
		}
		return tagout.Pairs(pairs)
	}
	return ""
}

// after is ": text", or nothing.
func (f facts) after(mark, key string) string {
	if text := f.text(key); text != "" {
		return mark + text
	}
	return ""
}

// time is a time in UTC, to the second.
func (f facts) time(key string) string {
	at, err := time.Parse(time.RFC3339Nano, f.text(key))
	if err != nil {
		return f.text(key)
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

func (f facts) severity(key string) string { return tagout.Severity(f.text(key)).Label() }

func (f facts) mode(key string) string { return tagout.Mode(f.text(key)).Label() }

// took is " after 0.31 s", or nothing.
func (f facts) took() string {
	ms, ok := f["after_ms"].(float64)
	if !ok {
		return ""
	}
	return " after " + tagout.Elapsed(time.Duration(ms)*time.Millisecond)
}

func released(d facts) string {
	if again := d.text("again"); again != "" {
		return "sent a note to " + d.text("audience") + " once more to " + again
	}
	return "sent a note to " + d.text("audience") + d.after(": ", "text")
}

// teller says who told what runs.
func teller(d facts) string {
	if by := d.text("control"); by != "" {
		return ", as " + by + " reads"
	}
	return ", as it says itself"
}

func enforcement(d facts) string { return d.text("agent") + " " + d.text("control") }

// whom is who was paged: a person, or whoever a pager's service has on call.
func (d facts) whom() string {
	to := d.text("to")
	switch stranger, known := strings.CutPrefix(to, "mailto:"); {
	case known: // to another service only
		address, name, _ := strings.Cut(stranger, ":")
		return strings.TrimSpace(name + " " + address)
	case to != "":
		return "@" + to
	}
	return "who is on call there"
}

func pageFailed(d facts) string {
	if d.text("to")+d.text("pager") == "" {
		return "nobody to page" + d.after(" for ", "roles")
	}
	return "could not page " + d.whom() + d.after(" by ", "pager") + d.after(": ", "error")
}

func held(d facts) string {
	text := "hung " + d.text("scope") + " " + d.mode("mode") + d.after(" at ", "cap")
	if tools := d.text("disabled_tools"); tools != "" {
		text += " without " + tools
	}
	return text + d.after(": ", "reason")
}

// Wording says an event in words, on one line, as a timeline does.
func Wording(p *tagout.Policy) func(tagout.Event) string { return wordingIn(p, nil) }

// wordingIn is Wording with what must not be shown masked, before it is cut.
func wordingIn(p *tagout.Policy, mask *tagout.Redaction) func(tagout.Event) string {
	words := floor{policy: p}.wordings()
	return func(e tagout.Event) string {
		var d facts
		if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
			return string(e.Kind) + " (its data cannot be read)"
		}
		say := words[e.Kind]
		if say == nil {
			return string(e.Kind)
		}
		return mask.Cut(strings.Join(strings.Fields(line(say(d))), " "), maxWording)
	}
}

// roleGiven tells of one role, or of those that were filled when the incident opened.
func roleGiven(d facts) string {
	if role := d.text("role"); role != "" {
		return "made @" + d.text("to") + " " + tagout.IncidentRoleName(role)
	}
	return "gave the roles to whom the configuration names" + d.after(": ", "filled")
}

// quoted is a text of the question that an event is about, after a colon.
func quoted(d facts, key string) string {
	q, _ := d["question"].(map[string]any)
	return facts(q).after(": ", key)
}
