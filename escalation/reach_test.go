package escalation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// sleeper is how somebody of SEV-2 likes to be paged.
func sleeper(p tagout.Person) func(*world) {
	return func(w *world) {
		w.policy.People["U0PROGRAM"] = p
		w.policy.Severities["sev2"].Page = []string{"program"}
		w.policy.Severities["sev2"].Repeat = 0
		w.policy.Severities["sev2"].Deadlines.Contain = 0
		w.policy.Classes["budget_drift"].Handoff = ""
	}
}

func TestAPersonIsPagedByTheirPagersInTheirOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pagers     []string
		slack, eml int
	}{
		"by all that reach them":   {nil, 1, 1},
		"by one only":              {[]string{"email"}, 0, 1},
		"by both":                  {[]string{"email", "slack"}, 1, 1},
		"by none that is there":    {[]string{"sms"}, 1, 1},
		"by one that is, one gone": {[]string{"sms", "slack"}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sleeper(tagout.Person{Email: "p@example.com", Pagers: c.pagers}))
			w.accept(alert("A", "mailer/email/eu", "warning"))
			w.ring()
			if len(w.slack.sent) != c.slack || len(w.email.sent) != c.eml {
				t.Errorf("Slack %d, e-mail %d", len(w.slack.sent), len(w.email.sent))
			}
		})
	}
}

func TestTheNextPagerFollowsUnlessSomebodyAcknowledges(t *testing.T) {
	t.Parallel()
	person := tagout.Person{Email: "p@example.com", Pagers: []string{"slack", "email"}, After: 2 * time.Minute}
	for _, acknowledged := range []bool{false, true} {
		w := newWorld(t, sleeper(person))
		w.accept(alert("A", "mailer/email/eu", "warning"))
		w.ring()
		same(t, "at once by Slack", w.slack.to(), []string{"U0PROGRAM"})
		w.clock.Pass(2*time.Minute - time.Second)
		if w.ring(); len(w.email.sent) > 0 {
			t.Error("the e-mail goes out too early")
		}
		if acknowledged {
			if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.Pass(time.Second)
		w.ring()
		if want := map[bool]int{false: 1, true: 0}[acknowledged]; len(w.email.sent) != want {
			t.Errorf("acknowledged %t: %d mails", acknowledged, len(w.email.sent))
		}
	}
}

func TestRepeatsPageByEveryPagerWhoseTimeHasCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sleeper(tagout.Person{Email: "p@example.com", Pagers: []string{"slack", "email"}, After: 2 * time.Minute}), func(w *world) {
		w.policy.Severities["sev2"].Repeat = time.Minute
	})
	w.accept(alert("A", "mailer/email/eu", "warning"))
	for range 4 {
		w.ring()
		w.clock.Pass(time.Minute)
	}
	if len(w.slack.sent) != 4 || len(w.email.sent) != 2 {
		t.Errorf("in rounds 0 to 3 Slack pages %d times and e-mail %d times", len(w.slack.sent), len(w.email.sent))
	}
}

func TestAPagerThatFailsForGoodIsFollowedByTheNextAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sleeper(tagout.Person{Email: "p@example.com", Pagers: []string{"slack", "email"}, After: time.Hour}))
	w.slack.err = tagout.Final(errors.New("user_disabled"))
	w.accept(alert("A", "mailer/email/eu", "warning"))
	w.ring()
	same(t, "by e-mail", w.email.to(), []string{"U0PROGRAM"})
	w.clock.Pass(2 * time.Hour)
	w.ring()
	same(t, "by e-mail, an hour later", w.email.to(), []string{"U0PROGRAM"})
	if w.count(1, tagout.EventUnreached) != 0 || len(w.incident(1).Unreached()) != 0 {
		t.Errorf("events %q", w.store.kinds(1))
	}
}

