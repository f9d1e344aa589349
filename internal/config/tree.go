package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxFile  = 256 << 10 // bytes; the parser is slow on large files
	maxDepth = 100       // of nesting
)

// nodeKind says what a node of the file is.
type nodeKind int

const (
	scalarNode nodeKind = iota
	mappingNode
	sequenceNode
	nullNode
)

// node is one value of the file, free of the parser's own types.
type node struct {
	kind nodeKind
	at   place // where the value starts
	home place // where its key starts; at if it has none

	text     string // of a scalar
	plain    string // what YAML takes a scalar for: "text", "number" or "truth value"
	expanded bool   // the text came, in part, from outside the file
	bad      bool   // a problem with it was reported already

	entries []entry // of a mapping, in the order of the file
	items   []*node // of a sequence
}

// entry is one key of a mapping.
type entry struct {
	key   string
	at    place
	value *node
}

// get is the value under key, or nil.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// reader turns YAML into nodes and collects what is wrong with it.
type reader struct{ *problems }

// readTree reads one YAML document. It returns nil if nothing could be read; the reasons
// are among the problems.
func readTree(p *problems, data []byte) *node {
	start := place{1, 1}
	if len(data) > maxFile {
		p.add(start, "The file is larger than 256 KiB.", "Check that this is the configuration file.")
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if at, deep := tooDeep(tokens); deep {
		p.add(at, "The values are nested too deeply.", "Check the brackets and the indentation.")
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.addSyntax(err)
		return nil
	}
	r := reader{p}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		return &node{kind: mappingNode, at: start, home: start}
	}
	if len(bodies) > 1 {
		p.add(r.read(bodies[1]).at, "A second YAML document starts here, but only one is read.",
			"Remove the line --- and what follows it, or join the two.")
	}
	root := r.read(bodies[0])
	root.home = start
	return root
}

// tooDeep reports where the nesting exceeds maxDepth, before a recursive parser meets it.
func tooDeep(tokens token.Tokens) (place, bool) {
	flow, run := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		}
		// "- - - -" and "? ? ? ?" nest within one line
		if t.Type == token.SequenceEntryType || t.Type == token.MappingKeyType {
			run++
		} else {
			run = 0
		}
		if flow > maxDepth || run > maxDepth || t.Position != nil && t.Position.IndentNum > 10*maxDepth {
			return placeOf(t), true
		}
	}
	return place{}, false
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(1, t.Position.Line), max(1, t.Position.Column)}
}

func (p *problems) addSyntax(err error) {
	at, what := place{1, 1}, "cannot be read"
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		at = placeOf(syntax.GetToken())
		what, _, _ = strings.Cut(syntax.GetMessage(), ": ") // what follows, and Error(), can quote the file
		what, _, _ = strings.Cut(what, `"`)
		what = strings.TrimSpace(what)
	}
	p.add(at, "This is not YAML: "+what+".", "Check the indentation, the quotes and the brackets near this place.")
}

func (r reader) read(n ast.Node) *node {
	if n == nil {
		return &node{kind: nullNode, at: place{1, 1}, home: place{1, 1}}
	}
	at := placeOf(n.GetToken())
	out := &node{at: at, home: at}
	switch v := n.(type) {
	case *ast.NullNode:
		out.kind = nullNode
	case *ast.StringNode:
		out.text, out.plain = v.Value, "text"
	case *ast.LiteralNode:
		out.text, out.plain = v.Value.Value, "text"
	case *ast.IntegerNode, *ast.FloatNode:
		out.text, out.plain = n.GetToken().Value, "number"
	case *ast.BoolNode:
		out.text, out.plain = n.GetToken().Value, "truth value"
	case *ast.MappingNode:
		r.readMapping(out, v.Values)
		if v.IsFlowStyle {
			out.at, out.home = at, at
		}
	case *ast.MappingValueNode:
		r.readMapping(out, []*ast.MappingValueNode{v})
	case *ast.SequenceNode:
		out.kind = sequenceNode
		for _, item := range v.Values {
			out.items = append(out.items, r.read(item))
		}
	default:
		r.refuse(out, n)
	}
	return out
}

func (r reader) readMapping(out *node, values []*ast.MappingValueNode) {
	out.kind = mappingNode
	if len(values) > 0 && values[0].Key != nil {
		out.at = placeOf(values[0].Key.GetToken())
	}
	out.home = out.at
	seen := map[string]place{}
	for _, value := range values {
		key, at, ok := r.readKey(value.Key)
		if !ok {
			out.bad = true
			continue
		}
		if first, twice := seen[key]; twice {
			r.addf(at, "Keep one of them.", "The key %s stands here for the second time, first in line %d.", quoted(key), first.line)
			continue
		}
		seen[key] = at
		child := r.read(value.Value)
		child.home = at
		out.entries = append(out.entries, entry{key, at, child})
	}
}

func (r reader) readKey(key ast.MapKeyNode) (string, place, bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, placeOf(k.Token), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return key.GetToken().Value, placeOf(key.GetToken()), true
	}
	at := place{1, 1}
	if key != nil {
		at = placeOf(key.GetToken())
	}
	r.add(at, "This cannot be a key: only plain names can.", "Write the name as plain text, without anchors, tags and merge keys.")
	return "", at, false
}

// refuse reports a piece of YAML that a configuration does not need.
func (r reader) refuse(out *node, n ast.Node) {
	what := "This kind of value"
	switch n.(type) {
	case *ast.AnchorNode:
		what = "An anchor (&)"
	case *ast.AliasNode:
		what = "An alias (*)"
	case *ast.TagNode:
		what = "A tag (!)"
	case *ast.InfinityNode, *ast.NanNode:
		what = "A number that is not finite"
	}
	out.kind, out.bad = nullNode, true
	r.add(out.at, what+" is not supported.", "Write the value out, in quotes if it is text that starts with & * or !.")
}

// quoted is a name from the file as problems show it: short and on one line.
func quoted(name string) string {
	clean := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '·'
		}
		return c
	}, name)
	if short := []rune(clean); len(short) > 40 {
		clean = string(short[:40]) + "…"
	}
	return "`" + clean + "`"
}
