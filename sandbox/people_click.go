package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Option is the choice that a person makes in a select, menu or group.
type Option struct {
	Value string `json:"value"`
	Text  string `json:"text"`
}

// Click is the use of one interactive element, in a message (Channel and TS) or in a
// view (ViewID). The element is found by ActionID, narrowed by Value and BlockID if
// they are given, or by its visible Label if ActionID is empty.
type Click struct {
	User     string
	Channel  string // ID or name; empty means wherever TS is, or the person's DM
	TS       string // empty means the newest message with such an element
	ViewID   string
	BlockID  string
	ActionID string
	Value    string
	Label    string
	Selected *Option  // for selects, menus, radio buttons and pickers: the choice
	Several  []string // for checkboxes and multi-selects: the values of all choices
	State    obj      // answers in inputs beside it: block ID → action ID → answer
	Team     string   // a foreign team ID, to see it refused
}

// Click uses a button, menu or picker. It returns once the app has acknowledged,
// else DispatchFailed or OperationTimeout. It is an error if the person cannot see
// the message or view, or if there is no such element in it.
func (s *Sandbox) Click(ctx context.Context, c Click) error {
	payload, err := s.clickPayload(c)
	if err != nil {
		return fmt.Errorf("sandbox: %s clicks %q: %w", c.User, c.Label+c.ActionID, err)
	}
	if _, err := s.deliver(ctx, delivery{kind: kindInteraction, payload: payload}); err != nil {
		s.notice(c.User, fmt.Sprintf("The click failed with the error %q", err))
		return err
	}
	return nil
}

func (s *Sandbox) clickPayload(c Click) (obj, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.userLocked(c.User)
	if !ok {
		return nil, Error("user_not_found")
	}
	if c.ViewID != "" {
		v := s.openViewLocked(c.ViewID, "")
		if v == nil || v.user != c.User {
			return nil, Error("view_not_found")
		}
		e, ok := c.find(v.blocks())
		if !ok {
			return nil, c.absent(v.blocks())
		}
		action, err := s.actionLocked(e, c)
		if err != nil {
			return nil, err
		}
		return s.viewClickLocked(u, v, c, action), nil
	}
	ch, m, e, err := s.clickedLocked(c)
	if err != nil {
		return nil, err
	}
	action, err := s.actionLocked(e, c)
	if err != nil {
		return nil, err
	}
	return s.messageClickLocked(u, ch, m, c, action), nil
}

// clickedLocked finds the element in the messages that the person can see, newest
// first, unless the click names one.
func (s *Sandbox) clickedLocked(c Click) (*Channel, *Message, placed, error) {
	var ch *Channel
	if c.Channel != "" {
		var err error
		if _, ch, err = s.personLocked(c.User, c.Channel); err != nil {
			return nil, nil, placed{}, err
		}
	}
	var blocks []obj
	seen := s.seenByLocked(c.User, ch)
	for _, m := range slices.Backward(seen) {
		if c.TS != "" && m.TS != c.TS {
			continue
		}
		blocks = append(blocks, decodeBlocks(m.Blocks)...)
		if e, ok := c.find(decodeBlocks(m.Blocks)); ok {
			at := s.channelLocked(m.Channel)
			if at.IsArchived {
				return nil, nil, placed{}, Error("is_archived")
			}
			return at, m, e, nil
		}
	}
	if c.TS != "" && !slices.ContainsFunc(seen, func(m *Message) bool { return m.TS == c.TS }) {
		return nil, nil, placed{}, Error("message_not_found")
	}
	return nil, nil, placed{}, c.absent(blocks)
}

// seenByLocked lists the messages that a person can see, in one channel or in all.
func (s *Sandbox) seenByLocked(user string, only *Channel) []*Message {
	var out []*Message
	for _, ch := range s.channels {
		hidden := ch.IsPrivate && !slices.Contains(ch.Members, user)
		if !hidden && (only == nil || only == ch) {
			out = append(out, s.messages[ch.ID]...)
		}
	}
	for _, m := range s.whispers[user] {
		if only == nil || only.ID == m.Channel {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b *Message) int {
		switch {
		case laterTS(a.TS, b.TS):
			return 1
		case laterTS(b.TS, a.TS):
			return -1
		}
		return 0
	})
	return out
}

// find picks the element that the click means.
func (c Click) find(blocks []obj) (placed, bool) {
	for _, e := range elementsOf(blocks) {
		if c.BlockID != "" && e.block != c.BlockID {
			continue
		}
		if c.ActionID == "" && labelOf(e.element) == c.Label && c.Label != "" {
			return e, true
		}
		same := c.ActionID != "" && str(e.element, "action_id") == c.ActionID
		if same && (c.Value == "" || str(e.element, "type") != "button" || str(e.element, "value") == c.Value) &&
			(c.Label == "" || labelOf(e.element) == c.Label) {
			return e, true
		}
	}
	return placed{}, false
}

// absent is the error for an element that is not there; it names those that are.
func (c Click) absent(blocks []obj) error {
	var there []string
	for _, e := range elementsOf(blocks) {
		there = append(there, fmt.Sprintf("%s %q", str(e.element, "action_id"), labelOf(e.element)))
	}
	return fmt.Errorf("no such element; there are: %s", strings.Join(there, ", "))
}

// actionLocked is the entry in a payload's actions.
func (s *Sandbox) actionLocked(e placed, c Click) (obj, error) {
	kind := str(e.element, "type")
	action := obj{
		"type": kind, "action_id": str(e.element, "action_id"), "block_id": e.block, "action_ts": s.nextTSLocked(),
	}
	switch kind {
	case "button", "workflow_button":
		action["text"] = e.element["text"]
		for _, key := range []string{"value", "style", "url"} {
			if v := str(e.element, key); v != "" {
				action[key] = v
			}
		}
		return action, nil
	case "overflow":
		option := findOption(e.element, c.choice())
		if option == nil {
			return nil, fmt.Errorf("there is no option %q", c.choice())
		}
		action["selected_option"] = option
		return action, nil
	}
	var chosen any = c.choice()
	if c.Several != nil || isList(stateKey(kind)) && chosen == "" {
		chosen = c.Several
	}
	answer, err := answerOf(e.element, chosen)
	if err != nil {
		return nil, err
	}
	for k, v := range answer {
		action[k] = v
	}
	if p := sub(e.element, "placeholder"); p != nil {
		action["placeholder"] = p
	}
	return action, nil
}

// choice is what the person picked: the option's value, its text, or Value.
func (c Click) choice() string {
	choice := c.Value
	if c.Selected != nil {
		choice = c.Selected.Value
		orDefault(&choice, c.Selected.Text)
	}
	return choice
}
