package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"tagout"
)

// deliveryKind says what Slack delivered.
type deliveryKind string

const (
	kindCommand  deliveryKind = "command"
	kindClick    deliveryKind = "click"
	kindSubmit   deliveryKind = "submission"
	kindShortcut deliveryKind = "shortcut"
	kindReaction deliveryKind = "reaction" // with the emoji of flags
	kindTyped    deliveryKind = "typing"   // into a form that is not sent yet
	kindOther    deliveryKind = "other"    // acknowledged, and nothing else
	kindIntent   deliveryKind = "intent"   // not a delivery: a message about to be posted
)

// delivery is one thing that a person did in Slack, as it arrived.
type delivery struct {
	kind        deliveryKind
	key         string // the same for a repeated delivery
	at          time.Time
	body        json.RawMessage
	command     commandBody
	interaction interactionBody
	reaction    reactionBody

	replay  bool // taken up from an earlier process: nobody waits for the acknowledgement
	once    sync.Once
	respond func(body any) // sends the acknowledgement; nil for a replay
	acked   func()         // told once, when it is acknowledged
	refuse  func()         // instead: Slack is to deliver it again; nil where it would not
}

// acknowledge tells Slack that the delivery has arrived; only the first call counts, and
// it reports whether this was the first. body is what the acknowledgement carries, or nil.
func (d *delivery) acknowledge(body any) (first bool) {
	d.once.Do(func() {
		first = true
		if d.respond != nil {
			d.respond(body)
		}
		if d.acked != nil {
			d.acked()
		}
	})
	return first
}

// parcel is a delivery as it is claimed.
type parcel struct {
	Kind deliveryKind    `json:"kind"`
	At   time.Time       `json:"at,omitzero"`
	Body json.RawMessage `json:"body,omitempty"`
}

func (d *delivery) parcel() []byte {
	text, _ := json.Marshal(parcel{Kind: d.kind, At: d.at, Body: d.body})
	return text
}

// commandBody is a slash command as Slack sends it.
type commandBody struct {
	Team        string `json:"team_id"`
	User        string `json:"user_id"`
	UserName    string `json:"user_name"`
	Channel     string `json:"channel_id"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	Trigger     string `json:"trigger_id"`
}

// interactionBody is a click, a submission or another interaction as Slack sends it.
type interactionBody struct {
	Type string `json:"type"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID       string `json:"id"`
		UserName string `json:"username"`
		Name     string `json:"name"`
		Team     string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
	} `json:"channel"`
	Callback  string      `json:"callback_id,omitempty"`
	MessageTS string      `json:"message_ts,omitempty"`
	Message   messageBody `json:"message,omitzero"`
	Container struct {
		Channel string `json:"channel_id"`
	} `json:"container"`
	ResponseURL string       `json:"response_url"`
	Trigger     string       `json:"trigger_id"`
	Actions     []actionBody `json:"actions"`
	View        viewBody     `json:"view"`
}

type actionBody struct {
	ID             string `json:"action_id"`
	Value          string `json:"value"`
	SelectedOption struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

type viewBody struct {
	ID       string `json:"id"`
	Hash     string `json:"hash"`
	Callback string `json:"callback_id"`
	Metadata string `json:"private_metadata"`
	Blocks   []struct {
		Type string `json:"type"`
		ID   string `json:"block_id"`
	} `json:"blocks"`
	State struct {
		Values map[string]map[string]inputState `json:"values"`
	} `json:"state"`
}

// channel is where an interaction happened; "" if nowhere.
func (i interactionBody) channel() string { return orText(i.Channel.ID, i.Container.Channel) }

// fields are the block IDs of a form's inputs, in order.
func (v viewBody) fields() []string {
	var keys []string
	for _, b := range v.Blocks {
		if b.Type == "input" {
			keys = append(keys, b.ID)
		}
	}
	return keys
}

// values are a form's values by field; a field without a value is there with "".
func (v viewBody) values() map[string]string {
	values := map[string]string{}
	for _, key := range v.fields() {
		values[key] = ""
	}
	for block, inputs := range v.State.Values {
		for _, input := range inputs {
			values[block] = input.text()
		}
	}
	return values
}

// sum names what was filled in: the same view with the same values is the same wish.
func (v viewBody) sum() string {
	text, _ := json.Marshal(v.values())
	return v.ID + ":" + shortSum(text)
}

func shortSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// decodeCommand reads a slash command in JSON. It returns Invalid for anything else.
func decodeCommand(body []byte, at time.Time) (*delivery, error) {
	d := &delivery{kind: kindCommand, at: at}
	if err := json.Unmarshal(body, &d.command); err != nil || d.command.User == "" || d.command.Command == "" {
		return nil, tagout.Errorf(tagout.Invalid, "That is not a slash command.")
	}
	d.body, _ = json.Marshal(d.command)
	d.key = "slack:command:" + orText(d.command.Trigger, shortSum(d.body))
	return d, nil
}

// decodeCommandForm reads a slash command as HTTP brings it.
func decodeCommandForm(body []byte, at time.Time) (*delivery, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "That is not a slash command.")
	}
	if form.Get("ssl_check") == "1" { // Slack looks at the certificate, nothing more
		return &delivery{kind: kindOther, at: at}, nil
	}
	fields := map[string]string{}
	for key := range form {
		fields[key] = form.Get(key)
	}
	text, _ := json.Marshal(fields)
	return decodeCommand(text, at)
}

