package tagout_test

import (
	"testing"

	"tagout"
)

func TestNoEventCanBeAlteredToAnotherOfTheSameHash(t *testing.T) {
	sealed := func() tagout.Event {
		e := tagout.NewEvent(tagout.EventSigned, tagout.Actor{Kind: tagout.ByUser, ID: "U0 LEGAL"}, noon, map[string]string{"verdict": "NO GO"})
		e.Seal(7, tagout.Head{})
		return e
	}
	for name, alter := range map[string]func(*tagout.Event){
		"the data cannot be read any more":  func(e *tagout.Event) { e.Data = "{\"verdict\":\"NO\nGO\"}" },
		"the actor has a line feed":         func(e *tagout.Event) { e.Actor.ID = "U0\nLEGAL" },
		"the actor's name went to its kind": func(e *tagout.Event) { e.Actor = tagout.Actor{Kind: "user:U0 LEGAL"} },
		"the actor is another":              func(e *tagout.Event) { e.Actor.ID = "U0MOPS" },
	} {
		e := sealed()
		alter(&e)
		if seq, err := tagout.VerifyChain(7, []tagout.Event{e}, tagout.Head{}); err == nil || seq != 1 {
			t.Errorf("%s: seq %d, %v; want it found", name, seq, err)
		}
	}
	if _, err := tagout.VerifyChain(7, []tagout.Event{sealed()}, tagout.Head{}); err != nil {
		t.Error(err)
	}
}

func TestSealingTakesLineFeedsOutOfNames(t *testing.T) {
	e := tagout.NewEvent(tagout.EventReport, tagout.Actor{Kind: tagout.ByAgent, ID: "mail\ner"}, noon, nil)
	e.Seal(7, tagout.Head{})
	if _, err := tagout.VerifyChain(7, []tagout.Event{e}, tagout.Head{}); err != nil {
		t.Errorf("what was sealed here does not verify: %v", err)
	}
}
