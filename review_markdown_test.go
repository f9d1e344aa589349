package tagout_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
)

var update = flag.Bool("update", false, "write testdata anew")

// told is a reviewed incident with hostile words and its whole timeline.
func told(t *testing.T) (*tagout.Incident, []tagout.Event) {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	var events []tagout.Event
	take := func(c tagout.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Events {
			i.Head = e.Seal(i.ID, i.Head)
			events = append(events, e)
		}
	}
	row := *sev1
	row.Deadlines = tagout.Deadlines{Acknowledge: 5 * time.Minute, Review: 72 * time.Hour}
	take(i.Open(tagout.Opening{Title: "<!channel> *bold* [x](https://evil.example)", Summary: "# a heading\n- a list\n| a | table |", Scope: tagout.MustScope("mailer"), Class: "policy_violation",
		By: tagout.Actor{Kind: tagout.BySource, ID: "generic"}, Onset: noon.Add(-2 * time.Minute), Row: &row}, noon))
	take(i.TakeAlert(tagout.Incoming{ID: "a", Alert: tagout.Alert{Source: "generic", Name: "`evil`", Status: tagout.Firing}, Verdict: tagout.Verdict{Scope: i.Scope}}, nil, noon), nil)
	take(i.Hang(hold("h1", "mailer", tagout.Halted, noon), testAgents, noon))
	take(i.TakeReport(observed(noon.Add(310*time.Millisecond), "h1")), nil)
	take(i.PassDeadlines(clerks, noon.Add(6*time.Minute)), nil)
	take(i.Acknowledge(author.Actor(), noon.Add(7*time.Minute)))
	take(i.Keep(tagout.NewEvidence("before-rollback", "application/json", []byte("{}"), noon), tagout.Tagout, noon), nil)
	events = append(events, tagout.NewEvent(tagout.EventUnreached, tagout.Tagout, noon, map[string]any{"why": "SEV-1 pages legal"}))
	i.Head = events[len(events)-1].Seal(i.ID, i.Head)
	ask := tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: map[string]string{"cause": "Prompt v42 dropped the filter.", "verified": "x", "impact": "People affected: 212."}}
	take(i.RequestResume(ask, &row, testAgents, nil, noon.Add(time.Hour)))
	no := signing(i, legal, "legal")
	no.Verdict, no.Reason = tagout.NoGo, "212 people\nwere not told"
	_, c, err := i.Sign(no, testAgents, noon.Add(61*time.Minute))
	take(c, err)
	ask.ID = "r2"
	take(i.RequestResume(ask, &row, testAgents, nil, noon.Add(62*time.Minute)))
	_, c, err = i.Sign(signing(i, legal, "legal"), testAgents, noon.Add(63*time.Minute))
	take(c, err)
	parts := i.PrefillReview(events)
	for key, text := range written() {
		if parts[key] == "" {
			parts[key] = text
		}
	}
	take(i.SaveReview(tagout.ReviewEdit{By: author, Parts: parts}, noon.Add(2*time.Hour)))
	take(i.AddAction(act(tagout.LayerEvaluation), author, noon.Add(2*time.Hour)))
	take(i.SubmitReview(1, author, nil, noon.Add(3*time.Hour)))
	take(i.DecideReview(deciding(i, facilitator, tagout.Go), noon.Add(4*time.Hour)))
	return i, events
}

func TestTheDocumentOfAReviewReadsAsItShould(t *testing.T) {
	t.Parallel()
	i, events := told(t)
	text := i.ReviewMarkdown(events, &tagout.Policy{}, tagout.ReviewAround{Evidence: "https://tagout.example.com/v1/incidents/INC-7/evidence/",
		Kind:    tagout.KindView{Kind: tagout.KindRollout, Why: "mailer prompt v42 <b> went out 12 min before the onset"},
		Changes: []tagout.Deployment{{Agent: "mailer", Component: "prompt", From: "v41", To: "v42", By: "github:pat-codes", URL: "https://github.com/acme/mailer", At: noon.Add(-12 * time.Minute)}}})
	file := filepath.Join("testdata", "review.md")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != text {
		t.Errorf("%s differs (%v); run the test with -update and read the difference:\n%s", file, err, text)
	}
	for _, markup := range []string{"https://evil", " *bold*", "\n# a heading", "\n- a list", " `evil`"} {
		if strings.Contains(text, markup) {
			t.Errorf("%q became markup", markup)
		}
	}
}

