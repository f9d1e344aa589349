package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

var (
	requester = tagout.User{ID: "U0IC", Team: "T1"}
	legal     = tagout.User{ID: "U0LEGAL", Team: "T1"}
	complete  = map[string]string{"cause": "bad prompt", "verified": "replayed"}
)

// asked is a contained incident with one hold and a pending request for it.
func asked(t *testing.T, row *tagout.SeverityPolicy) *tagout.Incident {
	t.Helper()
	i := opened(t, row)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	c, err := i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}, row, testAgents, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	return i
}

func signing(i *tagout.Incident, by tagout.User, roles ...string) tagout.Signing {
	return tagout.Signing{User: by, HomeTeam: "T1", Roles: roles, Verdict: tagout.Go, Request: i.Request.ID, Digest: i.Request.Digest}
}

func TestGoBySignerLiftsExactlyTheHoldsOfTheRequest(t *testing.T) {
	i := asked(t, sev1)
	l, c, err := i.Sign(signing(i, legal, "legal"), testAgents, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Lifted) != 1 || l.Lifted[0] != "h1" || len(l.Replacements) != 0 {
		t.Errorf("lifted %v, replaced by %v", l.Lifted, l.Replacements)
	}
	if i.State != tagout.StateResumed || i.Request.State != tagout.RequestApproved {
		t.Errorf("state %s, request %s", i.State, i.Request.State)
	}
	if got := kinds(c); !strings.HasPrefix(got, "resume.signed resume.approved") || !strings.Contains(got, "hold.lifted") {
		t.Errorf("events %q", got)
	}
}

func TestClicksThatDoNotCount(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*tagout.Incident, *tagout.Signing)
		at     time.Duration
		want   tagout.Code
	}{
		"not a signer":       {func(_ *tagout.Incident, s *tagout.Signing) { s.Roles = nil }, 0, tagout.Forbidden},
		"another role":       {func(_ *tagout.Incident, s *tagout.Signing) { s.Roles = []string{"mops"} }, 0, tagout.Forbidden},
		"the requester":      {func(_ *tagout.Incident, s *tagout.Signing) { s.User = requester }, 0, tagout.Forbidden},
		"a guest":            {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Guest = true }, 0, tagout.Forbidden},
		"a bot":              {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Bot = true }, 0, tagout.Forbidden},
		"nobody":             {func(_ *tagout.Incident, s *tagout.Signing) { s.User.ID = "" }, 0, tagout.Forbidden},
		"another workspace":  {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Team = "T2" }, 0, tagout.Forbidden},
		"workspace unknown":  {func(_ *tagout.Incident, s *tagout.Signing) { s.HomeTeam, s.User.Team = "", "" }, 0, tagout.Forbidden},
		"another digest":     {func(_ *tagout.Incident, s *tagout.Signing) { s.Digest = "x" }, 0, tagout.Conflict},
		"another request":    {func(_ *tagout.Incident, s *tagout.Signing) { s.Request = "r0" }, 0, tagout.Conflict},
		"a changed request":  {func(i *tagout.Incident, _ *tagout.Signing) { i.Request.Target = tagout.Review }, 0, tagout.Conflict},
		"expired":            {func(*tagout.Incident, *tagout.Signing) {}, 4 * time.Hour, tagout.Expired},
		"neither GO nor not": {func(_ *tagout.Incident, s *tagout.Signing) { s.Verdict = "MAYBE" }, 0, tagout.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			i := asked(t, sev1)
			s := signing(i, legal, "legal")
			c.change(i, &s)
			l, change, err := i.Sign(s, testAgents, noon.Add(c.at))
			if tagout.CodeOf(err) != c.want {
				t.Errorf("error %v (%s), want %s", err, tagout.CodeOf(err), c.want)
			}
			if len(l.Lifted) > 0 || !change.IsEmpty() || len(i.ActiveHolds()) != 1 {
				t.Error("a click that does not count changed something")
			}
		})
	}
}

func TestNoGoBlocks(t *testing.T) {
	i := asked(t, sev1)
	s := signing(i, legal, "legal")
	s.Verdict = tagout.NoGo
	if _, _, err := i.Sign(s, testAgents, noon); err != nil {
		t.Fatal(err)
	}
	_, _, err := i.Sign(signing(i, tagout.User{ID: "U0LEGAL2", Team: "T1"}, "legal"), testAgents, noon)
	if tagout.CodeOf(err) != tagout.Conflict || len(i.ActiveHolds()) != 1 {
		t.Errorf("GO after NO-GO: %v", err)
	}
}

