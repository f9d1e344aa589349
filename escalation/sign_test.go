package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// ask proposes to resume an incident with all deliverables that any severity needs.
func (w *world) ask(t *testing.T, id tagout.IncidentID) *tagout.Incident {
	t.Helper()
	i, err := w.desk.RequestResume(t.Context(), id, draft("r"+id.String()+w.clock.Now().String()))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func draft(id string) tagout.ResumeDraft {
	return tagout.ResumeDraft{ID: id, By: responder, Deliverables: map[string]string{
		"cause": "A prompt change.", "fix": "Prompt v41 again.", "alerting": "ComplaintRate"}}
}

// press is a click of a person of the home workspace on an incident's newest request.
func (w *world) press(user tagout.UserID, i *tagout.Incident, verdict string) (*tagout.Incident, error) {
	return w.desk.Sign(w.t.Context(), i.ID, tagout.Signing{User: tagout.User{ID: user, Team: home}, Verdict: verdict, Request: i.Request.ID, Digest: i.Request.Digest})
}

// approve asks to resume and signs, after the quiet window.
func (w *world) approve(t *testing.T, id tagout.IncidentID) *tagout.Incident {
	t.Helper()
	i := w.ask(t, id)
	w.clock.Pass(time.Hour)
	signer := map[string]tagout.UserID{"legal": "U0LEGAL", "program": "U0PROGRAM", "mops": "U0MOPS"}[i.Request.Rule[0].AnyOf[0]]
	i, err := w.press(signer, i, tagout.Go)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTheSignersGoLiftsExactlyTheHoldsOfTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	w.stop(t, "other", "mailer/sms", tagout.Halted) // an incident of its own
	i := w.ask(t, 1)
	w.log.forget()
	i, err := w.press("U0REVOPS", i, tagout.Go)
	if err != nil {
		t.Fatal(err)
	}
	if i.State != tagout.StateResumed || i.Request.State != tagout.RequestApproved {
		t.Errorf("the incident is %s, the request %s", i.State, i.Request.State)
	}
	if w.gate.mode("mailer", "email", "us") != tagout.Running || w.gate.mode("mailer", "sms", "us") != tagout.Halted {
		t.Errorf("email is %s, sms is %s", w.gate.mode("mailer", "email", "us"), w.gate.mode("mailer", "sms", "us"))
	}
	list := w.log.all()
	if commit, lift := slices.Index(list, "store.decide"), slices.Index(list, "gate.lift"); commit < 0 || lift < commit {
		t.Errorf("lifted before it was committed: %q", list)
	}
	if !slices.Contains(w.gate.reconciled, "mailer") {
		t.Error("the controls were not told")
	}
}

func TestAClickThatDoesNotCountIsAnsweredRecordedAndLiftsNothing(t *testing.T) {
	t.Parallel()
	at := func(change func(*tagout.Signing)) func(*tagout.Signing) { return change }
	for name, c := range map[string]struct {
		change func(*tagout.Signing)
		code   tagout.Code
		words  string
	}{
		"the requester":                        {at(func(s *tagout.Signing) { s.User.ID = "U0IC" }), tagout.Forbidden, "somebody else has to sign"},
		"an outsider":                          {at(func(s *tagout.Signing) { s.User.ID = "U0EXEC" }), tagout.Forbidden, "You are not a signer for this: it needs Program lead or RevOps."},
		"another role":                         {at(func(s *tagout.Signing) { s.User.ID = "U0LEGAL" }), tagout.Forbidden, "You are not a signer"},
		"a guest":                              {at(func(s *tagout.Signing) { s.User.Guest = true }), tagout.Forbidden, "Guests"},
		"a bot":                                {at(func(s *tagout.Signing) { s.User.Bot = true }), tagout.Forbidden, "Only a person"},
		"nobody":                               {at(func(s *tagout.Signing) { s.User.ID = "" }), tagout.Forbidden, "Only a person"},
		"a signer's name in another workspace": {at(func(s *tagout.Signing) { s.User.Team = "T0EVIL" }), tagout.Forbidden, "Only people of this workspace"},
		"no workspace":                         {at(func(s *tagout.Signing) { s.User.Team = "" }), tagout.Forbidden, "Only people of this workspace"},
		"roles that the caller claims":         {at(func(s *tagout.Signing) { s.User.ID, s.Roles = "U0EXEC", []string{"program"} }), tagout.Forbidden, "You are not a signer"},
		"a workspace that the caller claims":   {at(func(s *tagout.Signing) { s.User.Team, s.HomeTeam = "T0EVIL", "T0EVIL" }), tagout.Forbidden, "Only people of this workspace"},
		"another digest":                       {at(func(s *tagout.Signing) { s.Digest = "0000" }), tagout.Conflict, "not the current one"},
		"an old request":                       {at(func(s *tagout.Signing) { s.Request = "r0" }), tagout.Conflict, "not the current one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stop(t, "h1", "mailer", tagout.Halted)
			i := w.ask(t, 1)
			s := tagout.Signing{User: tagout.User{ID: "U0PROGRAM", Team: home}, Verdict: tagout.Go, Request: i.Request.ID, Digest: i.Request.Digest}
			c.change(&s)
			_, err := w.desk.Sign(t.Context(), 1, s)
			refused(t, err, c.code, c.words)
			if w.count(1, tagout.EventRefused) != 1 || w.count(1, tagout.EventSigned) != 0 {
				t.Errorf("the timeline says %q", w.store.kinds(1))
			}
			if w.gate.mode("mailer", "email", "us") != tagout.Halted || w.incident(1).Request.State != tagout.RequestPending {
				t.Error("something was lifted or decided")
			}
		})
	}
}

