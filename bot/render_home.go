package bot

import (
	"fmt"

	"github.com/slack-go/slack"

	"tagout"
)

// maxItemText is how much one item of an App Home says, in units.
const maxItemText = 1500

// home renders a person's page. It never fails: what a view has no room for is counted.
func (r renderer) home(h tagout.Home) slack.HomeTabViewRequest {
	var blocks []slack.Block
	rows := &buttonRows{}
	for n, s := range h.Sections {
		if len(s.Items) == 0 && s.Empty == "" {
			continue
		}
		if len(blocks) > 0 {
			blocks = append(blocks, slack.NewDividerBlock())
		}
		later := 4 * (len(h.Sections) - n - 1) // a line, a title, an item or that there is none, a count
		blocks = append(blocks, r.homeSection(s, rows, maxViewBlocks-1-later-len(blocks))...)
	}
	if footer := r.footer(r.typed(h.Footer)); footer != nil && len(blocks) < maxViewBlocks {
		blocks = append(blocks, footer)
	}
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

// homeSection is one part, in at most room blocks.
func (r renderer) homeSection(s tagout.HomeSection, rows *buttonRows, room int) []slack.Block {
	blocks := []slack.Block{slack.NewHeaderBlock(plainObject(clipText(oneLine(s.Title), maxHeader)))}
	if len(s.Items) == 0 {
		return append(blocks, r.footer(tagout.T(s.Empty)))
	}
	for n, item := range s.Items {
		more := r.homeItem(item, rows)
		last := n == len(s.Items)-1
		if fits := len(blocks) + len(more); fits > room || !last && fits > room-1 {
			return append(blocks, r.footer(tagout.T(fmt.Sprintf("and %d more: ", len(s.Items)-n), tagout.Fixed("/"+r.prefix+"status"))))
		}
		blocks = append(blocks, more...)
	}
	return blocks
}

func (r renderer) homeItem(m tagout.Message, rows *buttonRows) []slack.Block {
	m = r.prefixed(m)
	left := maxItemText
	blocks := r.body(m.Body, &left)
	blocks = append(blocks, r.facts(m.Facts)...)
	return append(blocks, rows.blocks(m.Buttons)...)
}
