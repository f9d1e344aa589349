package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// expiring makes acknowledgements of SEV-1 run out after half an hour, and lets nothing but
// the ladder page.
func expiring(w *world) {
	w.policy.Severities["sev1"].AnswerExpires = 30 * time.Minute
	w.policy.Severities["sev1"].Deadlines.Contain = 0
}

// answered is a SEV-1 incident that the responder has acknowledged.
func answered(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*world){expiring}, change...)...)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	return w
}

// after passes time and lists who was paged by Slack meanwhile.
func (w *world) after(d time.Duration) []string {
	w.t.Helper()
	before := len(w.slack.sent)
	w.clock.Pass(d)
	w.ring()
	return w.slack.to()[before:]
}

func TestAnAcknowledgementRunsOutWhenNothingHappens(t *testing.T) {
	t.Parallel()
	w := answered(t)
	same(t, "just before", w.after(30*time.Minute-time.Second), nil)
	paged := w.after(time.Second)
	for _, who := range []string{"U0PLATFORM", "U0LEGAL", "U0EXEC", "U0IC"} { // the first rung at once, and who was to answer
		if !slices.Contains(paged, who) {
			t.Errorf("%s is not paged: %q", who, paged)
		}
	}
	if why := w.slack.sent[len(w.slack.sent)-1].Why; !strings.Contains(why, "SEV-1 again: it was acknowledged by @U0IC, but nothing has happened for 30 min") {
		t.Errorf("paged because: %s", why)
	}
	card, _ := w.desk.Card(t.Context(), 1)
	if !strings.Contains(card.String(), "Nobody answers for it") || card.Buttons[0].Action != "ack" || w.count(1, tagout.EventUnattended) != 1 {
		t.Errorf("the card says %s", card)
	}
	if len(w.after(time.Minute)) == 0 {
		t.Error("it does not page again")
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, tagout.User{ID: "U0EXEC"}); err != nil {
		t.Fatal(err)
	}
	i := w.incident(1)
	if !i.At(tagout.Acknowledged).Equal(noon) || i.AcknowledgedBy.ID != "U0EXEC" || i.Roles[tagout.IncidentCommander] != "U0EXEC" {
		t.Errorf("acknowledged at %s by %s, led by %s", i.At(tagout.Acknowledged), i.AcknowledgedBy, i.Roles[tagout.IncidentCommander])
	}
	same(t, "acknowledged again", w.after(29*time.Minute), nil)
	if len(w.after(time.Minute)) == 0 || w.incident(1).Lapses != 2 {
		t.Error("the second acknowledgement does not run out")
	}
}

func TestWhoeverDoesSomethingKeepsTheirAcknowledgement(t *testing.T) {
	t.Parallel()
	w := answered(t)
	for range 3 {
		same(t, "meanwhile", w.after(20*time.Minute), nil)
		if _, err := w.desk.Note(t.Context(), 1, "still at it", responder.Actor()); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "and after the last note", w.after(29*time.Minute), nil)
	w.accept(alert("B", "mailer/email/us", "critical")) // an alert is no deed
	if len(w.after(time.Minute)) == 0 {
		t.Error("it never runs out")
	}
}

func TestNothingRunsOutWhereNobodySaidSoOrAllIsOver(t *testing.T) {
	t.Parallel()
	w := answered(t, func(w *world) { w.policy.Severities["sev1"].AnswerExpires = 0 })
	same(t, "without the key", w.after(48*time.Hour), nil)
	w = answered(t)
	w.store.incidents[1].State = tagout.StateClosed
	same(t, "closed", w.after(48*time.Hour), nil)
}

