package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func person(id tagout.UserID) tagout.User { return tagout.User{ID: id, Team: "T1"} }

func ruled(rule ...tagout.NeededSignoff) *tagout.SeverityPolicy {
	row := *sev1
	row.Resume.Rule = rule
	return &row
}

func roles(list ...string) tagout.NeededSignoff { return tagout.NeededSignoff{AnyOf: list} }

func several(n int, list ...string) tagout.NeededSignoff {
	return tagout.NeededSignoff{AnyOf: list, Count: n}
}

func inTurn(list ...string) tagout.NeededSignoff {
	return tagout.NeededSignoff{AnyOf: list, InTurn: true}
}

// presses are who says GO one after the other, as person:role,role, and what comes of it.
func TestARuleIsMetByWhatItAsksForAndNothingLess(t *testing.T) {
	for name, c := range map[string]struct {
		rule    tagout.SignoffRule
		presses string // a word each; with ! it does not count
		lifts   bool
		missing string
	}{
		"all of":                     {tagout.SignoffRule{roles("a"), roles("b")}, "x:b y:a", true, ""},
		"all of, one missing":        {tagout.SignoffRule{roles("a"), roles("b")}, "x:b", false, "a"},
		"any of":                     {tagout.SignoffRule{roles("a", "b")}, "x:b", true, ""},
		"two of":                     {tagout.SignoffRule{several(2, "a", "b")}, "x:a y:a", true, ""},
		"two of, by one":             {tagout.SignoffRule{several(2, "a", "b")}, "x:a,b !x:a,b", false, "a or b"},
		"two of, one outsider":       {tagout.SignoffRule{several(2, "a", "b")}, "x:a !y:c", false, "a or b"},
		"three of":                   {tagout.SignoffRule{several(3, "a", "b")}, "x:a y:b", false, "a or b"},
		"two of and another":         {tagout.SignoffRule{several(2, "a", "b"), roles("c")}, "x:c y:a", false, "a or b"},
		"the wider one is given up":  {tagout.SignoffRule{roles("a", "b"), roles("a")}, "x:a y:b", true, ""},
		"once it counts for one":     {tagout.SignoffRule{roles("a", "b"), roles("a")}, "x:b !y:b", false, "a"},
		"in order":                   {tagout.SignoffRule{roles("a"), inTurn("b"), inTurn("c")}, "x:a y:b z:c", true, ""},
		"out of turn":                {tagout.SignoffRule{roles("a"), inTurn("b")}, "!y:b", false, "a, then b"},
		"out of turn, then in turn":  {tagout.SignoffRule{roles("a"), inTurn("b")}, "!y:b x:a y:b", true, ""},
		"two before the next":        {tagout.SignoffRule{several(2, "a"), inTurn("b")}, "x:a !z:b y:a z:b", true, ""},
		"nothing is moved in order":  {tagout.SignoffRule{roles("a", "b"), inTurn("a")}, "x:a !y:b", false, "a"},
		"who has both is in turn":    {tagout.SignoffRule{roles("a"), inTurn("b")}, "x:b,a y:b", true, ""},
		"who has both signs only it": {tagout.SignoffRule{roles("a"), inTurn("b")}, "x:b,a !x:b,a", false, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			i := asked(t, ruled(c.rule...))
			for _, press := range strings.Fields(c.presses) {
				who, as, _ := strings.Cut(strings.TrimPrefix(press, "!"), ":")
				_, change, err := i.Sign(signing(i, person(tagout.UserID(who)), strings.Split(as, ",")...), testAgents, noon)
				if (err != nil) != strings.HasPrefix(press, "!") {
					t.Fatalf("%s: %v", press, err)
				}
				if err == nil {
					seal(t, i, change)
				}
			}
			if lifted := len(i.ActiveHolds()) == 0; lifted != c.lifts {
				t.Errorf("lifted: %v, want %v", lifted, c.lifts)
			}
			if got := i.Request.Missing().String(); got != c.missing {
				t.Errorf("missing %q, want %q", got, c.missing)
			}
		})
	}
}

