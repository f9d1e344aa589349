package sandbox

import (
	"encoding/json"
	"regexp"
	"slices"
)

var (
	mentionToken = regexp.MustCompile(`<(@[UW][A-Z0-9]+|!channel|!here|!everyone|!subteam\^S[A-Z0-9]+)(\|[^<>]*)?>`)
	looseMention = regexp.MustCompile(`(?:^|[\s(])@(channel|here|everyone)\b`)
)

// mentionsLocked lists whom a message calls, as Slack would resolve it: tokens in
// the text and in mrkdwn, users and broadcasts in rich text, and plain "@channel"
// where the app asked for names to be linked. Plain text never calls anybody.
func (s *Sandbox) mentionsLocked(m *Message, linkNames bool) []string {
	found := map[string]bool{}
	s.scanLocked(m.Text, linkNames, found)
	for _, raw := range []json.RawMessage{m.Blocks, m.Attachments} {
		var tree any
		if len(raw) == 0 || json.Unmarshal(raw, &tree) != nil {
			continue
		}
		walkTexts(tree, func(kind, text string) {
			if kind == "mrkdwn" || kind == "markdown" || kind == "" {
				s.scanLocked(text, linkNames, found)
			}
		})
		s.scanRichLocked(tree, found)
	}
	var out []string
	for id := range found {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func (s *Sandbox) scanLocked(text string, linkNames bool, found map[string]bool) {
	for _, hit := range mentionToken.FindAllStringSubmatch(text, -1) {
		s.callLocked(hit[1], found)
	}
	if !linkNames {
		return
	}
	for _, hit := range looseMention.FindAllStringSubmatch(text, -1) {
		found["!"+hit[1]] = true
	}
}

// callLocked resolves one token: "@U…", "!channel" or "!subteam^S…".
func (s *Sandbox) callLocked(token string, found map[string]bool) {
	if id := token[1:]; token[0] == '@' {
		if _, ok := s.userLocked(id); ok {
			found[id] = true
		}
		return
	}
	const group = "!subteam^"
	if len(token) <= len(group) || token[:len(group)] != group {
		found[token] = true
		return
	}
	for _, g := range s.groups {
		if g.ID == token[len(group):] {
			found[token] = true
			for _, id := range g.Users {
				found[id] = true
			}
		}
	}
}

func (s *Sandbox) scanRichLocked(node any, found map[string]bool) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			s.scanRichLocked(child, found)
		}
	case obj:
		switch str(n, "type") {
		case "user":
			s.callLocked("@"+str(n, "user_id"), found)
		case "usergroup":
			s.callLocked("!subteam^"+str(n, "usergroup_id"), found)
		case "broadcast":
			s.callLocked("!"+str(n, "range"), found)
		}
		for _, child := range n {
			s.scanRichLocked(child, found)
		}
	}
}
