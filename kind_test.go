package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func promptAt(at time.Time) tagout.Deployment {
	return tagout.Deployment{ID: "d" + at.String(), Agent: "mailer", Component: "prompt", From: "v41", To: "v42", By: "pat", At: at}
}

func TestWhatAnIncidentLooksLike(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) []tagout.Deployment { return []tagout.Deployment{promptAt(noon.Add(-d))} }
	for name, c := range map[string]struct {
		facts tagout.KindFacts
		kind  tagout.Kind
		why   string
	}{
		"nothing":                       {tagout.KindFacts{}, tagout.KindLocal, "no change was reported in the 24 h before; first Policy violation of mailer in 90 days"},
		"a change just before":          {tagout.KindFacts{Changes: ago(12 * time.Minute)}, tagout.KindRollout, "mailer prompt v42 went out 12 min before the onset"},
		"a change at that moment":       {tagout.KindFacts{Changes: ago(0)}, tagout.KindRollout, "mailer prompt v42 went out right before the onset"},
		"a change two hours before":     {tagout.KindFacts{Changes: ago(2 * time.Hour), Earlier: 2}, tagout.KindRollout, "mailer prompt v42 went out 2 h 0 min before the onset; also: third Policy violation of mailer in 90 days"},
		"again, with an older change":   {tagout.KindFacts{Changes: ago(20 * time.Hour), Earlier: 3}, tagout.KindSystemic, "4th Policy violation of mailer in 90 days; also: mailer prompt v42 went out 20 h 0 min before the onset"},
		"an older change alone":         {tagout.KindFacts{Changes: ago(24 * time.Hour), Earlier: 1}, tagout.KindRollout, "mailer prompt v42 went out 24 h 0 min before the onset"},
		"a change too old":              {tagout.KindFacts{Changes: ago(24*time.Hour + time.Second), Earlier: 1}, tagout.KindLocal, "no change was reported in the 24 h before; second Policy violation of mailer in 90 days"},
		"a change afterwards":           {tagout.KindFacts{Changes: ago(-time.Second)}, tagout.KindLocal, "no change was reported in the 24 h before; first Policy violation of mailer in 90 days"},
		"several agents":                {tagout.KindFacts{Agents: []string{"mailer", "researcher"}, Shared: true}, tagout.KindSystemic, "mailer, researcher are concerned, by one correlation"},
		"many agents":                   {tagout.KindFacts{Agents: []string{"a", "b", "c", "d", "e", "f"}}, tagout.KindSystemic, "a, b, c, d and 2 more are concerned"},
		"several agents, right after":   {tagout.KindFacts{Agents: []string{"mailer", "researcher"}, Changes: ago(90 * time.Minute)}, tagout.KindRollout, "mailer prompt v42 went out 90 min before the onset; also: mailer, researcher are concerned"},
		"everything":                    {tagout.KindFacts{Agents: []string{"mailer"}, All: true}, tagout.KindSystemic, "everything is held, not one agent alone"},
		"no agent known, nothing known": {tagout.KindFacts{Agents: []string{}, Earlier: 5}, tagout.KindLocal, "no change was reported in the 24 h before"},
	} {
		c.facts.Class, c.facts.Began, c.facts.Onset = "Policy violation", noon, true
		if c.facts.Agents == nil {
			c.facts.Agents = []string{"mailer"}
		}
		if got := tagout.SuggestKind(c.facts); got.Kind != c.kind || got.Why != c.why || got.Corrected() {
			t.Errorf("%s: %s: %s\nwant %s: %s", name, got.Kind, got.Why, c.kind, c.why)
		}
	}
	f := tagout.KindFacts{Agents: []string{"mailer"}, Began: noon, Changes: append(ago(3*time.Hour), ago(30*time.Second)...)}
	if got := tagout.SuggestKind(f); got.Why != "mailer prompt v42 went out 30 s before it was detected" {
		t.Errorf("of two changes it tells %q", got.Why)
	}
}

