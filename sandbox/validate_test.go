package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

// The generators below build one block, element or view with a part of size n.

func quoted(n int) string { return `"` + strings.Repeat("é", n) + `"` }

func repeat(n int, entry string) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = strings.ReplaceAll(entry, "#", fmt.Sprint(i))
	}
	return "[" + strings.Join(entries, ",") + "]"
}

func plain(text string) string { return `{"type":"plain_text","text":` + text + `}` }

func mrkdwn(text string) string { return `{"type":"mrkdwn","text":` + text + `}` }

func actions(element string) string { return `[{"type":"actions","elements":[` + element + `]}]` }

func button(extra string) string {
	return `{"type":"button","text":` + plain(`"GO"`) + extra + `}`
}

func selectOf(n int, text, value string) string {
	options := repeat(n, `{"text":`+plain(text)+`,"value":`+value+`}`)
	return `{"type":"static_select","options":` + options + `}`
}

func confirm(title, text, yes, no int) string {
	return `,"confirm":{"title":` + plain(quoted(title)) + `,"text":` + mrkdwn(quoted(text)) +
		`,"confirm":` + plain(quoted(yes)) + `,"deny":` + plain(quoted(no)) + `}`
}

func modal(blocks, extra string) string {
	return `{"type":"modal","title":` + plain(`"T"`) + `,"blocks":` + blocks + extra + `}`
}

func TestMessageLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		max  int
		make func(n int) string
	}{
		{"blocks", 50, func(n int) string { return repeat(n, `{"type":"divider"}`) }},
		{"block_id", 255, func(n int) string { return `[{"type":"divider","block_id":` + quoted(n) + `}]` }},
		{"action_id", 255, func(n int) string { return actions(button(`,"action_id":` + quoted(n))) }},
		{"header", 150, func(n int) string { return `[{"type":"header","text":` + plain(quoted(n)) + `}]` }},
		{"section text", 3000, func(n int) string { return `[{"type":"section","text":` + mrkdwn(quoted(n)) + `}]` }},
		{"section fields", 10, func(n int) string { return `[{"type":"section","fields":` + repeat(n, mrkdwn(`"f"`)) + `}]` }},
		{"field text", 2000, func(n int) string { return `[{"type":"section","fields":[` + mrkdwn(quoted(n)) + `]}]` }},
		{"actions", 25, func(n int) string { return `[{"type":"actions","elements":` + repeat(n, button("")) + `}]` }},
		{"context", 10, func(n int) string { return `[{"type":"context","elements":` + repeat(n, mrkdwn(`"c"`)) + `}]` }},
		{"button text", 75, func(n int) string { return actions(`{"type":"button","text":` + plain(quoted(n)) + `}`) }},
		{"button value", 2000, func(n int) string { return actions(button(`,"value":` + quoted(n))) }},
		{"button url", 3000, func(n int) string {
			return actions(button(`,"url":"https://x.example/` + strings.Repeat("a", n-18) + `"`))
		}},
		{"select options", 100, func(n int) string { return actions(selectOf(n, `"o"`, `"v#"`)) }},
		{"option text", 75, func(n int) string { return actions(selectOf(1, quoted(n), `"v"`)) }},
		{"option value", 150, func(n int) string { return actions(selectOf(1, `"o"`, quoted(n))) }},
		{"checkboxes", 10, func(n int) string {
			return actions(`{"type":"checkboxes","options":` + repeat(n, `{"text":`+plain(`"o"`)+`,"value":"v#"}`) + `}`)
		}},
		{"radio buttons", 10, func(n int) string {
			return actions(`{"type":"radio_buttons","options":` + repeat(n, `{"text":`+plain(`"o"`)+`,"value":"v#"}`) + `}`)
		}},
		{"overflow", 5, func(n int) string {
			return actions(`{"type":"overflow","options":` + repeat(n, `{"text":`+plain(`"o"`)+`,"value":"v#"}`) + `}`)
		}},
		{"confirm title", 100, func(n int) string { return actions(button(confirm(n, 1, 1, 1))) }},
		{"confirm text", 300, func(n int) string { return actions(button(confirm(1, n, 1, 1))) }},
		{"confirm yes", 30, func(n int) string { return actions(button(confirm(1, 1, n, 1))) }},
		{"confirm no", 30, func(n int) string { return actions(button(confirm(1, 1, 1, n))) }},
		{"input label", 2000, func(n int) string {
			return `[{"type":"input","label":` + plain(quoted(n)) + `,"element":{"type":"plain_text_input"}}]`
		}},
		{"alt_text", 2000, func(n int) string {
			return `[{"type":"image","image_url":"https://x.example/a.png","alt_text":` + quoted(n) + `}]`
		}},
		{"markdown", 12_000, func(n int) string { return `[{"type":"markdown","text":` + quoted(n) + `}]` }},
		{"markdown in all", 12_000, func(n int) string {
			return `[{"type":"markdown","text":` + quoted(6000) + `},{"type":"markdown","text":` + quoted(n-6000) + `}]`
		}},
		{"table rows", 100, func(n int) string {
			return `[{"type":"table","rows":` + repeat(n, `[{"type":"raw_text","text":"x"}]`) + `}]`
		}},
		{"table columns", 20, func(n int) string {
			return `[{"type":"table","rows":[` + repeat(n, `{"type":"raw_text","text":"x"}`) + `]}]`
		}},
		{"tables", 1, func(n int) string { return repeat(n, `{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}`) }},
		{"charts", 2, func(n int) string {
			return repeat(n, `{"type":"data_visualization","title":"T","chart":{"type":"pie","segments":[{"label":"a","value":1}]}}`)
		}},
		{"chart label", 20, func(n int) string {
			return `[{"type":"data_visualization","title":"T","chart":{"type":"pie","segments":[{"label":` + quoted(n) + `,"value":1}]}}]`
		}},
		{"chart points", 20, func(n int) string {
			return `[{"type":"data_visualization","title":"T","chart":{"type":"line","axis_config":{"categories":` + repeat(n, `"c#"`) +
				`},"series":[{"name":"s","data":` + repeat(n, `{"label":"c#","value":-1}`) + `}]}}]`
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if p := sandbox.ValidateMessage(json.RawMessage(tt.make(tt.max))); len(p) > 0 {
				t.Errorf("%d are refused: %v", tt.max, p)
			}
			if p := sandbox.ValidateMessage(json.RawMessage(tt.make(tt.max + 1))); len(p) == 0 {
				t.Errorf("%d are accepted", tt.max+1)
			}
		})
	}
}

func TestMessageShapesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ blocks, at string }{
		"not JSON":                {`{`, "/blocks"},
		"not an array":            {`{"type":"divider"}`, "/blocks"},
		"not an object":           {`["x"]`, "/blocks/0"},
		"unknown block":           {`[{"type":"hologram"}]`, "/blocks/0"},
		"unknown property":        {`[{"type":"divider","colour":"red"}]`, "/blocks/0"},
		"same block_id twice":     {`[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`, "/blocks/1/block_id"},
		"same action_id twice":    {actions(button(`,"action_id":"a"`) + "," + button(`,"action_id":"a"`)), "/blocks/0/elements/1/action_id"},
		"no actions":              {`[{"type":"actions","elements":[]}]`, "/blocks/0/elements"},
		"empty text":              {`[{"type":"section","text":` + mrkdwn(`""`) + `}]`, "/blocks/0/text/text"},
		"section without text":    {`[{"type":"section"}]`, "/blocks/0"},
		"mrkdwn header":           {`[{"type":"header","text":` + mrkdwn(`"h"`) + `}]`, "/blocks/0/text"},
		"mrkdwn with emoji":       {`[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`, "/blocks/0/text"},
		"mrkdwn on a button":      {actions(`{"type":"button","text":` + mrkdwn(`"x"`) + `}`), "/blocks/0/elements/0/text"},
		"button of unknown style": {actions(button(`,"style":"huge"`)), "/blocks/0/elements/0/style"},
		"button to javascript":    {actions(button(`,"url":"javascript:1"`)), "/blocks/0/elements/0/url"},
		"image without alt_text":  {`[{"type":"image","image_url":"https://x.example/a.png"}]`, "/blocks/0"},
		"image of nothing":        {`[{"type":"image","alt_text":"a"}]`, "/blocks/0"},
		"initial not an option":   {actions(`{"type":"static_select","options":[{"text":` + plain(`"o"`) + `,"value":"v"}],"initial_option":{"text":` + plain(`"o"`) + `,"value":"w"}}`), "/blocks/0/elements/0/initial_option"},
		"alert in a message":      {`[{"type":"alert","text":` + mrkdwn(`"x"`) + `}]`, "/blocks/0"},
		"text input in actions":   {actions(`{"type":"plain_text_input"}`), "/blocks/0/elements/0"},
		"half a confirm":          {actions(button(`,"confirm":{"title":` + plain(`"x"`) + `}`)), "/blocks/0/elements/0/confirm"},
		"pie of nothing":          {`[{"type":"data_visualization","title":"T","chart":{"type":"pie","segments":[{"label":"a","value":0}]}}]`, "/blocks/0/chart/segments/0/value"},
		"point off the axis":      {`[{"type":"data_visualization","title":"T","chart":{"type":"bar","axis_config":{"categories":["a"]},"series":[{"name":"s","data":[{"label":"b","value":1}]}]}}]`, "/blocks/0/chart/series/0/data/0/label"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := sandbox.ValidateMessage(json.RawMessage(tt.blocks))
			for _, p := range problems {
				if p.Path == tt.at {
					return
				}
			}
			t.Errorf("problems are %v, want one at %s", problems, tt.at)
		})
	}
}

