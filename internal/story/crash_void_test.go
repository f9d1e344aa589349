package story_test

import (
	"testing"

	"tagout"
	"tagout/sandbox"
)

// TestAGoDoesNotCountAfterAnAlertOfAnotherIncidentWhoseProcessDied: the alert is stored, and
// nothing else of it has happened when the process dies. Who presses GO then is refused.
func TestAGoDoesNotCountAfterAnAlertOfAnotherIncidentWhoseProcessDied(t *testing.T) {
	t.Parallel()
	for name, severity := range map[string]string{"in another incident": "info", "below its threshold": "warning"} {
		for _, database := range []string{"sqlite", "postgres"} {
			t.Run(name+"/"+database, func(t *testing.T) {
				t.Parallel()
				w := newMortalWorld(t, database)
				w.log.expect("")     // a crash may be noticed as any error
				w.params.Idle = true // the alert hangs no hold, which would be seen as well
				s := &survivor{world: w, point: "alert.folded"}
				s.process = w.launches(s.point)
				s.revive()
				s.does(func() error {
					return w.tries("U0IC", "#general", "/kill mailer sev1 class=policy_violation wrong people")
				})
				s.settles("the room exists", func() bool { return s.roomName() != "" })
				room := s.roomName()
				s.settles("the request stands", func() bool { return s.asks(room) })
				s.posts("Slow", map[string]string{"agent": "mailer", "severity": severity, "channel": "sms"})
				if !s.crashed {
					t.Fatal("it did not crash")
				}
				s.settles("the GO is refused, and the request is void", func() bool {
					if mode := w.mode("mailer", emailEU()); mode != string(tagout.Halted) {
						t.Fatalf("the agent is %s", mode)
					}
					if w.hasButton("U0LEGAL", room, "GO") {
						s.does(func() error { return w.slack.Click(w.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "GO"}) })
					}
					return s.has(tagout.EventVoided) == 1
				})
				w.reads("U0IC", room, "The resume request is void: a new alert came on its scope")
				if n := s.has(tagout.EventLifted); n > 0 {
					t.Errorf("%d holds were lifted", n)
				}
			})
		}
	}
}
