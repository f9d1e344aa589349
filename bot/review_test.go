package bot_test

import (
	"context"
	"testing"

	"tagout"
)

// ReviewDocument is what the fake desk shows of a review.
func (d *desk) ReviewDocument(_ context.Context, id tagout.IncidentID) (tagout.Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return tagout.Say("review of " + id.String() + ": " + d.reviews[id]), nil
}

func TestTheDocumentOfAReviewIsPostedOnceAndKeptUpToDate(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	write := func(text string) {
		e.desk.mu.Lock()
		defer e.desk.mu.Unlock()
		e.desk.incidents[7].Review, e.desk.reviews[7] = &tagout.IncidentReview{}, text
	}
	for _, err := range []error{e.effect(tagout.EffectReview, 7, "v0", nil), e.effect(tagout.EffectOpenChannel, 7, "", nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	write("version 1")
	for range 2 {
		if err := e.effect(tagout.EffectReview, 7, "v1", nil); err != nil {
			t.Fatal(err)
		}
	}
	room := e.desk.room(7)
	e.said(room.Channel, "version 1")
	write("version 2")
	if err := e.effect(tagout.EffectReview, 7, "v2", nil); err != nil {
		t.Fatal(err)
	}
	e.said(room.Channel, "version 2")
	if n := e.count(room.Channel, "review of INC-7"); n != 1 {
		t.Errorf("%d documents", n)
	}
	write("version 3")
	e.Changed(7) // by anything else that happens to the incident
	e.said(room.Channel, "version 3")
}