func TestNoTextBecomesMarkup(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                  "plain",
		"a\nb\n\nc":              "a\\\nb\n\nc",
		"1. one":                 `1\. one`,
		"2026) x":                `2026\) x`,
		"2026 people":            "2026 people",
		"# h":                    `\# h`,
		"- x\n+ y\n> z":          "\\- x\\\n\\+ y\\\n\\> z",
		"===":                    `\===`,
		"![a](b)":                `\!\[a\](b)`,
		"<b>&amp;":               `\<b\>\&amp;`,
		"a_b*c`d~e|f\\":          "a\\_b\\*c\\`d\\~e\\|f\\\\",
		"see http://x www.y.com": `see http:\//x www\.y.com`,
		" \r\n x \r\n":           "x",
	} {
		if got := tagout.Unmarked(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestAReviewThatTheTimelineDoesNotTellOfIsFound(t *testing.T) {
	t.Parallel()
	i, events := told(t)
	if err := i.Audit(events); err != nil {
		t.Fatalf("an honest record: %v", err)
	}
	for name, c := range map[string]struct {
		change func(i *tagout.Incident, events []tagout.Event)
		says   string
	}{
		"a part was rewritten": {func(i *tagout.Incident, _ []tagout.Event) { i.Review.Parts["gaps"] = "none" }, "another review"},
		"an author is missing": {func(i *tagout.Incident, _ []tagout.Event) { i.Review.Versions[0].By = "U0X" }, "another review"},
		"another digest":       {func(i *tagout.Incident, _ []tagout.Event) { i.Review.Digest = "0" }, "approved this"},
		"it is open again":     {func(i *tagout.Incident, _ []tagout.Event) { i.Review.State = tagout.ReviewDraft }, "the record does not"},
		"there is none":        {func(i *tagout.Incident, _ []tagout.Event) { i.Review = nil }, "another review"},
		"its author approved it": {func(_ *tagout.Incident, events []tagout.Event) {
			rewrite(events, tagout.EventReviewApproved, func(e *tagout.Event) { e.Actor = author.Actor() })
		}, "who wrote it"},
		"another was approved": {func(_ *tagout.Incident, events []tagout.Event) {
			forge(events, tagout.EventReviewApproved, "digest", "0")
		}, "not submitted"},
		"another was submitted": {func(_ *tagout.Incident, events []tagout.Event) {
			forge(events, tagout.EventReviewSubmitted, "by", "U0X")
		}, "another review"},
		"nobody approved it": {func(_ *tagout.Incident, events []tagout.Event) {
			rewrite(events, tagout.EventReviewApproved, func(e *tagout.Event) { e.Kind = tagout.EventNote })
		}, "not"},
	} {
		i, events := told(t)
		if c.change(i, events); i.Audit(events) == nil || !strings.Contains(i.Audit(events).Error(), c.says) {
			t.Errorf("%s: %v", name, i.Audit(events))
		}
	}
	if texts := tagout.SubmittedReviews(events); len(texts) != 1 || string(texts[i.Review.Digest]) != string(i.Review.Signed(7)) {
		t.Errorf("what was submitted is %q", texts)
	}
}

// rewrite changes the events of a kind.
func rewrite(events []tagout.Event, kind tagout.EventKind, change func(*tagout.Event)) {
	for n := range events {
		if events[n].Kind == kind {
			change(&events[n])
		}
	}
}
