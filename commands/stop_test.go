package commands_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

func TestStopsAreReadFromWhatWasTyped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		scope    string
		mode     tagout.Mode
		severity tagout.Severity
		class    string
		reason   string
		note     string // part of the answer
	}{
		{"/kill mailer", "mailer", tagout.Halted, "", "", "", ""},
		{"/kill *", "*", tagout.Halted, "", "", "", ""},
		{"/kill * all is wrong", "*", tagout.Halted, "", "", "all is wrong", ""},
		{"/kill MAILER/Email/EU SEV1 class=policy_violation Complaint  spike", "mailer/email/eu", tagout.Halted, tagout.Sev1, "policy_violation", "Complaint spike", ""},
		{"/kill mailer sev-1", "mailer", tagout.Halted, tagout.Sev1, "", "", ""},
		{"/kill mailer sev3 sev1", "mailer", tagout.Halted, tagout.Sev1, "", "", ""},
		{"/kill mailer tool:send_email sev2 spam", "mailer tool:send_email", tagout.Halted, tagout.Sev2, "", "spam", ""},
		{"/kill mailer/email sev2 tool:@high", "mailer/email tool:@high", tagout.Halted, tagout.Sev2, "", "", ""},
		{"/kill `mailer/email`, now", "mailer/email", tagout.Halted, "", "", "now", ""},
		{"/kill “mailer tool:send_email” now", "mailer tool:send_email", tagout.Halted, "", "", "now", ""},
		{"/kill mailer.", "mailer", tagout.Halted, "", "", "", ""},
		{"/kill mialer.", "mialer", tagout.Halted, "", "", "", "Not in the configuration"},
		{"/kill sev1 mailer", "mailer", tagout.Halted, tagout.Sev1, "", "", ""},
		{"/kill SEV1, class=policy_violation mailer/email sev2 Complaint spike", "mailer/email", tagout.Halted, tagout.Sev1, "policy_violation", "Complaint spike", ""},
		{"/kill tool:send_email mailer spam", "mailer tool:send_email", tagout.Halted, "", "", "spam", ""},
		{"/kill sev1", "sev1", tagout.Halted, "", "", "", "Not in the configuration"},
		{"/kill mailer sev9 spam", "mailer", tagout.Halted, "", "", "spam", `"sev9" is not a severity here`},
		{"/kill mailer class=nonsense", "mailer", tagout.Halted, "", "", "", `"nonsense" is not a failure class`},
		{"/kill mailer tool:@hihg", "mailer", tagout.Halted, "", "", "", "all of mailer is held"},
		{"/kill mailer tool:a tool:b", "mailer", tagout.Halted, "", "", "", "all of mailer is held"},
		{"/kill mailer same as the sev1 of May", "mailer", tagout.Halted, "", "", "same as the sev1 of May", `"sev1" was read as part of the reason`},
		{"/kill mailer cap=5/day", "mailer", tagout.Halted, "", "", "", "full stop instead"},
		{"/kill everything", "everything", tagout.Halted, "", "", "", "/kill *"},
		{"/kill inc-7", "inc-7", tagout.Halted, "", "", "", "reads like an incident"},
		{"/kill mailer bad\x00\nbytes\xff", "mailer", tagout.Halted, "", "", "bad bytes\uFFFD", ""},
		{"/pause mailer/sms", "mailer/sms", tagout.Paused, "", "", "", ""},
		{"/hold mailer review", "mailer", tagout.Review, "", "", "", ""},
		{"/hold mailer tool:send_email review", "mailer tool:send_email", tagout.Review, "", "", "", ""},
		{"/hold mailer halted", "mailer", tagout.Halted, "", "", "", ""},
		{"/hold mailer review cap=5/day", "mailer", tagout.Review, "", "", "", "stricter"},
		{"/hold mailer sev1 review review is late", "mailer", tagout.Review, tagout.Sev1, "", "review is late", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			reply, err := b.typed(t, c.text)
			must(t, reply, err)
			if len(b.stops) != 1 {
				t.Fatalf("%d stops, want 1", len(b.stops))
			}
			s := b.stops[0]
			if s.Hold.Scope.String() != c.scope || s.Hold.Mode != c.mode || s.Severity != c.severity || s.Class != c.class || s.Hold.Reason != c.reason {
				t.Errorf("stop is %s %s %q %q %q", s.Hold.Scope, s.Hold.Mode, s.Severity, s.Class, s.Hold.Reason)
			}
			if s.Hold.ID != tagout.HoldID(tagout.DeriveID("stop", "T1", c.scope, string(c.mode))) || !s.Hold.At.Equal(t0) || s.Hold.By != ic.Actor() {
				t.Errorf("hold is not derived from the request: %+v", s.Hold)
			}
			if !strings.Contains(reply.Message.String(), c.note) {
				t.Errorf("the answer does not say %q: %s", c.note, reply.Message.String())
			}
			if !reply.Public || reply.Outcome.Incident != 7 || len(reply.Outcome.Holds) != 1 {
				t.Errorf("reply is %+v", reply.Outcome)
			}
		})
	}
}

