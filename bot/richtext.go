package bot

import (
	"strings"

	"github.com/slack-go/slack"

	"tagout"
)

// prefixed is the message with its commands as they are typed in this workspace, and without
// what must not stand in Slack.
func (r renderer) prefixed(m tagout.Message) tagout.Message {
	m = r.mask.Message(m)
	body := make([]tagout.Text, len(m.Body))
	for i, t := range m.Body {
		body[i] = r.typed(t)
	}
	facts := make([]tagout.Fact, len(m.Facts))
	for i, f := range m.Facts {
		facts[i] = tagout.Fact{Label: f.Label, Value: r.typed(f.Value)}
	}
	items := make([]tagout.Message, len(m.Items))
	for i, item := range m.Items {
		items[i] = r.prefixed(item)
	}
	m.Body, m.Facts, m.Items, m.Footer = body, facts, items, r.typed(m.Footer)
	return m
}

func (r renderer) typed(t tagout.Text) tagout.Text {
	typed := make(tagout.Text, len(t))
	for i, s := range t {
		switch s.Kind {
		case tagout.SpanCommand:
			s = tagout.Fixed("/" + r.prefix + s.Text)
		case tagout.SpanMessage:
			s = r.messageLink(s)
		}
		typed[i] = s
	}
	return typed
}

// messageLink is a span that leads to a message as a link; as text, or as its channel, while
// it is not known whose workspace this is.
func (r renderer) messageLink(s tagout.Span) tagout.Span {
	if url := r.url(s); url != "" {
		return tagout.Link(url, s.Text)
	}
	return tagout.Span{Text: s.Text}
}

// url is where a span leads; "" if that is nowhere, or not known.
func (r renderer) url(s tagout.Span) string {
	if s.Kind == tagout.SpanLink && wellFormed(s) {
		return s.URL
	}
	channel, ts, _ := strings.Cut(s.URL, "/")
	if s.Kind != tagout.SpanMessage || r.workspace == nil || r.workspace() == "" || !isID(channel, "CGD") || strings.Trim(ts, "0123456789.") != "" || ts == "" {
		return ""
	}
	return strings.TrimRight(r.workspace(), "/") + "/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
}

// paragraph makes a section of rich text, whose text Slack shows as it is; nil if there
// is nothing to show. left is how much of the message's budget remains.
func (r renderer) paragraph(t tagout.Text, left *int) slack.RichTextElement {
	if *left <= 0 {
		return nil // what came before was cut and says so
	}
	var elements []slack.RichTextSectionElement
	room := min(maxParagraph, *left)
	for _, s := range t {
		text := spanText(s)
		if text == "" {
			continue
		}
		size := units(text)
		if size > room {
			note := r.cutNote()
			cut := cutUnits(text, max(0, room-units(note)))
			elements = append(elements, slack.NewRichTextSectionTextElement(cut+note, styleOf(s)))
			*left -= room
			return slack.NewRichTextSection(elements...)
		}
		room -= size
		*left -= size
		elements = append(elements, element(s, text))
	}
	if len(elements) == 0 {
		return nil
	}
	return slack.NewRichTextSection(elements...)
}

func styleOf(s tagout.Span) *slack.RichTextSectionTextStyle {
	switch s.Kind {
	case tagout.SpanBold:
		return &slack.RichTextSectionTextStyle{Bold: true}
	case tagout.SpanCode:
		return &slack.RichTextSectionTextStyle{Code: true}
	}
	return nil
}

// element is one span; text is what it says.
func element(s tagout.Span, text string) slack.RichTextSectionElement {
	if !wellFormed(s) {
		return slack.NewRichTextSectionTextElement(text, nil)
	}
	switch s.Kind {
	case tagout.SpanMention:
		return slack.NewRichTextSectionUserElement(s.Text, nil)
	case tagout.SpanGroup:
		return slack.NewRichTextSectionUserGroupElement(s.Text)
	case tagout.SpanChannel:
		return slack.NewRichTextSectionChannelElement(s.Text, nil)
	case tagout.SpanLink:
		return slack.NewRichTextSectionLinkElement(s.URL, text, nil)
	case tagout.SpanTime:
		return slack.NewRichTextSectionDateElement(s.At.Unix(), dateFormat, nil, &text)
	}
	return slack.NewRichTextSectionTextElement(text, styleOf(s))
}
