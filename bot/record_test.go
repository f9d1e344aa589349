package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tagout"
	"tagout/bot"
	"tagout/sandbox"
)

// packs is an edge whose records are these bytes, or cannot be packed.
func packs(t *testing.T, content string, err error) *edge {
	t.Helper()
	e := open(t, setup{idle: true, record: func(context.Context, tagout.IncidentID) (tagout.PackedRecord, error) {
		return tagout.PackedRecord{Content: []byte(content), Head: tagout.Head{Seq: 42, Hash: "abc"}}, err
	}})
	e.desk.add(tagout.Incident{ID: 7})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// files are those that were shared in a channel.
func (e *edge) files(channel string) (names []string, text string) {
	for _, m := range e.slack.Messages(channel) {
		for _, f := range m.Files {
			names, text = append(names, f.Name), m.Text
		}
	}
	return names, text
}

func TestTheRecordIsAFileInTheIncidentsChannelOnce(t *testing.T) {
	t.Parallel()
	e := packs(t, "PK", nil)
	room := e.desk.room(7).Channel
	order := tagout.RecordOrder{ID: "o1", By: "U0IC", Channel: room}
	e.slack.Fault(sandbox.Fault{Method: "files.completeUploadExternal", Kind: sandbox.LostReply, Times: 1})
	for range 2 { // nobody knows whether the first try came through, and the effect is repeated
		if err := e.effect(tagout.EffectRecord, 7, "o1", order); err != nil {
			t.Fatal(err)
		}
	}
	names, text := e.files(room)
	if len(names) != 1 || !strings.HasPrefix(names[0], "INC-7-") || !strings.Contains(text, "event 42") || !strings.Contains(text, "verify.sh abc") {
		t.Errorf("files %q: %s", names, text)
	}
}

func TestTheRecordOfAnIncidentThatMovedGoesToWhoAskedAlone(t *testing.T) {
	t.Parallel()
	e := packs(t, "PK", nil)
	for _, channel := range []string{"", "C0ELSEWHERE"} {
		if err := e.effect(tagout.EffectRecord, 7, "o"+channel, tagout.RecordOrder{By: "U0IC", Channel: channel}); err != nil {
			t.Fatal(err)
		}
	}
	if names, _ := e.files(e.slack.DM("U0IC")); len(names) != 2 {
		t.Errorf("who asked got %q", names)
	}
	if names, _ := e.files(e.desk.room(7).Channel); len(names) != 0 {
		t.Errorf("the channel got %q", names)
	}
}

func TestWhoAskedBeforeItBecamePrivateAsksAgain(t *testing.T) {
	t.Parallel()
	e := packs(t, "PK", nil)
	e.desk.add(tagout.Incident{ID: 8, Private: true})
	for _, mayRead := range []bool{false, true} {
		if err := e.effect(tagout.EffectRecord, 8, fmt.Sprint("o", mayRead), tagout.RecordOrder{By: "U0IC", Private: mayRead}); err != nil {
			t.Fatal(err)
		}
		names, text := e.files(e.slack.DM("U0IC"))
		if got := len(names) > 0; got != mayRead {
			t.Errorf("asked while it was private %v: got %q %s", mayRead, names, text)
		}
	}
}

func TestWhoAskedLearnsWhyThereIsNoRecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		fault string
		says  string
	}{
		"too large":        {tagout.Errorf(tagout.Invalid, "It is larger than 64 MB when packed."), "", "larger than 64 MB"},
		"refused by Slack": {nil, "storage_limit_reached", "could not be sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := packs(t, "PK", c.err)
			if c.fault != "" {
				e.slack.Fault(sandbox.Fault{Method: "files.getUploadURLExternal", Kind: sandbox.APIError(c.fault)})
			}
			if err := e.effect(tagout.EffectRecord, 7, "o1", tagout.RecordOrder{By: "U0IC"}); err != nil {
				t.Fatal(err)
			}
			told := e.slack.Messages(e.slack.DM("U0IC"))
			if len(told) != 1 || !strings.Contains(told[0].Text, c.says) || !strings.Contains(told[0].Text, "tagout export INC-7") {
				t.Errorf("told %+v", told)
			}
		})
	}
}

func TestTheAppMayPostFiles(t *testing.T) {
	t.Parallel()
	if bot.Scopes()["files:write"] == "" {
		t.Error("the manifest does not ask for files:write")
	}
}
