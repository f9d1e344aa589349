package escalation_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/escalation"
)

const oneWeek = 7 * 24 * time.Hour

// digesting gives the world figures, a mail server and something to draw with.
func digesting(w *world) {
	w.mailer = &post{}
	w.store.figures = func(q tagout.FiguresQuery) tagout.Figures {
		return tagout.Figures{Query: q, Now: tagout.Tally{Incidents: 2, BySeverity: map[tagout.Severity]int{tagout.Sev1: 2}}, Before: tagout.Tally{Incidents: 1, BySeverity: map[tagout.Severity]int{tagout.Sev1: 1}},
			Recurring: []tagout.RecurringPair{{Agent: "mailer", Class: "policy_violation", Incidents: 2, Recurring: 1, Last: []tagout.IncidentID{1}}}}
	}
}

// troubled has two incidents, one of them private, each with a stop and an action that is overdue.
func troubled(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, digesting)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.accept(alert("Secret trouble", "researcher/crm/us", "critical"))
	for id, i := range w.store.incidents {
		i.Room.Channel = "C0INC" + string('0'+rune(id))
		i.Actions = []tagout.CorrectiveAction{{Number: 1, ID: "a", Title: "Narrow the tool of " + i.Scope.Agent, Owner: "U0PLATFORM", Due: noon.Add(-time.Hour), State: tagout.ActionOpen}}
	}
	if _, err := w.desk.MakePrivate(t.Context(), 2, tagout.User{ID: "U0LEGAL", Team: home}); err != nil {
		t.Fatal(err)
	}
	w.desk.Consult(register{"U0PLATFORM": {Name: "Pat Platform"}})
	return w
}

func TestADigestNamesNothingOfPrivateIncidentsToThoseWhoMayNotRead(t *testing.T) {
	t.Parallel()
	w := troubled(t)
	order := tagout.DigestOrder{Name: "weekly", Window: oneWeek, Channel: "#incidents"}
	for who, c := range map[string]struct {
		viewer tagout.Viewer
		sees   bool
	}{
		"those of a channel":   {tagout.Viewer{Channel: "#incidents"}, false},
		"nobody in particular": {tagout.Viewer{}, false},
		"somebody else":        {tagout.Viewer{User: tagout.User{ID: "U0MOPS", Team: home}}, false},
		"one of its people":    {tagout.Viewer{User: tagout.User{ID: "U0LEGAL", Team: home}}, true},
	} {
		m, err := w.desk.DigestMessage(t.Context(), tagout.RoutineTurn{}, order, c.viewer)
		if err != nil {
			t.Fatal(err)
		}
		text := m.String()
		for _, secret := range []string{"researcher", "INC-2", "Narrow the tool of researcher"} {
			if strings.Contains(text, secret) != c.sees {
				t.Errorf("%s read %q: %v, in %s", who, secret, !c.sees, text)
			}
		}
		if !strings.Contains(text, "mailer") || !strings.Contains(text, "2 stops still held, 2 actions overdue") {
			t.Errorf("%s do not read what is public, or how many there are: %s", who, text)
		}
		if !c.sees && strings.Count(text, "1 of private incidents") != 2 {
			t.Errorf("%s are not told that there is more: %s", who, text)
		}
	}
}

func TestADigestOfAScheduleEndsWhenItWasDueAndTellsWhenTheNextComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, digesting)
	due := noon.Add(-26 * time.Hour)
	g, err := w.desk.Digest(t.Context(), tagout.RoutineTurn{Routine: "digest weekly", Due: due, Late: true}, tagout.DigestOrder{Name: "weekly", Window: oneWeek}, tagout.Viewer{})
	if err != nil {
		t.Fatal(err)
	}
	if q := g.Figures.Query; !q.To.Equal(due) || !q.From.Equal(due.Add(-oneWeek)) {
		t.Errorf("the window is %s to %s", q.From, q.To)
	}
	if len(g.Past) != 8 || !g.Past[7].From.Equal(due.Add(-oneWeek)) || !g.Past[0].From.Equal(due.Add(-8*oneWeek)) || g.Past[7].Tally.Incidents != 2 || g.Past[6].Tally.Incidents != 1 {
		t.Errorf("the past is %+v", g.Past)
	}
	long, err := w.desk.Digest(t.Context(), tagout.RoutineTurn{Routine: "digest weekly", Due: due}, tagout.DigestOrder{Window: 90 * 24 * time.Hour}, tagout.Viewer{})
	month := 30 * 24 * time.Hour
	if err != nil || len(long.Past) != 6 || !long.Past[5].From.Equal(due.Add(-month)) || !long.Past[0].From.Equal(due.Add(-6*month)) || !long.Figures.Query.From.Equal(due.Add(-3*month)) {
		t.Errorf("of 90 days: %+v, %v", long.Past, err)
	}
	if g.Head.Hash != "c0ffee" {
		t.Errorf("the head is %+v", g.Head)
	}
	for _, window := range []time.Duration{0, time.Minute, -time.Hour, 9000 * time.Hour} {
		if _, err := w.desk.AskDigest(t.Context(), window, tagout.Viewer{}); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: %v", window, err)
		}
		if err := w.desk.PostDigest(t.Context(), "p", tagout.DigestOrder{Window: window}); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: %v", window, err)
		}
	}
}

