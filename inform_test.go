package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// drafted is an incident with a note to customers that waits for these roles.
func drafted(t *testing.T, roles ...string) (*tagout.Incident, *tagout.StatusNote) {
	t.Helper()
	i := opened(t, sev1)
	var rule tagout.SignoffRule
	for _, role := range roles {
		rule = append(rule, tagout.NeededSignoff{AnyOf: []string{role}})
	}
	c, err := i.Inform(tagout.StatusNote{ID: "n1", By: requester, Audience: "customer", Title: "Customers", Subject: "About it", Text: "What happened",
		Channels: []string{"#a"}, Emails: []string{"list@example.com"}, Rule: rule}, noon)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	return i, i.Note("n1")
}

// vote is a press on a note by somebody who signs for these roles.
func vote(n *tagout.StatusNote, by tagout.User, roles ...string) tagout.Signing {
	return tagout.Signing{User: by, HomeTeam: "T1", Roles: roles, Verdict: tagout.Go, Request: n.ID, Digest: n.Digest}
}

// deliveries are the effects that send a note.
func deliveries(t *testing.T, c tagout.Change) []tagout.NoteDelivery {
	t.Helper()
	var list []tagout.NoteDelivery
	for _, e := range c.Effects {
		if e.Kind == tagout.EffectNotePost || e.Kind == tagout.EffectNoteMail {
			var d tagout.NoteDelivery
			if err := e.Decode(&d); err != nil || d.Mail != (e.Kind == tagout.EffectNoteMail) {
				t.Fatalf("%+v %v", d, err)
			}
			list = append(list, d)
		}
	}
	return list
}

func TestANoteThatNeedsNobodyGoesOutAtOnceToEachRecipient(t *testing.T) {
	t.Parallel()
	i := opened(t, sev1)
	n := tagout.StatusNote{ID: "n1", By: requester, Audience: "internal", Title: "Stakeholders", Text: "x", Channels: []string{"#a", "#b"}, Emails: []string{"l@example.com"}}
	c, err := i.Inform(n, noon)
	if err != nil || kinds(c) != "inform.released" || len(deliveries(t, c)) != 3 {
		t.Fatalf("%s, %d deliveries, %v", kinds(c), len(deliveries(t, c)), err)
	}
	if again, err := i.Inform(n, noon); err != nil || !again.IsEmpty() {
		t.Errorf("the same form again: %s %v", kinds(again), err)
	}
	if len(i.Told) != 0 {
		t.Error("somebody counts as told before anything arrived")
	}
}

