package escalation_test

import (
	"strings"
	"testing"

	"tagout"
)

func TestATicketSaysNoMoreThanAMessage(t *testing.T) {
	t.Parallel()
	const address, token = "ann@example.com", "ghp_0123456789abcdefghij"
	w, b := tracked(t, func(w *world) {
		var err error
		if w.policy.Redaction, err = tagout.NewRedaction(tagout.RedactionPolicy{}); err != nil {
			t.Fatal(err)
		}
	})
	w.acts(tagout.ActionDraft{Tracker: "github", Detail: "written to " + address, Test: "with " + token})
	draft := tagout.ActionDraft{ID: "a2", Title: "Forget " + address, Owner: eng.ID, Layer: tagout.LayerTools, Due: w.action().Due, Tracker: "github"}
	if _, err := w.desk.AddAction(t.Context(), 1, draft, responder); err != nil {
		t.Fatal(err)
	}
	if failed := w.ring(); len(failed) > 0 || len(b.tickets) != 2 {
		t.Fatal(failed, b.tickets)
	}
	for _, ticket := range b.tickets {
		if text := ticket.Title + "\n" + ticket.Text; strings.Contains(text, address) || strings.Contains(text, token) || !strings.Contains(text, "‹") {
			t.Errorf("the ticket says %s", text)
		}
	}
	if w.action().Detail != "written to "+address {
		t.Error("the record was changed")
	}
}
