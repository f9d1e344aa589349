package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that Slack would refuse in blocks or in a view.
type Problem struct {
	Path    string // JSON pointer, such as /blocks/0/text/text
	Message string
}

// String is the problem as Slack words it in response_metadata.messages.
func (p Problem) String() string {
	return fmt.Sprintf("[ERROR] %s [json-pointer:%s]", p.Message, p.Path)
}

// ValidateMessage checks the blocks of a message, a JSON array, against Slack's
// limits and shapes. No problems means that Slack would accept them.
func ValidateMessage(blocks json.RawMessage) []Problem {
	var tree any
	if err := decodeJSON(blocks, &tree); err != nil {
		return []Problem{{Path: "/blocks", Message: "must be valid JSON"}}
	}
	c := newChecker("message")
	c.blocks(node{c, tree, "/blocks"}, 50)
	return c.problems
}

// ValidateView checks a modal or Home tab, a JSON object as views.open and
// views.publish take it.
func ValidateView(view json.RawMessage) []Problem {
	var tree any
	if err := decodeJSON(view, &tree); err != nil {
		return []Problem{{Path: "/view", Message: "must be valid JSON"}}
	}
	c := newChecker("")
	c.view(node{c, tree, "/view"})
	return c.problems
}

// checker walks one message or view and gathers what is wrong.
type checker struct {
	surface   string // message, modal or home
	problems  []Problem
	blockIDs  map[string]bool
	actionIDs map[string]bool // of the block being checked
	seen      map[string]int  // blocks by type
	markdown  int             // characters in markdown blocks
	inputs    int
	focused   int
}

func newChecker(surface string) *checker {
	return &checker{surface: surface, blockIDs: map[string]bool{}, seen: map[string]int{}}
}

// node is one JSON value and where it stands.
type node struct {
	c    *checker
	v    any
	path string
}

func (n node) fail(format string, args ...any) {
	n.c.problems = append(n.c.problems, Problem{Path: n.path, Message: fmt.Sprintf(format, args...)})
}

func (n node) get(key string) node {
	o, _ := n.v.(obj)
	return node{n.c, o[key], n.path + "/" + key}
}

func (n node) at(i int, v any) node { return node{n.c, v, fmt.Sprintf("%s/%d", n.path, i)} }

func (n node) missing() bool { return n.v == nil }

func (n node) kind() string {
	o, _ := n.v.(obj)
	return str(o, "type")
}

// object checks that the value is an object with no other keys than these.
func (n node) object(keys ...string) bool {
	o, ok := n.v.(obj)
	if !ok {
		n.fail("must be an object")
		return false
	}
	for k := range o {
		if !slices.Contains(keys, k) {
			n.fail("invalid additional property: %s", k)
		}
	}
	return true
}

// require reports the keys that are missing.
func (n node) require(keys ...string) bool {
	ok := true
	for _, k := range keys {
		if n.get(k).missing() {
			n.fail("missing required field: %s", k)
			ok = false
		}
	}
	return ok
}

// text checks a string of shortest to longest characters; a missing one is fine.
func (n node) text(shortest, longest int) {
	if n.missing() {
		return
	}
	s, ok := n.v.(string)
	if !ok {
		n.fail("must be a string")
		return
	}
	switch length := utf8.RuneCountInString(s); {
	case length < shortest:
		n.fail("must be more than %d characters", shortest-1)
	case length > longest:
		n.fail("must be less than %d characters", longest+1)
	}
}

func (n node) boolean() {
	if _, ok := n.v.(bool); !ok && !n.missing() {
		n.fail("must be a boolean")
	}
}

// integer checks a whole number in a range; a missing one is fine.
func (n node) integer(least, most int) {
	if n.missing() {
		return
	}
	i, ok := intOf(n.v)
	if !ok {
		n.fail("must be an integer")
		return
	}
	if i < least || i > most {
		n.fail("must be between %d and %d", least, most)
	}
}

func (n node) oneOf(allowed ...string) {
	if s, ok := n.v.(string); !n.missing() && (!ok || !slices.Contains(allowed, s)) {
		n.fail("must be one of %s", strings.Join(allowed, ", "))
	}
}

// items checks an array of least to most entries and visits each.
func (n node) items(least, most int, visit func(node)) {
	if n.missing() {
		return
	}
	entries, ok := n.v.([]any)
	if !ok {
		n.fail("must be an array")
		return
	}
	if len(entries) < least {
		n.fail("no less than %d items allowed", least)
	}
	if len(entries) > most {
		n.fail("no more than %d items allowed", most)
	}
	for i, e := range entries {
		visit(n.at(i, e))
	}
}

func (n node) link(longest int) {
	if n.missing() {
		return
	}
	n.text(1, longest)
	s, _ := n.v.(string)
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "slack://") {
		n.fail("must be a URL")
	}
}

// plain checks a plain_text object.
func (n node) plain(longest int) {
	if n.missing() {
		return
	}
	if n.kind() != "plain_text" {
		n.fail("must be a plain_text object")
		return
	}
	n.textObject(longest)
}

// textObject checks a plain_text or mrkdwn object.
func (n node) textObject(longest int) {
	if n.missing() {
		return
	}
	switch n.kind() {
	case "plain_text":
		n.object("type", "text", "emoji")
		n.get("emoji").boolean()
	case "mrkdwn":
		n.object("type", "text", "verbatim")
		n.get("verbatim").boolean()
	default:
		n.fail("must be a plain_text or mrkdwn object")
		return
	}
	if n.require("text") {
		n.get("text").text(1, longest)
	}
}

func (c *checker) view(n node) {
	c.surface = n.kind()
	switch c.surface {
	case "modal":
		n.object("type", "title", "blocks", "close", "submit", "private_metadata", "callback_id",
			"clear_on_close", "notify_on_close", "external_id", "submit_disabled")
		n.require("title", "blocks")
		n.get("title").plain(24)
		n.get("close").plain(24)
		n.get("submit").plain(24)
		n.get("clear_on_close").boolean()
		n.get("notify_on_close").boolean()
	case "home":
		n.object("type", "blocks", "private_metadata", "callback_id", "external_id", "title", "close", "submit")
		n.require("blocks")
	default:
		n.get("type").fail("must be modal or home")
		return
	}
	n.get("private_metadata").text(0, 3000)
	n.get("callback_id").text(0, 255)
	n.get("external_id").text(0, 255)
	c.blocks(n.get("blocks"), 100)
	if c.surface == "modal" && c.inputs > 0 && n.get("submit").missing() {
		n.fail("missing required field: submit (a modal with an input needs it)")
	}
	if c.focused > 1 {
		n.fail("only one element may have focus_on_load")
	}
}
