package tagout_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"tagout"
)

var (
	author      = tagout.User{ID: "U0IC", Team: "T1"}
	facilitator = tagout.User{ID: "U0ENG", Team: "T1"}
)

// written are all parts of a review.
func written() map[string]string {
	parts := map[string]string{}
	for _, p := range tagout.ReviewParts() {
		parts[p.Key] = "About " + strings.ToLower(p.Label) + "."
	}
	return parts
}

func act(layer tagout.Layer) tagout.ActionDraft {
	return tagout.ActionDraft{ID: "a-" + string(layer), Title: "Change " + string(layer), Owner: "U0MOPS", Due: noon.Add(48 * time.Hour), Layer: layer}
}

// resumedIncident is one whose only hold was lifted by a sign-off.
func resumedIncident(t *testing.T) *tagout.Incident {
	t.Helper()
	i := opened(t, reviewedRow)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	must(i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}, reviewedRow, testAgents, nil, noon))
	if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, noon); err != nil || i.State != tagout.StateResumed {
		t.Fatalf("%s: %v", i.State, err)
	}
	return i
}

// submitted is an incident whose complete review waits for its approval.
func submitted(t *testing.T, i *tagout.Incident) *tagout.Incident {
	t.Helper()
	must(i.SaveReview(tagout.ReviewEdit{By: author, Parts: written()}, noon))
	must(i.AddAction(act(tagout.LayerTools), author, noon))
	must(i.SubmitReview(1, author, []tagout.UserID{facilitator.ID}, noon))
	return i
}

func deciding(i *tagout.Incident, by tagout.User, verdict string) tagout.Signing {
	return tagout.Signing{User: by, HomeTeam: "T1", Roles: []string{tagout.RCAFacilitator}, Verdict: verdict, Request: i.ReviewID(), Digest: i.Review.Digest, Reason: "unclear"}
}

