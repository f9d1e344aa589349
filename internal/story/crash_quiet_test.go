package story_test

import (
	"net/http"
	"strings"
	"testing"

	"tagout"
	"tagout/internal/crashpoint"
	"tagout/sandbox"
)

// quietPoints are the crash points on the way of silences and flags, which no stop passes.
func quietPoints(point string) bool {
	return strings.HasPrefix(point, "silence.") || strings.HasPrefix(point, "flag.")
}

// TestACrashWhileASilenceEndsOrAFlagIsRaisedLosesNothing: what was kept quiet is told when the
// silence ends, once, wherever the binary kills itself; and a flagged message stays flagged.
func TestACrashWhileASilenceEndsOrAFlagIsRaisedLosesNothing(t *testing.T) {
	t.Parallel()
	points, err := crashpoint.Names("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range points {
		if !quietPoints(point) {
			continue
		}
		for _, database := range []string{"sqlite", "postgres"} {
			t.Run(point+"/"+database, func(t *testing.T) {
				t.Parallel()
				crashQuietly(newMortalWorld(t, database), point)
			})
		}
	}
}

func crashQuietly(w *world, point string) {
	w.log.expect("") // a crash may be noticed as any error
	w.params.Idle = true
	s := &survivor{world: w, point: point}
	s.process = w.launches(point)
	s.revive()

	s.does(func() error { return w.tries("U0ENG", "#general", "/silence mailer 2h maintenance of the CRM") })
	s.settles("the silence is announced", func() bool { return w.says("#incidents", "SIL-1 · mailer is silenced") })
	s.posts("Slow", map[string]string{"agent": "mailer", "severity": "info", "channel": "sms"}) // it holds nothing: it is only counted
	for _, name := range []string{"Spend", "SpendStill", "SpendAgain"} {
		s.posts(name, map[string]string{"agent": "mailer", "severity": "warning", "channel": "email"})
	}
	s.settles("what was silenced is held", func() bool { return w.mode("mailer", emailEU()) == string(tagout.Paused) })
	odd := w.writesIn("U0EXEC", "#incidents", "Look at what the mailer wrote")
	s.does(func() error { return w.slack.React(w.ctx, "U0EXEC", "#incidents", odd, "octagonal_sign") })
	s.settles("the flag waits for somebody", func() bool { return w.posted("#incidents", "FLAG-1 · Something feels off") > 0 })

	ends := func() error {
		return w.slack.Click(w.ctx, sandbox.Click{User: "U0IC", Channel: "#incidents", ActionID: "unsilence", Value: "SIL-1"})
	}
	s.settles("the silence is over", func() bool {
		if !w.says("#incidents", "is not silenced any more") && w.hasButton("U0IC", "#incidents", "End now") {
			s.does(ends)
		}
		return w.says("#incidents", "is not silenced any more")
	})
	s.settles("whom it woke nobody of is paged", func() bool { return s.told("U0PROGRAM", "INC-1") > 0 && s.told("U0MOPS", "INC-2") > 0 })
	s.settles("its maker is told", func() bool { return s.told("U0ENG", "SIL-1 is over") > 0 })
	s.settles("the crash point "+point+" is passed", func() bool { return s.crashed })
	if n := s.told("U0ENG", "SIL-1 is over"); n != 1 {
		w.t.Errorf("its maker is told %d times", n)
	}
	if got := len(w.incidents()); got != 2 {
		w.t.Errorf("%d incidents, want 2", got)
	}
	for words, n := range map[string]int{"SIL-1 · ": 1, "FLAG-1 · ": 1} {
		if got := w.posted("#incidents", words); got != n {
			w.t.Errorf("%q stands there %d times, want %d\n%s", words, got, n, w.scene())
		}
	}
	w.verifies()
}

// posts sends a firing alert until it is taken.
func (s *survivor) posts(name string, labels map[string]string) {
	body := map[string]any{"name": name, "labels": labels, "status": "firing", "fingerprint": name, "starts_at": "2026-11-22T09:00:00Z"}
	s.settles("the alert "+name+" is taken", func() bool {
		status, _, err := s.try(http.MethodPost, "/v1/alerts/generic", "generic-token", body)
		return err == nil && status == http.StatusAccepted
	})
}
