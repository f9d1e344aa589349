package tagout_test

import (
	"testing"

	"tagout"
)

// twoRoles needs Legal and Privacy.
func twoRoles() *tagout.SeverityPolicy {
	row := *sev1
	row.Resume.Rule = tagout.SignoffRule{{AnyOf: []string{"legal"}}, {AnyOf: []string{"privacy"}}}
	return &row
}

func TestANoGoBlocksEvenAfterAGoOfTheSameRole(t *testing.T) {
	for name, second := range map[string]tagout.User{
		"somebody else of the role":           {ID: "U0LEGAL2", Team: "T1"},
		"the same person, on second thoughts": legal,
	} {
		t.Run(name, func(t *testing.T) {
			i := asked(t, twoRoles())
			if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, noon); err != nil {
				t.Fatal(err)
			}
			no := signing(i, second, "legal")
			no.Verdict = tagout.NoGo
			if _, _, err := i.Sign(no, testAgents, noon); err != nil {
				t.Errorf("the NO-GO did not count: %v", err)
			}
			_, _, err := i.Sign(signing(i, tagout.User{ID: "U0PRIVACY", Team: "T1"}, "privacy"), testAgents, noon)
			if tagout.CodeOf(err) != tagout.Conflict || len(i.ActiveHolds()) != 1 {
				t.Errorf("the last GO after a NO-GO: %v, %d holds stand", err, len(i.ActiveHolds()))
			}
		})
	}
}

func TestANoGoNeedsASignerToo(t *testing.T) {
	i := asked(t, twoRoles())
	no := signing(i, tagout.User{ID: "U0MOPS", Team: "T1"}, "mops")
	no.Verdict = tagout.NoGo
	if _, _, err := i.Sign(no, testAgents, noon); tagout.CodeOf(err) != tagout.Forbidden || i.Request.State != tagout.RequestPending {
		t.Errorf("an outsider's NO-GO: %v, request %s", err, i.Request.State)
	}
}

func TestWhatCouldNotStayHeldAfterAConfigurationChangeIsNotLifted(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer/email", tagout.Halted, noon))
	narrower := tagout.MustScope("mailer/email/eu")
	draft := tagout.ResumeDraft{ID: "r1", By: requester, Scope: &narrower, Target: tagout.Running, Deliverables: complete}
	if _, err := i.RequestResume(draft, sev1, testAgents, nil, noon); err != nil {
		t.Fatal(err)
	}
	edited := *testAgents["mailer"]
	edited.Regions = []string{"eu"} // us was taken out: nothing is left that could hold the rest
	l, _, err := i.Sign(signing(i, legal, "legal"), tagout.Registry{"mailer": &edited}, noon)
	if tagout.CodeOf(err) != tagout.Conflict || len(l.Lifted) > 0 {
		t.Errorf("lifted %v, %v; want a Conflict", l.Lifted, err)
	}
	if active := i.ActiveHolds(); len(active) != 1 || active[0].ID != "h1" {
		t.Errorf("holds %v, want the one that was hung", active)
	}
}

func TestAStageLeavesLooserHoldsAsTheyAre(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer/email", tagout.Paused, noon))
	capped := hold("h2", "mailer", tagout.Capped, noon)
	capped.Cap = tagout.Cap{Amount: 500, Per: "day"}
	hang(t, i, capped)
	draft := tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Review, Deliverables: complete}
	if _, err := i.RequestResume(draft, sev1, testAgents, nil, noon); err != nil {
		t.Fatal(err)
	}
	if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, noon); err != nil {
		t.Fatal(err)
	}
	d := tagout.Evaluate("mailer", testAgents["mailer"], i.Holds, tagout.Attributes{Channel: "email"})
	if d.Mode != tagout.Review || d.Cap != capped.Cap {
		t.Errorf("the agent is %s at %s, want review with the cap that stands", d.Mode, d.Cap)
	}
	if _, err := i.RequestResume(draft, sev1, testAgents, nil, noon); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("a stage to where everything is already: %v", err)
	}
}