func TestAPersonCorrectsTheKindWithAReason(t *testing.T) {
	t.Parallel()
	i := opened(t, reviewedRow)
	guess := tagout.KindView{Kind: tagout.KindRollout, Why: "prompt v42"}
	for name, c := range map[string]struct {
		to     tagout.Kind
		reason string
	}{"unknown": {"odd", "x"}, "no reason": {tagout.KindLocal, " "}} {
		if _, err := i.CorrectKind(c.to, c.reason, guess, requester.Actor(), noon); tagout.CodeOf(err) != tagout.Invalid || i.Kind != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := i.CorrectKind(tagout.KindSystemic, "it fails everywhere", guess, requester.Actor(), noon)
	if err != nil || kinds(c) != "incident.kind" || i.Kind.Guessed != tagout.KindRollout || i.Kind.By != requester.Actor() {
		t.Fatalf("%+v: %v", i.Kind, err)
	}
	for _, word := range []string{`"from":"rollout"`, `"from_why":"prompt v42"`, `"to":"systemic"`, `"reason":"it fails everywhere"`, `"suggested":true`} {
		if !strings.Contains(c.Events[0].Data, word) {
			t.Errorf("the timeline does not say %s: %s", word, c.Events[0].Data)
		}
	}
	if _, err := i.CorrectKind(tagout.KindSystemic, "again", guess, requester.Actor(), noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("the same again: %v", err)
	}
	c, err = i.CorrectKind(tagout.KindLocal, "only here", guess, legal.Actor(), noon)
	if err != nil || !strings.Contains(c.Events[0].Data, `"from":"systemic"`) || i.Kind.Guessed != tagout.KindRollout {
		t.Errorf("a second correction: %v %+v", err, c.Events)
	}
	i.State = tagout.StateClosed
	if _, err := i.CorrectKind(tagout.KindRollout, "late", guess, legal.Actor(), noon); tagout.CodeOf(err) != tagout.Conflict || i.Kind.Kind != tagout.KindLocal {
		t.Errorf("of a closed incident: %v", err)
	}
}

func TestAnAuditFindsAKindThatNobodyCorrected(t *testing.T) {
	t.Parallel()
	i := &tagout.Incident{ID: 7, State: tagout.StateOpen}
	if err := i.Audit(nil); err != nil {
		t.Fatal(err)
	}
	c := must(i.CorrectKind(tagout.KindLocal, "only here", tagout.KindView{Kind: tagout.KindRollout}, requester.Actor(), noon))
	if err := i.Audit(c.Events); err != nil {
		t.Fatalf("as it was told: %v", err)
	}
	for name, kind := range map[string]*tagout.KindView{"another": {Kind: tagout.KindSystemic}, "none": nil} {
		i.Kind = kind
		if err := i.Audit(c.Events); tagout.CodeOf(err) != tagout.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	i.Kind = &tagout.KindView{Kind: tagout.KindLocal}
	if err := i.Audit(nil); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("without its event: %v", err)
	}
}

func TestAChangeOfAnOpenIncidentIsNotedOnce(t *testing.T) {
	t.Parallel()
	i := opened(t, reviewedRow)
	d := promptAt(noon)
	if c := i.TakeChange(d, false, tagout.Tagout, noon); kinds(c) != "change.made" || len(c.Effects) != 0 {
		t.Errorf("%+v", c)
	}
	if c := i.TakeChange(d, true, tagout.Tagout, noon); len(c.Events) != 0 {
		t.Errorf("again: %+v", c)
	}
	d.ID = "other"
	if c := i.TakeChange(d, true, tagout.Tagout, noon); kinds(c) != "change.made" || len(c.Effects) != 1 || !strings.Contains(c.Events[0].Data, `"frozen":true`) {
		t.Errorf("a frozen one: %+v", c)
	}
}

func TestAGitHubLoginIsSomebodyOnlyWherePeopleSaySo(t *testing.T) {
	t.Parallel()
	p := &tagout.Policy{People: map[tagout.UserID]tagout.Person{
		"U0PAT": {ID: "U0PAT", GitHub: "Pat-Codes"}, "U0ENG": {ID: "U0ENG", Handles: []string{"octo"}, Email: "e@example.com"}, "U0NONE": {ID: "U0NONE"},
	}}
	for by, want := range map[string]struct{ authors, strangers string }{
		"github:pat-codes":                  {"U0PAT", ""},
		"github:octo":                       {"U0ENG", ""},
		"github:pat-codes, github:octo":     {"U0ENG U0PAT", ""},
		"github:pat-codes, github:stranger": {"U0PAT", "github:stranger"},
		"github:u0legal1":                   {"", "github:u0legal1"}, // a login that looks like a Slack ID is nobody
		"github:":                           {"", "github:"},
		"pat-codes":                         {"", "pat-codes"}, // whoever posts it must say where
		"e@example.com":                     {"U0ENG", ""},
		"<@U0PAT>":                          {"U0PAT", ""},
		"ci":                                {"", "ci"},
		"":                                  {"", ""},
	} {
		d := tagout.Deployment{By: by}
		var ids []string
		for _, id := range p.Authors(d) {
			ids = append(ids, string(id))
		}
		if got := strings.Join(ids, " "); got != want.authors {
			t.Errorf("%q was made by %q, want %q", by, got, want.authors)
		}
		if got := strings.Join(p.Strangers(d), " "); got != want.strangers {
			t.Errorf("%q: unknown are %q, want %q", by, got, want.strangers)
		}
	}
}
