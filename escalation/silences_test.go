package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// hushed silences a scope for two hours.
func (w *world) hushed(path string, change ...func(*tagout.SilenceOrder)) *tagout.Silence {
	w.t.Helper()
	o := tagout.SilenceOrder{ID: "req-" + path, Scope: tagout.MustScope(path), For: 2 * time.Hour, Reason: "maintenance of the CRM", By: responder}
	for _, c := range change {
		c(&o)
	}
	s, err := w.desk.Silence(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// announced reports whether an incident was to be announced.
func (w *world) announced(id tagout.IncidentID) bool {
	return slices.ContainsFunc(w.store.told, func(e tagout.Effect) bool { return e.Kind == tagout.EffectAnnounce && e.Incident == id })
}

// holdNothing makes SEV-3 a severity that contains nothing.
func holdNothing(w *world) { w.policy.Severities["sev3"].Contain = tagout.Containment{} }

func TestASilencedAlertHoldsAndIsRecordedButWakesNobodyUntilItIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.hushed("researcher")
	i := opened(t, w.accept(alert("Spend", "researcher/crm", "warning")))
	w.ring()
	if got := w.gate.mode("researcher", "crm", ""); got != tagout.Paused {
		t.Errorf("the gate answers %s, want paused", got)
	}
	if len(w.slack.to())+len(w.email.to()) > 0 || w.announced(1) || w.count(1, tagout.EventHushed) != 1 {
		t.Errorf("paged %v %v, announced %t, %v", w.slack.to(), w.email.to(), w.announced(1), w.store.kinds(1))
	}
	if people, err := w.desk.Invitees(t.Context(), 1); err != nil || len(people) > 0 {
		t.Errorf("into its channel are invited %v, %v", people, err)
	}
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil || !strings.Contains(card.String(), "Silenced by @U0IC until") {
		t.Errorf("the card says %s, %v", card, err)
	}
	if i.Hush == nil || i.Hush.Silence != s.ID {
		t.Fatalf("%+v", i.Hush)
	}
	w.clock.Pass(2*time.Hour - time.Second)
	w.ring()
	if len(w.slack.to()) > 0 {
		t.Errorf("paged %v before the silence is over", w.slack.to())
	}
	w.clock.Pass(time.Second)
	w.ring()
	same(t, "paged once it is over", sorted(w.slack.to()), []string{"U0PROGRAM", "U0REVOPS"})
	if !w.announced(1) || w.incident(1).Hush != nil || w.count(1, tagout.EventUnhushed) != 1 {
		t.Errorf("announced %t, %+v", w.announced(1), w.incident(1).Hush)
	}
	told := w.store.direct["U0IC"]
	if len(told) != 2 || !strings.Contains(told[0], "ends at") || !strings.Contains(told[1], "1 alert and 1 incident: INC-1") {
		t.Errorf("its maker is told %q", told)
	}
	for range 3 { // whatever comes again
		w.ring()
	}
	if n := len(w.slack.to()); n != 2 {
		t.Errorf("paged %d times", n)
	}
}

// sorted are the names, each once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// TestWhatIsNeverSilenced: each of these pages at once, whatever is silenced.
func TestWhatIsNeverSilenced(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]func(w *world) []string{
		"SEV-1": func(w *world) []string {
			w.accept(alert("Mail", "mailer", "critical"))
			return []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER"}
		},
		"an alert that becomes SEV-1 in a quiet incident": func(w *world) []string {
			w.policy.Classes["budget_drift"].Handoff = ""
			w.accept(alert("Spend", "mailer", "warning"))
			a := alert("Spend", "mailer", "warning")
			a.Name, a.Report = "worse", &tagout.FailureReport{Agent: "mailer", Severity: "sev1"}
			w.accept(a)
			return []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER"}
		},
		"a stop by hand": func(w *world) []string {
			w.accept(alert("Spend", "mailer", "warning"))
			w.stop(w.t, "h1", "mailer", tagout.Halted)
			return []string{"U0PROGRAM", "U0REVOPS"}
		},
		"a severity that somebody changes": func(w *world) []string {
			w.policy.Classes["budget_drift"].Handoff = ""
			w.accept(alert("Spend", "mailer", "warning"))
			if _, err := w.desk.ChangeSeverity(w.t.Context(), 1, "sev1", "it is bad", responder.Actor()); err != nil {
				w.t.Fatal(err)
			}
			return []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER"}
		},
		"an alert beside the silenced scope": func(w *world) []string {
			w.accept(alert("Spend", "mailer/email", "warning"))
			w.accept(alert("Spend too", "mailer", "warning"))
			return []string{"U0PROGRAM", "U0REVOPS"}
		},
		"a stop that cannot be confirmed": func(w *world) []string {
			w.accept(alert("Spend", "mailer/email", "warning"))
			w.ring()
			w.clock.Pass(time.Minute)
			return []string{"U0PLATFORM", "U0IC", "U0MOPS", "U0GROUPIE"}
		},
		"whoever takes over from an agent that stopped": func(w *world) []string {
			a := alert("Spend", "mailer/email", "warning")
			a.Report = &tagout.FailureReport{Agent: "mailer", Channel: "email", Summary: "over budget"}
			w.accept(a)
			return []string{"U0REVOPS"}
		},
		"an agent that stopped, although its severity holds nothing": func(w *world) []string {
			holdNothing(w)
			a := alert("Spend", "mailer/email", "minor")
			a.Report, a.Status = &tagout.FailureReport{Agent: "mailer", Channel: "email", Class: "budget_drift", Summary: "over budget"}, tagout.Momentary
			w.accept(a)
			return []string{"U0REVOPS"}
		},
		"an agent that has tried often enough": func(w *world) []string {
			a := alert("Spend", "mailer/email", "warning")
			a.Report = &tagout.FailureReport{Agent: "mailer", Channel: "email", Class: "integration_failure", RetryCount: 3, Summary: "no CRM"}
			w.accept(a)
			return []string{"U0MOPS", "U0GROUPIE"}
		},
		"another class": func(w *world) []string {
			w.accept(alert("Odd", "researcher", "warning"))
			return []string{"U0PROGRAM", "U0REVOPS"}
		},
		"what names no agent": func(w *world) []string {
			w.accept(alert("Odd", "", "warning"))
			return []string{"U0PROGRAM", "U0REVOPS"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			path := "mailer/email"
			if !strings.Contains(name, "beside") {
				path = "mailer"
			}
			w.hushed(path)
			w.hushed("researcher", func(o *tagout.SilenceOrder) { o.Class = "judgment_error" })
			want := story(w)
			w.ring()
			if got := sorted(w.slack.to()); !slices.Equal(got, sorted(want)) {
				t.Errorf("paged %v, want %v", got, want)
			}
		})
	}
}

