package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
)

// maxSecret is how many bytes of a file ${file:…} takes.
const maxSecret = 64 << 10

// Env is the world outside the file that ${…} can name.
type Env struct {
	// Lookup finds an environment variable, as [os.LookupEnv] does.
	Lookup func(name string) (string, bool)
	// ReadFile reads a whole file, as [os.ReadFile] does.
	ReadFile func(path string) ([]byte, error)
}

// SystemEnv is the environment and the files of this process.
func SystemEnv() Env { return Env{Lookup: os.LookupEnv, ReadFile: os.ReadFile} }

// expander replaces ${…} in the scalars of a tree.
type expander struct {
	*problems
	env  Env
	name *regexp.Regexp
}

func newExpander(p *problems, env Env) expander {
	if env.Lookup == nil {
		env.Lookup = func(string) (string, bool) { return "", false }
	}
	if env.ReadFile == nil {
		env.ReadFile = func(string) ([]byte, error) { return nil, os.ErrNotExist }
	}
	return expander{p, env, regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)}
}

// walk expands every scalar below n. Keys are left alone.
func (x expander) walk(n *node) {
	for _, e := range n.entries {
		x.walk(e.value)
	}
	for _, item := range n.items {
		x.walk(item)
	}
	if n.kind == scalarNode && strings.Contains(n.text, "${") {
		x.scalar(n)
	}
}

// scalar expands one scalar: ${NAME}, ${NAME:-default}, ${file:/path}; $${ is a plain ${.
func (x expander) scalar(n *node) {
	var out strings.Builder
	rest := n.text
	for {
		start := strings.Index(rest, "${")
		if start < 0 {
			break
		}
		if start > 0 && rest[start-1] == '$' {
			out.WriteString(rest[:start-1] + "${")
			rest = rest[start+2:]
			continue
		}
		out.WriteString(rest[:start])
		inner, after, closed := strings.Cut(rest[start+2:], "}")
		if !closed {
			x.fail(n, "A ${ is not closed.", "Add the closing brace }, or write $${ for a plain ${.")
			return
		}
		value, ok := x.reference(n, inner)
		if !ok {
			return
		}
		n.expanded = true
		out.WriteString(value)
		rest = after
	}
	n.text = out.String() + rest
}

func (x expander) fail(n *node, sentence, fix string) {
	n.bad = true
	x.add(n.at, sentence, fix)
}

// reference is the value of what stands between ${ and }.
func (x expander) reference(n *node, inner string) (string, bool) {
	if path, ok := strings.CutPrefix(inner, "file:"); ok {
		return x.file(n, path)
	}
	name, otherwise, hasDefault := strings.Cut(inner, ":-")
	if !x.name.MatchString(name) || strings.Contains(otherwise, "${") {
		x.fail(n, "What stands between ${ and } is not a reference.",
			"Write ${NAME}, ${NAME:-default} or ${file:/path}; a default cannot hold another reference.")
		return "", false
	}
	value, ok := x.env.Lookup(name)
	switch {
	case hasDefault && (!ok || value == ""):
		return otherwise, true
	case !ok:
		x.fail(n, fmt.Sprintf("The environment variable %s is not set.", name),
			fmt.Sprintf("Set %s, or give it a default as in ${%s:-default}.", name, name))
		return "", false
	}
	return value, true
}

// file is the content of a file without the line breaks at its end.
func (x expander) file(n *node, path string) (string, bool) {
	data, err := x.env.ReadFile(path)
	switch {
	case err != nil:
		x.fail(n, fmt.Sprintf("The file %s cannot be read: %s.", quoted(path), reason(err)),
			"Create the file, let the user that runs Tagout read it, or correct the path.")
	case len(data) > maxSecret:
		x.fail(n, fmt.Sprintf("The file %s is larger than 64 KiB.", quoted(path)), "Name a file that holds one secret and nothing else.")
	default:
		return strings.TrimRight(string(data), "\r\n"), true
	}
	return "", false
}

func reason(err error) string {
	switch {
	case os.IsNotExist(err):
		return "it does not exist"
	case os.IsPermission(err):
		return "permission denied"
	case errors.Is(err, syscall.EISDIR):
		return "it is a directory"
	}
	return "reading it failed"
}
