package escalation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/escalation"
)

// service is a pager whose own service has somebody on call, and is told what became of an
// incident.
type service struct {
	box
	serves string // a role
	all    bool   // or all of them
	news   []tagout.PageNews
	deaf   error
}

func (s *service) PagesRoles(roles []string) bool { return s.all || slices.Contains(roles, s.serves) }

func (s *service) Follow(_ context.Context, n tagout.PageNews) error {
	if s.deaf != nil {
		return s.deaf
	}
	s.news = append(s.news, n)
	return nil
}

func (s *service) heard() []string {
	var list []string
	for _, n := range s.news {
		list = append(list, string(n.Status)+" by "+n.By)
	}
	return list
}

// withService is a world with the service "duty" for a role, beside Slack.
func withService(t *testing.T, role string, change ...func(*world)) (*world, *service) {
	t.Helper()
	w := newWorld(t, change...)
	s := &service{box: box{name: "duty"}, serves: role}
	w.desk.Connect(groups{"S0LEGAL": {}, "S0MOPS": {}}, func() string { return home }, s)
	return w, s
}

func TestARoundPagesAServiceOnceWhoeverItHasOnCall(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.accept(alert("B", "researcher", "minor"))
	w.ring()
	same(t, "by the service", duty.to(), []string{""})
	page := duty.sent[0]
	if !slices.Equal(page.To.Roles, []string{"platform", "legal"}) || page.Incident != 1 {
		t.Errorf("the page of %s is for %q", page.Incident, page.To.Roles)
	}
	w.clock.Pass(time.Minute)
	w.ring()
	same(t, "by the service after another round", duty.to(), []string{"", ""})
	if first, again := page.Dedup, duty.sent[1].Dedup; first == "" || first != again || !strings.HasSuffix(first, "INC-1") {
		t.Errorf("its rounds are %q and %q to the service", first, again)
	}
}

func TestAServiceThatWasPagedHearsWhatBecameOfTheIncident(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.accept(alert("B", "researcher", "minor")) // does not page the service
	w.ring()
	if _, err := w.desk.Acknowledge(t.Context(), 2, responder); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	duty.deaf = errors.New("connection refused")
	if failed := w.ring(); len(failed) != 1 {
		t.Errorf("failed: %v", failed)
	}
	duty.deaf = nil
	w.ring()
	same(t, "heard", duty.heard(), []string{"acknowledged by @U0IC"})
	if n := duty.news[0]; n.Incident != 1 || n.Dedup != duty.sent[0].Dedup || !n.At.Equal(noon) {
		t.Errorf("heard %+v", n)
	}
}

func TestAPageThatArrivesAfterTheAcknowledgementIsTakenBack(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	duty.refuses = func(tagout.Page) error { // it is on the way just then
		_, err := w.desk.Acknowledge(t.Context(), 1, responder)
		return err
	}
	w.ring()
	if len(duty.sent) != 1 || len(duty.heard()) == 0 {
		t.Errorf("paged %d times, heard %q", len(duty.sent), duty.heard())
	}
}

func TestAPageThatCouldNotBeDeliveredBeforeTheAcknowledgementIsDropped(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	duty.err = errors.New("connection refused")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	duty.err = nil
	w.ring()
	w.ring()
	if len(duty.sent) != 0 || w.count(1, tagout.EventPageDropped) != 1 {
		t.Errorf("paged %d times; timeline %q", len(duty.sent), w.store.kinds(1))
	}
}

func TestAPageThatIsMeantEvenAfterAnAcknowledgementIsHeardThere(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "platform")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	duty.err = errors.New("connection refused")
	w.clock.Pass(time.Minute) // nothing was observed stopped
	w.ring()
	duty.err = nil
	w.ring()
	if len(duty.sent) != 2 || !strings.Contains(duty.sent[1].Why, "not observed stopped") || duty.sent[1].Dedup == duty.sent[0].Dedup {
		t.Fatalf("paged %+v", duty.sent)
	}
	if heard := duty.heard(); len(heard) != 1 {
		t.Errorf("it is taken back at once: %q", heard)
	}
}

func TestWhatRanOutRingsAgainUnderAnotherNameAndAllNamesAreFollowed(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal", expiring)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	w.observe(t, "mailer")
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(31 * time.Minute)
	w.ring()
	first, again := duty.sent[0].Dedup, duty.sent[len(duty.sent)-1].Dedup
	if first == again {
		t.Fatalf("both times it is %q, which nobody hears again", first)
	}
	for _, name := range []string{first, again} {
		duty.news = nil
		ack := tagout.Acknowledgement{Dedup: name, By: "Jane", At: w.clock.Now()}
		if err := w.desk.AcknowledgeBy(t.Context(), ack, "duty"); err != nil || !w.incident(1).Answered() {
			t.Fatalf("%s does not find the incident: %v", name, err)
		}
		w.ring()
		var told []string
		for _, n := range duty.news {
			told = append(told, n.Dedup)
		}
		slices.Sort(told)
		if !slices.Contains(told, first) || !slices.Contains(told, again) {
			t.Errorf("told of %q", told)
		}
		w.clock.Pass(31 * time.Minute) // and it runs out again
		w.ring()
	}
}

