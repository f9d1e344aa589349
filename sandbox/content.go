package sandbox

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

const (
	maxStoredText  = 40_000 // Slack cuts what is longer
	maxUpdatedText = 4_000  // chat.update refuses what is longer
)

// content is what an app may put into a message.
type content struct {
	text        string
	blocks      json.RawMessage // nil: not given; "[]": none
	attachments json.RawMessage
	metadata    json.RawMessage
	linkNames   bool
}

// contentOf reads and checks the content of a call.
func (s *Sandbox) contentOf(c *call) (content, error) {
	out := content{
		text:      c.arg("text"),
		linkNames: c.flag("link_names") || c.arg("parse") == "full",
	}
	if raw := c.arg("blocks"); raw != "" {
		blocks, err := s.checkBlocksLocked(json.RawMessage(raw))
		if err != nil {
			return out, err
		}
		out.blocks = blocks
	}
	if raw := c.arg("attachments"); raw != "" {
		attachments, err := checkAttachments(json.RawMessage(raw))
		if err != nil {
			return out, err
		}
		out.attachments = attachments
	}
	if raw := c.arg("metadata"); raw != "" {
		if err := checkMetadata(json.RawMessage(raw)); err != nil {
			return out, err
		}
		out.metadata = json.RawMessage(raw)
	}
	return out, nil
}

// checkBlocksLocked validates blocks and fills in their missing IDs.
func (s *Sandbox) checkBlocksLocked(raw json.RawMessage) (json.RawMessage, error) {
	var blocks []obj
	if decodeJSON(raw, &blocks) != nil {
		return nil, failWith("invalid_blocks_format", "[ERROR] must be an array of blocks [json-pointer:/blocks]")
	}
	if problems := ValidateMessage(raw); len(problems) > 0 {
		return nil, failProblems("invalid_blocks", problems)
	}
	if s.noCharts && bytes.Contains(raw, []byte(`"data_visualization"`)) {
		return nil, failProblems("invalid_blocks", []Problem{{Path: "/blocks", Message: "unsupported type: data_visualization"}})
	}
	if missing := s.missingFilesLocked(blocks); len(missing) > 0 {
		return nil, failProblems("invalid_blocks", missing)
	}
	if blocks == nil {
		blocks = []obj{}
	}
	return encode(withIDs(blocks)), nil
}

func checkAttachments(raw json.RawMessage) (json.RawMessage, error) {
	var attachments []struct {
		Blocks json.RawMessage `json:"blocks"`
	}
	if json.Unmarshal(raw, &attachments) != nil {
		return nil, fail("invalid_attachments")
	}
	if len(attachments) > 100 {
		return nil, fail("too_many_attachments")
	}
	for _, a := range attachments {
		if len(a.Blocks) == 0 {
			continue
		}
		if problems := ValidateMessage(a.Blocks); len(problems) > 0 {
			return nil, failProblems("invalid_blocks", problems)
		}
	}
	return raw, nil
}

func checkMetadata(raw json.RawMessage) error {
	var m struct {
		EventType    string `json:"event_type"`
		EventPayload obj    `json:"event_payload"`
	}
	if json.Unmarshal(raw, &m) != nil || m.EventType == "" || m.EventPayload == nil {
		return fail("invalid_metadata_format")
	}
	return nil
}

func (in content) empty() bool {
	none := func(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "[]" }
	return in.text == "" && none(in.blocks) && none(in.attachments)
}

// cut shortens text to the length that Slack keeps.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= maxStoredText {
		return text
	}
	return string([]rune(text)[:maxStoredText])
}
