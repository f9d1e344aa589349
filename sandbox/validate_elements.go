package sandbox

import (
	"slices"
	"strings"
)

// actionElement checks an element of an actions block or a section's accessory.
func (c *checker) actionElement(n node) {
	switch kind := n.kind(); {
	case kind == "button":
		c.button(n)
	case kind == "workflow_button":
		n.require("text", "workflow")
		n.get("text").plain(75)
	case kind == "overflow":
		n.object("type", "action_id", "options", "confirm")
		n.require("options")
		n.get("options").items(1, 5, func(o node) { option(o, 75) })
	case isSelect(kind), isChoice(kind), isPicker(kind):
		c.pickElement(n)
	case kind == "rich_text_input" || kind == "plain_text_input":
		n.fail("unsupported type: %s belongs in an input block", kind)
		return
	default:
		n.fail("unsupported type: %s", kind)
		return
	}
	c.shared(n)
}

// inputElement checks the element of an input block.
func (c *checker) inputElement(n node) {
	switch kind := n.kind(); {
	case isSelect(kind), isChoice(kind), isPicker(kind):
		c.pickElement(n)
	case slices.Contains([]string{"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}, kind):
		textInput(n)
	case kind == "file_input":
		n.object("type", "action_id", "filetypes", "max_files")
		n.get("max_files").integer(1, 10)
	default:
		n.fail("unsupported type: %s", kind)
		return
	}
	c.shared(n)
}

// shared checks what every element may carry.
func (c *checker) shared(n node) {
	c.actionID(n.get("action_id"))
	confirm(n.get("confirm"))
	n.get("placeholder").plain(150)
	n.get("focus_on_load").boolean()
	if on, _ := n.get("focus_on_load").v.(bool); on {
		c.focused++
	}
}

func (c *checker) button(n node) {
	n.object("type", "action_id", "text", "url", "value", "style", "confirm", "accessibility_label",
		"agent_prompt", "agent_prompt_display", "visible_to_user_ids")
	n.require("text")
	n.get("text").plain(75)
	n.get("value").text(0, 2000)
	n.get("url").link(3000)
	n.get("style").oneOf("primary", "danger")
	n.get("accessibility_label").text(0, 75)
}

func confirm(n node) {
	if n.missing() {
		return
	}
	n.object("title", "text", "confirm", "deny", "style")
	n.require("title", "text", "confirm", "deny")
	n.get("title").plain(100)
	n.get("text").textObject(300)
	n.get("confirm").plain(30)
	n.get("deny").plain(30)
	n.get("style").oneOf("primary", "danger")
}

func isSelect(kind string) bool {
	return strings.HasSuffix(kind, "_select")
}

func isChoice(kind string) bool { return kind == "checkboxes" || kind == "radio_buttons" }

func isPicker(kind string) bool {
	return kind == "datepicker" || kind == "timepicker" || kind == "datetimepicker"
}

// pickElement checks selects, checkboxes, radio buttons and pickers.
func (c *checker) pickElement(n node) {
	common := []string{"type", "action_id", "placeholder", "confirm", "focus_on_load"}
	kind := n.kind()
	multi := strings.HasPrefix(kind, "multi_")
	if multi {
		common = append(common, "max_selected_items")
		n.get("max_selected_items").integer(1, 100)
	}
	switch strings.TrimPrefix(kind, "multi_") {
	case "static_select":
		n.object(append(common, "options", "option_groups", "initial_option", "initial_options")...)
		staticOptions(n)
	case "external_select":
		n.object(append(common, "min_query_length", "initial_option", "initial_options")...)
	case "users_select":
		n.object(append(common, "initial_user", "initial_users")...)
	case "channels_select":
		n.object(append(common, "initial_channel", "initial_channels", "response_url_enabled")...)
	case "conversations_select":
		n.object(append(common, "initial_conversation", "initial_conversations", "response_url_enabled",
			"default_to_current_conversation", "filter")...)
	case "checkboxes", "radio_buttons":
		n.object(append(common, "options", "initial_option", "initial_options", "visible_to_user_ids")...)
		n.require("options")
		n.get("options").items(1, 10, func(o node) { option(o, 75) })
		initialOptions(n)
	case "datepicker":
		n.object(append(common, "initial_date")...)
		n.get("initial_date").text(10, 10)
	case "timepicker":
		n.object(append(common, "initial_time", "timezone")...)
		n.get("initial_time").text(5, 5)
	case "datetimepicker":
		n.object(append(common, "initial_date_time")...)
		n.get("initial_date_time").integer(1, 9_999_999_999)
	default:
		n.fail("unsupported type: %s", kind)
	}
}

func staticOptions(n node) {
	options, groups := n.get("options"), n.get("option_groups")
	if options.missing() == groups.missing() {
		n.fail("must have either options or option_groups")
	}
	options.items(1, 100, func(o node) { option(o, 150) })
	groups.items(1, 100, func(g node) {
		g.object("label", "options")
		g.require("label", "options")
		g.get("label").plain(75)
		g.get("options").items(1, 100, func(o node) { option(o, 150) })
	})
	initialOptions(n)
}

// initialOptions checks that what is chosen beforehand can be chosen.
func initialOptions(n node) {
	element, _ := n.v.(obj)
	check := func(o node) {
		option(o, 150)
		chosen, _ := o.v.(obj)
		if found := findOption(element, str(chosen, "value")); found == nil || str(found, "value") != str(chosen, "value") {
			o.fail("must be one of the options")
		}
	}
	if initial := n.get("initial_option"); !initial.missing() {
		check(initial)
	}
	n.get("initial_options").items(1, 100, check)
}

func option(n node, longestValue int) {
	if !n.object("text", "value", "description", "url") {
		return
	}
	n.require("text", "value")
	n.get("text").textObject(75)
	n.get("value").text(1, longestValue)
	n.get("description").textObject(75)
	n.get("url").link(3000)
}

func textInput(n node) {
	common := []string{"type", "action_id", "placeholder", "initial_value", "dispatch_action_config", "focus_on_load"}
	switch n.kind() {
	case "plain_text_input":
		n.object(append(common, "multiline", "min_length", "max_length")...)
		n.get("multiline").boolean()
		n.get("min_length").integer(0, 3000)
		n.get("max_length").integer(1, 3000)
		n.get("initial_value").text(0, 3000)
	case "number_input":
		n.object(append(common, "is_decimal_allowed", "min_value", "max_value")...)
		n.require("is_decimal_allowed")
	case "rich_text_input":
		n.object(append(common, "min_lines", "max_lines")...)
	default:
		n.object(common...)
	}
}
