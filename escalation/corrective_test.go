package escalation_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tagout"
)

// board is a tracker that tests look into.
type board struct {
	name    string
	tickets []tagout.TicketDraft
	state   map[string]tagout.Ticket
	err     error
	after   func() // a ticket was made
}

func (b *board) Name() string { return b.name }

func (b *board) Create(_ context.Context, d tagout.TicketDraft) (tagout.Ticket, error) {
	if b.err != nil {
		return tagout.Ticket{}, b.err
	}
	n := slices.IndexFunc(b.tickets, func(o tagout.TicketDraft) bool { return o.ID == d.ID })
	if n < 0 {
		n = len(b.tickets)
		b.tickets = append(b.tickets, d)
	}
	if b.after != nil {
		b.after()
	}
	key := strconv.Itoa(n + 1)
	return tagout.Ticket{Key: key, URL: "https://board.example/" + key}, nil
}

func (b *board) Read(_ context.Context, key string) (tagout.Ticket, error) {
	t, changed := b.state[key]
	if b.err != nil {
		return t, b.err
	}
	if t.Key = key; !changed {
		t.URL = "https://board.example/" + key
	}
	return t, nil
}

func (m *memory) Actions(ctx context.Context, q tagout.ActionQuery) ([]tagout.ActionOf, error) {
	if err := m.enter(ctx, "actions"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []tagout.ActionOf
	for _, i := range m.newestFirst() {
		for _, a := range i.Actions {
			ticket := a.Ticket != nil && a.Ticket.Tracker == q.Tracker && a.Ticket.Key == q.Ticket
			if (q.Owner == "" || q.Owner == a.Owner) && (!q.Open || a.State == tagout.ActionOpen) && (q.Ticket == "" || ticket) {
				list = append(list, tagout.ActionOf{Incident: deepCopy(i), CorrectiveAction: a})
			}
		}
	}
	return list, nil
}

var eng = tagout.User{ID: "U0ENG", Team: home}

// tracked is a world with a tracker, and incident 1 about mailer with an action of U0ENG, due
// in five days.
func tracked(t *testing.T, change ...func(*world)) (*world, *board) {
	t.Helper()
	b := &board{name: "github", state: map[string]tagout.Ticket{}}
	w := newWorld(t, append([]func(*world){func(w *world) {
		w.trackers = map[string]tagout.Tracker{"github": b}
		w.policy.Trackers = map[string]tagout.TrackerPolicy{"github": {Name: "github", Labels: []string{"ai"}}}
		w.policy.Tracker = "github"
	}}, change...)...)
	w.stop(t, "h1", "mailer/email", tagout.Halted)
	return w, b
}

func (w *world) acts(draft tagout.ActionDraft) *tagout.Incident {
	w.t.Helper()
	if draft.ID == "" {
		draft.ID = "a1"
	}
	draft.Title, draft.Owner, draft.Layer, draft.Due = "Narrow the mail tool", eng.ID, tagout.LayerTools, w.clock.Now().Add(5*24*time.Hour)
	i, err := w.desk.AddAction(w.t.Context(), 1, draft, responder)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func (w *world) action() tagout.CorrectiveAction { return w.incident(1).Actions[0] }

func TestATicketIsMadeOnceAlthoughTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	w, b := tracked(t)
	w.acts(tagout.ActionDraft{Tracker: "github"})
	b.after = func() {
		lost := false
		w.store.before = func(_ context.Context, op string) error {
			if op == "update" && !lost {
				lost = true
				return tagout.Errorf(tagout.Unavailable, "The database is away.")
			}
			return nil
		}
	}
	if failed := w.ring(); len(failed) != 1 {
		t.Fatalf("failures %v", failed)
	}
	w.store.before, b.after = nil, nil
	if failed := w.ring(); len(failed) > 0 {
		t.Fatal(failed)
	}
	if a := w.action(); a.Ticket.Key != "1" || len(b.tickets) != 1 || w.count(1, tagout.EventActionTicket) != 1 {
		t.Errorf("%+v, %d tickets", a.Ticket, len(b.tickets))
	}
	if d := b.tickets[0]; d.Labels[0] != "ai" || !strings.Contains(d.Text, "INC-1/1") || !strings.Contains(d.Text, "Tool permission boundary") {
		t.Errorf("the ticket is %+v", d)
	}
}

func TestATicketThatCanNeverBeMadeAsksPeople(t *testing.T) {
	t.Parallel()
	w, b := tracked(t)
	b.err = tagout.Final(tagout.Errorf(tagout.Forbidden, "GitHub refused the token (401)."))
	w.acts(tagout.ActionDraft{Tracker: "github"})
	if failed := w.ring(); len(failed) > 0 {
		t.Errorf("given up by the queue instead of by people: %v", failed)
	}
	if !w.posted("Try again") || !w.action().Ticket.Final {
		t.Errorf("nobody is asked: %+v", w.action().Ticket)
	}
	b.err = nil
	if _, err := w.desk.RetryTicket(t.Context(), 1, 1, eng); err != nil {
		t.Fatal(err)
	}
	if w.ring(); w.action().Ticket.Key != "1" {
		t.Errorf("%+v", w.action().Ticket)
	}
}

func TestAnActionFollowsItsTicket(t *testing.T) {
	t.Parallel()
	w, b := tracked(t)
	w.acts(tagout.ActionDraft{Tracker: "github", Test: "TestOptOut"})
	w.ring()
	step := func(d time.Duration) tagout.CorrectiveAction {
		w.clock.Pass(d)
		if failed := w.ring(); len(failed) > 0 {
			t.Fatal(failed)
		}
		return w.action()
	}
	closed := tagout.Ticket{Done: true, ClosedBy: "octocat", ClosedAt: noon.Add(time.Minute), ChangedAt: noon.Add(time.Minute)}
	b.state["1"] = closed
	if a := step(4 * time.Minute); a.State != tagout.ActionOpen {
		t.Error("it was looked at too early")
	}
	if a := step(time.Minute); a.State != tagout.ActionDone || !a.EndedAt.Equal(closed.ClosedAt) {
		t.Errorf("closed: %+v", a)
	}
	b.state["1"] = tagout.Ticket{ChangedAt: noon} // an answer that was on its way before
	if a := step(time.Hour); a.State != tagout.ActionDone {
		t.Error("an older answer opened it again")
	}
	b.state["1"] = tagout.Ticket{ChangedAt: noon.Add(time.Hour)}
	if a := step(time.Hour); a.State != tagout.ActionOpen {
		t.Errorf("opened again: %+v", a)
	}
	b.err = tagout.Errorf(tagout.Unavailable, "GitHub answered 502.")
	step(5 * time.Minute)
	b.err = tagout.Final(tagout.Errorf(tagout.Forbidden, "GitHub refused the token (401)."))
	step(5 * time.Minute)
	step(5 * time.Minute)
	if n := w.count(1, tagout.EventActionTicketFailed); n != 1 || !w.posted("is not followed") {
		t.Errorf("a token that is refused is told %d times", n)
	}
	b.err = tagout.Final(tagout.Errorf(tagout.NotFound, "GitHub knows no such issue."))
	step(5 * time.Minute)
	if a := step(5 * time.Minute); !a.Ticket.Gone || a.State != tagout.ActionOpen || w.count(1, tagout.EventActionTicketGone) != 1 {
		t.Errorf("gone: %+v", a.Ticket)
	}
}

func TestAWebhookOnlyCausesALook(t *testing.T) {
	t.Parallel()
	w, b := tracked(t)
	w.acts(tagout.ActionDraft{Tracker: "github", Test: "TestOptOut"})
	w.ring()
	for _, none := range [][2]string{{"github", "99"}, {"github", ""}, {"jira", "1"}} {
		if n, err := w.desk.TicketMoved(t.Context(), none[0], none[1]); n != 0 || err != nil {
			t.Errorf("%v concerns %d (%v)", none, n, err)
		}
	}
	for range 3 { // it says closed, but it is not
		if n, err := w.desk.TicketMoved(t.Context(), "github", "1"); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if w.ring(); w.action().State != tagout.ActionOpen {
		t.Error("a webhook was believed")
	}
	b.state["1"] = tagout.Ticket{Done: true}
	for range 2 {
		if _, err := w.desk.TicketMoved(t.Context(), "github", "1"); err != nil {
			t.Fatal(err)
		}
	}
	if w.ring(); w.action().State != tagout.ActionDone || w.count(1, tagout.EventActionDone) != 1 {
		t.Errorf("done %d times", w.count(1, tagout.EventActionDone))
	}
}

func TestATicketOfAPrivateIncidentNeedsATrackerForThose(t *testing.T) {
	t.Parallel()
	w, b := tracked(t)
	if _, err := w.desk.MakePrivate(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	_, err := w.desk.AddAction(t.Context(), 1, tagout.ActionDraft{ID: "a1", Title: "x", Owner: eng.ID, Due: noon.Add(time.Hour), Layer: tagout.LayerTools, Tracker: "github"}, responder)
	refused(t, err, tagout.Invalid, "not a tracker for this incident")
	if got := w.policy.TrackerOf(w.incident(1)); got != "" {
		t.Errorf("the usual one is %s", got)
	}
	became, b2 := tracked(t)
	became.acts(tagout.ActionDraft{Tracker: "github"})
	if _, err := became.desk.MakePrivate(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	became.ring()
	if len(b.tickets)+len(b2.tickets) > 0 || !became.action().Ticket.Final {
		t.Errorf("a private incident was told: %+v", b2.tickets)
	}
	if list, err := became.desk.Actions(t.Context(), tagout.ActionQuery{}, tagout.Viewer{User: tagout.User{ID: "U0OUTSIDER", Team: home}}); err != nil || len(list) != 0 {
		t.Errorf("somebody else reads %d of its actions (%v)", len(list), err)
	}
	if list, err := became.desk.Actions(t.Context(), tagout.ActionQuery{}, tagout.Viewer{User: eng}); err != nil || len(list) != 1 {
		t.Errorf("the owner reads %d (%v)", len(list), err)
	}
}

// TestOverdueActionsNagTheOwnerThenTheirLead lets ten days pass, hour by hour.
func TestOverdueActionsNagTheOwnerThenTheirLead(t *testing.T) {
	t.Parallel()
	w, _ := tracked(t, func(w *world) {
		w.policy.People["U0ENG"] = tagout.Person{ID: "U0ENG", Quiet: tagout.QuietHours{From: "11:00", To: "13:00"}}
	})
	w.acts(tagout.ActionDraft{})
	w.ring()
	w.store.direct = nil
	var at []int
	for hours := 1; hours <= 240; hours++ {
		before := len(w.store.direct["U0ENG"])
		w.clock.Pass(time.Hour)
		if failed := w.ring(); len(failed) > 0 {
			t.Fatal(failed)
		}
		if len(w.store.direct["U0ENG"]) > before {
			at = append(at, hours)
		}
	}
	if want := []int{97, 121, 145, 169, 193, 217}; !slices.Equal(at, want) { // due after 120 h; quiet from 11:00 to 13:00
		t.Errorf("the owner was reminded after %v hours, want %v", at, want)
	}
	if got := len(w.store.direct["U0MOPS"]); got != 3 { // whose agent it is: after 3, 4 and 5 days
		t.Errorf("the lead was reminded %d times: %q", got, w.store.direct)
	}
	if last := w.store.direct["U0ENG"]; !strings.Contains(last[len(last)-1], "overdue by 4 days") {
		t.Errorf("the owner reads %q", last)
	}
	if _, err := w.desk.DropAction(t.Context(), 1, 1, "not ours", eng); err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(72 * time.Hour)
	before := len(w.store.direct["U0ENG"])
	if w.ring(); len(w.store.direct["U0ENG"]) != before {
		t.Error("a dropped action nags")
	}
}

func TestLogsThatDidNotExistBecomeAnAction(t *testing.T) {
	t.Parallel()
	w, b := tracked(t)
	d := draft("r1")
	d.Deliverables["cause"] = tagout.MissingLogs + " We guess a prompt."
	d.Deliverables["corrective_action"] = tagout.MissingLogsAction
	for _, id := range []string{"r1", "r2"} {
		d.ID = id
		if _, err := w.desk.RequestResume(t.Context(), 1, d); err != nil {
			t.Fatal(err)
		}
	}
	i := w.incident(1)
	if len(i.Actions) != 1 || i.Actions[0].Owner != responder.ID || i.Actions[0].Detail != tagout.MissingLogsAction || !i.Actions[0].Due.Equal(noon.Add(tagout.DefaultActionDue)) {
		t.Fatalf("the actions are %+v", i.Actions)
	}
	if w.ring(); len(b.tickets) != 1 {
		t.Errorf("%d tickets", len(b.tickets))
	}
	d.ID, d.Deliverables["corrective_action"] = "r3", "Ask before bulk mail\nto more than 100."
	if _, err := w.desk.RequestResume(t.Context(), 1, d); err != nil {
		t.Fatal(err)
	}
	if a := w.incident(1).Action(2); a == nil || a.Title != "Ask before bulk mail" || a.Detail != "to more than 100." {
		t.Errorf("what was written as an action is %+v", a)
	}
}

func TestAnOwnerIsAFullMember(t *testing.T) {
	t.Parallel()
	w, _ := tracked(t)
	w.desk.Consult(accounts{"U0GUEST": {Guest: true}, "U0ENG": {}})
	for owner, code := range map[tagout.UserID]tagout.Code{"U0GUEST": tagout.Forbidden, "U0NOBODY": tagout.NotFound, "U0ENG": ""} {
		_, err := w.desk.AddAction(t.Context(), 1, tagout.ActionDraft{ID: string(owner), Title: "x", Owner: owner, Due: noon.Add(time.Hour), Layer: tagout.LayerTools}, responder)
		if tagout.CodeOf(err) != code {
			t.Errorf("%s: %v", owner, err)
		}
	}
	_, err := w.desk.AddAction(t.Context(), 1, tagout.ActionDraft{ID: "g", Title: "x", Owner: "U0ENG", Due: noon.Add(time.Hour), Layer: tagout.LayerTools}, tagout.User{ID: "U0G", Guest: true})
	refused(t, err, tagout.Forbidden, "full member")
}

func TestAppHomeShowsWhatSomebodyHasToDo(t *testing.T) {
	t.Parallel()
	w, _ := tracked(t)
	w.acts(tagout.ActionDraft{})
	h, err := w.desk.Home(t.Context(), eng)
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(h.Sections, func(s tagout.HomeSection) bool { return s.Title == "Your corrective actions" })
	if n < 0 || len(h.Sections[n].Items) != 1 || !strings.Contains(h.Sections[n].Items[0].String(), "INC-1/1 Narrow the mail tool") {
		t.Errorf("App Home is %+v", h)
	}
	w.store.before = func(_ context.Context, op string) error {
		if op == "actions" {
			return errors.New("boom")
		}
		return nil
	}
	if h, err = w.desk.Home(t.Context(), eng); err != nil || !strings.Contains(h.Sections[n].Items[0].String(), "cannot be read") {
		t.Errorf("what cannot be read is not said (%v)", err)
	}
}
