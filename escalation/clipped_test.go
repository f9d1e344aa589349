package escalation_test

import (
	"strings"
	"testing"

	"tagout"
)

// TestNoTextIsRecordedWithHalfOfWhatIsConfiguredToBeMasked: what is recorded is not masked, so that
// only its whole is recognised where it is shown.
func TestNoTextIsRecordedWithHalfOfWhatIsConfiguredToBeMasked(t *testing.T) {
	t.Parallel()
	mask, err := tagout.NewRedaction(tagout.RedactionPolicy{Patterns: map[string]string{"staff": `EMP-\d{8}`}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) { w.policy.Redaction = mask })
	long := func(n int) string { return strings.Repeat("x", n-7) + " EMP-12345678 and more" }
	a := alert("A", "mailer/email/eu", "critical")
	a.Name, a.Summary = long(300), long(1000)+strings.Repeat("y", 2000)
	w.accept(a)
	b := alert("B", "mailer/email/us", "critical")
	b.Name, b.Summary = "", long(3000)
	w.accept(b)
	if _, err := w.desk.Note(t.Context(), 1, long(10000), responder.Actor()); err != nil {
		t.Fatal(err)
	}
	i, err := w.desk.RequestResume(t.Context(), 1, tagout.ResumeDraft{ID: "r1", By: responder, Deliverables: map[string]string{"cause": long(3000)}})
	if err != nil {
		t.Fatal(err)
	}
	half := func(where, text string) {
		t.Helper()
		if at := strings.Index(text, "EMP-"); at >= 0 && !strings.HasPrefix(text[at:], "EMP-12345678") {
			t.Errorf("%s has %q", where, text[at:])
		}
	}
	half("the title", i.Title)
	half("the summary", i.Summary)
	half("the request", i.Request.Deliverables["cause"])
	if !strings.HasSuffix(i.Request.Deliverables["cause"], "x …") {
		t.Errorf("the request ends with %q", i.Request.Deliverables["cause"][2980:])
	}
	refusal := tagout.Signing{User: tagout.User{ID: "U0LEGAL", Team: home}, Verdict: tagout.NoGo, Reason: long(1000), Request: i.Request.ID, Digest: i.Request.Digest}
	if i, err = w.desk.Sign(t.Context(), 1, refusal); err != nil {
		t.Fatal(err)
	}
	if said := i.Request.Signoffs[0].Reason; !strings.HasSuffix(said, "x …") {
		t.Errorf("the reason of the NO-GO ends with %q", said[980:])
	}
	for _, e := range w.store.events[1] {
		half(string(e.Kind), e.Data)
	}
	if len(w.store.incidents) != 1 {
		t.Errorf("%d incidents", len(w.store.incidents))
	}
}