func TestAnApprovedReviewClosesTheIncident(t *testing.T) {
	t.Parallel()
	i := submitted(t, resumedIncident(t))
	c, err := i.DecideReview(deciding(i, facilitator, tagout.Go), noon.Add(time.Hour))
	if err != nil || i.State != tagout.StateClosed || kinds(c) != "review.approved incident.closed" || !i.At(tagout.Reviewed).Equal(noon.Add(time.Hour)) {
		t.Fatalf("%s, %v: %s", i.State, err, kinds(c))
	}
	if due, _ := i.ReviewDue(); due.Waits() || due.State(noon) != tagout.DeadlineMet {
		t.Errorf("its deadline is %s", due.State(noon))
	}
	for name, err := range map[string]error{
		"another version":  second(i.SaveReview(tagout.ReviewEdit{By: author, Base: 1, Parts: written()}, noon)),
		"another approval": second(i.DecideReview(deciding(i, facilitator, tagout.Go), noon)),
		"a stop":           second(i.Hang(hold("h9", "mailer", tagout.Halted, noon), testAgents, noon)),
		"a false alarm":    second(i.Cancel("x", member, noon)),
	} {
		if tagout.CodeOf(err) != tagout.Conflict {
			t.Errorf("%s after that: %v", name, err)
		}
	}
	if _, err := i.AddNote("one more thing", author.Actor(), noon); err != nil {
		t.Errorf("a note after that: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAReviewIsNotSubmittedBeforeItSaysAllOfIt(t *testing.T) {
	t.Parallel()
	all, repeats := written(), written()
	repeats["gaps"] = strings.ToUpper(repeats["trigger"]) + " "
	less := written()
	delete(less, "layer_review_gate")
	for name, c := range map[string]struct {
		parts   map[string]string
		actions []tagout.Layer
		says    string
	}{
		"a finding is missing": {less, []tagout.Layer{tagout.LayerTools}, "Still missing: Review gate."},
		"no gap":               {repeats, []tagout.Layer{tagout.LayerTools}, "only repeat the trigger"},
		"no action":            {all, nil, "There is no corrective action"},
		"the prompt alone":     {all, []tagout.Layer{tagout.LayerPrompt}, "a prompt alone is no answer: add one that changes the tool permission boundary, the evaluation coverage, the acceptance criteria or the review gate"},
		"the prompt, and more": {all, []tagout.Layer{tagout.LayerPrompt, tagout.LayerEvaluation}, ""},
	} {
		i := resumedIncident(t)
		must(i.SaveReview(tagout.ReviewEdit{By: author, Parts: c.parts}, noon))
		for _, layer := range c.actions {
			must(i.AddAction(act(layer), author, noon))
		}
		_, err := i.SubmitReview(1, author, nil, noon)
		if c.says == "" && err != nil || c.says != "" && (tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	i := resumedIncident(t)
	must(i.SaveReview(tagout.ReviewEdit{By: author, Parts: all}, noon))
	must(i.AddAction(act(tagout.LayerTools), author, noon))
	must(i.DropAction(1, "it will not help", tagout.User{ID: "U0MOPS"}, noon))
	if _, err := i.SubmitReview(1, author, nil, noon); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("with a dropped action alone: %v", err)
	}
}

func TestOnlyAFacilitatorWhoWroteNothingOfItApproves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(i *tagout.Incident, s *tagout.Signing)
		code   tagout.Code
		says   string
	}{
		"the author": {func(_ *tagout.Incident, s *tagout.Signing) { s.User = author }, tagout.Forbidden, "You wrote a part"},
		"who submitted": {func(i *tagout.Incident, s *tagout.Signing) {
			i.Review.Versions[0].By = "U0X"
			i.Review.Digest = i.Review.Sum(7)
			s.Digest = i.Review.Digest
			s.User = author
		}, tagout.Forbidden, "You submitted"},
		"anybody":           {func(_ *tagout.Incident, s *tagout.Signing) { s.Roles = []string{"legal"} }, tagout.Forbidden, "Only the RCA facilitator"},
		"a guest":           {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Guest = true }, tagout.Forbidden, "Guests"},
		"a bot":             {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Bot = true }, tagout.Forbidden, "Only a person"},
		"another workspace": {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Team = "T2" }, tagout.Forbidden, "of this workspace"},
		"another digest":    {func(_ *tagout.Incident, s *tagout.Signing) { s.Digest = "0" }, tagout.Conflict, "not the current one"},
		"altered":           {func(i *tagout.Incident, _ *tagout.Signing) { i.Review.Parts["gaps"] = "none" }, tagout.Conflict, "not the current one"},
		"a new action":      {func(i *tagout.Incident, _ *tagout.Signing) { must(i.AddAction(act(tagout.LayerReview), author, noon)) }, tagout.Conflict, "changed since"},
		"edited": {func(i *tagout.Incident, _ *tagout.Signing) {
			parts := written()
			parts["gaps"] = "There was no test."
			must(i.SaveReview(tagout.ReviewEdit{By: author, Base: 1, Parts: parts}, noon))
		}, tagout.Conflict, ""},
		"sent back before": {func(i *tagout.Incident, s *tagout.Signing) {
			must(i.DecideReview(deciding(i, facilitator, tagout.NoGo), noon))
		}, tagout.Conflict, "unclear"},
		"none":      {func(i *tagout.Incident, s *tagout.Signing) { i.Review = nil }, tagout.Conflict, "not the current one"},
		"no reason": {func(_ *tagout.Incident, s *tagout.Signing) { s.Verdict, s.Reason = tagout.NoGo, " " }, tagout.Invalid, "what has to change"},
	} {
		i := submitted(t, resumedIncident(t))
		s := deciding(i, facilitator, tagout.Go)
		c.change(i, &s)
		if _, err := i.DecideReview(s, noon); tagout.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || i.State != tagout.StateResumed {
			t.Errorf("%s: %v, %s", name, err, i.State)
		}
	}
}