func TestCappedHoldsTakeACapAndTools(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reply, err := b.typed(t, "/hold mailer/email capped cap=500/day tool:send_email tool:@low overspend")
	must(t, reply, err)
	h := b.stops[0].Hold
	if h.Scope.String() != "mailer/email" || h.Cap.String() != "500/day" || !slices.Equal(h.DisabledTools, []string{"send_email", "@low"}) || h.Reason != "overspend" {
		t.Errorf("hold is %s, reason %q", h, h.Reason)
	}
}

func TestWhatCannotBeStoppedSaysHowToWriteIt(t *testing.T) {
	t.Parallel()
	for text, words := range map[string][]string{
		"/kill @mailer":                           {"Nothing was stopped", "/tagout kill mailer"},
		"/kill mailer/e/f/g":                      {"Nothing was stopped", "too many parts", "/tagout kill mailer"},
		"/kill tool:send_email":                   {"Nothing was stopped", "/tagout kill *"},
		"/kill ,":                                 {"Nothing was stopped", "mailer"},
		"/hold mailer":                            {"/tagout hold mailer review"},
		"/hold mailer running":                    {"/tagout resume"},
		"/hold mailer capped":                     {"cap=500/day"},
		"/hold mailer capped cap=lots":            {"not a cap"},
		"/hold mailer capped cap=1/day cap=2/day": {"Two caps"},
		"/hold mailer capped tool:*":              {"/tagout kill mailer"},
		"/hold mailer capped tool:@hihg":          {"tool risk"},
	} {
		b := newBench(t)
		_, err := b.typed(t, text)
		wantCode(t, err, tagout.Invalid, words...)
		if len(b.stops) != 0 {
			t.Errorf("%s stopped %v", text, b.stops)
		}
	}
}

func TestStopsJoinTheIncidentOfTheirChannelIfItIsAboutTheAgent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		change func(*tagout.Incident)
		join   tagout.IncidentID
	}{
		"same agent":       {"/kill mailer/sms", func(*tagout.Incident) {}, 7},
		"everything":       {"/kill *", func(*tagout.Incident) {}, 7},
		"agent unknown":    {"/kill researcher", func(i *tagout.Incident) { i.Scope = tagout.Everything }, 7},
		"another agent":    {"/kill researcher", func(*tagout.Incident) {}, 0},
		"ended":            {"/kill mailer", func(i *tagout.Incident) { i.State = tagout.StateResumed }, 0},
		"another incident": {"/kill mailer", func(i *tagout.Incident) { i.State = tagout.StateClosed }, 0},
	} {
		b := newBench(t)
		i := incident7()
		c.change(i)
		b.incidents[7] = i
		reply, err := b.typed(t, c.text, inChannelOf(7))
		must(t, reply, err)
		if b.stops[0].Join != c.join {
			t.Errorf("%s: joined %s, want %s", name, b.stops[0].Join, c.join)
		}
	}
}

func TestAStopDoesNotWaitForADatabaseThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.slowReads = true
		start := time.Now()
		reply, err := b.typed(t, "/kill mailer", inChannelOf(7))
		must(t, reply, err)
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("the stop waited %s", waited)
		}
		if len(b.stops) != 1 || b.stops[0].Join != 0 {
			t.Errorf("stops are %+v", b.stops)
		}
	})
}

func TestRepeatedDeliveriesAreTheSameHold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 2 {
		reply, err := b.typed(t, "/kill mailer")
		must(t, reply, err)
	}
	reply, err := b.typed(t, "/kill mailer", func(in *tagout.Invocation) { in.ID = "T2" })
	must(t, reply, err)
	if b.stops[0].Hold.ID != b.stops[1].Hold.ID || b.stops[0].Hold.ID == b.stops[2].Hold.ID {
		t.Errorf("holds are %s, %s, %s", b.stops[0].Hold.ID, b.stops[1].Hold.ID, b.stops[2].Hold.ID)
	}
}

func TestATokenMayStopButGetsNoForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reply, err := b.typed(t, "/kill mailer", byToken)
	must(t, reply, err)
	if by := b.stops[0].Hold.By; by.Kind != tagout.ByToken {
		t.Errorf("hung by %s", by)
	}
	_, err = b.typed(t, "/kill", byToken)
	wantCode(t, err, tagout.Invalid, "SCOPE")
}

// collect reads the updates of a reply.
func collect(reply tagout.Reply) []string {
	var all []string
	if reply.Updates != nil {
		for m := range reply.Updates {
			all = append(all, message(m))
		}
	}
	return all
}

