package config

import (
	"encoding"
	"reflect"
	"strconv"
	"time"

	"tagout"
)

// scalar fills a single value of any type.
func (d *decoder) scalar(n *node, v reflect.Value, f field) {
	if !d.kind(n, scalarNode, "a single value", "Write one value after the colon.") {
		return
	}
	problems := len(d.list)
	switch {
	case d.text(n, v):
	case v.Type() == reflect.TypeFor[time.Duration]():
		d.duration(n, v, f)
	case v.Kind() == reflect.String:
		d.words(n, v, f)
	case v.Kind() == reflect.Bool:
		if n.typed("truth value") && (n.text == "true" || n.text == "false") {
			v.SetBool(n.text == "true")
		} else {
			d.add(n.at, "true or false is needed here.", "Write true or false, without quotes.")
		}
	case v.CanInt(), v.CanFloat():
		d.number(n, v, f)
	default:
		d.add(n.at, "This value cannot be read.", "Report this as a defect of Tagout.")
	}
	n.bad = len(d.list) > problems
}

// typed reports whether the scalar may be read as such a type: the file says so, or it
// came from outside the file as text.
func (n *node) typed(plain string) bool { return n.plain == plain || n.expanded }

// text fills a value that reads text itself, such as a scope.
func (d *decoder) text(n *node, v reflect.Value) bool {
	reader, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	if !ok {
		return false
	}
	if err := reader.UnmarshalText([]byte(n.text)); err != nil {
		what := "This value cannot be read."
		if !n.expanded {
			what = tagout.Sentence(err)
		}
		d.add(n.at, what, "Correct it, or see the examples in docs/configuration.md.")
	}
	return true
}

func (d *decoder) duration(n *node, v reflect.Value, f field) {
	const fix = "Write a number with a unit: 30s, 5m, 72h."
	length, err := time.ParseDuration(n.text)
	least, _ := time.ParseDuration(f.min)
	switch {
	case err != nil:
		d.add(n.at, "This is not a duration.", fix)
	case length < 0:
		d.add(n.at, "A duration cannot be negative.", fix)
	case length < least:
		d.addf(n.at, fix, "This duration is too short: at least %s is needed.", f.min)
	}
	v.SetInt(int64(length))
}

func (d *decoder) words(n *node, v reflect.Value, f field) {
	if !n.typed("text") {
		d.addf(n.at, "Put the value in quotes.", "Text is needed here, not a %s.", n.plain)
		return
	}
	if len(f.allow) > 0 && !contains(f.allow, n.text) {
		fix := "Write " + list(f.allow, "or") + "."
		if near := nearest(n.text, f.allow); near != "" && !n.expanded {
			fix = "Did you mean `" + near + "`?"
		}
		d.addf(n.at, fix, "%s is not one of the values that can stand here.", sentence(n.shown()))
		return
	}
	v.SetString(n.text)
}

func (d *decoder) number(n *node, v reflect.Value, f field) {
	least, _ := strconv.ParseFloat(f.min, 64)
	fix := "Write a plain number, such as 3."
	if v.CanInt() {
		whole, err := strconv.ParseInt(n.text, 10, 32)
		switch {
		case err != nil || !n.typed("number"):
			d.add(n.at, "A whole number is needed here.", fix)
		case f.min != "" && float64(whole) < least:
			d.addf(n.at, fix, "This number is too small: at least %s is needed.", f.min)
		}
		v.SetInt(whole)
		return
	}
	real, err := strconv.ParseFloat(n.text, 64)
	if err != nil || !n.typed("number") || real-real != 0 {
		d.add(n.at, "A number is needed here.", fix)
		return
	}
	v.SetFloat(real)
}

// shown is a scalar as a problem may show it: not at all if it came from outside the file.
func (n *node) shown() string {
	if n.expanded || n.kind != scalarNode {
		return "this value"
	}
	return quoted(n.text)
}
