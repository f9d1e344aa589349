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
	var looked atomic.Int64 // how often the second one has looked whether it leads
	first := open(t, setup{idle: true, leads: firstLeads.Load})
	second := open(t, setup{idle: true, slack: first, desk: first.desk, leads: func() bool {
		defer looked.Add(1)
		return !firstLeads.Load()
	}})
	first.desk.add(tagout.Incident{ID: 7})
	if err := second.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil { // effects are done by any of them
		t.Fatal(err)
	}
	channel := first.desk.room(7).Channel
	edits := func() (n int) {
		for _, c := range first.slack.Calls() {
			if c.Method == "chat.update" && c.Args["channel"] == channel {
				n++
			}
		}
		return n
	}

	first.desk.say(7, "one.")
	first.Changed(7)
	first.said(channel, "one.")
	first.wait("the edit to be counted", func() bool { return edits() == 1 })
	first.desk.say(7, "two.")
	before := looked.Load()
	second.Changed(7)
	second.wait("the second to see that it does not lead", func() bool { return looked.Load() >= before+2 }) // for the messages, and for the channel
	second.RefreshOpen([]tagout.IncidentID{7})
	second.wait("the second to see that again", func() bool { return looked.Load() >= before+4 })
	first.desk.add(tagout.Incident{ID: 8, State: tagout.StateResumed}) // has ended: any of them edits
	if err := second.effect(tagout.EffectAnnounce, 8, "", nil); err != nil {
		t.Fatal(err)
	}
	first.desk.say(8, "over.")
	second.Changed(8)
	first.said("#incidents", "over.")
	if n := edits(); n != 1 {
		t.Errorf("%d edits in the channel of the open incident, want that of the leader alone", n)
	}

	firstLeads.Store(false)
	second.RefreshOpen([]tagout.IncidentID{7})
	first.said(channel, "two.")
	firstLeads.Store(true)
	first.desk.say(7, "one.") // what it believes to be shown, since it edited last
	first.RefreshOpen([]tagout.IncidentID{7})
	first.said(channel, "one.")
}
