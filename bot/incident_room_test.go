package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

func TestAnIncidentGetsItsChannelItsCardAndItsLine(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	e.desk.invitees = []tagout.UserID{"U0IC", "U0NOBODY", "U0LEGAL", "U0TAGOUT", "not an ID"}
	for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel, tagout.EffectOpenChannel, tagout.EffectAnnounce} {
		if err := e.effect(kind, 7, "", nil); err != nil {
			t.Fatal(kind, err)
		}
	}
	room := e.desk.room(7)
	ch, ok := e.slack.Channel(room.Channel)
	if !ok || ch.Name != "inc-7-mailer-policy-violation" || room.Name != ch.Name || !slices.Equal(ch.Pinned, []string{room.Card}) {
		t.Fatalf("room %+v, channel %+v", room, ch)
	}
	if !slices.Contains(ch.Members, "U0IC") || !slices.Contains(ch.Members, "U0LEGAL") {
		t.Errorf("members are %v", ch.Members)
	}
	if !strings.Contains(ch.Topic, "INC-7") || !strings.HasPrefix(ch.Purpose, "Tagout incident INC-7:") {
		t.Errorf("topic %q, purpose %q", ch.Topic, ch.Purpose)
	}
	e.said("#incidents", "Talk in")
	e.said(room.Channel, "Card of INC-7")
	if n := e.calls("conversations.create"); n != 1 {
		t.Errorf("%d channels were created", n)
	}
	if n := e.count("#incidents", "INC-7 is open"); n != 1 {
		t.Errorf("it was announced %d times", n)
	}
}

func TestATakenNameGetsASuffixAndOldChannelsAreLeftAlone(t *testing.T) {
	t.Parallel()
	name := "inc-7-mailer-policy-violation"
	e := open(t, setup{idle: true, sandbox: sandbox.Options{Channels: append(sandbox.DefaultChannels(),
		sandbox.Channel{ID: "C0OLD", Name: name, IsArchived: true, Creator: "U0IC"}, sandbox.Channel{ID: "C0OLD2", Name: name + "-2", Creator: "U0IC"})}})
	e.desk.add(tagout.Incident{ID: 7})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	if room := e.desk.room(7); room.Name != name+"-3" {
		t.Errorf("the room is %+v", room)
	}
	if len(e.slack.Messages("C0OLD"))+len(e.slack.Messages("C0OLD2")) != 0 {
		t.Errorf("something was posted in an old channel")
	}
}

func TestLongNamesAreCutWithTheirSuffix(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true, template: strings.Repeat("Müller & Söhne ", 9)})
	for id := range tagout.IncidentID(3) {
		e.desk.add(tagout.Incident{ID: id + 1})
		if err := e.effect(tagout.EffectOpenChannel, id+1, "", nil); err != nil {
			t.Fatal(err)
		}
		if name := e.desk.room(id + 1).Name; len(name) > 80 || id > 0 && !strings.HasSuffix(name, fmt.Sprintf("-%d", id+1)) {
			t.Errorf("the channel is %q", name)
		}
	}
}

func TestACrashBetweenCreatingAChannelAndRecordingItMakesNoSecondOne(t *testing.T) {
	t.Parallel()
	first := open(t, setup{idle: true})
	first.desk.add(tagout.Incident{ID: 7})
	first.desk.setRoom = func() error { return errDown }
	ctx := soon(t)
	if err := first.Effects()[tagout.EffectOpenChannel](ctx, tagout.NewEffect(tagout.EffectOpenChannel, 7, "", nil)); err == nil {
		t.Fatal("it should have failed")
	}
	first.desk.mu.Lock()
	first.desk.setRoom = nil
	first.desk.mu.Unlock()
	second := open(t, setup{idle: true, slack: first, inbox: first.inbox, desk: first.desk})
	if err := second.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	if n := second.calls("conversations.create"); n != 1 {
		t.Errorf("%d channels were created", n)
	}
	if room := second.desk.room(7); room.Channel == "" || room.Card == "" {
		t.Errorf("the room is %+v", room)
	}
}

func TestACardThatWasNotPinnedIsPinnedLater(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	e.slack.Fault(sandbox.Fault{Method: "pins.add", Times: 3, Kind: sandbox.APIError("internal_error")})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil { // which is tried again
		t.Fatal(err)
	}
	room := e.desk.room(7)
	ch, _ := e.slack.Channel(room.Channel)
	if !slices.Equal(ch.Pinned, []string{room.Card}) || e.count(room.Channel, "Card of") != 1 {
		t.Errorf("pinned %q of %+v", ch.Pinned, room)
	}
}

func TestAnArchivedChannelFallsBackToTheAnnounceChannel(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel} {
		if err := e.effect(kind, 7, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	e.slack.Archive(e.desk.room(7).Channel)
	if err := e.effect(tagout.EffectPost, 7, "note-1", tagout.PostNote{Message: tagout.Say("where does this go?")}); err != nil {
		t.Fatal(err)
	}
	if m := e.said("#incidents", "where does this go?"); !strings.Contains(m.Visible(), "INC-7") {
		t.Errorf("it does not say of which incident: %s", m.Visible())
	}
	if room := e.desk.room(7); !strings.Contains(room.Failure, "archived") {
		t.Errorf("the room is %+v", room)
	}
	e.said("#incidents", "No channel: The Slack channel is archived")
}

func TestWithoutTheScopeEverythingElseGoesOn(t *testing.T) {
	t.Parallel()
	scopes := slices.DeleteFunc(sandbox.DefaultScopes(), func(s string) bool { return s == "channels:manage" })
	e := open(t, setup{idle: true, sandbox: sandbox.Options{Scopes: scopes}})
	e.desk.add(tagout.Incident{ID: 7})
	if err := e.effect(tagout.EffectAnnounce, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); !tagout.IsFinal(err) {
		t.Errorf("got %v", err)
	}
	e.said("#incidents", "No channel: The Slack app lacks a permission")
	if err := e.effect(tagout.EffectPost, 7, "n", tagout.PostNote{Message: tagout.Say("said here instead")}); err != nil {
		t.Fatal(err)
	}
	e.said("#incidents", "said here instead")
	if !strings.Contains(e.log.String(), "level=ERROR") || !strings.Contains(e.log.String(), "channels:manage") {
		t.Errorf("the log is not loud: %s", e.log)
	}
}

func TestAPrivateIncidentNeverFallsBackToThePublicChannel(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, Private: true, Room: tagout.Room{Failure: "no permission"}})
	e.desk.invitees = []tagout.UserID{"U0LEGAL"}
	if err := e.effect(tagout.EffectPost, 7, "n", tagout.PostNote{Message: tagout.Say("a secret")}); err != nil {
		t.Fatal(err)
	}
	e.said(e.slack.DM("U0LEGAL"), "a secret")
	if e.count("#incidents", "a secret") != 0 {
		t.Error("it was told to everybody")
	}
}
