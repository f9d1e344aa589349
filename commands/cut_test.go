package commands_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tagout"
)

// TestNoAnswerShowsHalfASecretWhereItIsCut: the bot masks what it posts, but would not recognise
// half of what the configuration masks.
func TestNoAnswerShowsHalfASecretWhereItIsCut(t *testing.T) {
	t.Parallel()
	mask, err := tagout.NewRedaction(tagout.RedactionPolicy{Patterns: map[string]string{"patient": `PATIENT-[0-9]{10}`}})
	if err != nil {
		t.Fatal(err)
	}
	for name, limit := range map[string]int{"status": 600, "timeline": 300, "note": 2500} {
		for before := 0; before < 60; before += 4 {
			b := newBench(t)
			b.policy.Redaction = mask
			i := incident7()
			said := strings.Repeat("x", limit-before) + " PATIENT-1234567890 and more that is not shown " + strings.Repeat("y ", 60)
			i.Summary = said
			b.incidents[7] = i
			event := tagout.NewEvent(tagout.EventNote, ic.Actor(), t0, map[string]any{"text": said})
			event.Seal(7, tagout.Head{})
			b.events = []tagout.Event{event}
			typed := "/" + name + " INC-7"
			if name == "note" {
				typed += " " + said
			}
			reply, err := b.typed(t, typed)
			must(t, reply, err)
			shown, _ := json.Marshal(mask.Message(reply.Message))
			if strings.Contains(string(shown), "PATIENT") {
				t.Fatalf("%s shows half of it: %s", name, shown)
			}
		}
	}
}