func TestAPressOnANoteCountsOnlyForWhoMaySignExactlyThat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(i *tagout.Incident, s *tagout.Signing)
		code   tagout.Code
		says   string
	}{
		"author":       {func(_ *tagout.Incident, s *tagout.Signing) { s.User = requester }, tagout.Forbidden, "somebody else"},
		"outsider":     {func(_ *tagout.Incident, s *tagout.Signing) { s.Roles = []string{"mops"} }, tagout.Forbidden, "needs legal"},
		"guest":        {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Guest = true }, tagout.Forbidden, "Guests"},
		"bot":          {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Bot = true }, tagout.Forbidden, "person"},
		"elsewhere":    {func(_ *tagout.Incident, s *tagout.Signing) { s.User.Team = "T2" }, tagout.Forbidden, "workspace"},
		"unknown home": {func(_ *tagout.Incident, s *tagout.Signing) { s.HomeTeam = "" }, tagout.Forbidden, "workspace"},
		"other digest": {func(_ *tagout.Incident, s *tagout.Signing) { s.Digest = "x" }, tagout.Conflict, "not the current one"},
		"other note":   {func(_ *tagout.Incident, s *tagout.Signing) { s.Request = "n0" }, tagout.Conflict, "not the current one"},
		"no verdict":   {func(_ *tagout.Incident, s *tagout.Signing) { s.Verdict = "" }, tagout.Invalid, "GO or NO-GO"},
		"altered text": {func(i *tagout.Incident, _ *tagout.Signing) { i.Note("n1").Text = "something else" }, tagout.Conflict, "not the current one"},
		"more of them": {func(i *tagout.Incident, _ *tagout.Signing) {
			i.Note("n1").Emails = append(i.Note("n1").Emails, "x@example.com")
		}, tagout.Conflict, "not the current one"},
		"private since": {func(i *tagout.Incident, _ *tagout.Signing) { i.Private = true }, tagout.Forbidden, "private now"},
		"refused":       {func(i *tagout.Incident, _ *tagout.Signing) { i.Note("n1").State = tagout.RequestRefused }, tagout.Conflict, "inform"},
		"used":          {func(i *tagout.Incident, _ *tagout.Signing) { i.Note("n1").State = tagout.RequestApproved }, tagout.Conflict, "approved already"},
	} {
		i, n := drafted(t, "legal")
		s := vote(n, legal, "legal")
		c.change(i, &s)
		got, err := i.SignNote(s, nil, noon)
		if tagout.CodeOf(err) != c.code || !strings.Contains(tagout.Sentence(err), c.says) || !got.IsEmpty() || len(i.Note("n1").Signoffs) > 0 {
			t.Errorf("%s: %v (%s), want %s with %q", name, err, kinds(got), c.code, c.says)
		}
	}
}

func TestANoteIsSentOnceWithTheLastGoThatIsNeeded(t *testing.T) {
	t.Parallel()
	i, n := drafted(t, "comms", "legal")
	c, err := i.SignNote(vote(n, legal, "legal", "comms"), nil, noon)
	if err != nil || len(deliveries(t, c)) > 0 || i.Note("n1").State != tagout.RequestPending {
		t.Fatalf("after one of two: %s %v", kinds(c), err)
	}
	if _, err := i.SignNote(vote(n, legal, "legal", "comms"), nil, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("one person signed twice: %v", err)
	}
	eve := tagout.User{ID: "U0EXEC", Team: "T1"}
	more := tagout.SignoffRule{{AnyOf: []string{"privacy"}}} // what the configuration asks for by now
	if c, err = i.SignNote(vote(n, eve, "comms", "legal"), more, noon); err != nil || len(deliveries(t, c)) > 0 {
		t.Fatalf("sent without what the configuration asks for now: %s %v", kinds(c), err)
	}
	c, err = i.SignNote(vote(n, tagout.User{ID: "U0PRIVACY", Team: "T1"}, "privacy"), more, noon)
	if err != nil || len(deliveries(t, c)) != 2 || kinds(c) != "inform.signed inform.released" {
		t.Fatalf("%s %v", kinds(c), err)
	}
	if _, err := i.SignNote(vote(n, tagout.User{ID: "U0X", Team: "T1"}, "legal"), nil, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("it was signed after it was sent: %v", err)
	}
}

func TestADraftEndsByNoGoByANewerOneAndByTime(t *testing.T) {
	t.Parallel()
	i, n := drafted(t, "legal")
	no := vote(n, legal, "legal")
	no.Verdict, no.Reason = tagout.NoGo, "too early"
	if c, err := i.SignNote(no, nil, noon); err != nil || n.State != tagout.RequestRefused || len(deliveries(t, c)) > 0 {
		t.Errorf("NO-GO: %s %v", n.State, err)
	}

	i, n = drafted(t, "legal")
	old := vote(n, legal, "legal")
	newer := *n
	newer.ID, newer.Text, newer.Deliveries = "n2", "better", nil
	c, err := i.Inform(newer, noon.Add(time.Minute))
	if err != nil || kinds(c) != "inform.voided inform.drafted" {
		t.Fatalf("%s %v", kinds(c), err)
	}
	if _, err := i.SignNote(old, nil, noon.Add(time.Minute)); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("a signature on the older draft counted: %v", err)
	}

	i, n = drafted(t, "legal")
	if c := i.ExpireNote("n1", n.Expires.Add(-time.Microsecond)); !c.IsEmpty() {
		t.Error("expired before its time")
	}
	if _, err := i.SignNote(vote(n, legal, "legal"), nil, n.Expires); tagout.CodeOf(err) != tagout.Expired {
		t.Errorf("signed at its end: %v", err)
	}
	if c := i.ExpireNote("n1", n.Expires); kinds(c) != "inform.voided" || n.State != tagout.RequestExpired {
		t.Errorf("%s %s", kinds(c), n.State)
	}
}

