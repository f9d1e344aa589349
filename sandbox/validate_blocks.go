package sandbox

import (
	"slices"
	"unicode/utf8"
)

const maxMarkdown = 12_000

// blocks checks a whole array of blocks.
func (c *checker) blocks(n node, most int) {
	n.items(0, most, c.block)
	if c.markdown > maxMarkdown {
		n.fail("markdown blocks must be less than %d characters in all", maxMarkdown+1)
	}
	if c.seen["table"] > 1 {
		n.fail("only one table block is allowed")
	}
	if c.seen["data_visualization"] > 2 {
		n.fail("no more than 2 data_visualization blocks are allowed")
	}
}

// surfaces says where a block may stand; blocks that are not listed may anywhere.
func (c *checker) belongs(n node) bool {
	only := map[string][]string{
		"alert":              {"modal"},
		"table":              {"message"},
		"data_visualization": {"message"},
		"markdown":           {"message"},
		"file":               {"message"},
		"context_actions":    {"message"},
	}[n.kind()]
	if only != nil && !slices.Contains(only, c.surface) {
		n.fail("unsupported type: %s in a %s", n.kind(), c.surface)
		return false
	}
	return true
}

func (c *checker) block(n node) {
	if _, ok := n.v.(obj); !ok {
		n.fail("must be an object")
		return
	}
	c.actionIDs = map[string]bool{}
	c.seen[n.kind()]++
	c.uniqueBlockID(n.get("block_id"))
	if !c.belongs(n) {
		return
	}
	switch n.kind() {
	case "section":
		c.section(n)
	case "header":
		n.object("type", "block_id", "text", "level")
		n.require("text")
		n.get("text").plain(150)
		n.get("level").integer(1, 6)
	case "divider":
		n.object("type", "block_id")
	case "actions":
		n.object("type", "block_id", "elements")
		n.require("elements")
		n.get("elements").items(1, 25, c.actionElement)
	case "context":
		n.object("type", "block_id", "elements")
		n.require("elements")
		n.get("elements").items(1, 10, contextElement)
	case "image":
		n.object("type", "block_id", "image_url", "slack_file", "alt_text", "title")
		image(n)
		n.get("title").plain(2000)
	case "input":
		c.input(n)
	case "alert":
		n.object("type", "block_id", "text", "level")
		n.require("text")
		n.get("text").textObject(3000)
		n.get("level").oneOf("default", "info", "warning", "error", "success")
	default:
		c.otherBlock(n)
	}
}

// otherBlock checks the blocks that carry data rather than controls.
func (c *checker) otherBlock(n node) {
	switch n.kind() {
	case "markdown":
		n.object("type", "block_id", "text")
		if n.require("text") {
			n.get("text").text(1, maxMarkdown)
		}
		text, _ := n.get("text").v.(string)
		c.markdown += utf8.RuneCountInString(text)
	case "rich_text":
		n.object("type", "block_id", "elements")
		n.require("elements")
		n.get("elements").items(0, 1000, richText)
	case "table":
		table(n)
	case "data_visualization":
		chart(n)
	case "file":
		n.object("type", "block_id", "external_id", "source")
		n.require("external_id", "source")
	case "video":
		n.object("type", "block_id", "alt_text", "author_name", "description", "provider_icon_url",
			"provider_name", "title", "title_url", "thumbnail_url", "video_url")
		n.require("alt_text", "title", "thumbnail_url", "video_url")
		n.get("title").plain(200)
	case "context_actions":
		n.object("type", "block_id", "elements")
		n.get("elements").items(1, 5, func(e node) { c.actionID(e.get("action_id")) })
	default:
		n.fail("unsupported type: %s", n.kind())
	}
}

func (c *checker) uniqueBlockID(n node) {
	n.text(0, 255)
	id, _ := n.v.(string)
	if id == "" {
		return
	}
	if c.blockIDs[id] {
		n.fail("block_id %q is used twice", id)
	}
	c.blockIDs[id] = true
}

func (c *checker) actionID(n node) {
	n.text(0, 255)
	id, _ := n.v.(string)
	if id == "" {
		return
	}
	if c.actionIDs[id] {
		n.fail("action_id %q is used twice in one block", id)
	}
	c.actionIDs[id] = true
}

func (c *checker) section(n node) {
	n.object("type", "block_id", "text", "fields", "accessory", "expand")
	if n.get("text").missing() && n.get("fields").missing() {
		n.fail("missing required field: text or fields")
	}
	n.get("text").textObject(3000)
	n.get("fields").items(1, 10, func(f node) { f.textObject(2000) })
	n.get("expand").boolean()
	accessory := n.get("accessory")
	if accessory.missing() {
		return
	}
	if accessory.kind() == "image" {
		accessory.object("type", "image_url", "slack_file", "alt_text")
		image(accessory)
		return
	}
	c.actionElement(accessory)
}

// image checks what image blocks and image elements share.
func image(n node) {
	n.require("alt_text")
	n.get("alt_text").text(1, 2000)
	url, file := n.get("image_url"), n.get("slack_file")
	if url.missing() == file.missing() {
		n.fail("must have either image_url or slack_file")
	}
	url.link(3000)
	if !file.missing() {
		file.object("id", "url")
	}
}

func contextElement(n node) {
	if n.kind() == "image" {
		n.object("type", "image_url", "slack_file", "alt_text")
		image(n)
		return
	}
	n.textObject(2000)
}

func (c *checker) input(n node) {
	n.object("type", "block_id", "label", "element", "hint", "optional", "dispatch_action")
	n.require("label", "element")
	n.get("label").plain(2000)
	n.get("hint").plain(2000)
	n.get("optional").boolean()
	n.get("dispatch_action").boolean()
	c.inputs++
	if element := n.get("element"); !element.missing() {
		c.inputElement(element)
	}
}

func richText(n node) {
	switch n.kind() {
	case "rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote":
		n.require("elements")
	default:
		n.fail("unsupported type: %s", n.kind())
	}
}
