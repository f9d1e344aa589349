package bot_test

import (
	"testing"

	"tagout"
)

func TestWhoLeavesAChannelAndWhatGroupsChangeIsTold(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]setup{"socket": {}, "http": {http: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t, s)
			room := e.slack.NewChannel("secret", true, "U0IC", "U0LEGAL")
			e.desk.mu.Lock()
			e.desk.down = tagout.Errorf(tagout.Unavailable, "The database does not answer.")
			e.desk.mu.Unlock()
			if err := e.slack.Remove(t.Context(), "U0LEGAL", room); err != nil {
				t.Fatal(err)
			}
			e.wait("the log", func() bool { return true })
			e.desk.mu.Lock()
			e.desk.down = nil
			e.desk.mu.Unlock()
			e.wait("the desk hears who left, once the database answers", func() bool { return e.desk.hears("U0LEGAL left " + room) })
			if err := e.slack.SetGroup(t.Context(), "S0LEGAL", "U0LEGAL", "U0ENG"); err != nil {
				t.Fatal(err)
			}
			e.wait("the group is read anew", func() bool { return e.desk.hears("reread S0LEGAL") })
		})
	}
}
