package escalation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tagout"
)

func cardText(t *testing.T, w *world, id tagout.IncidentID) string {
	t.Helper()
	m, err := w.desk.Card(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range m.Facts {
		lines = append(lines, f.Label+": "+f.Value.String())
	}
	return strings.Join(lines, "\n")
}

func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("it does not say %q:\n%s", word, text)
		}
	}
}

func change(id, agent, by string, at time.Time) tagout.Deployment {
	return tagout.Deployment{ID: id, Agent: agent, Component: "prompt", From: "v41", To: "v-" + id, By: by, At: at}
}

func TestTheCardShowsTheNewestChangesAndWhatTheIncidentLooksLike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 7 {
		if err := w.desk.ChangeMade(t.Context(), change(fmt.Sprint(n), "mailer", "github:stranger", noon.Add(-time.Duration(n+13)*time.Minute)), tagout.Tagout); err != nil {
			t.Fatal(err)
		}
	}
	i := opened(t, w.accept(alert("Complaints", "mailer/email", "critical")))
	text := cardText(t, w, i.ID)
	says(t, text, "Kind: rollout-related, it seems: mailer prompt v-0 went out 12 min before", "To correct it: /kind INC-1",
		"mailer prompt v41 → v-0 by github:stranger", "nobody whom the configuration knows", "v-4", "… 2 more: /changes INC-1")
	if strings.Contains(text, "v-5") {
		t.Errorf("more than five changes:\n%s", text)
	}
	if _, err := w.desk.CorrectKind(t.Context(), i.ID, tagout.KindSystemic, "every agent does it", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	says(t, cardText(t, w, i.ID), "Kind: systemic, says @"+string(responder.ID)+": every agent does it")
	w.ring()
	if !w.posted("Before: rollout-related") || w.count(i.ID, tagout.EventKindCorrected) != 1 {
		t.Error("the channel does not hear of the correction")
	}
	review, err := w.desk.ReviewMarkdown(t.Context(), i.ID)
	if err != nil {
		t.Fatal(err)
	}
	says(t, review, "## Kind and changes", "calls it **systemic**: every agent does it", "mailer prompt v41 → v-6")
}

func TestTheThirdIncidentOfItsClassLooksSystemic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"Complaints", "Bounces"} {
		i := opened(t, w.accept(alert(name, "mailer/email", "critical")))
		if _, err := w.store.Update(t.Context(), i.ID, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
			i.State = tagout.StateResumed
			i.Milestones[tagout.Resumed] = noon
			return tagout.Change{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		w.clock.Pass(time.Hour)
	}
	i := opened(t, w.accept(alert("Unsubscribes", "mailer/email", "critical")))
	says(t, cardText(t, w, i.ID), "Kind: systemic, it seems: third Policy violation of mailer in 90 days")
}

func TestAChangeThatWasMadeAlreadyIsRecordedAlthoughChangesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := opened(t, w.accept(alert("Complaints", "mailer/email", "critical")))
	if _, err := w.store.Update(t.Context(), i.ID, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		i.Frozen = true
		return tagout.Change{}, nil
	}); err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(time.Minute)
	d := change("late", "mailer", "<@U0MOPS>", w.clock.Now())
	refused(t, w.desk.RecordChange(t.Context(), d, tagout.Tagout), tagout.Conflict, "refused and not recorded")
	for range 2 {
		if err := w.desk.ChangeMade(t.Context(), d, tagout.Tagout); err != nil {
			t.Fatal(err)
		}
	}
	w.ring()
	if n := w.count(i.ID, tagout.EventChange); n != 1 || !w.posted("Changed although this incident refuses changes") {
		t.Errorf("told %d times", n)
	}
	says(t, cardText(t, w, i.ID), "v-late by <@U0MOPS>")
	if err := w.desk.ChangeMade(t.Context(), change("other", "researcher", "x", w.clock.Now()), tagout.Tagout); err != nil || w.count(i.ID, tagout.EventChange) != 1 {
		t.Errorf("a change of another agent is told: %v", err)
	}
}