func TestAnAnswerIsKeptUpToDateUntilAllIsObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for n := range 3 {
			i := incident7(halted("mailer"))
			i.Controls = append(i.Controls, tagout.ControlStatus{Agent: "mailer", Control: "proxy", RequestedAt: t0})
			if n > 0 {
				i.Controls[0].AcceptedAt, i.Controls[0].ObservedAt = t0.Add(20*time.Millisecond), t0.Add(90*time.Millisecond)
			}
			if n > 1 {
				i.Controls[1].AcceptedAt, i.Controls[1].ObservedAt = t0.Add(30*time.Millisecond), t0.Add(310*time.Millisecond)
			}
			b.changes = append(b.changes, i, i)
		}
		reply, err := b.typed(t, "/kill mailer")
		updates := collect(must(t, reply, err))
		if len(updates) != 3 {
			t.Fatalf("%d updates, want one for each change:\n%s", len(updates), strings.Join(updates, "\n"))
		}
		for n, want := range []string{"proxy: requested 10:04:05.123 UTC, no answer yet", "webhook: requested 10:04:05.123 UTC → accepted +0.02 s → observed +0.09 s", "stopped: observed by 2 of 2 in 0.31 s"} {
			if !strings.Contains(updates[n], want) {
				t.Errorf("update %d does not say %q:\n%s", n, want, updates[n])
			}
		}
		for _, early := range append(updates[:1], message(reply.Message)) {
			if strings.Contains(early, "stopped") || strings.Contains(early, "observed") {
				t.Errorf("claimed before it was observed:\n%s", early)
			}
		}
	})
}

func TestAnAnswerThatIsNeverConfirmedSaysSoAfterTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		start := time.Now()
		reply, err := b.typed(t, "/kill mailer")
		updates := collect(must(t, reply, err))
		if len(updates) != 1 || !strings.Contains(updates[0], "Not confirmed after 10 min") || !strings.Contains(updates[0], "tone: danger") {
			t.Errorf("updates are %q", updates)
		}
		if followed := time.Since(start); followed != 10*time.Minute {
			t.Errorf("followed for %s", followed)
		}
	})
}

func TestAPendingStopIsFollowedUntilItIsRecordedAndObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.result = func(s tagout.StopRequest) tagout.StopResult {
			return tagout.StopResult{Hold: s.Hold, Pending: true}
		}
		reply, err := b.typed(t, "/kill mailer")
		if must(t, reply, err); !reply.Outcome.Pending || reply.Outcome.Incident != 0 {
			t.Errorf("outcome is %+v", reply.Outcome)
		}
		time.AfterFunc(time.Minute, func() {
			h := b.stops[0].Hold
			i := incident7(h)
			i.Controls[0].AcceptedAt, i.Controls[0].ObservedAt = t0.Add(time.Second), t0.Add(2*time.Second)
			b.mu.Lock()
			defer b.mu.Unlock()
			b.incidents[7] = i
		})
		updates := collect(reply)
		if len(updates) != 1 || !strings.Contains(updates[0], "INC-7") || !strings.Contains(updates[0], "stopped: observed by 1 of 1 in 2 s") {
			t.Errorf("updates are %q", updates)
		}
	})
}

func TestAnAnswerEndsWithItsContextAndWithItsHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		in := tagout.Invocation{ID: "T1", By: ic.Actor(), User: ic, Text: "mailer", Channel: "C0", At: t0}
		reply, err := b.command(t, "kill").Run(ctx, in)
		must(t, reply, err)
		cancel()
		if updates := collect(reply); len(updates) != 0 {
			t.Errorf("a cancelled answer was updated: %q", updates)
		}
		reply, err = b.typed(t, "/kill mailer")
		must(t, reply, err)
		lifted := b.stops[1].Hold
		lifted.LiftedAt = t0.Add(time.Minute)
		b.changes = []*tagout.Incident{incident7(lifted)}
		if updates := collect(reply); len(updates) != 0 {
			t.Errorf("a lifted hold was updated: %q", updates)
		}
	})
}

func FuzzEveryStopWithAScopeStops(f *testing.F) {
	for _, text := range []string{"mailer", "* sev1 class=x", "mailer/email/eu tool:@high cap=5/day", "“mailer” tool:", "mailer. sev99999999999999999999", "\x00", "a/b/c/d", ". ..", "tool:x", "SEV1 class="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := newBench(t)
		first := ""
		if fields := strings.Fields(text); len(fields) > 0 {
			first = fields[0]
		}
		for _, verb := range []string{"kill", "pause"} {
			before := len(b.stops)
			_, err := b.command(t, verb).Run(t.Context(), tagout.Invocation{ID: "T1", By: ic.Actor(), User: ic, Text: text, At: t0})
			stopped := len(b.stops) > before
			if stopped == (err != nil) {
				t.Fatalf("stopped %v, error %v", stopped, err)
			}
			if _, bad := tagout.ParseScope(first); bad == nil && !stopped {
				t.Fatalf("%q has a scope, but nothing was stopped: %v", text, err)
			}
			if err != nil && tagout.CodeOf(err) != tagout.Invalid {
				t.Fatalf("error is %v", err)
			}
		}
		_, _ = b.command(t, "hold").Run(t.Context(), tagout.Invocation{ID: "T1", By: ic.Actor(), User: ic, Text: text, At: t0})
		for _, s := range b.stops {
			if s.Hold.Mode == "" || s.Hold.Mode == tagout.Running || s.Hold.Scope != tagout.MustScope(s.Hold.Scope.String()) {
				t.Fatalf("%q hung %+v", text, s.Hold)
			}
		}
	})
}