func TestAHandoverPagesTheNextWhoTakesItByAcknowledging(t *testing.T) {
	t.Parallel()
	w := answered(t)
	before := len(w.slack.sent)
	if _, err := w.desk.HandOver(t.Context(), 1, "U0PROGRAM", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	_, err := w.desk.HandOver(t.Context(), 1, "U0PROGRAM", responder.Actor())
	refused(t, err, tagout.Conflict, "leads INC-1 already")
	w.ring()
	same(t, "paged", w.slack.to()[before:], []string{"U0PROGRAM"})
	i := w.incident(1)
	if i.Roles[tagout.IncidentCommander] != "U0PROGRAM" || i.AcknowledgedBy.ID != "U0IC" {
		t.Errorf("led by %s, answered for by %s", i.Roles[tagout.IncidentCommander], i.AcknowledgedBy)
	}
	if card, _ := w.desk.Card(t.Context(), 1); !strings.Contains(card.String(), "has not taken it over yet; @U0IC answers for it until then") {
		t.Errorf("the card says %s", card)
	}
	_, err = w.desk.Acknowledge(t.Context(), 1, tagout.User{ID: "U0LEGAL"})
	refused(t, err, tagout.Conflict, "acknowledged already, by @U0IC")
	same(t, "after a minute", w.after(time.Minute), []string{"U0PROGRAM"})
	if _, err := w.desk.Acknowledge(t.Context(), 1, tagout.User{ID: "U0PROGRAM"}); err != nil {
		t.Fatal(err)
	}
	same(t, "taken", w.after(10*time.Minute), nil)
	if i := w.incident(1); i.AcknowledgedBy.ID != "U0PROGRAM" || w.count(1, tagout.EventHandoverTaken) != 1 {
		t.Errorf("answered for by %s: %q", i.AcknowledgedBy, w.store.kinds(1))
	}
}

func TestAHandoverThatNobodyTakesStaysWhereItWas(t *testing.T) {
	t.Parallel()
	w := answered(t, func(w *world) { w.policy.Severities["sev1"].AnswerExpires = 0 })
	if _, err := w.desk.HandOver(t.Context(), 1, "U0PROGRAM", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	paged := 0
	for range 60 {
		paged += len(w.after(time.Minute))
	}
	i := w.incident(1)
	if paged > 6 || i.Roles[tagout.IncidentCommander] != "U0IC" || i.AcknowledgedBy.ID != "U0IC" || w.count(1, tagout.EventHandoverFailed) != 1 {
		t.Errorf("paged %d times, led by %s: %q", paged, i.Roles[tagout.IncidentCommander], w.store.kinds(1))
	}
}

func TestTheRolesAreFilledFromTheMatrixAndTheirHoldersTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.policy.IncidentRoles = map[string]string{"comms": "program", "platform": "platform", "rca": "program"}
	})
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	i := w.incident(1)
	want := map[string]tagout.UserID{"comms": "U0PROGRAM", "platform": "U0IC", "rca": "U0PROGRAM", "domain": "U0LEGAL"} // the one on call; the class hands over to Legal
	for role, who := range want {
		if i.Roles[role] != who {
			t.Errorf("%s is %s, want %s", role, i.Roles[role], who)
		}
	}
	told := w.store.direct["U0PROGRAM"]
	if len(told) != 1 || !strings.Contains(told[0], "You are Comms lead and RCA facilitator of INC-1") || len(w.store.direct) != 1 {
		t.Errorf("told %q", w.store.direct)
	}
	for _, p := range w.slack.sent {
		if p.To.ID == "U0LEGAL" && !strings.Contains(p.Message.String(), "You are: Domain owner") {
			t.Errorf("the page says %s", p.Message)
		}
	}
	if card, _ := w.desk.Card(t.Context(), 1); !strings.Contains(card.String(), "Platform owner: @U0IC") {
		t.Errorf("the card says %s", card)
	}
}

// register is what Slack says of people.
type register map[tagout.UserID]tagout.Account

func (r register) Account(_ context.Context, id tagout.UserID) (tagout.Account, error) {
	if a, ok := r[id]; ok {
		return a, nil
	}
	return tagout.Account{}, tagout.Errorf(tagout.Unavailable, "Slack does not answer.")
}

func (r register) UserByEmail(context.Context, string) (tagout.UserID, error) {
	return "", tagout.Errorf(tagout.NotFound, "nobody")
}

func TestOnlyFullMembersGetARole(t *testing.T) {
	t.Parallel()
	w := answered(t)
	w.desk.Consult(register{"U0GUEST": {Guest: true}, "U0PROGRAM": {}})
	for who, code := range map[tagout.UserID]tagout.Code{"U0GUEST": tagout.Forbidden, "U0WHO": tagout.Unavailable} {
		if _, err := w.desk.Assign(t.Context(), 1, "comms", who, responder.Actor()); tagout.CodeOf(err) != code {
			t.Errorf("%s: %v", who, err)
		}
		if _, err := w.desk.HandOver(t.Context(), 1, who, responder.Actor()); tagout.CodeOf(err) != code {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := w.desk.Assign(t.Context(), 1, "comms", "U0PROGRAM", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	_, err := w.desk.Assign(t.Context(), 1, "comms", "U0PROGRAM", responder.Actor())
	refused(t, err, tagout.Conflict, "already")
	_, err = w.desk.Assign(t.Context(), 1, "king", "U0PROGRAM", responder.Actor())
	refused(t, err, tagout.Invalid, "not a role")
	w.ring()
	if told := w.store.direct["U0PROGRAM"]; len(told) != 1 || !strings.Contains(told[0], "@U0IC made you Comms lead of INC-1") {
		t.Errorf("told %q", w.store.direct)
	}
}
