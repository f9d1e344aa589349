package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// nothingHeld is INC-7 as an alert leaves it that names no agent.
func nothingHeld(d *desk) {
	d.incidents[7] = incident7()
	d.incidents[7].Terms = nil
}

func owesReview(i *tagout.Incident) {
	i.Terms = (&tagout.SeverityPolicy{Severity: tagout.Sev2, Deadlines: tagout.Deadlines{Review: 72 * time.Hour}}).Terms()
}

// reviewOf is a complete review of an incident, which gets its corrective action.
func reviewOf(i *tagout.Incident) *tagout.IncidentReview {
	r := &tagout.IncidentReview{State: tagout.ReviewDraft, Parts: map[string]string{}, Versions: []tagout.ReviewVersion{{By: "U0IC", At: t0}}}
	for _, p := range tagout.ReviewParts() {
		r.Parts[p.Key] = "About " + strings.ToLower(p.Label) + "."
	}
	i.Actions = []tagout.CorrectiveAction{{Number: 1, Title: "Ask before sending", Owner: "U0ENG", Due: t0.Add(48 * time.Hour), Layer: tagout.LayerTools, State: tagout.ActionOpen}}
	return r
}

func approve(i *tagout.Incident) {
	i.Review.State, i.Review.DecidedBy, i.Review.DecidedAt = tagout.ReviewApproved, "U0ENG", t0
	i.Room.Review = "1.7"
}

// filled is what a person sends who changed one part of the form.
func filled(form *tagout.Form, key, text string) map[string]string {
	values := map[string]string{}
	for _, f := range form.Fields {
		values[f.Key] = f.Value
	}
	values[key] = text
	return values
}

func TestAReviewIsWrittenSubmittedSentBackAndApproved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	c := b.command(t, "review")
	reply, err := b.typed(t, "/review INC-7")
	form := must(t, reply, err).Form
	saved, err := c.Forms["review"](t.Context(), tagout.Submission{User: ic, State: form.State, Values: filled(form, "gaps", "No test.")})
	if must(t, saved, err); !strings.Contains(message(saved.Message), "Still missing") || b.incidents[7].Review.Parts["gaps"] != "No test." {
		t.Fatalf("saved: %s", message(saved.Message))
	}
	_, err = c.Clicks["review-submit"](t.Context(), tagout.Click{User: ic, Value: "INC-7|1"})
	wantCode(t, err, tagout.Invalid, "Still missing", "no corrective action")
	b.incidents[7].Review = reviewOf(b.incidents[7])
	if _, err = c.Clicks["review-submit"](t.Context(), tagout.Click{User: ic, Value: "INC-7|1"}); err != nil {
		t.Fatal(err)
	}
	r := b.incidents[7].Review
	value := "INC-7|review-INC-7|" + r.Digest
	_, err = c.Clicks["review-go"](t.Context(), tagout.Click{User: ic, Value: value})
	wantCode(t, err, tagout.Forbidden, "You wrote a part")
	reply, err = c.Clicks["review-nogo"](t.Context(), tagout.Click{User: tagout.User{ID: "U0ENG", Team: "T0"}, Value: value})
	why := must(t, reply, err).Form
	reply, err = c.Forms["review-nogo"](t.Context(), tagout.Submission{User: tagout.User{ID: "U0ENG", Team: "T0"}, State: why.State, Values: map[string]string{"reason": " "}})
	if must(t, reply, err); len(reply.Outcome.Problems) != 1 || r.State != tagout.ReviewSubmitted {
		t.Errorf("without a reason: %+v", reply.Outcome)
	}
	reply, err = c.Forms["review-nogo"](t.Context(), tagout.Submission{User: tagout.User{ID: "U0ENG", Team: "T0"}, State: why.State, Values: map[string]string{"reason": "Which test?"}})
	if must(t, reply, err); r.State != tagout.ReviewSentBack || r.Reason != "Which test?" {
		t.Errorf("it is %s: %s", r.State, r.Reason)
	}
	if _, err = c.Clicks["review-submit"](t.Context(), tagout.Click{User: ic, Value: "INC-7|1"}); err != nil {
		t.Fatal(err)
	}
	reply, err = c.Clicks["review-go"](t.Context(), tagout.Click{User: tagout.User{ID: "U0ENG", Team: "T0"}, Value: value})
	if must(t, reply, err); r.State != tagout.ReviewApproved || !strings.Contains(message(reply.Message), "You approved") {
		t.Errorf("it is %s: %s", r.State, message(reply.Message))
	}
}

func TestWhatIsNotSavedOfAReviewIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	c := b.command(t, "review")
	reply, err := b.typed(t, "/review INC-7")
	form := must(t, reply, err).Form
	b.incidents[7].Review = reviewOf(b.incidents[7]) // somebody else was quicker
	_, err = c.Forms["review"](t.Context(), tagout.Submission{User: ic, State: form.State, Values: filled(form, "gaps", "Mine.")})
	wantCode(t, err, tagout.Conflict, "@U0IC saved version 1", "what you typed is kept")
	if b.kept.Form != "review" || b.kept.Values["gaps"] != "Mine." || b.incidents[7].Review.Parts["gaps"] == "Mine." {
		t.Errorf("kept: %+v", b.kept)
	}
	reply, err = c.Forms["review"](t.Context(), tagout.Submission{User: ic, State: "INC-7|1", Values: filled(form, "gaps", strings.Repeat("x", 3001))})
	if must(t, reply, err); len(reply.Outcome.Problems) != 1 || reply.Outcome.Problems[0].Key != "gaps" {
		t.Errorf("too long: %+v", reply.Outcome.Problems)
	}
	for _, state := range []string{"", "INC-7", "INC-7|x", "x|1"} {
		_, err := c.Forms["review"](t.Context(), tagout.Submission{User: ic, State: state})
		wantCode(t, err, tagout.Invalid)
	}
	_, err = b.typed(t, "/review INC-7 approve")
	wantCode(t, err, tagout.Invalid, "submit")
}

func TestWhatWasTypedBeforeANewerVersionIsNotSavedUnawares(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	b.incidents[7].Review = reviewOf(b.incidents[7]) // at t0
	for at, warned := range map[time.Time]bool{t0.Add(-time.Hour): true, t0.Add(time.Hour): false} {
		b.kept = tagout.FormDraft{Incident: 7, Form: "review", Person: ic.ID, At: at, Values: map[string]string{"gaps": "Mine."}}
		reply, err := b.typed(t, "/review INC-7")
		intro := ""
		for _, text := range must(t, reply, err).Form.Intro {
			intro += text.String() + "\n"
		}
		if strings.Contains(intro, "newer than that") != warned {
			t.Errorf("typed at %s: %s", at, intro)
		}
	}
}

func TestEndingAnIncidentNeverLiftsAnything(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = askedFor()
	if _, err := b.typed(t, "/cancel INC-7 it was none"); err != nil || len(b.incidents[7].ActiveHolds()) != 1 || b.incidents[7].State.Ended() {
		t.Errorf("%v, it is %s", err, b.incidents[7].State)
	}
	_, err := b.typed(t, "/close INC-7 it is over")
	wantCode(t, err, tagout.Conflict, "still holds mailer/email")
	if _, err = b.typed(t, "/cancel INC-7 withdraw"); err != nil || b.incidents[7].FalseAlarm != nil {
		t.Errorf("%v: %+v", err, b.incidents[7].FalseAlarm)
	}
	for _, text := range []string{"/cancel INC-7 x", "/close INC-7 x", "/review INC-7"} {
		_, err := b.typed(t, text, as(guest))
		wantCode(t, err, tagout.Forbidden)
	}
	reply, err := b.command(t, "close").Forms["close"](t.Context(), tagout.Submission{User: ic, State: "INC-7", Values: map[string]string{"words": "\n"}})
	if must(t, reply, err); len(reply.Outcome.Problems) != 1 {
		t.Errorf("without words: %+v", reply.Outcome)
	}
}

func TestAStopInTheChannelOfAClosedIncidentOpensAnother(t *testing.T) {
	t.Parallel()
	for _, state := range []tagout.State{tagout.StateResumed, tagout.StateClosed, tagout.StateCancelled} {
		b := newBench(t)
		b.incidents[7] = incident7()
		b.incidents[7].State = state
		reply, err := b.typed(t, "/kill mailer", inChannelOf(7))
		if must(t, reply, err); len(b.stops) != 1 || b.stops[0].Join != 0 {
			t.Errorf("%s: %+v", state, b.stops)
		}
	}
}