// decodeInteraction reads an interaction in JSON. It returns Invalid for anything else.
func decodeInteraction(body []byte, at time.Time) (*delivery, error) {
	d := &delivery{kind: kindOther, at: at}
	if err := json.Unmarshal(body, &d.interaction); err != nil || d.interaction.Type == "" {
		return nil, tagout.Errorf(tagout.Invalid, "That is not an interaction.")
	}
	i := &d.interaction
	switch {
	case i.Type == "block_actions" && len(i.Actions) > 0 && i.User.ID != "" && i.View.ID != "" && i.Actions[0].ID == inputID:
		d.kind = kindTyped
	case i.Type == "block_actions" && len(i.Actions) > 0 && i.User.ID != "":
		d.kind = kindClick
	case (i.Type == "shortcut" || i.Type == "message_action") && i.User.ID != "" && i.Callback != "":
		d.kind = kindShortcut
	case i.Type == "view_submission" && i.User.ID != "":
		d.kind = kindSubmit
	}
	d.body, _ = json.Marshal(d.interaction)
	name := i.Trigger
	if d.kind == kindSubmit && name == "" {
		name = i.View.sum() + ":" + i.View.Hash
	}
	d.key = "slack:" + string(d.kind) + ":" + orText(name, shortSum(d.body))
	return d, nil
}

// decodeInteractionForm reads an interaction as HTTP brings it.
func decodeInteractionForm(body []byte, at time.Time) (*delivery, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "That is not an interaction.")
	}
	return decodeInteraction([]byte(form.Get("payload")), at)
}

// reopen makes the delivery that a parcel holds.
func (p parcel) reopen(key string) (d *delivery, err error) {
	switch p.Kind {
	case kindCommand:
		d, err = decodeCommand(p.Body, p.At)
	case kindReaction:
		d, err = decodeReaction(p.Body, p.At)
	case kindClick, kindSubmit, kindShortcut:
		d, err = decodeInteraction(p.Body, p.At)
	default:
		return nil, tagout.Errorf(tagout.Internal, "A stored delivery is of an unknown kind.")
	}
	if err == nil {
		d.key, d.replay = key, true
	}
	return d, err
}

// verbOf splits a slash command into its verb and text: "/ai-kill x" and "/tagout kill x"
// are both kill and x.
func (b *Bot) verbOf(c commandBody) (verb, text string) {
	name := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(c.Command), "/"))
	verb, text = strings.TrimPrefix(name, b.render.prefix), strings.TrimSpace(c.Text)
	if name == umbrella || name == b.render.prefix+umbrella {
		verb, text, _ = strings.Cut(text, " ")
		verb, text = strings.ToLower(strings.TrimPrefix(verb, "/")), strings.TrimSpace(text)
	}
	return verb, unescaped(text, takesPeople(b.verbs[verb]))
}

// takesPeople reports whether a command names people in its arguments.
func takesPeople(c tagout.Command) bool { return strings.Contains(c.Usage, "@") }

// escapedToken is what Slack makes of a person, a channel, a group or a link in a command
// that asks for escaped text.
var escapedToken = regexp.MustCompile(`<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>`)

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// unescaped is what was typed. Mentions of people stay as Slack sends them (<@U0123|name>)
// if the command takes people, and are names otherwise.
func unescaped(text string, people bool) string {
	text = escapedToken.ReplaceAllStringFunc(text, func(token string) string {
		part := escapedToken.FindStringSubmatch(token)
		kind, target, label := part[1], part[2], part[3]
		switch {
		case kind == "@" && people:
			return token
		case label == "" && kind == "!":
			return "@" + target
		case label == "":
			return kind + target
		case kind == "@" || kind == "#":
			return kind + strings.TrimPrefix(label, kind)
		case kind == "!":
			return label
		}
		return label // of a link
	})
	return entities.Replace(text)
}

// umbrella is the command that always works, whatever the prefix.
const umbrella = "tagout"
