package incoming

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"tagout"
)

// Labels collects labels from a vendor's tags.
type Labels map[string]string

// Put sets a label. A second, other value stands beside the first, after a comma: it names
// no agent and no part of one then, so that whoever reads it must ask.
func (l Labels) Put(key, value string) {
	if key == "" {
		return
	}
	had, there := l[key]
	if there && had != value && had != "" && value != "" {
		value = had + "," + value
	} else if value == "" {
		value = had
	}
	l[key] = value
}

// Tag reads "agent:mailer". A tag without a value is a label without one.
func (l Labels) Tag(tag string) {
	key, value, _ := strings.Cut(strings.TrimSpace(tag), ":")
	l.Put(strings.TrimSpace(key), strings.TrimSpace(value))
}

// Default sets a label that is not there yet, unless the value is empty.
func (l Labels) Default(key, value string) {
	if l[key] == "" && value != "" {
		l[key] = value
	}
}

// Scope fills in agent, channel, region and tool where no label says them.
func (l Labels) Scope(s tagout.Scope) {
	l.Default("agent", s.Agent)
	if l["agent"] != s.Agent {
		return // the label speaks of another agent
	}
	l.Default("channel", s.Channel)
	l.Default("region", s.Region)
	l.Default("tool", s.Tool)
}

// Words reads agent:…, channel:…, region:… and tool:… out of a sentence or a search query.
func (l Labels) Words(text string) {
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, "[](){},;.\"'")
		key, value, ok := strings.Cut(word, ":")
		switch key = strings.ToLower(key); key {
		case "agent", "channel", "region", "tool":
			if ok && value != "" {
				l.Put(key, value)
			}
		}
	}
}

// Fingerprint tells what has these parts from what has others.
func Fingerprint(parts ...any) string {
	text, _ := json.Marshal(parts) // maps marshal in key order
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