func TestPrivateIncidentsAreToldOfOnlyWhereThatIsMarked(t *testing.T) {
	t.Parallel()
	i := opened(t, sev1)
	i.Private = true
	n := tagout.StatusNote{ID: "n1", By: requester, Audience: "internal", Title: "Stakeholders", Text: "x", Channels: []string{"#a"}}
	if c, err := i.Inform(n, noon); tagout.CodeOf(err) != tagout.Forbidden || !c.IsEmpty() {
		t.Errorf("%v", err)
	}
	n.Private = true
	if _, err := i.Inform(n, noon); err != nil {
		t.Errorf("the marked audience was refused: %v", err)
	}
}

func TestDeliveriesAreRecordedOnceAndFailuresAreLoudOnce(t *testing.T) {
	t.Parallel()
	i, n := drafted(t, "legal")
	c, err := i.SignNote(vote(n, legal, "legal"), nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	sent := deliveries(t, c)
	if c := i.NoteFailed(sent[0], "Slack cannot be reached.", false, noon); kinds(c) != "inform.failed" || len(c.Effects) != 1 {
		t.Errorf("first failure: %s", kinds(c))
	}
	if c := i.NoteFailed(sent[0], "Slack cannot be reached.", false, noon); !c.IsEmpty() {
		t.Errorf("the same failure again: %s", kinds(c))
	}
	if _, err := i.RetryNote("n1", "#a", requester, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("what is tried by itself was tried by hand: %v", err)
	}
	i.NoteFailed(sent[0], "There is no such channel.", true, noon)
	c, err = i.RetryNote("n1", "#a", requester, noon)
	if again := deliveries(t, c); err != nil || len(again) != 1 || again[0].Key() != sent[0].Key() || again[0].Text != "What happened" {
		t.Fatalf("again: %+v %v", again, err)
	}
	if c := i.NoteArrived(sent[0], noon.Add(time.Minute)); kinds(c) != "inform.delivered" || !i.Told["customer"].First.Equal(noon.Add(time.Minute)) {
		t.Errorf("%s %+v", kinds(c), i.Told)
	}
	if c := i.NoteArrived(sent[0], noon.Add(2*time.Minute)); !c.IsEmpty() {
		t.Errorf("it arrived twice: %s", kinds(c))
	}
	i.NoteArrived(sent[1], noon.Add(2*time.Minute))
	if !i.Told["customer"].Last.Equal(noon.Add(time.Minute)) {
		t.Error("the second recipient moved the time at which the audience was told")
	}
}

func TestANoteOfADrillSaysSoToEverybodyWhoGetsIt(t *testing.T) {
	t.Parallel()
	i := opened(t, sev1)
	i.Drill = true
	for n, subject := range []string{"About it", tagout.DrillMark + "About it"} {
		c, err := i.Inform(tagout.StatusNote{ID: "n" + string(rune('1'+n)), By: requester, Audience: "internal", Title: "Stakeholders", Subject: subject, Text: "x",
			Channels: []string{"#a"}, Emails: []string{"l@example.com"}}, noon)
		list := deliveries(t, c)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d deliveries, %v", len(list), err)
		}
		for _, d := range list {
			if d.Subject != "[DRILL] About it" {
				t.Errorf("the subject is %q", d.Subject)
			}
		}
	}
}
