package escalation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestAMissedInformIsForTheCommsLeadOfTheIncident(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given   tagout.UserID
		refused bool // nothing reaches the lead
		want    []string
	}{
		"nobody has the role":   {"", false, []string{"U0EXEC"}}, // whoever is comms
		"somebody has it":       {"U0PROGRAM", false, []string{"U0PROGRAM"}},
		"who cannot be reached": {"U0PROGRAM", true, []string{"U0EXEC"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, informing)
			w.accept(alert("A", "mailer/email/eu", "critical"))
			w.ring()
			w.observe(t, "mailer")
			if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
				t.Fatal(err)
			}
			if c.given != "" {
				if _, err := w.desk.Assign(t.Context(), 1, tagout.CommsLead, c.given, responder.Actor()); err != nil {
					t.Fatal(err)
				}
			}
			w.ring()
			w.slack.refuses = func(p tagout.Page) error {
				if c.refused && p.To.ID == c.given {
					return tagout.Final(tagout.Errorf(tagout.NotFound, "There is no such person."))
				}
				return nil
			}
			same(t, "paged", w.after(30*time.Minute), c.want)
		})
	}
}

func TestAMissedReviewClimbsEvenAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	w.observe(t, "mailer")
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Assign(t.Context(), 1, tagout.RCAFacilitator, "U0PROGRAM", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	w.ring()
	w.store.incidents[1].State = tagout.StateResumed
	w.slack.refuses = func(p tagout.Page) error {
		if p.To.ID == "U0PROGRAM" {
			return tagout.Final(tagout.Errorf(tagout.NotFound, "There is no such person."))
		}
		return nil
	}
	if paged := w.after(72 * time.Hour); !slices.Contains(paged, "U0PLATFORM") {
		t.Errorf("paged %q, want whoever comes after the facilitator", paged)
	}
}

func TestARaiseTellsThoseOfTheNewSeverityThoughSomebodyHasAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, expiring)
	w.accept(alert("A", "mailer/email/eu", "minor"))
	w.ring()
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if _, err := w.desk.ChangeSeverity(t.Context(), 1, tagout.Sev1, "many people", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	w.observe(t, "mailer")
	paged := w.after(0)
	for _, who := range []string{"U0PLATFORM", "U0LEGAL"} {
		if !slices.Contains(paged, who) {
			t.Errorf("%s is not paged: %q", who, paged)
		}
	}
	same(t, "repeated, though somebody answers", w.after(5*time.Minute), nil)
	if len(w.after(25*time.Minute)) == 0 || w.incident(1).Lapses != 1 {
		t.Error("the acknowledgement does not run out as the new severity says")
	}
}

func TestAcknowledgementsFromBeforeRunOutOnceTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	w := answered(t, func(w *world) { w.policy.Severities["sev1"].AnswerExpires = 0 })
	w.clock.Pass(5 * time.Hour)
	w.policy.Severities["sev1"].AnswerExpires = 30 * time.Minute
	for range 2 { // every start says so
		if err := w.desk.Tighten(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "before its time", w.after(30*time.Minute-time.Second), nil)
	if len(w.after(time.Second)) == 0 || w.incident(1).Lapses != 1 || w.count(1, tagout.EventUnattended) != 1 {
		t.Errorf("it ran out %d times", w.incident(1).Lapses)
	}
}

func TestWhoeverHadARoleStaysAmongThePeople(t *testing.T) {
	t.Parallel()
	w := answered(t)
	w.store.incidents[1].Private = true
	for _, who := range []tagout.UserID{"U0PROGRAM", "U0REVOPS"} {
		if _, err := w.desk.Assign(t.Context(), 1, tagout.CommsLead, who, responder.Actor()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.desk.HandOver(t.Context(), 1, "U0MOPS", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	i := w.incident(1)
	invited, err := w.desk.Invitees(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []tagout.UserID{"U0PROGRAM", "U0REVOPS", "U0MOPS"} {
		if !w.desk.Sees(t.Context(), i, tagout.Viewer{User: tagout.User{ID: who, Team: home}}) || !slices.Contains(invited, who) {
			t.Errorf("%s does not see it, or is not invited: %q", who, invited)
		}
	}
}

func TestTheCardHasTheButtonOfAStatusNoteWhereSomebodyCanBeTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, informing)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	has := func() bool {
		card, err := w.desk.Card(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(card.Buttons, func(b tagout.Button) bool {
			return b.Action == "inform" && b.Value == "INC-1" && b.Label == "Status note"
		})
	}
	if !has() {
		t.Error("there is none")
	}
	w.store.incidents[1].Private = true // and no audience is for private ones
	if has() {
		t.Error("there is one that could tell nobody")
	}
}

func TestSomebodyOnCallElsewhereAcknowledgesByTheirLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.policy.Roles["mops"] = &tagout.Role{Key: "mops", Name: "MOPs", OnCall: "duty"}
		w.policy.Rotations["duty"] = &tagout.Rotation{Key: "duty", Elsewhere: true}
		w.schedules = map[string]tagout.Schedule{"duty": &duty{people: []tagout.OnCallPerson{{Name: "Jane\nDoe", Email: "jane@example.com"}}}}
		w.slack.reaches = func(p tagout.Person) bool { return p.ID != "" }
	})
	w.accept(alert("A", "mailer/email/eu", "minor"))
	w.ring()
	token, ok := strings.CutPrefix(w.email.sent[0].AckURL, "https://tagout.example.com/ack/")
	if !ok {
		t.Fatalf("the mail links to %q", w.email.sent[0].AckURL)
	}
	link, err := w.desk.ReadLink(t.Context(), token)
	if err != nil || link.ReaderName != "Jane Doe (jane@example.com)" {
		t.Fatalf("it shows %+v, %v", link, err)
	}
	if _, err := w.desk.PressLink(t.Context(), token, true); err != nil {
		t.Fatal(err)
	}
	i := w.incident(1)
	if i.AcknowledgedBy.Text().String() != "Jane Doe (jane@example.com)" || !i.Answered() {
		t.Errorf("acknowledged by %s", i.AcknowledgedBy)
	}
	link, err = w.desk.PressLink(t.Context(), token, true)
	refused(t, err, tagout.Conflict, "acknowledged already")
	if link.AnsweredBy != link.Reader {
		t.Errorf("pressed twice it shows %+v", link)
	}
}

func TestALinkNamesPeopleAsSlackKnowsThem(t *testing.T) {
	t.Parallel()
	w, token := linked(t)
	w.desk.Consult(register{"U0PLATFORM": {Name: "Pat Platform"}})
	link, err := w.desk.ReadLink(t.Context(), token)
	if err != nil || link.ReaderName != "Pat Platform" {
		t.Errorf("it shows %+v, %v", link, err)
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil { // whom Slack does not tell
		t.Fatal(err)
	}
	if link, err := w.desk.ReadLink(t.Context(), token); err != nil || link.Answerer != "@U0IC" {
		t.Errorf("it shows %+v, %v", link, err)
	}
}