func TestAPageThatReachesNobodyClimbsAtOnceUntilSomebodyIsReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := map[tagout.UserID]bool{"U0PLATFORM": true, "U0IC": true, "U0LEGAL": true, "U0LAWYER": true, "U0EXEC": true}
	w.slack.refuses = func(p tagout.Page) error {
		if dead[p.To.ID] {
			return tagout.Final(errors.New("user_disabled"))
		}
		return nil
	}
	w.email.err = tagout.Final(errors.New("no such mailbox"))
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if len(w.slack.sent) > 0 {
		t.Fatalf("reached %q", w.slack.to())
	}
	i := w.incident(1)
	for _, key := range []string{"sev1", "sev1:rung0", "sev1:platform", "sev1:all"} {
		if i.Ladder[key] != 1 {
			t.Errorf("%s was paged %d times", key, i.Ladder[key])
		}
	}
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil || card.Tone != tagout.ToneDanger || !strings.Contains(card.String(), "Reached nobody by any pager") {
		t.Errorf("the card says %s", card)
	}
	delete(dead, "U0EXEC") // Slack lets them in again
	w.observe(t, "mailer")
	w.clock.Pass(time.Minute)
	w.ring()
	if !slices.Contains(w.slack.to(), "U0EXEC") {
		t.Errorf("after a minute reached %q", w.slack.to())
	}
	w.clock.Pass(4 * time.Minute) // the rung's own time: it was paged before
	w.ring()
	if i := w.incident(1); i.Ladder["sev1:rung0"] != 1 {
		t.Errorf("the rung was paged %d times", i.Ladder["sev1:rung0"])
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	if i := w.incident(1); len(i.Calls) > 0 {
		t.Errorf("acknowledged, it still keeps %v", i.Calls)
	}
}

func TestQuietHoursHoldBackWhatIsLessThanSev1(t *testing.T) {
	t.Parallel()
	quiet := tagout.QuietHours{From: "11:00", To: "14:00", Timezone: "UTC"} // it is noon
	both := func(w *world) { w.policy.Severities["sev2"].Page = []string{"program", "revops"} }
	t.Run("to their end", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, sleeper(tagout.Person{Quiet: quiet}), both)
		w.accept(alert("A", "mailer/email/eu", "warning"))
		w.ring()
		same(t, "at noon", w.slack.to(), []string{"U0REVOPS"})
		if w.count(1, tagout.EventPageHeld) != 1 {
			t.Errorf("events %q", w.store.kinds(1))
		}
		if card, _ := w.desk.Card(t.Context(), 1); !strings.Contains(card.String(), "quiet until") {
			t.Errorf("the card says %s", card)
		}
		w.clock.Pass(2 * time.Hour)
		w.ring()
		same(t, "at two", w.slack.to(), []string{"U0REVOPS", "U0PROGRAM"})
	})
	t.Run("unless somebody acknowledges first", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, sleeper(tagout.Person{Quiet: quiet}), both)
		w.accept(alert("A", "mailer/email/eu", "warning"))
		w.ring()
		if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
			t.Fatal(err)
		}
		w.clock.Pass(2 * time.Hour)
		w.ring()
		same(t, "at two", w.slack.to(), []string{"U0REVOPS"})
	})
	t.Run("unless there is nobody else", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, sleeper(tagout.Person{Quiet: quiet}))
		w.accept(alert("A", "mailer/email/eu", "warning"))
		w.ring()
		same(t, "at noon", w.slack.to(), []string{"U0PROGRAM"})
	})
	t.Run("unless nobody else is reached", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, sleeper(tagout.Person{Quiet: quiet}), both)
		w.slack.refuses = func(p tagout.Page) error {
			if p.To.ID == "U0REVOPS" {
				return tagout.Final(errors.New("user_disabled"))
			}
			return nil
		}
		w.accept(alert("A", "mailer/email/eu", "warning"))
		w.ring()
		same(t, "at noon", w.slack.to(), []string{"U0PROGRAM"})
	})
	t.Run("never for SEV-1", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.policy.People["U0LEGAL"] = tagout.Person{Quiet: quiet} })
		w.accept(alert("A", "mailer/email/eu", "critical"))
		w.ring()
		if !slices.Contains(w.slack.to(), "U0LEGAL") {
			t.Errorf("paged %q", w.slack.to())
		}
	})
}
