package story_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"tagout"
	"tagout/sandbox"
)

// plain is a message as a person reads it: every piece of text in it, in order.
func plain(m sandbox.Message) string {
	var blocks any
	var parts []string
	if json.Unmarshal(m.Blocks, &blocks) == nil {
		collect(blocks, &parts)
	}
	if len(parts) == 0 {
		return m.Text
	}
	return strings.Join(parts, "")
}

func collect(node any, parts *[]string) {
	switch v := node.(type) {
	case []any:
		for _, child := range v {
			collect(child, parts)
		}
	case map[string]any:
		switch v["type"] {
		case "user":
			*parts = append(*parts, "@"+v["user_id"].(string))
		case "channel":
			*parts = append(*parts, "#"+v["channel_id"].(string))
		case "date":
			*parts = append(*parts, str(v["fallback"]))
		}
		if text, ok := v["text"].(string); ok {
			*parts = append(*parts, text)
			if v["type"] == "mrkdwn" || v["type"] == "plain_text" {
				*parts = append(*parts, "\n")
			}
		}
		for _, key := range []string{"text", "fields", "elements", "blocks", "accessory"} {
			if _, isText := v[key].(string); !isText {
				collect(v[key], parts)
			}
		}
		if kind := str(v["type"]); strings.HasPrefix(kind, "rich_text_") {
			*parts = append(*parts, "\n")
		}
	}
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// types sends a slash command and expects Slack to get its acknowledgement.
func (w *world) types(user, channel, command string) {
	w.t.Helper()
	if err := w.tries(user, channel, command); err != nil {
		w.t.Fatalf("%s types %s: %v\n%s", user, command, err, w.scene())
	}
}

func (w *world) tries(user, channel, command string) error {
	name, text, _ := strings.Cut(command, " ")
	return w.slack.Command(w.ctx, user, channel, name, text)
}

// repeats types a command until what the person sees says so. Each one is answered before the next:
// many that wait for their answers would only make all of them late.
func (w *world) repeats(user, channel, command, words string) {
	w.t.Helper()
	w.eventually("an answer to "+command+" says "+words, func() bool {
		had := len(w.visible(user, channel))
		w.types(user, channel, command)
		w.eventually(command+" is answered", func() bool { return len(w.visible(user, channel)) > had })
		return slices.ContainsFunc(w.visible(user, channel), func(m sandbox.Message) bool { return containsAny(plain(m), words) })
	})
}

// presses clicks the newest button with this label that the person sees in the channel.
func (w *world) presses(user, channel, label string) {
	w.t.Helper()
	w.eventually(user+" finds the button "+label+" in "+channel, func() bool {
		if !w.hasButton(user, channel, label) {
			return false
		}
		err := w.slack.Click(w.ctx, sandbox.Click{User: user, Channel: channel, Label: label})
		if err != nil && w.hasButton(user, channel, label) {
			w.t.Fatalf("%s presses %s: %v\n%s", user, label, err, w.scene())
		}
		return err == nil // else its message was changed just then
	})
}

// insists presses a GO, and again when told that it was not counted, until the mailer runs.
func (w *world) insists(user, channel, label string) {
	w.t.Helper()
	told := 0
	w.eventually(user+" gets through with "+label, func() bool {
		if w.mode("mailer", emailEU()) == string(tagout.Running) {
			return true
		}
		answers := len(w.slack.Ephemerals(user))
		if !w.hasButton(user, channel, label) || told > 0 && answers < told {
			return false
		}
		told = answers + 1 // each press is answered
		if err := w.slack.Click(w.ctx, sandbox.Click{User: user, Channel: channel, Label: label}); err != nil {
			w.t.Logf("a press of %s: %v", label, err) // somebody else may have been quicker
		}
		return false
	})
}

func (w *world) hasButton(user, channel, label string) bool {
	quoted, _ := json.Marshal(label)
	return slices.ContainsFunc(w.visible(user, channel), func(m sandbox.Message) bool {
		return strings.Contains(string(m.Blocks), `"text":`+string(quoted)) && strings.Contains(string(m.Blocks), `"button"`)
	})
}

// visible lists what a person sees in a channel: its messages and those only for them.
func (w *world) visible(user, channel string) []sandbox.Message {
	messages := w.slack.Messages(channel)
	c, _ := w.slack.Channel(channel)
	for _, m := range w.slack.Ephemerals(user) {
		if m.Channel == c.ID {
			messages = append(messages, m)
		}
	}
	return messages
}

// reads waits until the person sees a message that matches, in a channel or for them alone.
func (w *world) reads(user, channel, pattern string) sandbox.Message {
	w.t.Helper()
	want := regexp.MustCompile(`(?s)` + pattern)
	var found sandbox.Message
	w.eventually(user+" reads "+pattern+" in "+channel, func() bool {
		for _, m := range w.visible(user, channel) {
			if want.MatchString(plain(m)) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// textOf is what a message says now; "" if it is gone.
func (w *world) textOf(channel, ts string) string {
	for _, m := range w.slack.Messages(channel) {
		if m.TS == ts {
			return plain(m)
		}
	}
	return ""
}

// isPaged waits until the person has a direct message that matches.
func (w *world) isPaged(user, pattern string) {
	w.t.Helper()
	want := regexp.MustCompile(`(?s)` + pattern)
	w.eventually(user+" is paged with "+pattern, func() bool {
		return slices.ContainsFunc(w.slack.Messages(w.slack.DM(user)), func(m sandbox.Message) bool { return want.MatchString(plain(m)) })
	})
}

// fills submits the modal on top and expects it to be accepted.
func (w *world) fills(user string, values map[string]any) {
	w.t.Helper()
	if problems := w.triesForm(user, values); len(problems) > 0 {
		w.t.Fatalf("%s's form was refused: %v\n%s", user, problems, w.scene())
	}
}

func (w *world) triesForm(user string, values map[string]any) map[string]string {
	w.t.Helper()
	w.eventually(user+" sees a form", func() bool { return len(w.slack.Views(user)) > 0 })
	problems, err := w.slack.Submit(w.ctx, sandbox.Submission{User: user, Values: values})
	if err != nil {
		w.t.Fatalf("%s submits a form: %v\n%s", user, err, w.scene())
	}
	return problems
}

// room waits for an incident's channel and returns its name.
func (w *world) room(prefix string) string {
	w.t.Helper()
	var name string
	w.eventually("a channel "+prefix+"… exists with its card", func() bool {
		for _, c := range w.slack.Channels() {
			if strings.HasPrefix(c.Name, prefix) && len(c.Pinned) > 0 {
				name = c.Name
				return true
			}
		}
		return false
	})
	return name
}