func TestAHandoverRingsNobodyElse(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	duty.all = true
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if _, err := w.desk.HandOver(t.Context(), 1, "U0EXEC", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if len(duty.sent) != 1 || !slices.Contains(w.slack.to(), "U0EXEC") {
		t.Errorf("the service was paged %d times, Slack for %q", len(duty.sent), w.slack.to())
	}
}

func TestAPagersOwnAppAcknowledges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ack  tagout.Acknowledgement
		by   string
		text string
	}{
		"a person of ours":  {tagout.Acknowledgement{By: "Pat", Email: "Platform@Example.com"}, "user:U0PLATFORM", "@U0PLATFORM"},
		"somebody else":     {tagout.Acknowledgement{By: " Jane\nDoe ", Email: "jane@example.com"}, "pager:Jane Doe in duty", "Jane Doe in duty"},
		"nobody in words":   {tagout.Acknowledgement{}, "pager:somebody in duty", "somebody in duty"},
		"with a long name":  {tagout.Acknowledgement{By: strings.Repeat("x", 300)}, "pager:" + strings.Repeat("x", 100) + "… in duty", ""},
		"no name, our mail": {tagout.Acknowledgement{Email: "platform@example.com"}, "user:U0PLATFORM", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, duty := withService(t, "legal")
			w.accept(alert("A", "mailer/email/eu", "critical"))
			w.ring()
			w.observe(t, "mailer") // so that only the ladder pages
			c.ack.Dedup = duty.sent[0].Dedup
			for range 2 { // services repeat themselves
				if err := w.desk.AcknowledgeBy(t.Context(), c.ack, "duty"); err != nil {
					t.Fatal(err)
				}
			}
			i := w.incident(1)
			if i.AcknowledgedBy.String() != c.by || !strings.Contains(i.AcknowledgedBy.Text().String(), c.text) || w.count(1, tagout.EventAcknowledged) != 1 {
				t.Errorf("acknowledged by %s, %q", i.AcknowledgedBy, w.store.kinds(1))
			}
			sent := len(w.slack.sent)
			w.clock.Pass(time.Minute)
			if w.ring(); len(w.slack.sent) != sent {
				t.Error("paging goes on")
			}
		})
	}
}

func TestWhatAPagerSaysOfOthersIsIgnored(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	ours := duty.sent[0].Dedup
	for _, dedup := range []string{"", "INC-1", "tagout-000000000000-INC-1", ours + "0", strings.Replace(ours, "INC-1", "INC-x", 1)} {
		if err := w.desk.AcknowledgeBy(t.Context(), tagout.Acknowledgement{Dedup: dedup, By: "Jane"}, "duty"); err != nil {
			t.Errorf("%q: %v", dedup, err)
		}
	}
	if !w.incident(1).At(tagout.Acknowledged).IsZero() {
		t.Error("the incident was acknowledged")
	}
	w.store.before = func(context.Context, string) error { return tagout.Errorf(tagout.Unavailable, "The database is away.") }
	if err := w.desk.AcknowledgeBy(t.Context(), tagout.Acknowledgement{Dedup: ours}, "duty"); tagout.CodeOf(err) != tagout.Unavailable {
		t.Errorf("without a database: %v", err)
	}
}

func TestAServiceThatRepeatsItselfDoesNotSilenceWhatRanOut(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal", expiring)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	ack := tagout.Acknowledgement{Dedup: duty.sent[0].Dedup, By: "Jane", At: w.clock.Now()}
	for _, later := range []time.Duration{0, 31 * time.Minute} {
		w.clock.Pass(later)
		w.ring()
		if err := w.desk.AcknowledgeBy(t.Context(), ack, "duty"); err != nil {
			t.Fatal(err)
		}
		if answered := w.incident(1).Answered(); answered != (later == 0) {
			t.Fatalf("%s later: answered is %t", later, answered)
		}
	}
	ack.At = w.clock.Now()
	if err := w.desk.AcknowledgeBy(t.Context(), ack, "duty"); err != nil || !w.incident(1).Answered() {
		t.Errorf("what she presses again does not count: %v", err)
	}
}

var _ escalation.Store = (*memory)(nil)
