package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// linked is a world with one SEV-1 incident and the token of the platform owner's e-mail.
func linked(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t)
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if len(w.email.sent) != 1 {
		t.Fatalf("%d mails", len(w.email.sent))
	}
	token, ok := strings.CutPrefix(w.email.sent[0].AckURL, "https://tagout.example.com/ack/")
	if !ok {
		t.Fatalf("the mail links to %q", w.email.sent[0].AckURL)
	}
	return w, token
}

func TestALinkAcknowledgesForWhomItWasSent(t *testing.T) {
	t.Parallel()
	w, token := linked(t)
	link, err := w.desk.ReadLink(t.Context(), token)
	if err != nil || link.Incident != 1 || link.Reader.ID != "U0PLATFORM" || link.Title == "" || link.Severity != tagout.Sev1 || link.AnsweredBy.Kind != "" {
		t.Errorf("it shows %+v, %v", link, err)
	}
	if !w.incident(1).At(tagout.Acknowledged).IsZero() {
		t.Error("reading it acknowledged")
	}
	if _, err := w.desk.PressLink(t.Context(), token, true); err != nil {
		t.Fatal(err)
	}
	if by := w.incident(1).AcknowledgedBy.String(); by != "user:U0PLATFORM" {
		t.Errorf("acknowledged by %s", by)
	}
	link, err = w.desk.PressLink(t.Context(), token, true)
	refused(t, err, tagout.Conflict, "acknowledged already, by @U0PLATFORM")
	if link.AnsweredBy.ID != "U0PLATFORM" || !link.AnsweredAt.Equal(noon) || w.count(1, tagout.EventAcknowledged) != 1 {
		t.Errorf("pressed twice it shows %+v", link)
	}
}

func TestALinkIsNotKeptAnywhere(t *testing.T) {
	t.Parallel()
	w, _ := linked(t)
	for _, p := range w.store.pages {
		if p.AckURL != "" {
			t.Errorf("the link of %s is in the database", p.Pager)
		}
	}
}

func TestALinkOfAPrivateIncidentTellsItsNumberOnly(t *testing.T) {
	t.Parallel()
	w, token := linked(t)
	w.store.incidents[1].Private = true
	link, err := w.desk.ReadLink(t.Context(), token)
	if err != nil || !link.Private || link.Incident != 1 || link.Title != "" || link.Severity != "" || link.Scope != (tagout.Scope{}) {
		t.Errorf("it shows %+v, %v", link, err)
	}
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	if link, err = w.desk.ReadLink(t.Context(), token); err != nil || link.Answerer != "somebody" || link.AnsweredBy.ID != "" {
		t.Errorf("it tells who acknowledged: %+v, %v", link, err)
	}
}

func TestOnlyAWholeLinkOfOursWorksAndForAWeek(t *testing.T) {
	t.Parallel()
	w, token := linked(t)
	body, sum, _ := strings.Cut(token, ".")
	flipped := []byte(sum)
	flipped[3] ^= 1
	for name, bad := range map[string]string{
		"empty": "", "no sum": body, "empty sum": body + ".", "a bare dot": ".", "another sum": body + "." + string(flipped),
		"a cut sum": token[:len(token)-2], "more behind": token + "A", "nonsense": "%%%.%%%", "another body": "MQ." + sum,
	} {
		for _, try := range []func() error{
			func() error { _, err := w.desk.ReadLink(t.Context(), bad); return err },
			func() error { _, err := w.desk.PressLink(t.Context(), bad, true); return err },
		} {
			if err := try(); tagout.CodeOf(err) != tagout.NotFound || strings.Contains(tagout.Sentence(err), "INC-") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	w.clock.Pass(7 * 24 * time.Hour)
	if _, err := w.desk.ReadLink(t.Context(), token); err != nil {
		t.Errorf("after seven days: %v", err)
	}
	w.clock.Pass(time.Second)
	_, err := w.desk.PressLink(t.Context(), token, true)
	refused(t, err, tagout.Expired, "expired")
	if !w.incident(1).At(tagout.Acknowledged).IsZero() {
		t.Error("something acknowledged")
	}
}

func TestAServiceThatIsNoPersonGetsNoLink(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "legal")
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	if url := duty.sent[0].AckURL; url != "" {
		t.Errorf("a service that is no person got %q", url)
	}
}
