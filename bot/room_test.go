package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

// change changes an incident of the desk and tells the edge.
func (e *edge) change(id tagout.IncidentID, f func(*tagout.Incident)) {
	e.desk.mu.Lock()
	f(e.desk.incidents[id])
	e.desk.mu.Unlock()
	e.Changed(id)
}

// channelOf is an incident's channel as it is now.
func (e *edge) channelOf(id tagout.IncidentID) sandbox.Channel {
	c, _ := e.slack.Channel(e.desk.room(id).Channel)
	return c
}

func TestTheTopicFollowsTheIncidentAndIsSetOnlyWhenItDiffers(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, State: tagout.StateOpen})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	topic := func(want string) {
		t.Helper()
		e.wait("the topic "+want, func() bool { return e.channelOf(7).Topic == want })
	}
	topic("INC-7 · SEV-1 · open · mailer/email · nobody leads yet")
	e.change(7, func(i *tagout.Incident) {
		i.State, i.Roles = tagout.StateContained, map[string]tagout.UserID{tagout.IncidentCommander: "U0IC"}
	})
	topic("INC-7 · SEV-1 · contained · mailer/email · IC <@U0IC>")
	before := e.calls("conversations.setTopic")
	e.change(7, func(i *tagout.Incident) { i.Alerts.Distinct++ })
	e.change(7, func(i *tagout.Incident) {
		i.Scope = tagout.Scope{Agent: strings.Repeat("a", 64), Channel: strings.Repeat("<", 64)}
		i.Roles = map[string]tagout.UserID{tagout.IncidentCommander: "<!channel>"}
	})
	e.wait("a short topic of a long scope", func() bool { return strings.Contains(e.channelOf(7).Topic, "aaaa… · nobody leads yet") })
	if n := e.calls("conversations.setTopic") - before; n != 1 {
		t.Errorf("it was set %d times", n)
	}
}

func TestBookmarksAreKeptUpToDateAndNeverDoubled(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	link := func(title, url string) tagout.RoomLink {
		return tagout.RoomLink{Title: title, To: tagout.Link(url, "")}
	}
	links := func(now ...tagout.RoomLink) func(*tagout.Incident) {
		return func(*tagout.Incident) { e.desk.links = now }
	}
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	e.wait("Slack has said which workspace this is: links to messages name it", func() bool { return e.Team() != "" })
	failures := 0 // a call that took too long is tried again after a pause, which nothing here waits for
	again := func() {
		if n := strings.Count(e.log.String(), "could not be brought up to date"); n > failures {
			failures = n
			e.Changed(7)
		}
	}
	shows := func(want ...string) {
		t.Helper()
		e.wait("the bookmarks "+strings.Join(want, ", "), func() bool {
			again()
			var titles []string
			for _, b := range e.channelOf(7).Bookmarks {
				titles = append(titles, b.Title+" "+b.Link)
			}
			return slices.Equal(titles, want)
		})
	}
	e.change(7, links(link("Runbook", "https://wiki.example.com/a"), link("Gone soon", "https://wiki.example.com/b"),
		tagout.RoomLink{Title: "Announcement", To: tagout.MessageLink("C0INCIDENTS", "1700000000.000100", "x")}, link("Not a link", "javascript:alert(1)")))
	shows("Runbook https://wiki.example.com/a", "Gone soon https://wiki.example.com/b",
		"Announcement https://"+sandbox.TeamDomain+".slack.com/archives/C0INCIDENTS/p1700000000000100")
	e.change(7, links(link("Runbook", "https://wiki.example.com/new")))
	shows("Runbook https://wiki.example.com/new")
	added := e.calls("bookmarks.add")
	e.change(7, func(i *tagout.Incident) { i.Room.Bookmarks = nil }) // a crash before it was recorded
	e.wait("the bookmarks are recorded again", func() bool {
		again()
		return len(e.desk.room(7).Bookmarks) == 1
	})
	shows("Runbook https://wiki.example.com/new")
	if n := e.calls("bookmarks.add") - added; n != 0 {
		t.Errorf("%d more were added", n)
	}
}

func TestAChannelWithoutThePermissionForBookmarksWorksWithoutThem(t *testing.T) {
	t.Parallel()
	scopes := slices.DeleteFunc(sandbox.DefaultScopes(), func(s string) bool { return strings.HasPrefix(s, "bookmarks:") })
	e := open(t, setup{idle: true, sandbox: sandbox.Options{Scopes: scopes}})
	e.desk.add(tagout.Incident{ID: 7})
	e.desk.links = []tagout.RoomLink{{Title: "Runbook", To: tagout.Link("https://wiki.example.com/a", "")}}
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	e.wait("the refusal is noted", func() bool { return len(e.desk.room(7).Bookmarks) == 1 })
	e.desk.say(7, "goes on.")
	e.Changed(7)
	e.said(e.desk.room(7).Channel, "goes on.")
	if n := len(slices.DeleteFunc(e.slack.Calls(), func(c sandbox.Call) bool { return c.Method != "bookmarks.list" })); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestAPrivateIncidentGetsAPrivateChannelAndNoAnnouncement(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, Private: true})
	e.desk.invitees = []tagout.UserID{"U0LEGAL"}
	for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel} {
		if err := e.effect(kind, 7, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	c := e.channelOf(7)
	if !c.IsPrivate || c.Name != "inc-7" || strings.Contains(c.Purpose, "Complaints") || !e.desk.room(7).Private || len(e.slack.Messages("#incidents")) != 0 {
		t.Errorf("the channel is %+v, announced %v", c, e.slack.Messages("#incidents"))
	}
	e.desk.mu.Lock()
	e.desk.invitees = append(e.desk.invitees, "U0EXEC") // paged later
	e.desk.mu.Unlock()
	e.Changed(7)
	e.wait("who is paged later is invited", func() bool {
		return slices.Contains(e.channelOf(7).Members, "U0EXEC") && slices.Equal(e.desk.room(7).Invited, []tagout.UserID{"U0LEGAL", "U0EXEC"})
	})
}

func TestNothingIsLeftInTheChannelThatAPrivateIncidentLeft(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7, State: tagout.StateOpen})
	for _, kind := range []tagout.EffectKind{tagout.EffectAnnounce, tagout.EffectOpenChannel} {
		if err := e.effect(kind, 7, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	old := e.desk.room(7)
	e.desk.say(7, "zanzibar.")
	e.Changed(7)
	e.said(old.Channel, "zanzibar.")
	e.desk.mu.Lock()
	c, err := e.desk.incidents[7].MakePrivate(tagout.User{ID: "U0IC"}, time.Now())
	e.desk.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // an effect may run again
		for _, effect := range c.Effects {
			if err := e.Effects()[effect.Kind](soon(t), effect); err != nil {
				t.Fatal(effect.Key, err)
			}
		}
	}
	e.Changed(7)
	room := e.desk.room(7)
	e.said(room.Channel, "zanzibar.")
	left, _ := e.slack.Channel(old.Channel)
	if !left.IsArchived || room.Channel == old.Channel || !e.channelOf(7).IsPrivate || room.Moving {
		t.Errorf("left %+v for %+v", left, room)
	}
	if n := e.count(old.Channel, "zanzibar"); n != 0 || e.count(old.Channel, "is private now") != 1 {
		t.Errorf("it holds %d messages that tell of it: %+v", n, e.slack.Messages(old.Channel))
	}
}
