package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// classed is a world whose class judgment_error asks for something.
func classed(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(w *world) {
		w.policy.Classes["judgment_error"].Runbook = []string{"Look at the outputs", "List <!channel> *who* got it", "Tell MOPs"}
		w.policy.Classes["judgment_error"].Keep = []string{"inputs", "prompt_version"}
		w.policy.Classes["judgment_error"].RollbackWhen = tagout.WhenRepeated
		w.policy.Classes["policy_violation"].RollbackWhen = tagout.WhenNewVersion
	})
}

func TestTheCardSaysWhatTheClassAsksForAndTheRunbookIsTicked(t *testing.T) {
	t.Parallel()
	w := classed(t)
	w.accept(alert("Odd", "mailer/email", "minor"))
	w.ring()
	if _, err := w.desk.TickStep(t.Context(), 1, 1, tagout.Actor{Kind: tagout.ByUser, ID: "U0MOPS"}); err != nil {
		t.Fatal(err)
	}
	list, err := w.desk.RunbookList(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	told(t, "runbook", shown(list))
	for _, want := range []string{"Runbook: runbook 1/3, next: 2. List", "Missing evidence: inputs"} {
		if !strings.Contains(card.String(), want) {
			t.Errorf("the card does not say %q:\n%s", want, card.String())
		}
	}
	if _, err := w.desk.UntickStep(t.Context(), 1, 1, tagout.Actor{Kind: tagout.ByUser, ID: "U0MOPS"}); err != nil || w.incident(1).StepsDone() != 0 {
		t.Errorf("%d done, %v", w.incident(1).StepsDone(), err)
	}
	w.accept(alert("B", "researcher", "critical"))
	if _, err := w.desk.RunbookList(t.Context(), 2); tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("without a runbook: %v", err)
	}
}

func TestAFailureThatComesAgainOffersARollbackWithItsReason(t *testing.T) {
	t.Parallel()
	w := classed(t)
	w.accept(alert("Odd", "mailer/email", "minor"))
	w.ring()
	if w.incident(1).OffersRollback() {
		t.Fatal("once is not repeated")
	}
	w.clock.Pass(time.Minute)
	w.accept(alert("Odd as well", "mailer/email", "minor"))
	if w.incident(1).OffersRollback() {
		t.Fatal("the rest of a storm is no repetition")
	}
	w.clock.Pass(time.Hour)
	w.accept(alert("Odd too", "mailer/email", "minor"))
	i := w.incident(1)
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil || !i.OffersRollback() || !strings.Contains(shown(card), "Rollback foreseen: the same failure came again within 24 h, last 60 min before") || !strings.Contains(shown(card), "(Preview rollback: rollback INC-1)") {
		t.Errorf("the card is %s, %v", shown(card), err)
	}
	if i.Rollback != nil || len(i.Pins) > 0 {
		t.Error("it was rolled back without being asked")
	}
}

func TestWhatIsKnownOfTheAgentIsLookedAtOnceAnIncidentIsOpen(t *testing.T) {
	t.Parallel()
	w := classed(t)
	for _, v := range []string{"v1", "v2"} {
		if err := w.desk.SawVersions(t.Context(), "mailer", map[string]string{"prompt": v}, w.clock.Now(), tagout.Tagout); err != nil {
			t.Fatal(err)
		}
		w.clock.Pass(time.Hour)
	}
	a := alert("Odd", "mailer/email", "minor")
	a.StartsAt = w.clock.Now()
	w.accept(a)
	w.ring()
	if missing := w.incident(1).MissingEvidence(); len(missing) != 1 || missing[0] != "inputs" {
		t.Errorf("missing %v", missing)
	}
	b := alert("Bad", "mailer/sms", "critical")
	b.StartsAt = w.clock.Now()
	w.accept(b)
	w.ring()
	if s := w.incident(2).Suggestion; s == nil || !strings.Contains(s.Reason, "prompt v2 has run since 2026-11-21 13:00 UTC") {
		t.Errorf("suggested %+v", s)
	}
}
