package httpcontrol

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"

	"tagout"
)

// step is one part of a path into JSON: a key, or an index if it is not negative.
type step struct {
	key   string
	index int
}

// parsePath reads a path such as environments.production.on, items[0].mode or
// ["a.key.with.dots"].on. An empty one is the whole answer.
func parsePath(text string) ([]step, error) {
	part := regexp.MustCompile(`^(?:\.?([^.\[\]"]+)|\[(\d{1,6})\]|\["([^"]+)"\])`)
	var steps []step
	for rest := text; rest != ""; {
		found := part.FindStringSubmatch(rest)
		if found == nil || len(steps) == 0 && rest[0] == '.' {
			return nil, tagout.Errorf(tagout.Invalid, "A path in read is not one. Fix: Write keys with dots between them and indices in brackets, as in items[0].mode.")
		}
		rest = rest[len(found[0]):]
		if found[2] != "" {
			index, _ := strconv.Atoi(found[2])
			steps = append(steps, step{index: index})
		} else {
			steps = append(steps, step{key: found[1] + found[3], index: -1})
		}
	}
	return steps, nil
}

// lookUp is the plain value at the path of a JSON text, as it is written there, and false
// if there is none, or no single value.
func lookUp(answer []byte, steps []step) (string, bool) {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return "", false
	}
	for _, s := range steps {
		switch inside := value.(type) {
		case map[string]any:
			if s.index >= 0 {
				return "", false
			}
			value = inside[s.key]
		case []any:
			if s.index < 0 || s.index >= len(inside) {
				return "", false
			}
			value = inside[s.index]
		default:
			return "", false
		}
	}
	switch plain := value.(type) {
	case string:
		return plain, true
	case bool:
		return strconv.FormatBool(plain), true
	case json.Number:
		return plain.String(), true
	}
	return "", false
}