func TestWhoIsOutOfTurnHearsWhoseTurnItIs(t *testing.T) {
	i := asked(t, ruled(roles("legal"), inTurn("privacy")))
	_, _, err := i.Sign(signing(i, person("U0PRIVACY"), "privacy"), testAgents, noon)
	if tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(tagout.Sentence(err), "legal signs before privacy") {
		t.Errorf("out of turn: %v", err)
	}
}

func TestARuleCanOnlyGrow(t *testing.T) {
	r := tagout.SignoffRule{several(2, "a", "b"), roles("c")}
	for text, o := range map[string]tagout.SignoffRule{
		"2 different people of a or b, and c":        {roles("a", "b")},
		"3 different people of a or b, and c":        {several(3, "a", "b")},
		"2 different people of a or b, then c":       {inTurn("c")},
		"2 different people of a or b, and c, and d": {roles("d")},
	} {
		if got := r.With(o).String(); got != text {
			t.Errorf("%s with %s is %q, want %q", r, o, got, text)
		}
	}
	if r.String() != "2 different people of a or b, and c" {
		t.Errorf("it was changed: %s", r)
	}
}

func TestWhoMadeTheChangeDoesNotSign(t *testing.T) {
	causers := []tagout.Causer{{Person: legal.ID, As: "lee", Change: "mailer prompt v41 → v42"}}
	before := opened(t, sev1)
	hang(t, before, hold("h1", "mailer", tagout.Halted, noon))
	c, err := before.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete, Causers: causers}, sev1, testAgents, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, before, c)
	after := asked(t, sev1)
	for name, s := range map[string]struct {
		i       *tagout.Incident
		signing tagout.Signing
	}{
		"named in the request":  {before, signing(before, legal, "legal")},
		"changed it after that": {after, func() tagout.Signing { s := signing(after, legal, "legal"); s.Causers = causers; return s }()},
		"and a NO-GO of theirs": {before, func() tagout.Signing { s := signing(before, legal, "legal"); s.Verdict = tagout.NoGo; return s }()},
		"who was taken off it":  {before, func() tagout.Signing { s := signing(before, legal, "legal"); before.Request.Causers = nil; return s }()},
	} {
		_, _, err := s.i.Sign(s.signing, testAgents, noon)
		if err == nil || len(s.i.ActiveHolds()) != 1 {
			t.Errorf("%s: %v, %d holds stand", name, err, len(s.i.ActiveHolds()))
		}
	}
	other := signing(after, person("U0LEGAL2"), "legal")
	other.Causers = causers
	if _, _, err := after.Sign(other, testAgents, noon); err != nil {
		t.Errorf("somebody else of the role: %v", err)
	}
}

func TestTheAuthorOfAChangeIsFound(t *testing.T) {
	p := &tagout.Policy{People: map[tagout.UserID]tagout.Person{
		"U0LEGAL": {ID: "U0LEGAL", Email: "Lee@Example.com", Handles: []string{"lee-gh", "@lee"}},
		"U0MOPS":  {ID: "U0MOPS", Handles: []string{"shared"}},
		"U0ENG":   {ID: "U0ENG", Handles: []string{"Shared"}},
	}}
	for by, want := range map[string]string{
		"U0LEGAL": "U0LEGAL", "u0legal": "U0LEGAL", "<@U0LEGAL>": "U0LEGAL", "lee@example.com": "U0LEGAL", "LEE-GH": "U0LEGAL", " @lee ": "U0LEGAL",
		"shared": "U0ENG U0MOPS", "U012ABC34": "U012ABC34", "ci-bot": "", "": "", "uploader": "", "UNKNOWN": "",
	} {
		var got []string
		for _, c := range p.Causers([]tagout.Deployment{{Agent: "mailer", Component: "prompt", To: "v42", By: by, At: noon.Add(-time.Hour)}}) {
			got = append(got, string(c.Person))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q is %q, want %q", by, got, want)
		}
	}
}