func TestAWorkspaceThatIsNotKnownYetSignsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Halted)
	i := w.ask(t, 1)
	w.desk.Connect(nil, func() string { return "" })
	_, err := w.desk.Sign(t.Context(), 1, tagout.Signing{User: tagout.User{ID: "U0PROGRAM"}, Verdict: tagout.Go, Request: i.Request.ID, Digest: i.Request.Digest})
	refused(t, err, tagout.Forbidden, "Only people of this workspace")
}

func TestGroupsSignOnlyWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		severity string
		user     tagout.UserID
		broken   bool
		counts   bool
	}{
		"a group that counts":              {"minor", "U0GROUPIE", false, true},
		"a group that cannot be read":      {"minor", "U0GROUPIE", true, false},
		"members sign without their group": {"minor", "U0MOPS", true, true},
		"a group that is only paged":       {"critical", "U0LAWYER", false, false},
		"somebody on call is not a signer": {"critical", "U0IC", false, false},
		"a member of the role":             {"critical", "U0LEGAL", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.broken {
				w.desk.Connect(groups{}, func() string { return home })
			}
			w.accept(alert("A", "mailer/email/eu", c.severity))
			d := draft("r1")
			d.By.ID = "U0ASKER"
			i, err := w.desk.RequestResume(t.Context(), 1, d)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.press(c.user, i, tagout.Go)
			if c.counts && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !c.counts {
				refused(t, err, tagout.Forbidden, "You are not a signer")
			}
		})
	}
}

func TestNoGoBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop(t, "h1", "mailer", tagout.Halted)
	i, err := w.press("U0PROGRAM", w.ask(t, 1), tagout.NoGo)
	if err != nil || i.Request.State != tagout.RequestRefused {
		t.Fatalf("got %+v, %v", i, err)
	}
	_, err = w.press("U0REVOPS", i, tagout.Go)
	refused(t, err, tagout.Conflict, "NO-GO")
	if w.gate.mode("mailer", "", "") != tagout.Halted {
		t.Error("a GO after the NO-GO lifted something")
	}
}

func TestNothingIsLiftedInTheGateUnlessTheCommitIsKnown(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *world, down error){
		"before it": func(w *world, down error) {
			w.store.before = func(_ context.Context, op string) error {
				if op == "update" || op == "decide" {
					return down
				}
				return nil
			}
		},
		"its answer is lost": func(w *world, down error) { w.store.after = func(string) error { return down } },
		"the quiet window cannot be read": func(w *world, down error) {
			w.store.before = func(_ context.Context, op string) error {
				if op == "quiet" {
					return down
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stop(t, "h1", "mailer", tagout.Halted)
			i := w.ask(t, 1)
			arrange(w, tagout.Errorf(tagout.Unavailable, "The database does not answer."))
			_, err := w.press("U0PROGRAM", i, tagout.Go)
			refused(t, err, tagout.Unavailable, "")
			if slices.Contains(w.log.all(), "gate.lift") || w.gate.mode("mailer", "", "") != tagout.Halted {
				t.Error("the gate lifted what may not be committed")
			}
			w.store.before, w.store.after = nil, nil
			if w.count(1, tagout.EventRefused) != 0 {
				t.Error("an outage is on the timeline as a refusal")
			}
		})
	}
}

func TestResumingIsAskedForCompletelyOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	for name, c := range map[string]struct {
		change func(*tagout.ResumeDraft)
		id     tagout.IncidentID
		code   tagout.Code
		words  string
	}{
		"a guest":               {func(d *tagout.ResumeDraft) { d.By.Guest = true }, 1, tagout.Forbidden, "full member"},
		"without a deliverable": {func(d *tagout.ResumeDraft) { d.Deliverables["cause"] = " \n" }, 1, tagout.Invalid, "Still missing: Documented cause."},
		"no such incident":      {func(*tagout.ResumeDraft) {}, 7, tagout.NotFound, "INC-7"},
		"what is not held":      {func(d *tagout.ResumeDraft) { s := tagout.MustScope("researcher"); d.Scope = &s }, 1, tagout.Conflict, "nothing to resume"},
	} {
		d := draft("r1")
		c.change(&d)
		_, err := w.desk.RequestResume(t.Context(), c.id, d)
		t.Run(name, func(t *testing.T) { refused(t, err, c.code, c.words) })
	}
	if w.incident(1).Request != nil {
		t.Error("an incomplete request stands")
	}
}

func TestTheRequestShowsWhatFiresAndWhatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.accept(alert("Complaints", "mailer/email/eu", "critical"))
	i := w.ask(t, 1)
	if r := i.Request; len(r.Firing) != 1 || r.Firing[0][:11] != "Complaints " || r.Versions["prompt"] != "v42" || r.Versions["model"] != "m1" {
		t.Errorf("firing %q, versions %v", r.Firing, r.Versions)
	}
}

func TestTheRequestAfterARollbackShowsTheEarlierVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer", tagout.Halted)
	if _, err := w.desk.Rollback(t.Context(), tagout.RollbackOrder{ID: "b1", Incident: 1, Agent: "mailer", By: responder.Actor()}); err != nil {
		t.Fatal(err)
	}
	w.readBack(t, "v41")
	if r := w.ask(t, 1).Request; r.Versions["prompt"] != "v41" || r.Versions["model"] != "m1" {
		t.Errorf("after the rollback signers read %v", r.Versions)
	}
}

func TestResumingLetsGoOfPinnedVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoVersions)
	w.stop(t, "h1", "mailer", tagout.Halted)
	if _, err := w.desk.Rollback(t.Context(), tagout.RollbackOrder{ID: "b1", Incident: 1, Agent: "mailer", By: responder.Actor()}); err != nil {
		t.Fatal(err)
	}
	w.approve(t, 1)
	if pins := w.incident(1).Pins; len(pins) > 0 || len(w.gate.pins) > 0 || w.count(1, tagout.EventUnpinned) != 1 {
		t.Errorf("still pinned: %v, %v", pins, w.gate.pins)
	}
}

func TestWhoChangedTheAgentCannotSignAndIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy.People = map[tagout.UserID]tagout.Person{"U0PROGRAM": {ID: "U0PROGRAM", Handles: []string{"pat"}}, "U0REVOPS": {ID: "U0REVOPS", Email: "rev@example.com"}}
	w.store.changes = []tagout.Deployment{
		{Agent: "mailer", Component: "prompt", From: "v41", To: "v42", By: "pat", At: noon.Add(-23 * time.Hour)},
		{Agent: "mailer", Component: "model", To: "m2", By: "U0REVOPS", At: noon.Add(-25 * time.Hour)}, // too long ago
		{Agent: "researcher", Component: "model", To: "m2", By: "U0REVOPS", At: noon},                  // another agent
	}
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	i := w.ask(t, 1)
	if len(i.Request.Causers) != 1 || i.Request.Causers[0].Person != "U0PROGRAM" {
		t.Fatalf("causers %v", i.Request.Causers)
	}
	m, err := w.desk.Decision(t.Context(), 1)
	if err != nil || !strings.Contains(m.String(), "@U0PROGRAM changed it: mailer prompt v41 → v42") {
		t.Errorf("the decision shows\n%s, %v", m, err)
	}
	if _, err := w.press("U0PROGRAM", i, tagout.Go); tagout.CodeOf(err) != tagout.Forbidden || !strings.Contains(tagout.Sentence(err), "mailer prompt v41 → v42") {
		t.Errorf("GO of who changed it: %v", err)
	}
	w.store.changes = append(w.store.changes, tagout.Deployment{Agent: "mailer", Component: "tools", To: "t9", By: "rev@example.com", At: noon.Add(time.Minute)})
	if _, err := w.press("U0REVOPS", i, tagout.Go); tagout.CodeOf(err) != tagout.Forbidden {
		t.Errorf("GO of who changed it since it was asked for: %v", err)
	}
	i = w.ask(t, 1)
	lost := w.desk.Unsigned(t.Context(), i)
	if len(lost) != 1 || !strings.Contains(lost[0].String(), "Too few are left") || !strings.Contains(lost[0].String(), "/delegate program @PERSON") {
		t.Errorf("that nobody is left is not said: %v", lost)
	}
}
