package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// clientErrors are the complaints that Slack's own client makes before it sends a
// form: required fields and lengths.
func clientErrors(blocks []obj, values obj) map[string]string {
	out := map[string]string{}
	for _, b := range blocks {
		if str(b, "type") != "input" {
			continue
		}
		e := sub(b, "element")
		answer := sub(sub(values, str(b, "block_id")), str(e, "action_id"))
		value := answer[stateKey(str(e, "type"))]
		if blank(value) {
			if !truthy(b, "optional") {
				out[str(b, "block_id")] = "Please complete this required field."
			}
			continue
		}
		if text, ok := value.(string); ok {
			if complaint := textComplaint(e, text); complaint != "" {
				out[str(b, "block_id")] = complaint
			}
		}
	}
	return out
}

func blank(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	}
	return false
}

func textComplaint(e obj, text string) string {
	n := utf8.RuneCountInString(text)
	longest, ok := intOf(e["max_length"])
	if !ok {
		longest = 3000
	}
	shortest, _ := intOf(e["min_length"])
	switch {
	case str(e, "type") == "number_input":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "Please enter a number."
		}
	case str(e, "type") == "email_text_input" && !strings.Contains(text, "@"):
		return "Please enter a valid email address."
	case n > longest:
		return fmt.Sprintf("Please keep this to %d characters.", longest)
	case n < shortest:
		return fmt.Sprintf("Please enter at least %d characters.", shortest)
	}
	return ""
}
