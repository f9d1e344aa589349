package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// Channels returns every channel, direct messages included, oldest first.
func (s *Sandbox) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Channel, 0, len(s.channels))
	for _, c := range s.channels {
		out = append(out, c.clone())
	}
	return out
}

// Channel finds a channel by ID or by name, with or without "#".
func (s *Sandbox) Channel(nameOrID string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channelLocked(nameOrID); c != nil {
		return c.clone(), true
	}
	return Channel{}, false
}

// Messages returns the messages of a channel, replies included, oldest first. It is
// empty if there is no such channel.
func (s *Sandbox) Messages(channelNameOrID string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelLocked(channelNameOrID)
	if c == nil {
		return nil
	}
	return cloneMessages(s.messages[c.ID])
}

func cloneMessages(in []*Message) []Message {
	out := make([]Message, 0, len(in))
	for _, m := range in {
		out = append(out, m.clone())
	}
	return out
}

// DM returns the ID of the direct message between the app and a user. Its messages
// are those of Messages(DM(user)).
func (s *Sandbox) DM(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.imLocked(user).ID
}

// Ephemerals returns the messages that only this user sees, oldest first.
func (s *Sandbox) Ephemerals(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneMessages(s.whispers[user])
}

// Views returns the user's open modals, bottom first.
func (s *Sandbox) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []View{}
	for _, v := range s.stacks[user] {
		out = append(out, v.public())
	}
	return out
}

// Home returns the user's Home tab, if the app has published one.
func (s *Sandbox) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.homes[user]; v != nil {
		return v.public(), true
	}
	return View{}, false
}

// Calls returns every request that the app made, oldest first.
func (s *Sandbox) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Connections returns how many Socket Mode connections are open.
func (s *Sandbox) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Button is something clickable in a message or view.
type Button struct {
	BlockID  string
	ActionID string
	Type     string // "button", "static_select", "overflow", …
	Label    string
	Value    string
	URL      string
	Style    string
}

// Buttons lists the interactive elements of a message.
func (m Message) Buttons() []Button { return buttonsOf(m.Blocks) }

// Buttons lists the interactive elements of a view; inputs are not among them.
func (v View) Buttons() []Button { return buttonsOf(v.Blocks) }

// Visible returns all that a reader sees of the message: its text, then every text
// of its blocks and attachments, a line each.
func (m Message) Visible() string {
	lines := []string{m.Text}
	lines = append(lines, textsOf(m.Blocks)...)
	return strings.Join(append(lines, textsOf(m.Attachments)...), "\n")
}

// Visible returns every text of the view's title and blocks, a line each.
func (v View) Visible() string {
	return strings.Join(append([]string{v.Title}, textsOf(v.Blocks)...), "\n")
}

func buttonsOf(blocks json.RawMessage) []Button {
	var out []Button
	for _, e := range elementsOf(decodeBlocks(blocks)) {
		out = append(out, Button{
			BlockID: e.block, ActionID: str(e.element, "action_id"), Type: str(e.element, "type"),
			Label: labelOf(e.element), Value: str(e.element, "value"),
			URL: str(e.element, "url"), Style: str(e.element, "style"),
		})
	}
	return out
}

func textsOf(raw json.RawMessage) []string {
	var tree any
	if len(raw) == 0 || json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	var out []string
	walkTexts(tree, func(_, text string) { out = append(out, text) })
	return out
}
