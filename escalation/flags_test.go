package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// flags raises a flag about a message.
func (w *world) flags(by tagout.UserID, words, scope string) *tagout.Flag {
	w.t.Helper()
	r := tagout.FlagReport{ID: "f-" + string(by), By: by, Words: words, Affected: "EMEA"}
	if scope != "" {
		r.Scope = tagout.MustScope(scope)
	}
	f, err := w.desk.RaiseFlag(w.t.Context(), r, &tagout.Quote{Channel: "C0GENERAL", TS: "1.2", Author: "U0EXEC"})
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func TestTheTriageMessageTellsAFlagFromItsBeginningToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.flags("U0OUTSIDER", "It promised a refund", "")
	told(t, "flag nobody knows which agent", shown(w.desk.FlagMessage(f)))
	f = w.flags("U0SALES", "A customer called", "mailer/email")
	f, err := w.desk.QuoteFlag(t.Context(), f.ID, tagout.Quote{Channel: "C0GENERAL", TS: "1.2", Text: "You get <!channel> 90 % back", Looked: true})
	if err != nil {
		t.Fatal(err)
	}
	told(t, "flag by two people", shown(w.desk.FlagMessage(f)))
	if f, err = w.desk.PromoteFlag(t.Context(), f.ID, tagout.Promotion{Title: "Wrong promises", Severity: "sev3", Class: "judgment_error"}, responder.Actor()); err != nil {
		t.Fatal(err)
	}
	told(t, "flag promoted", shown(w.desk.FlagMessage(f)))
	_, err = w.desk.DismissFlag(t.Context(), f.ID, "too late", responder.Actor())
	refused(t, err, tagout.Conflict, "")
}

// TestAnIncidentWaitsAMinuteForWhatSlackSaysOfAFlaggedMessage, and then takes the flag as it is.
func TestAnIncidentWaitsAMinuteForWhatSlackSaysOfAFlaggedMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Halted)
	w.ring()
	f := w.flags("U0OUTSIDER", "It promised a refund", "mailer")
	if _, err := w.desk.FoldFlag(t.Context(), f.ID, 1, responder.Actor()); err != nil {
		t.Fatal(err)
	}
	if failed := w.ring(); len(failed) != 1 || tagout.CodeOf(failed[0]) != tagout.Unavailable || w.count(1, tagout.EventFlagged) != 0 {
		t.Fatalf("%v, %d", failed, w.count(1, tagout.EventFlagged))
	}
	w.clock.Pass(59 * time.Second)
	if failed := w.ring(); len(failed) == 0 || w.count(1, tagout.EventFlagged) != 0 {
		t.Errorf("a second too early: %v", failed)
	}
	w.clock.Pass(time.Second)
	w.ring()
	if n := w.count(1, tagout.EventFlagged); n != 1 {
		t.Errorf("%d lines on the timeline after a minute", n)
	}
	w.flags("U0SALES", "A customer called", "mailer") // meanwhile: the incident hears of it, too
	w.ring()
	if n := w.count(1, tagout.EventFlagged); n != 2 {
		t.Errorf("%d lines on the timeline after another report", n)
	}
	if told := w.store.direct["U0OUTSIDER"]; len(told) != 1 {
		t.Errorf("its reporter is told %q", told)
	}
}

func TestStopNowSettlesItsFlag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.flags("U0OUTSIDER", "It promised a refund", "mailer")
	s := order("h1", "mailer", tagout.Halted)
	s.Flag = f.ID
	if _, err := w.desk.Stop(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(2 * time.Minute)
	for range 2 {
		w.ring()
	}
	now, err := w.desk.Flag(t.Context(), f.ID)
	if err != nil || now.State != tagout.FlagStopped || now.Outcome.Incident != 1 || w.count(1, tagout.EventFlagged) != 1 {
		t.Errorf("%+v, %v, %d", now, err, w.count(1, tagout.EventFlagged))
	}
}

// TestNoHalfOfWhatIsMaskedShows: a text is masked before it is cut.
func TestNoHalfOfWhatIsMaskedShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		var err error
		if w.policy.Redaction, err = tagout.NewRedaction(tagout.RedactionPolicy{}); err != nil {
			t.Fatal(err)
		}
	})
	f := w.flags("U0OUTSIDER", strings.Repeat("x", 990)+" jane.doe@example.com said so", "mailer")
	if text := w.desk.FlagMessage(f).String(); strings.Contains(text, "jane") {
		t.Errorf("it shows %s", text[900:])
	}
}
