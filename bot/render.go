package bot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"tagout"
)

// Slack's limits, in UTF-16 code units or pieces.
const (
	maxHeader        = 150
	maxField         = 2000
	maxFields        = 10
	maxParagraph     = 3000
	maxBodyBlocks    = 20
	maxFactBlocks    = 12
	maxActions       = 25
	maxButtonText    = 75
	maxButtonValue   = 2000
	maxConfirmText   = 300
	maxConfirmButton = 30
	maxFallback      = 3000
	maxAll           = 11000 // of one message's paragraphs and lines together
	maxFactsText     = 8000  // of one message's facts together
	maxLinesPart     = 8500  // of one message's fixed-width lines
	maxParts         = 4
)

// renderer turns neutral messages into Block Kit. It is the only place that knows it.
type renderer struct {
	prefix    string            // of the commands, for the hint where the rest is
	workspace func() string     // its URL, "" while unknown; nil: never known
	mask      *tagout.Redaction // of what must not stand in Slack; nil: nothing
}

func (r renderer) cutNote() string { return " … (cut, see /" + r.prefix + "timeline)" }

// content renders one message. It never fails: what exceeds a limit is cut and says so.
func (r renderer) content(m tagout.Message) Content {
	m = r.prefixed(m)
	left := maxAll
	var blocks []slack.Block
	if title := clipText(oneLine(m.Title), maxHeader-4); title != "" {
		blocks = append(blocks, slack.NewHeaderBlock(plainObject(toneMark(m.Tone)+title)))
	}
	blocks = append(blocks, r.body(m.Body, &left)...)
	blocks = append(blocks, r.facts(m.Facts)...)
	blocks = append(blocks, charts(m.Charts)...)
	blocks = append(blocks, r.lines(m.Lines, &left)...)
	rows := &buttonRows{}
	blocks = append(blocks, r.items(m.Items, rows, &left, maxMessageBlocks-2-len(blocks))...)
	blocks = append(blocks, rows.blocks(m.Buttons)...)
	if footer := r.footer(m.Footer); footer != nil {
		blocks = append(blocks, footer)
	}
	return Content{Text: r.fallback(m), Blocks: blocks}
}

// parts splits a message whose fixed-width lines do not fit into one. The buttons and the
// footer come with the last part; beyond [maxParts] it is cut.
func (r renderer) parts(m tagout.Message) []tagout.Message {
	var chunks [][]string
	size := maxLinesPart + 1
	for _, line := range m.Lines {
		line = clipText(line, maxParagraph-64)
		if size+units(line)+1 > maxLinesPart {
			chunks, size = append(chunks, nil), 0
		}
		last := len(chunks) - 1
		chunks[last] = append(chunks[last], line)
		size += units(line) + 1
	}
	if len(chunks) < 2 {
		return []tagout.Message{m}
	}
	if len(chunks) > maxParts {
		chunks = chunks[:maxParts]
		chunks[maxParts-1] = append(chunks[maxParts-1], strings.TrimSpace(r.cutNote()))
	}
	parts := make([]tagout.Message, len(chunks))
	for i, lines := range chunks {
		parts[i].Lines = lines
	}
	first, last := &parts[0], &parts[len(parts)-1]
	first.Title, first.Tone, first.Body, first.Facts = m.Title, m.Tone, m.Body, m.Facts
	last.Items, last.Buttons, last.Footer = m.Items, m.Buttons, m.Footer
	return parts
}

// toneMark stands before the title, so that colour is never the only sign of weight.
func toneMark(tone tagout.Tone) string {
	switch tone {
	case tagout.ToneDanger:
		return "⛔ "
	case tagout.ToneWarning:
		return "⚠️ "
	case tagout.ToneGood:
		return "✅ "
	}
	return ""
}

// body makes the paragraphs: one block each, or several in one if there are many.
func (r renderer) body(body []tagout.Text, left *int) []slack.Block {
	var sections []slack.RichTextElement
	for _, paragraph := range body {
		if section := r.paragraph(paragraph, left); section != nil {
			sections = append(sections, section)
		}
	}
	perBlock := max(1, (len(sections)+maxBodyBlocks-1)/maxBodyBlocks)
	var blocks []slack.Block
	for len(sections) > 0 {
		n := min(perBlock, len(sections))
		blocks = append(blocks, slack.NewRichTextBlock("", sections[:n]...))
		sections = sections[n:]
	}
	return blocks
}

// facts makes two columns of label and value.
func (r renderer) facts(facts []tagout.Fact) []slack.Block {
	var fields []*slack.TextBlockObject
	left := maxFactsText
	for _, f := range facts {
		field := r.fact(f)
		if left -= units(field.Text); left < 0 || len(fields) == maxFactBlocks*maxFields-1 {
			fields = append(fields, plainObject(strings.TrimSpace(r.cutNote())))
			break
		}
		fields = append(fields, field)
	}
	var blocks []slack.Block
	for len(fields) > 0 {
		n := min(maxFields, len(fields))
		blocks = append(blocks, slack.NewSectionBlock(nil, fields[:n], nil))
		fields = fields[n:]
	}
	return blocks
}