func TestAReviewThatIsSentBackIsChangedAndSubmittedAgain(t *testing.T) {
	t.Parallel()
	i := submitted(t, resumedIncident(t))
	c := must(i.DecideReview(deciding(i, facilitator, tagout.NoGo), noon))
	if i.ReviewState() != tagout.ReviewSentBack || kinds(c) != "review.sent_back" || i.State.Ended() && i.State == tagout.StateClosed {
		t.Fatalf("%s: %s", i.ReviewState(), kinds(c))
	}
	parts := written()
	parts["lessons"] = "Test it."
	must(i.SaveReview(tagout.ReviewEdit{By: author, Base: 1, Parts: parts}, noon))
	must(i.SubmitReview(2, author, nil, noon))
	if must(i.DecideReview(deciding(i, facilitator, tagout.Go), noon)); i.State != tagout.StateClosed {
		t.Errorf("it is %s", i.State)
	}
}

func TestTwoAuthorsDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	i := resumedIncident(t)
	must(i.SaveReview(tagout.ReviewEdit{By: author, Parts: written()}, noon))
	theirs := written()
	theirs["gaps"] = "Theirs."
	_, err := i.SaveReview(tagout.ReviewEdit{By: member, Base: 0, Parts: theirs}, noon)
	if tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "@U0IC saved version 1") || i.Review.Parts["gaps"] == "Theirs." {
		t.Errorf("%v", err)
	}
	if c := must(i.SaveReview(tagout.ReviewEdit{By: member, Base: 1, Parts: written()}, noon)); !c.IsEmpty() || i.Review.Version() != 1 {
		t.Error("the same text is another version")
	}
	if must(i.SaveReview(tagout.ReviewEdit{By: member, Base: 1, Parts: theirs}, noon)); i.Review.Version() != 2 || !i.Review.Wrote(member.ID) || !i.Review.Wrote(author.ID) {
		t.Errorf("%+v", i.Review.Versions)
	}
}

func TestAReviewIsShownWholeOrRefused(t *testing.T) {
	t.Parallel()
	i := resumedIncident(t)
	long := written()
	long["gaps"] = strings.Repeat("😀", 1501)
	if _, err := i.SaveReview(tagout.ReviewEdit{By: author, Parts: long}, noon); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "Systemic gaps") {
		t.Errorf("a part too long: %v", err)
	}
	for key := range long {
		long[key] = strings.Repeat("x", 1000)
	}
	if _, err := i.SaveReview(tagout.ReviewEdit{By: author, Parts: long}, noon); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "11000") {
		t.Errorf("too long together: %v", err)
	}
	if i.Review != nil {
		t.Error("something was saved")
	}
}

func TestAReviewWrittenWhileSomethingIsHeldClosesNothingYet(t *testing.T) {
	t.Parallel()
	i := opened(t, reviewedRow)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	submitted(t, i)
	must(i.DecideReview(deciding(i, facilitator, tagout.Go), noon))
	if i.State.Ended() || len(i.ActiveHolds()) != 1 || i.At(tagout.Reviewed).IsZero() {
		t.Fatalf("it is %s", i.State)
	}
	again := *i
	review := *i.Review
	again.Review, again.Holds, again.Milestones = &review, append([]tagout.Hold(nil), i.Holds...), maps.Clone(i.Milestones)
	c := must(again.Hang(hold("h2", "mailer/sms", tagout.Halted, noon), testAgents, noon))
	if again.Review.Approved() || !strings.Contains(kinds(c), "review.reopened") {
		t.Error("a stop after the approval left it approved")
	}
	must(i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}, reviewedRow, testAgents, nil, noon))
	if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, noon); err != nil || i.State != tagout.StateClosed {
		t.Errorf("after the sign-off it is %s: %v", i.State, err)
	}
}

func TestNothingIsReviewedOfWhatWasNone(t *testing.T) {
	t.Parallel()
	i := opened(t, reviewedRow)
	must(i.Cancel("the load test", member, noon))
	if _, err := i.SaveReview(tagout.ReviewEdit{By: author, Parts: written()}, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("%v", err)
	}
	for _, by := range []tagout.User{{}, {ID: "U", Guest: true}, {ID: "U", Bot: true}} {
		i := resumedIncident(t)
		if _, err := i.SaveReview(tagout.ReviewEdit{By: by, Parts: written()}, noon); tagout.CodeOf(err) != tagout.Forbidden {
			t.Errorf("%+v: %v", by, err)
		}
	}
}
