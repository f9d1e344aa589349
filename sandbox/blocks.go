package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
)

// placed is an interactive element and the block it stands in.
type placed struct {
	block   string
	element obj
}

// decodeBlocks returns the blocks of an array; anything else is no blocks.
func decodeBlocks(raw json.RawMessage) []obj {
	var out []obj
	if decodeJSON(raw, &out) != nil {
		return nil
	}
	return out
}

// decodeJSON decodes without turning large integers into floats.
func decodeJSON(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(b.Bytes())
}

func str(o obj, key string) string {
	v, _ := o[key].(string)
	return v
}

func sub(o obj, key string) obj {
	v, _ := o[key].(obj)
	return v
}

func list(o obj, key string) []any {
	v, _ := o[key].([]any)
	return v
}

func truthy(o obj, key string) bool {
	v, _ := o[key].(bool)
	return v
}

// withIDs fills in the block and action IDs that the app left out, as Slack does.
func withIDs(blocks []obj) []obj {
	for _, b := range blocks {
		if str(b, "block_id") == "" {
			b["block_id"] = randomHex(3)
		}
		for _, e := range blockElements(b) {
			if str(e, "action_id") == "" && str(e, "type") != "image" {
				e["action_id"] = randomHex(3)
			}
		}
	}
	return blocks
}

// blockElements returns the interactive elements of one block, its input included.
func blockElements(b obj) []obj {
	var out []obj
	switch str(b, "type") {
	case "actions", "context_actions":
		for _, e := range list(b, "elements") {
			if element, ok := e.(obj); ok {
				out = append(out, element)
			}
		}
	case "section":
		if a := sub(b, "accessory"); a != nil && str(a, "type") != "image" {
			out = append(out, a)
		}
	case "input":
		if e := sub(b, "element"); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// elementsOf lists the elements that act when they are used: everything interactive
// except inputs that do not dispatch.
func elementsOf(blocks []obj) []placed {
	var out []placed
	for _, b := range blocks {
		if str(b, "type") == "input" && !truthy(b, "dispatch_action") {
			continue
		}
		for _, e := range blockElements(b) {
			out = append(out, placed{block: str(b, "block_id"), element: e})
		}
	}
	return out
}

// labelOf returns what is written on an element.
func labelOf(e obj) string {
	for _, key := range []string{"text", "placeholder"} {
		if t := sub(e, key); t != nil {
			return str(t, "text")
		}
	}
	return ""
}

// optionsOf returns the options of a select, checkbox group, radio group or
// overflow menu, those in groups included.
func optionsOf(e obj) []obj {
	var out []obj
	add := func(items []any) {
		for _, item := range items {
			if o, ok := item.(obj); ok {
				out = append(out, o)
			}
		}
	}
	add(list(e, "options"))
	for _, g := range list(e, "option_groups") {
		if group, ok := g.(obj); ok {
			add(list(group, "options"))
		}
	}
	return out
}

// findOption returns the option with this value or, failing that, this label.
func findOption(e obj, valueOrLabel string) obj {
	options := optionsOf(e)
	if i := slices.IndexFunc(options, func(o obj) bool { return str(o, "value") == valueOrLabel }); i >= 0 {
		return options[i]
	}
	i := slices.IndexFunc(options, func(o obj) bool { return str(sub(o, "text"), "text") == valueOrLabel })
	if i < 0 {
		return nil
	}
	return options[i]
}

// walkTexts visits every text in a tree of blocks: kind is "mrkdwn", "plain_text",
// "markdown", or "rich" for rich-text pieces.
func walkTexts(node any, visit func(kind, text string)) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			walkTexts(child, visit)
		}
	case obj:
		if text, ok := n["text"].(string); ok {
			kind := str(n, "type")
			if kind == "text" || kind == "link" {
				kind = "rich"
			}
			visit(kind, text)
		}
		if str(n, "type") == "data_visualization" {
			visit("plain_text", str(n, "title"))
		}
		keys := make([]string, 0, len(n))
		for k := range n {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, byReadingOrder)
		for _, k := range keys {
			walkTexts(n[k], visit)
		}
	}
}

// byReadingOrder puts what stands first on the screen first.
func byReadingOrder(a, b string) int {
	order := []string{"pretext", "title", "label", "text", "fields", "element", "elements", "accessory"}
	rank := func(k string) int {
		if i := slices.Index(order, k); i >= 0 {
			return i
		}
		return len(order)
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return bytes.Compare([]byte(a), []byte(b))
}