func TestViewLimits(t *testing.T) {
	t.Parallel()
	input := `{"type":"input","label":` + plain(`"L"`) + `,"element":{"type":"plain_text_input"}}`
	for _, tt := range []struct {
		name string
		max  int
		make func(n int) string
	}{
		{"blocks", 100, func(n int) string { return modal(repeat(n, `{"type":"divider"}`), "") }},
		{"title", 24, func(n int) string { return `{"type":"modal","blocks":[],"title":` + plain(quoted(n)) + `}` }},
		{"submit", 24, func(n int) string { return modal(`[`+input+`]`, `,"submit":`+plain(quoted(n))) }},
		{"close", 24, func(n int) string { return modal(`[]`, `,"close":`+plain(quoted(n))) }},
		{"private_metadata", 3000, func(n int) string { return modal(`[]`, `,"private_metadata":`+quoted(n)) }},
		{"callback_id", 255, func(n int) string { return modal(`[]`, `,"callback_id":`+quoted(n)) }},
		{"home blocks", 100, func(n int) string { return `{"type":"home","blocks":` + repeat(n, `{"type":"divider"}`) + `}` }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if p := sandbox.ValidateView(json.RawMessage(tt.make(tt.max))); len(p) > 0 {
				t.Errorf("%d are refused: %v", tt.max, p)
			}
			if p := sandbox.ValidateView(json.RawMessage(tt.make(tt.max + 1))); len(p) == 0 {
				t.Errorf("%d are accepted", tt.max+1)
			}
		})
	}
	for name, view := range map[string]string{
		"an input without submit": modal(`[`+input+`]`, ""),
		"a title in mrkdwn":       `{"type":"modal","blocks":[],"title":` + mrkdwn(`"T"`) + `}`,
		"a table in a modal":      modal(`[{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}]`, ""),
		"no type":                 `{"blocks":[]}`,
	} {
		if p := sandbox.ValidateView(json.RawMessage(view)); len(p) == 0 {
			t.Errorf("%s is accepted", name)
		}
	}
	if p := sandbox.ValidateView(json.RawMessage(modal(`[{"type":"alert","text":`+mrkdwn(`"x"`)+`,"level":"warning"}]`, ""))); len(p) > 0 {
		t.Errorf("an alert in a modal is refused: %v", p)
	}
}

// What the real client library writes must be acceptable as it stands.
func TestBlocksOfTheClientLibraryAreAccepted(t *testing.T) {
	t.Parallel()
	text := slack.NewTextBlockObject("plain_text", "x", true, false)
	body := slack.NewTextBlockObject("mrkdwn", "*x*", false, true)
	option := slack.NewOptionBlockObject("v", text, text)
	danger := slack.NewButtonBlockElement("no", "v", text).WithStyle(slack.StyleDanger)
	danger.Confirm = slack.NewConfirmationBlockObject(text, body, text, text)
	blocks := []slack.Block{
		slack.NewHeaderBlock(text),
		slack.NewDividerBlock(),
		slack.NewSectionBlock(body, []*slack.TextBlockObject{body}, slack.NewAccessory(danger)),
		slack.NewContextBlock("c", body, slack.NewImageBlockElement("https://x.example/a.png", "alt")),
		slack.NewActionBlock("a", danger,
			slack.NewOptionsSelectBlockElement("static_select", text, "s", option),
			slack.NewOverflowBlockElement("o", option), slack.NewDatePickerBlockElement("d"),
			slack.NewCheckboxGroupsBlockElement("cb", option), slack.NewRadioButtonsBlockElement("r", option)),
		slack.NewImageBlock("https://x.example/a.png", "alt", "i", text),
		slack.NewRichTextBlock("rt", slack.NewRichTextSection(slack.NewRichTextSectionTextElement("x", nil))),
		slack.NewMarkdownBlock("md", "**x**"),
		slack.NewInputBlock("in", text, text, slack.NewPlainTextInputBlockElement(text, "t").WithMultiline(true)),
	}
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	if p := sandbox.ValidateMessage(raw); len(p) > 0 {
		t.Errorf("refused: %v\n%s", p, raw)
	}
	view := slack.ModalViewRequest{Type: slack.VTModal, Title: text, Submit: text, Close: text, Blocks: slack.Blocks{BlockSet: blocks[:6]}, NotifyOnClose: true}
	if raw, err = json.Marshal(view); err != nil {
		t.Fatal(err)
	}
	if p := sandbox.ValidateView(raw); len(p) > 0 {
		t.Errorf("refused: %v\n%s", p, raw)
	}
}

func FuzzValidatorsNeverPanic(f *testing.F) {
	for _, seed := range []string{section, modal("[]", ""), `[{"type":"table","rows":[1]}]`, `{"type":"modal","blocks":{}}`, `[[]]`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		sandbox.ValidateMessage(json.RawMessage(text))
		sandbox.ValidateView(json.RawMessage(text))
	})
}
