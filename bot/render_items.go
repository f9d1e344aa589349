package bot

import (
	"strconv"

	"github.com/slack-go/slack"

	"tagout"
)

// maxMessageBlocks is how many blocks Slack takes of one message.
const maxMessageBlocks = 50

// items makes the entries of a list, each with its buttons, in at most room blocks; it counts
// those that do not fit.
func (r renderer) items(items []tagout.Message, rows *buttonRows, left *int, room int) []slack.Block {
	var blocks []slack.Block
	for n, item := range items {
		if *left <= 0 || len(blocks)+3 > room { // one for the count
			return append(blocks, r.footer(tagout.T("and "+strconv.Itoa(len(items)-n)+" more")))
		}
		blocks = append(blocks, r.body(item.Body, left)...)
		blocks = append(blocks, rows.blocks(item.Buttons)...)
	}
	return blocks
}