func TestWhatHoldsNothingIsOnlyCountedAndPagesIfItFiresOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, holdNothing)
	s := w.hushed("mailer")
	for _, name := range []string{"Slow", "Slower"} {
		if f := w.accept(alert(name, "mailer/email", "minor"))[0]; f.Incident != nil || !f.Silenced {
			t.Fatalf("%+v", f)
		}
	}
	over := alert("Slower", "mailer/email", "minor")
	over.Status = tagout.Resolved
	w.accept(over)
	w.ring()
	if w.store.last != 0 || len(w.slack.to()) > 0 {
		t.Fatalf("%d incidents, paged %v", w.store.last, w.slack.to())
	}
	if _, err := w.desk.EndSilence(t.Context(), s.ID, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	i := w.incident(1)
	if i.Title != "Slow" || i.Alerts.Distinct != 1 || i.Hush != nil {
		t.Errorf("what fires on became %+v", i)
	}
	same(t, "paged", w.slack.to(), []string{"U0MOPS", "U0GROUPIE"})
	if told := w.store.direct["U0IC"]; len(told) != 1 || !strings.Contains(told[0], "2 alerts and no incident") {
		t.Errorf("its maker is told %q", told)
	}
	w.accept(alert("Slower still", "mailer/sms", "minor"))
	if w.incident(1).Alerts.Distinct != 2 {
		t.Error("after the end an alert is still silenced")
	}
}

// TestAnAlertThatHoldsNothingOpensQuietlyWhereSomethingIsHeld: what is being resumed must hear of it.
func TestAnAlertThatHoldsNothingOpensQuietlyWhereSomethingIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, holdNothing)
	w.accept(alert("Spend", "mailer/email", "warning"))
	w.hushed("mailer")
	if f := w.accept(alert("Slow", "mailer/email", "minor"))[0]; f.Incident == nil || f.Incident.Hush == nil {
		t.Errorf("%+v", f)
	}
}

