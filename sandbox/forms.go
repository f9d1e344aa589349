package sandbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// stateKey is the key under which an input's answer stands in a view's state.
func stateKey(elementType string) string {
	switch elementType {
	case "static_select", "external_select", "radio_buttons":
		return "selected_option"
	case "multi_static_select", "multi_external_select", "checkboxes":
		return "selected_options"
	case "users_select":
		return "selected_user"
	case "multi_users_select":
		return "selected_users"
	case "channels_select":
		return "selected_channel"
	case "multi_channels_select":
		return "selected_channels"
	case "conversations_select":
		return "selected_conversation"
	case "multi_conversations_select":
		return "selected_conversations"
	case "datepicker":
		return "selected_date"
	case "timepicker":
		return "selected_time"
	case "datetimepicker":
		return "selected_date_time"
	case "rich_text_input":
		return "rich_text_value"
	case "file_input":
		return "files"
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		return "value"
	}
	return "" // a button or menu: it has no state
}

// initialState is the state of an untouched form: the initial values.
func initialState(blocks []obj) obj {
	values := obj{}
	for _, b := range blocks {
		for _, e := range blockElements(b) {
			key := stateKey(str(e, "type"))
			if key == "" {
				continue
			}
			initial := e["initial_"+strings.TrimPrefix(key, "selected_")]
			if initial == nil && isList(key) {
				initial = []any{}
			}
			put(values, str(b, "block_id"), str(e, "action_id"), obj{"type": str(e, "type"), key: initial})
		}
	}
	return values
}

func isList(key string) bool { return strings.HasSuffix(key, "s") }

func put(values obj, block, action string, answer obj) {
	inner := sub(values, block)
	if inner == nil {
		inner = obj{}
		values[block] = inner
	}
	inner[action] = answer
}

// keepState copies answers from old for every input that still exists.
func keepState(values, old obj) {
	for block, actions := range values {
		for action, fresh := range actions.(obj) {
			was := sub(sub(old, block), action)
			if was != nil && was["type"] == fresh.(obj)["type"] {
				values[block].(obj)[action] = was
			}
		}
	}
}

// fillForm writes a person's answers into a copy of the form's state. values maps
// block IDs to an answer in any of the forms that Submission allows. Unknown blocks
// and impossible answers are errors.
func fillForm(blocks []obj, state obj, values map[string]any) (obj, error) {
	filled := obj{}
	_ = json.Unmarshal(encode(state), &filled)
	for block, answer := range values {
		var elements []obj
		for _, b := range blocks {
			if str(b, "block_id") == block {
				elements = blockElements(b)
			}
		}
		if len(elements) == 0 {
			return nil, fmt.Errorf("sandbox: the view has no input block %q", block)
		}
		if err := fillBlock(filled, block, elements, answer); err != nil {
			return nil, err
		}
	}
	return filled, nil
}

// fillBlock answers the inputs of one block: answer is for its only input, or a map
// from action IDs.
func fillBlock(filled obj, block string, elements []obj, answer any) error {
	byAction, _ := answer.(obj)
	for i, e := range elements {
		action := str(e, "action_id")
		mine := answer
		if given, ok := byAction[action]; ok {
			mine = given
		} else if i > 0 || byAction != nil && byAction["type"] == nil && !hasStateKey(byAction) {
			continue
		}
		value, err := answerOf(e, mine)
		if err != nil {
			return fmt.Errorf("sandbox: block %q: %w", block, err)
		}
		put(filled, block, action, value)
	}
	return nil
}

func hasStateKey(o obj) bool {
	for k := range o {
		if k == "value" || strings.HasPrefix(k, "selected_") || k == "rich_text_value" || k == "files" {
			return true
		}
	}
	return false
}

// answerOf turns a person's answer into the form in which Slack reports it.
func answerOf(e obj, answer any) (obj, error) {
	kind := str(e, "type")
	key := stateKey(kind)
	if key == "" {
		return nil, fmt.Errorf("a %s takes no answer", kind)
	}
	if full, ok := answer.(obj); ok {
		if given, ok := full[key]; ok {
			answer = given
		} else if key != "rich_text_value" && str(full, "value") == "" {
			answer = nil
		}
	}
	out := obj{"type": kind, key: nil}
	if answer == nil {
		if isList(key) {
			out[key] = []any{}
		}
		return out, nil
	}
	value, err := convert(e, key, answer)
	out[key] = value
	return out, err
}

func convert(e obj, key string, answer any) (any, error) {
	switch key {
	case "selected_option":
		return pick(e, answer)
	case "selected_options":
		picked := []any{}
		for _, item := range items(answer) {
			option, err := pick(e, item)
			if err != nil {
				return nil, err
			}
			picked = append(picked, option)
		}
		return picked, nil
	case "selected_users", "selected_channels", "selected_conversations", "files":
		return items(answer), nil
	case "selected_date_time":
		return unixTime(answer)
	case "selected_date":
		if at, ok := answer.(time.Time); ok {
			return at.Format(time.DateOnly), nil
		}
	case "rich_text_value":
		return answer, nil
	}
	if text := fmt.Sprint(answer); text != "" {
		return text, nil
	}
	return nil, nil
}

// pick finds the option that an answer means: by value, by label, or as an object.
func pick(e obj, answer any) (any, error) {
	text, isText := answer.(string)
	if o, ok := answer.(obj); ok {
		text, isText = str(o, "value"), true
	}
	if !isText {
		text = fmt.Sprint(answer)
	}
	if text == "" {
		return nil, nil
	}
	if option := findOption(e, text); option != nil {
		return option, nil
	}
	if str(e, "type") == "external_select" || str(e, "type") == "multi_external_select" {
		return obj{"text": obj{"type": "plain_text", "text": text}, "value": text}, nil
	}
	return nil, fmt.Errorf("there is no option %q", text)
}

func items(answer any) []any {
	switch a := answer.(type) {
	case []any:
		return a
	case []string:
		out := []any{}
		for _, item := range a {
			out = append(out, item)
		}
		return out
	}
	return []any{answer}
}

func unixTime(answer any) (any, error) {
	switch a := answer.(type) {
	case time.Time:
		return a.Unix(), nil
	case int64, int, json.Number, float64:
		return a, nil
	}
	n, err := strconv.ParseInt(fmt.Sprint(answer), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%v is not a time in Unix seconds", answer)
	}
	return n, nil
}

// intOf reads a JSON number as an integer.
func intOf(v any) (int, bool) {
	switch n := v.(type) {
	case json.Number:
		i, err := strconv.Atoi(n.String())
		return i, err == nil
	case float64:
		return int(n), n == float64(int(n))
	case int:
		return n, true
	}
	return 0, false
}
