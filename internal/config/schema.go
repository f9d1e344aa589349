package config

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// Schema is a JSON Schema (draft 2020-12) of the file, for editors. It is made from the
// table of keys that reading uses, so that the two cannot drift apart.
func Schema() []byte {
	root := schemaOf(reflect.TypeFor[document](), field{doc: "The configuration of Tagout."}, path{}, defaults())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "tagout.yaml"
	text, _ := json.MarshalIndent(root, "", "  ") // maps of plain values marshal, in key order
	return append(text, '\n')
}

// reference is what any single value may be instead: a piece of text with ${…} in it.
func reference() map[string]any { return map[string]any{"type": "string", "pattern": `\$\{`} }

func schemaOf(t reflect.Type, f field, p path, defaults map[string]string) map[string]any {
	s := map[string]any{}
	if f.doc != "" {
		s["description"] = f.doc
	}
	if value, ok := defaults[p.pattern]; ok {
		s["default"] = value
	}
	switch {
	case t == reflect.TypeFor[adapters]():
		s["type"] = "array"
		s["items"] = map[string]any{
			"type": "object", "minProperties": 1, "maxProperties": 1,
			"additionalProperties": map[string]any{"type": []string{"object", "null"}},
		}
	case t == reflect.TypeFor[settings]():
		s["type"] = "object"
	case t == reflect.TypeFor[time.Duration]():
		s["type"], s["pattern"] = "string", `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|\$\{`
	case t == reflect.TypeFor[riskSection]():
		s["anyOf"] = []any{map[string]any{"enum": []string{"low", "medium", "high"}}, reference()}
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		s["type"] = "string"
	default:
		schemaOfKind(s, t, f, p, defaults)
	}
	return s
}

func schemaOfKind(s map[string]any, t reflect.Type, f field, p path, defaults map[string]string) {
	inner := field{allow: f.allow, min: f.min}
	switch t.Kind() {
	case reflect.Pointer:
		for key, value := range schemaOf(t.Elem(), field{}, p, defaults) {
			s[key] = value
		}
	case reflect.Struct:
		schemaOfStruct(s, t, p, defaults)
	case reflect.Map:
		s["type"] = "object"
		s["additionalProperties"] = schemaOf(t.Elem(), inner, p.member("*"), defaults)
	case reflect.Slice:
		s["type"] = "array"
		s["items"] = schemaOf(t.Elem(), inner, path{p.name, p.pattern + "[]"}, defaults)
	case reflect.Bool:
		s["anyOf"] = []any{map[string]any{"type": "boolean"}, reference()}
	case reflect.String:
		if len(f.allow) > 0 {
			s["anyOf"] = []any{map[string]any{"enum": f.allow}, reference()}
			return
		}
		s["type"] = "string"
	default:
		number := map[string]any{"type": "number"}
		if reflect.New(t).Elem().CanInt() {
			number["type"] = "integer"
		}
		if least, err := strconv.ParseFloat(f.min, 64); err == nil {
			number["minimum"] = least
		}
		s["anyOf"] = []any{number, reference()}
	}
}

func schemaOfStruct(s map[string]any, t reflect.Type, p path, defaults map[string]string) {
	properties, required := map[string]any{}, []string{}
	open := false
	for _, f := range fields(t) {
		if f.rest {
			open = true
			continue
		}
		properties[f.key] = schemaOf(t.Field(f.index).Type, f, p.key(f.key), defaults)
		if f.need {
			required = append(required, f.key)
		}
	}
	s["type"], s["properties"], s["additionalProperties"] = "object", properties, open
	if len(required) > 0 {
		s["required"] = required
	}
}
