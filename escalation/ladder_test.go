package escalation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/escalation"
)

func TestPagesGoToEachPersonOnceByEveryPagerThatReachesThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.policy.Roles["legal"].Members = []tagout.UserID{"U0LEGAL", "U0PLATFORM", "U0LEGAL"}
	})
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	// Platform: its member and who is on call (this week U0IC); Legal: members and Slack group.
	same(t, "by Slack", w.slack.to(), []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER"})
	same(t, "by e-mail", w.email.to(), []string{"U0PLATFORM"})
	if roles := w.slack.sent[0].To.Roles; !slices.Equal(roles, []string{"platform", "legal"}) {
		t.Errorf("U0PLATFORM is paged for %q", roles)
	}
	if w.count(1, tagout.EventPaged) != 5 || len(w.store.pages) != 5 {
		t.Errorf("%d pages, events %q", len(w.store.pages), w.store.kinds(1))
	}
	for _, p := range w.store.pages {
		if p.Status != tagout.PageSent || !p.SentAt.Equal(noon) {
			t.Errorf("page to %s by %s is %s at %s", p.To.ID, p.Pager, p.Status, p.SentAt)
		}
	}
}

func TestTheClassHandsOverToItsRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.policy.Routes = []tagout.Route{{When: "true", Severity: "sev2", Class: "judgment_error"}}
	})
	w.accept(alert("A", "mailer/email/eu", "x"))
	w.ring()
	same(t, "paged", w.slack.to(), []string{"U0PROGRAM", "U0REVOPS", "U0MOPS", "U0GROUPIE"})
}

func TestAGroupThatCannotBeReadDoesNotSilenceTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Connect(groups{}, func() string { return home })
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	// Nothing was ever known of the group, so whoever would be next is paged too.
	same(t, "paged", w.slack.to(), []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0EXEC"})
}

func TestPagingRepeatsAndClimbsUntilSomebodyAcknowledges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	w.observe(t, "mailer") // confirmed, so that only the ladder pages
	round := len(w.slack.sent)
	for minute := 1; minute <= 5; minute++ {
		w.clock.Pass(time.Minute)
		w.ring()
	}
	same(t, "paged after five minutes", w.slack.to()[5*round:], []string{"U0EXEC", "U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER"})
	if why := w.slack.sent[5*round].Why; why != "not acknowledged within 5m0s" {
		t.Errorf("the exec sponsor is paged because: %s", why)
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	_, err := w.desk.Acknowledge(t.Context(), 1, tagout.User{ID: "U0LEGAL"})
	refused(t, err, tagout.Conflict, "acknowledged already, by @U0IC")
	before := len(w.slack.sent)
	w.clock.Pass(time.Hour)
	w.ring()
	if len(w.slack.sent) != before {
		t.Errorf("paged on after the acknowledgement: %q", w.slack.to()[before:])
	}
}

func TestARoundThatIsCarriedOutTwicePagesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	round := w.store.effects[slices.IndexFunc(w.store.effects, func(e tagout.Effect) bool { return e.Kind == tagout.EffectPage })]
	for range 2 {
		if err := w.desk.Effects()[tagout.EffectPage](t.Context(), round); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.store.pages); n != 2 {
		t.Errorf("%d pages, want 2", n)
	}
}

func TestAPageIsTriedAgainUntilItIsDeliveredOrCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status tagout.PageStatus
		stays  bool
	}{
		"delivered":    {nil, tagout.PageSent, false},
		"may yet work": {errors.New("connection refused"), tagout.PageQueued, true},
		"cannot work":  {tagout.Final(errors.New("no such mailbox")), tagout.PageFailed, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.email.err = c.err
			w.accept(alert("A", "mailer/email/eu", "critical"))
			failed := w.ring()
			for _, p := range w.store.pages {
				if p.Pager == "email" && p.Status != c.status {
					t.Errorf("the page is %s (%s), want %s", p.Status, p.Detail, c.status)
				}
			}
			if (len(failed) > 0) != c.stays {
				t.Errorf("failed: %v", failed)
			}
			if c.stays {
				w.email.err = nil
				w.ring()
				same(t, "by e-mail", w.email.to(), []string{"U0PLATFORM"})
			}
			if c.status == tagout.PageFailed && w.count(1, tagout.EventPageFailed) != 1 {
				t.Errorf("the failure is not on the timeline: %q", w.store.kinds(1))
			}
			if len(w.slack.sent) != 4 {
				t.Errorf("Slack got %d pages, want 4", len(w.slack.sent))
			}
		})
	}
}

func TestAPageByAPagerThatIsNotConfiguredAnyMoreFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.email.name = "renamed"
	page := tagout.Page{ID: "p1", Incident: 1, Pager: "sms", To: tagout.Person{ID: "U0LEGAL"}}
	if err := w.desk.Effects()[tagout.EffectSend](t.Context(), tagout.NewEffect(tagout.EffectSend, 1, "p1", tagout.SendPage{Page: page})); err != nil {
		t.Fatal(err)
	}
	if p := w.store.pages["p1"]; p.Status != tagout.PageFailed || !strings.Contains(p.Detail, "not configured any more") {
		t.Errorf("the page is %s: %s", p.Status, p.Detail)
	}
}

func TestNobodyToPageIsSaidAloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.policy.Severities["sev3"].Page = []string{"ghosts"}
		w.policy.Classes["judgment_error"].Handoff = ""
		clear(w.policy.Roles) // nor anybody who could be paged instead
	})
	w.accept(alert("A", "mailer/email/eu", "minor"))
	w.ring()
	if w.count(1, tagout.EventUnreached) != 2 { // they, and everybody after them
		t.Errorf("events %q", w.store.kinds(1))
	}
}

func TestTheInviteesAreWhoIsPagedWhoSignsAndWhoOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Halted)
	ids, err := w.desk.Invitees(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range ids {
		got = append(got, string(id))
	}
	same(t, "invited", got, []string{"U0IC", "U0PROGRAM", "U0REVOPS", "U0MOPS", "U0GROUPIE"})
}

func TestTurnsFollowEachOtherAtEveryHandoffInLocalTime(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	weekly := &tagout.Rotation{Members: []tagout.UserID{"A", "B", "C"}, Handoff: "0 9 * * MON", Timezone: "America/New_York"}
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2024, month, day, hour, minute, 0, 0, newYork)
	}
	for name, c := range map[string]struct {
		at   time.Time
		want tagout.UserID
	}{
		"before the first handoff":            {at(1, 1, 8, 59), "A"},
		"at the first handoff":                {at(1, 1, 9, 0), "B"},
		"before the second":                   {at(1, 8, 8, 59), "B"},
		"at the second":                       {at(1, 8, 9, 0), "C"},
		"it starts over":                      {at(1, 15, 9, 0), "A"},
		"before summer time, 9:00 is 14:00 Z": {time.Date(2024, 3, 4, 13, 59, 0, 0, time.UTC), "A"},
		"the week before summer time":         {time.Date(2024, 3, 4, 14, 0, 0, 0, time.UTC), "B"},
		"in summer time, 9:00 is 13:00 Z":     {time.Date(2024, 3, 11, 12, 59, 0, 0, time.UTC), "B"},
		"the week after the change":           {time.Date(2024, 3, 11, 13, 0, 0, 0, time.UTC), "C"},
		"in winter time again":                {time.Date(2024, 11, 4, 13, 59, 0, 0, time.UTC), "C"},
		"after the handoff in winter time":    {time.Date(2024, 11, 4, 14, 0, 0, 0, time.UTC), "A"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, now := range []time.Time{c.at, c.at.UTC(), c.at.In(time.FixedZone("x", 9*3600))} {
				if got, ok := escalation.OnCall(weekly, now); !ok || got != c.want {
					t.Errorf("at %s it is %s's turn, want %s", now, got, c.want)
				}
			}
		})
	}
}

func TestAHandoffInTheHourThatIsSkippedOrComesTwiceIsOneTurn(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	members := []tagout.UserID{"A", "B", "C", "D", "E"}
	turn := func(day time.Time) int {
		handoff := map[bool]string{true: "30 2 * * *", false: "30 1 * * *"}[day.Month() < time.June] // what is skipped, what comes twice
		id, ok := escalation.OnCall(&tagout.Rotation{Members: members, Handoff: handoff, Timezone: "America/New_York"}, day)
		if !ok {
			t.Fatal("nobody is on call")
		}
		return int(id[0] - 'A')
	}
	for _, start := range []time.Time{time.Date(2026, 3, 6, 12, 0, 0, 0, newYork), time.Date(2026, 10, 30, 12, 0, 0, 0, newYork)} {
		for day := start; day.Before(start.AddDate(0, 0, 4)); day = day.AddDate(0, 0, 1) {
			if got := (turn(day.AddDate(0, 0, 1)) - turn(day) + 5) % 5; got != 1 {
				t.Errorf("from noon of %s to the next noon %d turns pass, want 1", day.Format(time.DateOnly), got)
			}
		}
	}
}

func TestARotationThatSaysNothingHasNobodyOnCall(t *testing.T) {
	t.Parallel()
	two := []tagout.UserID{"A", "B"}
	for name, c := range map[string]struct {
		rotation *tagout.Rotation
		want     tagout.UserID
	}{
		"none":               {nil, ""},
		"no members":         {&tagout.Rotation{Handoff: "0 9 * * MON"}, ""},
		"one needs no turns": {&tagout.Rotation{Members: two[:1]}, "A"},
		"no such zone":       {&tagout.Rotation{Members: two, Handoff: "0 9 * * MON", Timezone: "Mars/Olympus"}, ""},
		"no such schedule":   {&tagout.Rotation{Members: two, Handoff: "whenever"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := escalation.OnCall(c.rotation, noon); got != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %t; want %q", got, ok, c.want)
			}
		})
	}
}