func TestFactsThatVoidARequest(t *testing.T) {
	for name, happen := range map[string]func(*testing.T, *tagout.Incident) tagout.Change{
		"a new stop": func(t *testing.T, i *tagout.Incident) tagout.Change {
			return hang(t, i, hold("h2", "mailer/sms", tagout.Halted, noon))
		},
		"a new alert": func(_ *testing.T, i *tagout.Incident) tagout.Change {
			in := tagout.Incoming{Alert: tagout.Alert{Name: "n", Status: tagout.Firing}, Verdict: tagout.Verdict{Scope: tagout.MustScope("mailer/email")}}
			return i.TakeAlert(in, testAgents["mailer"], noon)
		},
		"another severity": func(t *testing.T, i *tagout.Incident) tagout.Change {
			c, err := i.ChangeSeverity(sev3, nil, "", tagout.Tagout, noon)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		"its expiry": func(_ *testing.T, i *tagout.Incident) tagout.Change {
			return i.ExpireRequest("r1", noon.Add(4*time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := asked(t, sev1)
			s := signing(i, legal, "legal")
			if c := happen(t, i); !strings.Contains(kinds(c), "resume.voided") {
				t.Errorf("events %q", kinds(c))
			}
			if _, _, err := i.Sign(s, testAgents, noon); err == nil || len(i.ActiveHolds()) == 0 {
				t.Error("a void request was signed")
			}
		})
	}
}

func TestAnAlertElsewhereLeavesTheRequestAlone(t *testing.T) {
	i := asked(t, sev1)
	in := tagout.Incoming{Alert: tagout.Alert{Name: "n", Status: tagout.Firing}, Verdict: tagout.Verdict{Scope: tagout.MustScope("researcher")}}
	i.TakeAlert(in, testAgents["researcher"], noon)
	if i.Request.State != tagout.RequestPending {
		t.Error("an alert on another agent made the request void")
	}
}

func TestMissingDeliverablesAreNamed(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	_, err := i.RequestResume(tagout.ResumeDraft{ID: "r", By: requester, Target: tagout.Running, Deliverables: map[string]string{"cause": " "}}, sev1, testAgents, nil, noon)
	if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "Documented cause") || !strings.Contains(err.Error(), "verified against") {
		t.Errorf("error %v", err)
	}
}

func TestGuestsAndEmptyHandsCannotAsk(t *testing.T) {
	i := opened(t, sev1)
	draft := tagout.ResumeDraft{ID: "r", By: requester, Target: tagout.Running, Deliverables: complete}
	if _, err := i.RequestResume(draft, sev1, testAgents, nil, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("nothing is held: %v", err)
	}
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	draft.By.Guest = true
	if _, err := i.RequestResume(draft, sev1, testAgents, nil, noon); tagout.CodeOf(err) != tagout.Forbidden {
		t.Errorf("a guest asked: %v", err)
	}
}

func TestAConfigurationChangeTightensButNeverLoosens(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	edited := *sev1
	edited.Resume = tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"intern"}}}, Expires: time.Hour}
	if _, err := i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Running, Deliverables: complete}, &edited, testAgents, nil, noon); err != nil {
		t.Fatal(err)
	}
	if len(i.Request.Rule) != 2 {
		t.Errorf("rule %v, want that of the opening and that of now", i.Request.Rule)
	}
	if _, _, err := i.Sign(signing(i, tagout.User{ID: "U0INTERN", Team: "T1"}, "intern"), testAgents, noon); err != nil || len(i.ActiveHolds()) != 1 {
		t.Errorf("the new role alone must not do: %v", err)
	}
}

func TestANarrowerResumeLeavesTheComplementHeld(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	narrower := tagout.MustScope("mailer/email/eu")
	if _, err := i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Scope: &narrower, Target: tagout.Running, Deliverables: complete}, sev1, testAgents, nil, noon); err != nil {
		t.Fatal(err)
	}
	if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, noon); err != nil {
		t.Fatal(err)
	}
	decide := func(channel, region string) tagout.Mode {
		return tagout.Evaluate("mailer", testAgents["mailer"], i.Holds, tagout.Attributes{Channel: channel, Region: region}).Mode
	}
	if decide("email", "eu") != tagout.Running || decide("email", "us") != tagout.Halted || decide("sms", "eu") != tagout.Halted || decide("", "") != tagout.Halted {
		t.Error("not exactly the scope that was signed for runs again")
	}
	if i.State == tagout.StateResumed {
		t.Error("holds stand, but the incident says resumed")
	}
}

func TestAStagedResumeReplacesTheHold(t *testing.T) {
	i := opened(t, sev1)
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	if _, err := i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Target: tagout.Review, Deliverables: complete}, sev1, testAgents, nil, noon); err != nil {
		t.Fatal(err)
	}
	l, _, err := i.Sign(signing(i, legal, "legal"), testAgents, noon)
	if err != nil || len(l.Replacements) != 1 || l.Replacements[0].Mode != tagout.Review {
		t.Errorf("replacements %v, %v", l.Replacements, err)
	}
}

func TestEveryNeededSignoffIsGivenByAnotherPerson(t *testing.T) {
	both := *sev1
	both.Resume.Rule = tagout.SignoffRule{{AnyOf: []string{"legal"}}, {AnyOf: []string{"privacy"}}}
	i := asked(t, &both)
	if _, _, err := i.Sign(signing(i, legal, "legal", "privacy"), testAgents, noon); err != nil {
		t.Fatal(err)
	}
	if _, _, err := i.Sign(signing(i, legal, "legal", "privacy"), testAgents, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("the same person signed twice: %v", err)
	}
	if len(i.ActiveHolds()) != 1 {
		t.Fatal("one signature lifted a hold that needs two")
	}
	if _, _, err := i.Sign(signing(i, tagout.User{ID: "U0PRIVACY", Team: "T1"}, "privacy"), testAgents, noon); err != nil || len(i.ActiveHolds()) != 0 {
		t.Errorf("the second signature: %v", err)
	}
}

func TestGoWaitsForTheQuietWindow(t *testing.T) {
	watched := *sev1
	watched.Resume.Monitor = 30 * time.Minute
	i := asked(t, &watched)
	s := signing(i, legal, "legal")
	s.Quiet = tagout.Quiet{LastAt: noon}
	if _, _, err := i.Sign(s, testAgents, noon.Add(29*time.Minute)); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("GO within the window: %v", err)
	}
	s.Quiet = tagout.Quiet{LastAt: noon, Firing: 1}
	if _, _, err := i.Sign(s, testAgents, noon.Add(time.Hour)); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("GO while an alert fires: %v", err)
	}
	s.Quiet.Firing = 0
	if _, _, err := i.Sign(s, testAgents, noon.Add(30*time.Minute)); err != nil {
		t.Errorf("GO after the window: %v", err)
	}
}