func TestASilenceIsExtendedByTheSameAndEndsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.hushed("researcher")
	w.accept(alert("Spend", "researcher", "warning"))
	w.ring()
	w.clock.Pass(time.Hour)
	longer := w.hushed("researcher", func(o *tagout.SilenceOrder) { o.ID = "again" })
	if longer.ID != s.ID || !longer.Until.Equal(noon.Add(3*time.Hour)) {
		t.Fatalf("%+v", longer)
	}
	if again := w.hushed("researcher", func(o *tagout.SilenceOrder) { o.ID = "again" }); again.Version != longer.Version {
		t.Error("the same request counts twice")
	}
	w.ring()
	if h := w.incident(1).Hush; !h.Until.Equal(noon.Add(3 * time.Hour)) {
		t.Errorf("the incident says until %s", h.Until)
	}
	w.clock.Pass(time.Hour + time.Second) // the end that it had first
	w.ring()
	if w.incident(1).Hush == nil || len(w.slack.to()) > 0 {
		t.Error("it ended when it first was to end")
	}
	if _, err := w.desk.ExtendSilence(t.Context(), "x", s.ID, 24*time.Hour, responder); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("for longer than a day: %v", err)
	}
	w.clock.Pass(time.Hour)
	w.ring()
	if w.incident(1).Hush != nil || len(w.store.direct["U0IC"]) != 1 {
		t.Errorf("%+v, told %q", w.incident(1).Hush, w.store.direct["U0IC"])
	}
	if _, err := w.desk.EndSilence(t.Context(), s.ID, responder); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("ended twice: %v", err)
	}
}

func TestAPlannedSilenceBeginsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.hushed("mailer", func(o *tagout.SilenceOrder) { o.From = noon.Add(time.Hour) })
	w.accept(alert("Spend", "mailer", "warning"))
	w.ring()
	if len(w.slack.to()) == 0 {
		t.Error("it silences before it begins")
	}
	w.clock.Pass(time.Hour)
	w.ring()
	if i := opened(t, w.accept(alert("Odd", "mailer", "minor"))); i.Hush == nil {
		t.Error("it has not begun")
	}
	if now, _, err := w.desk.SilenceMessage(t.Context(), s.ID); err != nil || !strings.Contains(now.String(), "is silenced") {
		t.Errorf("%s, %v", now, err)
	}
}

func TestOnlyFullMembersSilenceAndEndSilences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.hushed("mailer")
	for name, u := range map[string]tagout.User{"guest": {ID: "U0GUEST", Team: home, Guest: true}, "bot": {ID: "B0", Bot: true}, "token": {}} {
		_, err := w.desk.Silence(t.Context(), tagout.SilenceOrder{ID: name, Scope: tagout.MustScope("researcher"), For: time.Hour, Reason: "x", By: u})
		refused(t, err, tagout.Forbidden, "full member")
		_, err = w.desk.EndSilence(t.Context(), s.ID, u)
		refused(t, err, tagout.Forbidden, "full member")
		_, err = w.desk.ExtendSilence(t.Context(), name, s.ID, time.Minute, u)
		refused(t, err, tagout.Forbidden, "full member")
	}
	_, err := w.desk.Silence(t.Context(), tagout.SilenceOrder{ID: "c", Scope: tagout.MustScope("mailer"), Class: "nonsense", For: time.Hour, Reason: "x", By: responder})
	refused(t, err, tagout.NotFound, "nonsense")
}

// TestACrashWhileASilenceEndsLosesNothing: after each step the effect may come again.
func TestACrashWhileASilenceEndsLosesNothing(t *testing.T) {
	t.Parallel()
	for _, fails := range []string{"silence", "update", "fold", "let go"} {
		t.Run(fails, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, holdNothing)
			w.hushed("researcher")
			w.accept(alert("Slow", "researcher", "minor"))
			w.accept(alert("Spend", "researcher/crm", "warning"))
			w.ring()
			w.clock.Pass(2 * time.Hour)
			crash := tagout.Errorf(tagout.Unavailable, "away")
			for n := range 2 { // before it is committed, and after
				hook := func(op string) error {
					if op == fails {
						return crash
					}
					return nil
				}
				if n == 0 {
					w.store.before = func(_ context.Context, op string) error { return hook(op) }
				} else {
					w.store.before, w.store.after = nil, hook
				}
				w.ring()
			}
			w.store.before, w.store.after = nil, nil
			for range 3 {
				w.ring()
			}
			same(t, "paged", sorted(w.slack.to()), []string{"U0GROUPIE", "U0MOPS", "U0PROGRAM", "U0REVOPS"})
			if told := w.store.direct["U0IC"]; !strings.Contains(strings.Join(told, " "), "2 alerts and 1 incident: INC-1") {
				t.Errorf("its maker is told %q", told)
			}
		})
	}
}
