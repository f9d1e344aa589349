package config

import (
	"fmt"
	"reflect"

	"tagout"
)

// adapters is a list of KIND: {settings}, whose settings only the adapter knows.
type adapters []adapter

type adapter struct {
	kind     string
	settings *node
}

// readNode reads a list of mappings with one key each.
func (a *adapters) readNode(d *decoder, n *node, p path) {
	const fix = "Write `- webhook: {url: …}`."
	if !d.kind(n, sequenceNode, "a list", fix) {
		return
	}
	for i, item := range n.items {
		d.nodes[p.item(i).name] = item
		switch {
		case item.bad:
		case item.kind != mappingNode || len(item.entries) != 1:
			d.add(item.at, "One kind with its settings is needed here.", fix)
		case item.entries[0].value.bad:
		case item.entries[0].value.kind != mappingNode && item.entries[0].value.kind != nullNode:
			d.addf(item.entries[0].value.at, fix, "The settings of %s are not a set of keys.", quoted(item.entries[0].key))
		default:
			*a = append(*a, adapter{item.entries[0].key, &node{
				kind: mappingNode, at: item.at, home: item.entries[0].at, entries: item.entries[0].value.entries,
			}})
		}
	}
}

// settings are the keys of one adapter, which only that knows.
type settings struct{ node *node }

// readNode takes a mapping as it is.
func (s *settings) readNode(d *decoder, n *node, _ path) {
	if d.kind(n, mappingNode, "a set of keys with values", "Write `{key: value}`.") {
		s.node = n
	}
}

type sourceSection struct {
	Kind     string    `yaml:"kind" need:"true" doc:"What posts: alertmanager, cloudevents, datadog, generic, grafana, pagerduty or sentry."`
	Token    string    `yaml:"token" doc:"The token that it sends, as a bearer token or the password of basic authentication; may be empty only while listen is loopback, or where the sender signs with a secret."`
	Settings remainder `doc:"Further settings of the kind."`
}

// signs reports whether a secret is configured with which the sender signs. A kind that does
// not know the key refuses it.
func (s sourceSection) signs() bool {
	if s.Settings.node == nil {
		return false
	}
	secret := s.Settings.node.get("secret")
	return secret != nil && secret.kind == scalarNode && secret.text != ""
}

func (b *builder) adapters() {
	b.cfg.Pagers = b.vendors(path{}.key("pagers"), b.doc.Pagers)
	b.cfg.SourceToken = map[string]string{}
	root := path{}.key("sources")
	for _, key := range b.keys(root) {
		p, s := root.member(key), b.doc.Sources[key]
		n := b.nodes[p.name]
		b.name(p, "source", key)
		if q := p.key("token"); s.Token == "" && !s.signs() && b.ok(p) && b.ok(q) && b.ok(path{}.key("listen")) && !loopback(b.doc.Listen) {
			b.fail(q, "Set a token (or a secret, where the sender signs), or listen on 127.0.0.1 only.",
				"The source %s has no token, but others than this machine can reach `listen`.", quoted(key))
		}
		if s.Settings.node == nil {
			continue
		}
		b.cfg.SourceToken[key] = s.Token
		b.cfg.Sources = append(b.cfg.Sources, b.vendor(key, s.Kind, n.home, s.Settings.node))
	}
}

// pagerNames names a list of adapters: by kind, and by number from the second of a kind on.
func pagerNames(list adapters) []string {
	var names []string
	count := map[string]int{}
	for _, a := range list {
		count[a.kind]++
		name := a.kind
		if count[a.kind] > 1 {
			name = fmt.Sprintf("%s-%d", a.kind, count[a.kind])
		}
		names = append(names, name)
	}
	return names
}

// vendors are a list of adapters with their names.
func (b *builder) vendors(p path, list adapters) []tagout.Vendor {
	var vendors []tagout.Vendor
	for n, name := range pagerNames(list) {
		a := list[n]
		vendors = append(vendors, b.vendor(name, a.kind, a.settings.home, a.settings))
	}
	return vendors
}

func (b *builder) vendor(name, kind string, at place, settings *node) tagout.Vendor {
	file := b.file
	return tagout.Vendor{
		Name: name, Kind: kind, Place: b.where(at),
		Decode: func(into any) error { return decodeSettings(file, settings, into) },
	}
}

// decodeSettings reads the settings of one adapter into a pointer to its own struct, whose
// tags are those of [decoder].
func decodeSettings(file string, settings *node, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		return tagout.Errorf(tagout.Internal, "Settings can only be read into a pointer to a struct.")
	}
	d := &decoder{problems: &problems{file: file}, nodes: map[string]*node{}}
	d.structure(settings, target.Elem(), path{})
	return d.err()
}
