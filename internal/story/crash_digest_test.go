package story_test

import (
	"testing"

	"tagout/sandbox"
)

// digestPoints are those that are passed only on the way of a digest.
func digestPoints(point string) bool { return point == "digest.posted" }

// TestACrashBetweenADigestAndItsPictureLosesNeither: where charts are refused, both stand in the
// channel in the end, once each.
func TestACrashBetweenADigestAndItsPictureLosesNeither(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newMortalWorld(t, database)
			w.log.expect("") // a crash may be noticed as any error
			s := &survivor{world: w, point: "digest.posted"}
			w.slack.RefuseCharts(true)
			s.process = w.launches(s.point)
			s.revive()
			s.does(func() error { return w.tries("U0IC", "#general", "/kill mailer odd answers") })
			s.settles("there is an incident", func() bool { return s.roomName() != "" })
			s.does(func() error { return w.tries("U0IC", "#general", "/digest") })
			s.settles("it can be posted", func() bool { return w.hasButton("U0IC", "#general", "Post in this channel") })
			s.does(func() error {
				return w.slack.Click(w.ctx, sandbox.Click{User: "U0IC", Channel: "#general", ActionID: "digest-post"})
			})
			s.settles("the digest is posted with its picture", func() bool { return w.pictures("#general") > 0 })
			if !s.crashed {
				t.Error("it did not crash")
			}
			if texts, pictures := w.posted("#general", "1 incident"), w.pictures("#general"); texts != 1 || pictures != 1 {
				t.Errorf("%d digests and %d pictures\n%s", texts, pictures, w.scene())
			}
		})
	}
}
