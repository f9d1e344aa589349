// Package config reads the configuration file.
//
// It is strict: an unknown key, a wrong type, a missing variable or a name that nothing
// has stops the start. Every problem is told at once, each with its place in the file and
// what to do about it, and never with a secret.
package config

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Config is a configuration file that was read and found sound.
type Config struct {
	File        string // its name, as errors and logs show it
	Listen      string
	FlagdListen string // empty: off
	PublicURL   string // without a trailing slash; may be empty
	Advertise   string // where other replicas reach this one; empty: to be found out
	Database    string // may hold a password
	Journal     string
	StaleAfter  time.Duration // the gate answers halted when its holds are older

	Slack  Slack
	Policy tagout.Policy

	Pagers      []tagout.Vendor            // in the order in which they are tried
	Schedules   map[string]tagout.Vendor   // of other services, by rotation
	Trackers    []tagout.Vendor            // in the order of the file
	Changes     []tagout.ChangeSource      // in the order of the file
	Controls    map[string][]tagout.Vendor // by agent
	AgentToken  map[string]string          // by agent; empty: whoever reaches the gate may ask
	Sources     []tagout.Vendor            // in the order of the file
	SourceToken map[string]string          // by the source's name; empty: no token is asked for
	Tokens      []Token                    // of the API; those with an empty token are left out

	Prometheus tagout.PrometheusSettings // where metrics are read

	Digests     []Digest
	Maintenance []Maintenance

	Notices []string // what an operator should know although nothing is wrong
}

// String names the configuration and shows nothing of it, since it holds secrets.
func (c *Config) String() string { return "configuration " + c.File }

// LogValue is what a log may show of it: its name.
func (c *Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Load reads the file at path, through env. It returns Invalid with every problem that it
// found, one a line as `file:line:column: sentence. Fix: sentence.`, and NotFound if the
// file cannot be read.
func Load(path string, env Env) (*Config, error) {
	if env.ReadFile == nil {
		return nil, tagout.Errorf(tagout.Internal, "Nothing was given to read files with.")
	}
	data, err := env.ReadFile(path)
	if err != nil {
		return nil, &tagout.Error{Code: tagout.NotFound, Err: err,
			Message: "The configuration " + quoted(path) + " cannot be read: " + reason(err) + ". Fix: Name another file with --config, or create this one after deploy/tagout.example.yaml."}
	}
	return Parse(path, data, env)
}

// Parse is [Load] for a configuration in memory; name stands for the file in errors.
func Parse(name string, data []byte, env Env) (cfg *Config, err error) {
	p := &problems{file: name}
	defer func() {
		if broken := recover(); broken != nil { // of the YAML parser; its value may quote the file
			p.add(place{1, 1}, "The file could not be read to its end.", "Remove what is unusual in it, and report this as a defect of Tagout.")
			cfg, err = nil, p.err()
		}
	}()
	root := readTree(p, data)
	if root == nil {
		return nil, p.err()
	}
	newExpander(p, env).walk(root)
	return build(p, root)
}

// build makes a Config of a tree whose references are expanded.
func build(p *problems, root *node) (*Config, error) {
	d := &decoder{problems: p, defaults: defaults(), nodes: map[string]*node{}}
	b := &builder{decoder: d, cfg: &Config{File: p.file}}
	b.doc = newDocument(d, root)
	if err := p.err(); err != nil && (root.kind == scalarNode || root.kind == sequenceNode) {
		return nil, err // not a list of all that is missing
	}
	b.build()
	if err := p.err(); err != nil {
		return nil, err
	}
	return b.cfg, nil
}

// notice records something that an operator should know.
func (b *builder) notice(p path, name, text string) {
	what := p.name
	if name != "" {
		what += " " + name
	}
	b.cfg.Notices = append(b.cfg.Notices, what+": "+text)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// legal reports whether every letter of s is one of the ASCII letters, digits and others.
func legal(s, others string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune(others, c) {
			return false
		}
	}
	return s != ""
}
