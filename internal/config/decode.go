package config

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// path names a value: its name in messages (severities.sev1.page[0]) and the pattern that
// the tables of keys and defaults use (severities.*.page[]).
type path struct{ name, pattern string }

func (p path) key(name string) path    { return p.join("."+name, "."+name) }
func (p path) member(name string) path { return p.join("."+name, ".*") }
func (p path) item(i int) path         { return path{p.name + "[" + strconv.Itoa(i) + "]", p.pattern + "[]"} }

func (p path) join(name, pattern string) path {
	return path{strings.TrimPrefix(p.name+name, "."), strings.TrimPrefix(p.pattern+pattern, ".")}
}

// nodeReader is a setting that reads its own part of the tree.
type nodeReader interface {
	readNode(d *decoder, n *node, p path)
}

// remainder takes the keys that the other fields of its struct do not: the settings of an
// adapter.
type remainder struct{ *node }

// decoder fills structs from nodes strictly. The structs are the table of keys, by tags:
//
//	yaml:"name"     the key
//	doc:"…"         what it means, for the schema and the documentation
//	allow:"a,b"     the only values
//	need:"true"     it must be there
//	min:"1s"        the least duration or number
type decoder struct {
	*problems
	defaults map[string]string // by pattern
	nodes    map[string]*node  // by name, for the places of later problems
}

// field is one key of the table.
type field struct {
	key, doc string
	allow    []string
	need     bool
	min      string
	index    int
	rest     bool
}

// tables are the keys of struct types; each is read once.
var tables sync.Map // of reflect.Type to []field

// fields reads the table of keys from a struct type.
func fields(t reflect.Type) []field {
	if known, ok := tables.Load(t); ok {
		return known.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		one := field{key: key, doc: f.Tag.Get("doc"), min: f.Tag.Get("min"), need: f.Tag.Get("need") == "true", index: i}
		if allow := f.Tag.Get("allow"); allow != "" {
			one.allow = strings.Split(allow, ",")
		}
		one.rest = f.Type == reflect.TypeFor[remainder]()
		if one.rest || f.IsExported() && key != "" && key != "-" {
			list = append(list, one)
		}
	}
	tables.Store(t, list)
	return list
}

func (d *decoder) value(n *node, v reflect.Value, f field, p path) {
	d.nodes[p.name] = n
	if n.bad {
		return
	}
	if special, ok := v.Addr().Interface().(nodeReader); ok {
		special.readNode(d, n, p)
		return
	}
	if _, text := v.Addr().Interface().(encoding.TextUnmarshaler); text {
		d.scalar(n, v, f)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), f, p)
	case reflect.Struct:
		d.structure(n, v, p)
	case reflect.Map:
		d.mapping(n, v, f, p)
	case reflect.Slice:
		d.sequence(n, v, f, p)
	default:
		d.scalar(n, v, f)
	}
}

func (d *decoder) structure(n *node, v reflect.Value, p path) {
	if !d.kind(n, mappingNode, "a set of keys with values", "Write `key: value` lines below it, indented.") {
		return
	}
	table := fields(v.Type())
	known := make(map[string]field, len(table))
	rest := -1
	for _, f := range table {
		if f.rest {
			rest = f.index
			continue
		}
		known[f.key] = f
	}
	left := &node{kind: mappingNode, at: n.at, home: n.home}
	for _, e := range n.entries {
		if f, ok := known[e.key]; ok {
			if e.value.kind != nullNode || e.value.bad {
				d.value(e.value, v.Field(f.index), f, p.key(f.key))
			}
			continue
		}
		left.entries = append(left.entries, e)
	}
	for _, f := range table {
		if !f.rest {
			d.absent(n, v, f, p)
		}
	}
	if rest >= 0 {
		v.Field(rest).Set(reflect.ValueOf(remainder{left}))
		return
	}
	d.unknown(left.entries, table)
}

// absent gives a key that is not in the file its default, or asks for it.
func (d *decoder) absent(n *node, v reflect.Value, f field, p path) {
	if given := n.get(f.key); given != nil && (given.kind != nullNode || given.bad) {
		return
	}
	p = p.key(f.key)
	if f.need {
		d.addf(n.home, "Add `"+f.key+": …`.", "%s is missing.", quoted(p.name))
		return
	}
	if otherwise, ok := d.defaults[p.pattern]; ok {
		d.value(&node{text: otherwise, plain: "text", expanded: true, at: n.home, home: n.home}, v.Field(f.index), f, p)
		return
	}
	if field := v.Field(f.index); field.Kind() == reflect.Struct {
		if _, text := field.Addr().Interface().(encoding.TextUnmarshaler); !text {
			d.structure(&node{kind: mappingNode, at: n.home, home: n.home}, field, p)
		}
	}
}

func (d *decoder) unknown(entries []entry, table []field) {
	var names []string
	for _, f := range table {
		names = append(names, f.key)
	}
	for _, e := range entries {
		fix := "Remove it. The keys here are " + list(names, "and") + "."
		if near := nearest(e.key, names); near != "" {
			fix = "Did you mean `" + near + "`?"
		}
		d.addf(e.at, fix, "The key %s is not known here.", quoted(e.key))
	}
}

func (d *decoder) mapping(n *node, v reflect.Value, f field, p path) {
	if !d.kind(n, mappingNode, "a set of names with values", "Write `name: value` lines below it, indented.") {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.entries)))
	for _, e := range n.entries {
		elem := reflect.New(v.Type().Elem()).Elem()
		child := e.value
		if child.kind == nullNode && !child.bad {
			child = &node{kind: mappingNode, at: e.at, home: e.at}
		}
		d.value(child, elem, f, p.member(e.key))
		v.SetMapIndex(reflect.ValueOf(e.key).Convert(v.Type().Key()), elem)
	}
}

func (d *decoder) sequence(n *node, v reflect.Value, f field, p path) {
	if !d.kind(n, sequenceNode, "a list", "Write `[one, two]`, or a line `- one` for each.") {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		if item.kind == nullNode && !item.bad {
			d.add(item.at, "This item of the list is empty.", "Give it a value, or remove it.")
			item.bad = true
		}
		d.value(item, v.Index(i), f, p.item(i))
	}
}

// kind reports whether n is of the kind, and tells of it if it is not.
func (d *decoder) kind(n *node, want nodeKind, what, fix string) bool {
	if n.kind == want {
		return true
	}
	n.bad = true
	d.addf(n.at, fix, "%s is needed here, not %s.", sentence(what), n.what())
	return false
}

func (n *node) what() string {
	switch n.kind {
	case mappingNode:
		return "a set of keys"
	case sequenceNode:
		return "a list"
	case nullNode:
		return "nothing"
	}
	if n.plain == "text" {
		return "text"
	}
	return "a " + n.plain
}