func (r renderer) fact(f tagout.Fact) *slack.TextBlockObject {
	label := oneLine(f.Label)
	text, faithful := mrkdwn(f.Value)
	bold, plainLabel := mrkdwnSpan(tagout.Bold(label))
	if text == "" {
		text = "—"
	}
	if text = bold + "\n" + text; faithful && plainLabel && units(text) <= maxField {
		return verbatim(text)
	}
	return plainObject(r.cut(label+"\n"+plainText(f.Value), maxField))
}

// lines makes fixed-width text.
func (r renderer) lines(lines []string, left *int) []slack.Block {
	var blocks []slack.Block
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			blocks = append(blocks, preformatted(text.String()))
			text.Reset()
		}
	}
	size := 0
	for _, line := range lines {
		line = clipText(strings.ReplaceAll(clean(line), "\n", " "), maxParagraph-64)
		if *left -= units(line) + 1; *left < 0 {
			line = strings.TrimSpace(r.cutNote())
		}
		if size += units(line) + 1; size > maxParagraph {
			flush()
			size = units(line) + 1
		}
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(line)
		if *left < 0 {
			break
		}
	}
	flush()
	return blocks
}

func preformatted(text string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextPreformatted{
		Type:     slack.RTEPreformatted,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)},
	})
}

// footer makes the small print.
func (r renderer) footer(footer tagout.Text) slack.Block {
	text, faithful := mrkdwn(footer)
	if text == "" {
		return nil
	}
	if faithful && units(text) <= maxField {
		return slack.NewContextBlock("", verbatim(text))
	}
	return slack.NewContextBlock("", plainObject(r.cut(plainText(footer), maxField)))
}

// fallback is the message as text: for notifications and screen readers.
func (r renderer) fallback(m tagout.Message) string {
	var b strings.Builder
	left := maxFallback
	add := func(t tagout.Text) {
		if left <= 0 || len(t) == 0 {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
			left--
		}
		for _, s := range t {
			text, _ := mrkdwnSpan(s)
			if units(text) > left { // cut before it is escaped, so that no entity is torn
				b.WriteString(escape(cutUnits(spanText(s), max(0, left-64)/5)) + r.cutNote())
				left = 0
				return
			}
			b.WriteString(text)
			left -= units(text)
		}
	}
	if title := oneLine(m.Title); title != "" {
		add(tagout.T(toneMark(m.Tone) + clipText(title, maxHeader)))
	}
	for _, p := range m.Body {
		add(p)
	}
	for _, f := range m.Facts {
		add(tagout.T(oneLine(f.Label)+": ", f.Value))
	}
	for _, line := range m.Lines {
		add(tagout.T(line))
	}
	for _, item := range m.Items {
		for _, p := range item.Body {
			add(p)
		}
	}
	add(m.Footer)
	if b.Len() == 0 {
		return "Tagout"
	}
	return b.String()
}

// cut is s cut to n units, saying where the rest is.
func (r renderer) cut(s string, n int) string {
	if len(s) <= n || units(s) <= n {
		return s
	}
	return cutUnits(s, n-units(r.cutNote())) + r.cutNote()
}

func plainObject(text string) *slack.TextBlockObject {
	emoji := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: text, Emoji: &emoji}
}

// verbatim is mrkdwn in which Slack makes no links of its own.
func verbatim(text string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true}
}

// buttonRows makes rows of buttons. IDs are unique within a message or view: a repeated
// action gets ":2", ":3", ….
type buttonRows struct {
	seen map[string]int
	rows int
}

func (r *buttonRows) blocks(buttons []tagout.Button) []slack.Block {
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	var elements []slack.BlockElement
	for _, b := range buttons {
		action, label := clipText(b.Action, 200), clipText(oneLine(b.Label), maxButtonText)
		if action == "" || label == "" || units(b.Value) > maxButtonValue {
			continue
		}
		if r.seen[action]++; r.seen[action] > 1 {
			action += ":" + strconv.Itoa(r.seen[action])
		}
		elements = append(elements, button(b, action, label))
	}
	var blocks []slack.Block
	for row := range slices.Chunk(elements, maxActions) {
		r.rows++
		blocks = append(blocks, slack.NewActionBlock("buttons:"+strconv.Itoa(r.rows), row...))
	}
	return blocks
}

func button(b tagout.Button, action, label string) *slack.ButtonBlockElement {
	made := slack.NewButtonBlockElement(action, b.Value, plainObject(label))
	switch b.Tone {
	case tagout.ToneGood:
		made.Style = slack.StylePrimary
	case tagout.ToneDanger:
		made.Style = slack.StyleDanger
	}
	if b.Confirm != "" {
		made.Confirm = slack.NewConfirmationBlockObject(plainObject("Are you sure?"),
			plainObject(clipText(clean(b.Confirm), maxConfirmText)), plainObject(clipText(label, maxConfirmButton)), plainObject("Cancel"))
	}
	return made
}

// actionName is the action of a button by its ID on the wire.
func actionName(id string) string {
	name, _, _ := strings.Cut(id, ":")
	return name
}