func TestADigestIsMailedAsPeopleReadItOutsideSlack(t *testing.T) {
	t.Parallel()
	w := troubled(t)
	turn := tagout.RoutineTurn{Routine: "digest weekly, mail 1", Due: noon}
	turn.Data, _ = json.Marshal(tagout.DigestOrder{Name: "weekly", Window: oneWeek, Zone: "America/New_York", Email: "leadership@example.com"})
	effect := tagout.NewEffect(tagout.EffectDigestMail, 0, "weekly:1", turn)
	send := w.desk.Effects()[tagout.EffectDigestMail]
	if err := send(t.Context(), effect); err != nil {
		t.Fatal(err)
	}
	if len(w.mailer.mails) != 1 {
		t.Fatalf("%d mails", len(w.mailer.mails))
	}
	m := w.mailer.mails[0]
	if m.ID != effect.Key || m.To != "leadership@example.com" || !strings.HasPrefix(m.Subject, "Weekly digest: ") || m.Letter == nil || len(m.Letter.Buttons) != 0 {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(m.Text, "Narrow the tool of mailer, Pat Platform, was due 21 Nov 06:00") || strings.Contains(m.Text, "U0PLATFORM") || strings.Contains(m.Text, "C0INC") || strings.Contains(m.Text, "researcher") {
		t.Error(m.Text)
	}
	if len(m.Pictures) != 1 || string(m.Pictures[0].PNG) != "PNG" || !strings.Contains(m.Pictures[0].Alt, "SEV-1 2") {
		t.Errorf("pictures %+v", m.Pictures)
	}
	w.mailer.err = tagout.Errorf(tagout.Unavailable, "busy")
	if err := send(t.Context(), effect); err == nil || tagout.IsFinal(err) {
		t.Errorf("a mail server that is busy: %v", err)
	}
	if err := newWorld(t).desk.Effects()[tagout.EffectDigestMail](t.Context(), effect); !tagout.IsFinal(err) {
		t.Errorf("without a mail server: %v", err)
	}
	if err := escalation.CheckWindow(oneWeek); err != nil {
		t.Error(err)
	}
}

func TestWhatADigestCannotReadStandsInIt(t *testing.T) {
	t.Parallel()
	w := troubled(t)
	w.store.before = func(_ context.Context, op string) error {
		if op == "incidents" || op == "actions" {
			return tagout.Errorf(tagout.Unavailable, "away")
		}
		return nil
	}
	m, err := w.desk.AskDigest(t.Context(), oneWeek, tagout.Viewer{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Not known: the open incidents could not be read.", "Not known: the corrective actions could not be read.", "2 incidents"} {
		if !strings.Contains(m.String(), want) {
			t.Errorf("it does not say %q: %s", want, m)
		}
	}
}

func TestADigestTellsWhatIsNotHealthyAndWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	w := measured(t, &instruments{now: map[string]float64{`ok{agent="mailer"}`: 0.972, `canary{agent="mailer"}`: 0.99, `ok{agent="researcher"}`: 1, "queue": 12}})
	m, err := w.desk.AskDigest(t.Context(), oneWeek, tagout.Viewer{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Health and safety\n• ✔ 3 of 6 meet their targets\n• mailer: ✘ missed Sensitive actions that succeeded: 97.2 % (target ≥ 99 %)", "mailer: ❔ unknown Complaint rate"} {
		if !strings.Contains(m.String(), want) {
			t.Errorf("it does not say %q: %s", want, m)
		}
	}
	if strings.Contains(m.String(), "quiet") {
		t.Error("what is missed is called quiet")
	}
}

func TestADigestTellsWhatWasPractisedAndWhatComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, digesting, func(w *world) { w.policy.Drills.Plans = []tagout.DrillPlan{{Name: "monthly", Agent: "researcher"}} })
	for n, result := range []tagout.DrillResult{tagout.DrillFailed, tagout.DrillFailed, tagout.DrillPassed, tagout.DrillRunning} {
		id := tagout.IncidentID(n + 1)
		at := noon.Add(time.Duration(n-5) * 24 * time.Hour)
		if n == 0 {
			at = noon.Add(-30 * 24 * time.Hour)
		}
		drill := &tagout.Drill{Incident: id, Action: tagout.DrillKill, Agent: "researcher", At: at, StoppedAt: at.Add(400 * time.Millisecond), Result: result}
		if result == tagout.DrillFailed {
			drill.Why = "the stop was not observed"
		}
		w.store.incidents[id] = &tagout.Incident{ID: id, Drill: true, Exercise: drill, State: tagout.StateOpen, Scope: tagout.MustScope("researcher")}
		w.gate.stands[tagout.HoldID(id.String())] = tagout.Hold{ID: tagout.HoldID(id.String()), Incident: id, Scope: tagout.MustScope("researcher"), Mode: tagout.Halted, At: at, Drill: "drill"}
	}
	w.store.last = 4
	m, err := w.desk.AskDigest(t.Context(), oneWeek, tagout.Viewer{})
	if err != nil {
		t.Fatal(err)
	}
	text := m.String()
	const want = "Drills\n• 2 practised, 1 passed\n• 🔴 INC-2 kill drill of researcher, 17 Nov 12:00: failed: the stop was not observed, observed stopped in 0.4 s\n" +
		"• Last: INC-3 kill drill of researcher, 18 Nov 12:00: passed: observed stopped in 0.4 s\n• Next: monthly, 22 Nov 12:00"
	if !strings.Contains(text, want) || strings.Contains(text, "Still held") || strings.Contains(text, "quiet") {
		t.Errorf("it reads %s", text)
	}
}
