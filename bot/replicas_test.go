package bot_test

import (
	"sync/atomic"
	"testing"

	"tagout"
)

func TestOfTwoReplicasTheLeaderEditsAndTheNextOneStartsAfresh(t *testing.T) {
	t.Parallel()
	var firstLeads atomic.Bool
	firstLeads.Store(true)
	first := open(t, setup{idle: true, leads: firstLeads.Load})
	second := open(t, setup{idle: true, slack: first, desk: first.desk, leads: func() bool { return !firstLeads.Load() }})
	first.desk.add(tagout.Incident{ID: 7})
	if err := second.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil { // effects are done by any of them
		t.Fatal(err)
	}
	channel := first.desk.room(7).Channel
	edits := func() int { return first.calls("chat.update") }

	first.desk.say(7, "one.")
	first.Changed(7)
	first.said(channel, "one.")
	before := edits()
	first.desk.say(7, "two.")
	second.Changed(7)
	second.RefreshOpen([]tagout.IncidentID{7})
	first.desk.add(tagout.Incident{ID: 8, State: tagout.StateResumed}) // has ended: any of them edits
	if err := second.effect(tagout.EffectAnnounce, 8, "", nil); err != nil {
		t.Fatal(err)
	}
	first.desk.say(8, "over.")
	second.Changed(8)
	first.said("#incidents", "over.")
	if n := edits() - before; n != 1 {
		t.Errorf("%d edits, want that of the ended incident alone", n)
	}

	firstLeads.Store(false)
	second.RefreshOpen([]tagout.IncidentID{7})
	first.said(channel, "two.")
	firstLeads.Store(true)
	first.desk.say(7, "one.") // what it believes to be shown, since it edited last
	first.RefreshOpen([]tagout.IncidentID{7})
	first.said(channel, "one.")
}
