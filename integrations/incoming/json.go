// Package incoming is what the sources of alerts share: reading JSON without ever showing
// what it says, checking signatures, and turning vendors' tags into labels.
package incoming

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"tagout"
)

// Read unmarshals JSON. It returns Invalid, naming the place but never the content; at is
// where in the body it stands, such as /alerts/3, or "" for the whole.
func Read(body []byte, into any, at string) error {
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where, found := place(at, wrong.Field, into)
		if found == reflect.Map {
			return tagout.Errorf(tagout.Invalid, "%s must be an object whose values are of one plain kind, such as strings.", where)
		}
		return tagout.Errorf(tagout.Invalid, "%s must be %s.", where, kind(wrong.Type.Kind()))
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return tagout.Errorf(tagout.Invalid, "The body is not JSON: it breaks off or goes wrong at byte %d.", syntax.Offset)
	}
	if ours, ok := errors.AsType[*tagout.Error](err); ok {
		return ours
	}
	return tagout.Errorf(tagout.Invalid, "%s holds a value that cannot be read, such as a time that is not RFC 3339.", Or(at, "The body"))
}

// place is where a value of the wrong type stands and of what kind it is, as far as the names
// are ours: what follows the name of a map may be a key of the payload.
func place(at, field string, into any) (string, reflect.Kind) {
	t := reflect.TypeOf(into)
	for _, name := range strings.Split(field, ".") {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if name == "" || t == nil || t.Kind() != reflect.Struct {
			break
		}
		f, ok := fieldOf(t, name)
		if !ok {
			break
		}
		at += "/" + name
		t = f.Type
	}
	if t == nil {
		return Or(at, "The body"), reflect.Invalid
	}
	return Or(at, "The body"), t.Kind()
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); key == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

func kind(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Bool:
		return "true or false"
	}
	return "a finite number"
}

// Or is s, or the other if s is empty.
func Or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Word is an identifier that a sender writes as a string or as a number.
type Word string

// UnmarshalJSON reads it. Anything but a string, a number and null is Invalid.
func (w *Word) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		*w = Word(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return tagout.Errorf(tagout.Invalid, "An identifier in the body is neither a string nor a number.")
	}
	*w = Word(number)
	return nil
}
